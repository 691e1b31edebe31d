//! Buildkite: the steps of `.buildkite/*.yml`, with the cache plugin.
//!
//! Source: <https://buildkite.com/docs/pipelines/configure/step-types/command-step>,
//! <https://github.com/buildkite-plugins/cache-buildkite-plugin>.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::go_paths;
use super::pipeline::{
    CachePath, CacheStep, CacheUse, Checkout, Flag, Image, Job, Matrix, Pipeline, Runner, Step,
    StepKind, Store, System, all_needs,
};
use super::script::{Lines, Script};
use super::template::{Class, Part, Template, Value};
use super::toolchain;
use super::variables::{Syntax, Variables};
use super::yaml::NodeId;
use super::{Reading, SourceFile, classify, is_yaml, unread};

/// Jobs of one file that are read.
const MAX_JOBS: usize = 512;

pub(super) fn is_root(path: &str) -> bool {
    is_yaml(path).is_some_and(|name| {
        // Settings of the agent's own cache are no pipeline.
        name.split('/').any(|folder| folder == ".buildkite") && !name.ends_with("/cache")
    })
}

pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut reading = Reading::default();
    for source in sources.iter().filter(|source| is_root(&source.path)) {
        let document = match Document::parse_any(source) {
            Ok(Some(document)) => document,
            Ok(None) => continue,
            Err(unread) => {
                reading.unread.push(unread);
                continue;
            }
        };
        let steps = document.find(document.root, &["steps"]).unwrap_or(document.root);
        if document.tree.items(steps).is_empty() {
            continue;
        }
        let mut variables = Variables::new(Syntax::Dollar, predefined);
        variables.extend(document.environment(document.root, &["env"]));
        let mut jobs = Jobs { document: &document, jobs: Vec::new(), direct: BTreeMap::new() };
        jobs.list(steps, &variables, &mut BTreeSet::new(), 0);
        if jobs.jobs.len() >= MAX_JOBS {
            let reason = "it runs more jobs and steps than are followed";
            reading.unread.push(unread(document.path, None, reason));
        }
        let Jobs { mut jobs, direct, .. } = jobs;
        for job in &mut jobs {
            job.needs = all_needs(&direct, &job.id);
        }
        reading.pipelines.push(Pipeline {
            path: document.path.to_owned(),
            system: System::Buildkite,
            triggers: BTreeSet::new(),
            // Steps upload other steps: what a file holds is not all that runs.
            is_complete: false,
            jobs,
        });
    }
    reading
}

