//! Caches of plugins and volumes: neither system has one of its own.

use super::steps::Steps;
use crate::config::pipeline::{CachePath, CacheStep, CacheUse, Flag, Store};
use crate::config::template::{Class, Part, Template, Value, bounded};
use crate::config::variables::Variables;
use crate::config::yaml::NodeId;
use crate::config::{classify, go_paths};

impl Steps<'_, '_> {
    /// Volumes that outlive the build: folders of the host and named volumes.
    pub(super) fn volumes(&self, node: NodeId, variables: &Variables) -> Vec<(NodeId, CacheStep)> {
        let document = self.document;
        let Some(volumes) = document.find(node, &["volumes"]) else { return Vec::new() };
        let declared = document.find(self.root, &["volumes"]);
        let declared = declared.map(|node| document.tree.items(node)).unwrap_or_default();
        let is_kept = |name: &str| {
            declared.iter().map(|item| document.tree.resolve(*item)).any(|item| {
                document.text(item, &["name"]) == Some(name)
                    && (document.find(item, &["host"]).is_some()
                        || document.find(item, &["claim"]).is_some())
            })
        };
        let items = document.tree.items(volumes).iter().map(|item| document.tree.resolve(*item));
        items
            .filter_map(|item| {
                let path = match document.tree.text(item) {
                    // `/host:/container:ro`
                    Some(text) => text.split(':').nth(1)?,
                    None => {
                        document.text(item, &["name"]).filter(|name| is_kept(name))?;
                        document.text(item, &["path"])?
                    }
                };
                let key = Template {
                    text: String::new(),
                    place: document.place(item),
                    parts: Value::new(),
                };
                let cache = cache(CacheUse::Both, key, &[path], variables);
                cache.has_go_path().then_some((item, cache))
            })
            .collect()
    }

    /// What a cache plugin restores and saves.
    pub(super) fn plugin(
        &self,
        image: &str,
        node: NodeId,
        variables: &Variables,
    ) -> Vec<CacheStep> {
        let document = self.document;
        let find = |key: &str| {
            document.find(node, &["settings", key]).or_else(|| document.find(node, &[key]))
        };
        let is_on = |key: &str| find(key).and_then(|node| document.tree.text(node)) == Some("true");
        let how = match (is_on("restore"), is_on("rebuild")) {
            (true, true) => CacheUse::Both,
            (true, false) => CacheUse::Restore,
            (false, true) => CacheUse::Save,
            (false, false) => return Vec::new(),
        };
        // Only this one has keys of one's own; the others use repository and branch.
        let key = find("cache_key").filter(|_| image.contains("meltwater"));
        let template = key.and_then(|node| {
            let text = document.tree.text(node)?.trim();
            let (place, parts) = (document.place(node), key_parts(text, variables));
            Some(Template { text: text.to_owned(), place, parts })
        });
        let place = document.place(node);
        let template =
            template.unwrap_or(Template { text: String::new(), place, parts: Value::new() });
        let mount = find("mount").map(|node| document.texts(node)).unwrap_or_default();
        let mut cache = cache(how, template, &mount, variables);
        cache.store.is_mutable =
            find("override").and_then(|n| document.tree.text(n)) != Some("false");
        vec![cache]
    }
}

pub(super) fn is_cache_plugin(image: &str) -> bool {
    ["drone-cache", "volume-cache", "s3-cache", "gcs-cache", "plugin-cache"]
        .iter()
        .any(|name| image.contains(name))
}

fn cache(how: CacheUse, key: Template, paths: &[&str], variables: &Variables) -> CacheStep {
    let scope = variables.scope();
    let paths = paths.iter().map(|path| {
        let value = variables.resolve(path);
        let text = value.iter().map(|part| part.text.as_str()).collect();
        let go = go_paths::go_dirs(&value, &scope);
        // A golang image has its modules below GOPATH, which is /go.
        let is_gopath = go.is_empty() && value.iter().all(|part| part.text == "/go");
        let go = if is_gopath { vec![go_paths::GoDir::Modules] } else { go };
        CachePath { text, go }
    });
    CacheStep {
        how,
        key,
        paths: paths.collect(),
        restore_keys: Vec::new(),
        lookup_only: Flag::No,
        fail_on_miss: Flag::No,
        store: Store::FOLDER,
    }
}

/// Reads a key of `drone-cache`: `{{ checksum "go.sum" }}-{{ .Commit.Branch }}`.
fn key_parts(text: &str, variables: &Variables) -> Value {
    let mut value = Value::new();
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let found = rest
            .split_once("{{")
            .and_then(|(before, rest)| Some((before, rest.split_once("}}")?.0)));
        let before = found.map_or(rest, |(before, _)| before);
        let end = at.saturating_add(before.len());
        let literal = variables.resolve(before).into_iter();
        value.extend(literal.map(|part| Part { source: at..end, ..part }));
        at = end;
        if let Some((_, inner)) = found {
            at = end.saturating_add(inner.len()).saturating_add(4);
            value.push(Part { source: end..at, ..function(inner) });
        }
    }
    bounded(value)
}

fn function(inner: &str) -> Part {
    let spelt = inner.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(file) = spelt.strip_prefix("checksum ") {
        let hashed = vec![file.trim().trim_matches(['"', '\'', '`']).to_owned()];
        let mut part = Part::new(spelt, classify::hashed(&hashed));
        part.hashed = hashed;
        return part;
    }
    let class = match spelt.as_str() {
        "epoch" | ".Commit.Sha" | ".Commit.Message" | ".Commit.Link" | ".Build.Number"
        | ".Build.Created" | ".Build.Started" | ".Build.Finished" | ".Build.Link" => {
            Class::Volatile
        }
        ".Commit.Branch" | ".Commit.Ref" => Class::Branch,
        "arch" | "os" => Class::Platform,
        name if name.starts_with(".Repo.") => Class::Job,
        _ => Class::Opaque,
    };
    Part::new(spelt, [class])
}
