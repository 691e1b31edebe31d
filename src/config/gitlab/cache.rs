//! `cache:` of a job.

use super::config::{Config, Layers, Node};
use crate::config::classify;
use crate::config::go_paths;
use crate::config::pipeline::{CachePath, CacheStep, CacheUse, Flag, Lookup, Store};
use crate::config::template::{Class, Part, Template, Value, bounded, plain};
use crate::config::variables::Variables;
use crate::finding::Place;

/// GitLab takes four caches a job.
const MAX_CACHES: usize = 4;
/// Paths of one cache that are read.
const MAX_PATHS: usize = 128;

/// Reads the caches of a job, each with its place.
pub(super) fn caches<'a>(
    config: &Config<'a>,
    layers: &Layers<'a>,
    variables: &Variables,
) -> Vec<(Place, CacheStep)> {
    let Some(first) = layers.first() else { return Vec::new() };
    let lists: Vec<Layers<'a>> = match first.items() {
        items if items.is_empty() => vec![layers.clone()],
        items => items.into_iter().map(|item| config.referenced(item, 1 + 1)).collect(),
    };
    let caches = lists.iter().take(MAX_CACHES);
    caches.filter_map(|layers| cache(config, layers, variables)).collect()
}

fn cache<'a>(
    config: &Config<'a>,
    layers: &Layers<'a>,
    variables: &Variables,
) -> Option<(Place, CacheStep)> {
    let first = layers.first().filter(|node| node.is_mapping())?;
    let list = |key: &str| config.get(layers, key).first().map(|n| n.items()).unwrap_or_default();
    let scope = variables.scope();
    let paths = list("paths").into_iter().take(MAX_PATHS).filter_map(|node| {
        let value = variables.resolve(node.text()?);
        Some(CachePath {
            go: go_paths::go_dirs(&value, &scope),
            text: value.iter().map(|part| part.text.as_str()).collect(),
        })
    });
    let paths: Vec<CachePath> = paths.collect();
    // `cache: {}` takes away that of the pipeline.
    if paths.is_empty() && config.get(layers, "untracked").is_empty() {
        return None;
    }
    let policy = config.get(layers, "policy");
    let policy = match policy.first().and_then(|node| node.text()) {
        None => Some("pull-push".to_owned()),
        Some(text) => plain(&variables.resolve(text)),
    };
    let how = match policy.as_deref() {
        Some("pull") => CacheUse::Restore,
        Some("push") => CacheUse::Save,
        _ => CacheUse::Both,
    };
    let template = |node: Node<'a>| {
        let text = node.text()?;
        let parts = variables.resolve(text);
        Some(Template { text: text.to_owned(), place: node.place(), parts })
    };
    let mut restore_keys: Vec<Template> =
        list("fallback_keys").into_iter().filter_map(template).collect();
    if let Some(key) = variables.text("CACHE_FALLBACK_KEY") {
        let parts = variables.resolve(&key);
        restore_keys.push(Template { text: key, place: first.place(), parts });
    }
    let key = key(config, layers, variables).unwrap_or_else(|| Template {
        text: "default".to_owned(),
        place: first.place(),
        parts: vec![Part::literal("default")],
    });
    let store = Store { restore_keys: Lookup::Whole, ..Store::GITLAB };
    let (lookup_only, fail_on_miss) = (Flag::No, Flag::No);
    let step = CacheStep { how, key, paths, restore_keys, lookup_only, fail_on_miss, store };
    Some((first.place(), step))
}

/// Reads `key:`, a text or `files:` and `prefix:`. The hash of the last commits
/// that touched the files, or of the files themselves, is one part.
fn key<'a>(config: &Config<'a>, layers: &Layers<'a>, variables: &Variables) -> Option<Template> {
    let key = config.get(layers, "key");
    let first = *key.first()?;
    if let Some(text) = first.text() {
        let parts = variables.resolve(text);
        return Some(Template { text: text.to_owned(), place: first.place(), parts });
    }
    let texts = |name: &str| config.get(&key, name).first().map(|node| node.texts());
    let files: Vec<String> =
        texts("files").or_else(|| texts("files_commits"))?.into_iter().map(str::to_owned).collect();
    let prefix = texts("prefix").and_then(|texts| texts.first().copied()).unwrap_or_default();
    let mut parts: Value = variables.resolve(prefix);
    let start = if prefix.is_empty() { prefix.len() } else { prefix.len().saturating_add(1) };
    if !prefix.is_empty() {
        parts.push(Part { source: prefix.len()..start, ..Part::literal("-") });
    }
    let hash = format!("files({})", files.join(", "));
    let mut part = Part::new(&hash, classify::hashed(&files));
    part.hashed = files;
    part.source = start..start.saturating_add(hash.len());
    // Files that are not there give the key `default`.
    if part.classes.is_empty() {
        part.classes.insert(Class::Opaque);
    }
    parts.push(part);
    let text = if prefix.is_empty() { hash } else { format!("{prefix}-{hash}") };
    Some(Template { text, place: first.place(), parts: bounded(parts) })
}