struct Jobs<'d, 's> {
    document: &'d Document<'s>,
    jobs: Vec<Job>,
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl Jobs<'_, '_> {
    /// Reads a list of steps; `before` are the jobs before the last `wait`.
    fn list(
        &mut self,
        items: NodeId,
        variables: &Variables,
        before: &mut BTreeSet<String>,
        depth: usize,
    ) {
        let document = self.document;
        let mut since = BTreeSet::new();
        for item in document.tree.items(items) {
            if self.jobs.len() >= MAX_JOBS {
                return;
            }
            let node = document.tree.resolve(*item);
            let has = |key: &str| document.find(node, &[key]).is_some();
            let is_wait = document.tree.text(node) == Some("wait") || has("wait");
            if is_wait || has("block") || has("input") {
                before.append(&mut since);
            } else if let Some(inner) = document.find(node, &["steps"]).filter(|_| depth == 0) {
                let first = self.jobs.len();
                self.list(inner, variables, &mut before.clone(), 1);
                since.extend(self.jobs.iter().skip(first).map(|job| job.id.clone()));
            } else if has("command") || has("commands") || has("plugins") {
                since.insert(self.one(node, variables, before));
            }
        }
        before.append(&mut since);
    }

    fn one(&mut self, node: NodeId, variables: &Variables, before: &BTreeSet<String>) -> String {
        let document = self.document;
        let text = |key: &str| document.text(node, &[key]);
        let name = text("key").or_else(|| text("id")).or_else(|| text("label"));
        let name = name.or_else(|| text("name"));
        let number = self.jobs.len().saturating_add(1);
        let id = name.map_or_else(|| number.to_string(), str::to_owned);
        let owner = match name {
            Some(name) => format!("step \"{}\"", name.trim()),
            None => format!("step {number}"),
        };
        let mut variables = variables.clone();
        variables.extend(document.environment(node, &["env"]));
        let mut steps = Vec::new();
        let mut add = |what: &str, node: NodeId, lines: Lines, kind: StepKind| {
            let (subject, place) = (format!("{owner}{what}"), document.place(node));
            steps.push(Step {
                subject,
                id: None,
                place,
                is_conditional: false,
                run: lines.into(),
                image: None,
                kind,
            });
        };
        add("", node, Lines::default(), StepKind::Checkout(Checkout::default()));
        let mut container = None;
        for (plugin, settings) in plugins(document, node) {
            if let Some(node) = document.find(settings, &["image"])
                && let Some(image) = document.tree.text(node)
                && short(plugin) == "docker"
            {
                let (name, place) = (variables.resolve(image), document.place(node));
                container = Some(Image { name, place });
            }
            if short(plugin) == "cache" {
                for cache in caches(document, settings, &variables) {
                    add(", cache plugin", settings, Lines::default(), StepKind::Cache(cache));
                }
            }
        }
        for key in ["command", "commands"] {
            let Some(command) = document.find(node, &[key]) else { continue };
            let mut script = Script::default();
            match document.tree.items(command) {
                [] => script.push_line(document, command),
                items => items.iter().for_each(|item| script.push_line(document, *item)),
            }
            let Script { text, lines } = script;
            add(", command", command, lines, StepKind::Script { text });
        }
        let depends = document.find(node, &["depends_on"]);
        let mut needs = match depends {
            Some(depends) => {
                BTreeSet::from_iter(document.texts(depends).into_iter().map(str::to_owned))
            }
            None => before.clone(),
        };
        let items = depends.map(|depends| document.tree.items(depends)).unwrap_or_default();
        needs.extend(items.iter().filter_map(|item| {
            document.text(document.tree.resolve(*item), &["step"]).map(str::to_owned)
        }));
        self.direct.insert(id.clone(), needs);
        let matrix =
            Matrix { is_open: document.find(node, &["matrix"]).is_some(), ..Matrix::default() };
        let runner = Runner { os: None, container, ..Runner::default() };
        let mut job = Job {
            id: id.clone(),
            needs: BTreeSet::new(),
            runner,
            matrix,
            env: variables.scope().env,
            steps,
        };
        toolchain::mark(&mut job, document.path);
        self.jobs.push(job);
        id
    }
}

/// The plugins of a step with their settings: a list, or one mapping.
fn plugins<'d>(document: &'d Document<'_>, node: NodeId) -> Vec<(&'d str, NodeId)> {
    let Some(plugins) = document.find(node, &["plugins"]) else { return Vec::new() };
    let items = document.tree.items(plugins).iter();
    let items = items.flat_map(|item| document.entries(document.tree.resolve(*item), &[]));
    items.chain(document.entries(plugins, &[])).collect()
}

/// `cache` of `cache#v1.10.0`, of an address and of `owner/cache-buildkite-plugin`.
fn short(plugin: &str) -> &str {
    let name = plugin.split('#').next().unwrap_or_default();
    let name = name
        .strip_prefix("buildkite-plugins/")
        .unwrap_or_else(|| name.split_once("buildkite-plugins/").map_or(name, |(_, name)| name));
    name.trim_end_matches(".git").trim_end_matches("-buildkite-plugin")
}

/// From the narrowest on, the levels at which the plugin keeps entries.
const LEVELS: &[&str] = &["file", "step", "branch", "pipeline", "all"];

/// One step that restores, from the narrowest level to the one that is named, and
/// one that saves for each level.
fn caches(document: &Document<'_>, settings: NodeId, variables: &Variables) -> Vec<CacheStep> {
    let find = |key: &str| document.find(settings, &[key]);
    let manifest: Vec<String> = find("manifest")
        .map(|node| document.texts(node))
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let extra = document.text(settings, &["key-extra"]);
    let path = find("path").and_then(|node| document.tree.text(node)).unwrap_or_default();
    let value = variables.resolve(path);
    let go = go_paths::go_dirs(&value, &variables.scope());
    let text = value.iter().map(|part| part.text.as_str()).collect();
    let paths = vec![CachePath { text, go }];
    let template = |level: &str, node: NodeId| {
        let mut parts: Value = match level {
            "file" => {
                let mut part = Part::new("manifest", classify::hashed(&manifest));
                part.hashed.clone_from(&manifest);
                vec![part]
            }
            "step" => vec![Part::new("step", [Class::Job])],
            "branch" => vec![Part::new("branch", [Class::Branch])],
            level => vec![Part::literal(level)],
        };
        if let Some(extra) = extra {
            parts.push(Part::literal("-"));
            match extra.contains("{{") {
                true => parts.push(Part::new(extra, [Class::Opaque])),
                false => parts.extend(variables.resolve(extra)),
            }
        }
        Template { text: level.to_owned(), place: document.place(node), parts }
    };
    let is_forced = document.text(settings, &["force"]) == Some("true");
    let store = Store { is_mutable: is_forced, ..Store::BUILDKITE };
    let step = |how, key, restore_keys| CacheStep {
        how,
        key,
        paths: paths.clone(),
        restore_keys,
        lookup_only: Flag::No,
        fail_on_miss: Flag::No,
        store,
    };
    let mut steps = Vec::new();
    if let Some(node) = find("restore")
        && let Some(last) = LEVELS.iter().position(|level| document.tree.text(node) == Some(*level))
    {
        let first = usize::from(manifest.is_empty());
        let levels = LEVELS.iter().take(last.saturating_add(1)).skip(first);
        let mut keys: Vec<Template> = levels.map(|level| template(level, node)).collect();
        if !keys.is_empty() {
            let key = keys.remove(0);
            steps.push(step(CacheUse::Restore, key, keys));
        }
    }
    if let Some(node) = find("save") {
        let levels = document.texts(node);
        let known = LEVELS.iter().filter(|level| levels.contains(level));
        steps.extend(known.map(|level| step(CacheUse::Save, template(level, node), Vec::new())));
    }
    steps
}

/// The class of a variable that Buildkite sets.
///
/// Source: <https://buildkite.com/docs/pipelines/configure/environment-variables>.
fn predefined(name: &str) -> Option<Class> {
    Some(match name {
        "buildkite_commit"
        | "buildkite_build_id"
        | "buildkite_build_number"
        | "buildkite_job_id"
        | "buildkite_build_url" => Class::Volatile,
        "buildkite_branch" | "buildkite_tag" | "buildkite_pull_request" => Class::Branch,
        "buildkite_label"
        | "buildkite_step_key"
        | "buildkite_pipeline_slug"
        | "buildkite_build_checkout_path" => Class::Job,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_groups_and_levels_of_the_cache() {
        let text = "steps:\n- key: a\n  commands: [go build, go test]\n  plugins:\n  - https://github.com/buildkite-plugins/cache-buildkite-plugin.git#v1:\n      manifest: go.sum\n      path: ~/go/pkg/mod\n      restore: pipeline\n      save: [file, pipeline]\n      force: true\n  - docker#v5: {image: 'golang:$$TAG'}\n- wait\n- group: g\n  steps:\n  - {key: b, command: x}\n  - {key: c, command: x, depends_on: [{step: b}]}\n";
        let source = SourceFile { path: ".buildkite/x.yml".to_owned(), text: text.to_owned() };
        let jobs = read(&[source]).pipelines.remove(0).jobs;
        let [a, b, c] = jobs.as_slice() else { panic!("{jobs:?}") };
        let caches: Vec<String> = a
            .caches()
            .map(|(_, cache)| {
                let keys = std::iter::once(&cache.key).chain(&cache.restore_keys);
                let keys: Vec<&str> = keys.map(|key| key.text.as_str()).collect();
                format!("{:?} {}", cache.how, keys.join(" "))
            })
            .collect();
        assert_eq!(caches, ["Restore file step branch pipeline", "Save file", "Save pipeline"]);
        assert!(a.caches().all(|(_, cache)| cache.store.is_mutable && cache.has_go_path()));
        assert!(b.needs.contains("a") && c.needs.contains("b"));
        let StepKind::Script { text } = &a.steps.last().unwrap().kind else { panic!("{a:?}") };
        assert_eq!(text, "go build\ngo test\n");
    }
}
