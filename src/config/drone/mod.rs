//! Drone and Woodpecker: steps in containers that share one folder.
//!
//! Neither keeps a cache of its own: plugins and volumes of the host do.
//!
//! Source: <https://docs.drone.io/pipeline/docker/overview/>,
//! <https://woodpecker-ci.org/docs/usage/workflow-syntax>,
//! <https://github.com/meltwater/drone-cache>.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::go_paths;
use super::pipeline::{
    CachePath, CacheStep, CacheUse, Checkout, Flag, Image, Job, Matrix, Os, Pipeline, Runner, Step,
    StepKind, Store, System, all_needs,
};
use super::script::{Lines, Script};
use super::template::{Class, Part, Template, Value, bounded};
use super::toolchain;
use super::variables::{Syntax, Variables};
use super::yaml::NodeId;
use super::{Reading, SourceFile, classify, is_yaml, unread};

/// Steps of one pipeline that are read.
const MAX_STEPS: usize = 512;
/// Pipelines of one file that are read.
const MAX_JOBS: usize = 128;

/// The system that reads a file.
pub(super) fn system(path: &str) -> Option<System> {
    let name = is_yaml(path)?;
    if matches!(name, ".woodpecker") || name.starts_with(".woodpecker/") {
        return Some(System::Woodpecker);
    }
    (name == ".drone" || name.starts_with(".drone/")).then_some(System::Drone)
}

pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut reading = Reading::default();
    for source in sources {
        let Some(system) = system(&source.path) else { continue };
        let document = match Document::parse(source) {
            Ok(Some(document)) => document,
            Ok(None) => continue,
            Err(unread) => {
                reading.unread.push(unread);
                continue;
            }
        };
        let roots = document.roots();
        if roots.len() > MAX_JOBS {
            let reason = "it runs more jobs and steps than are followed";
            reading.unread.push(unread(document.path, None, reason));
        }
        let mut direct = BTreeMap::new();
        let mut jobs: Vec<Job> = Vec::new();
        for root in roots.into_iter().take(MAX_JOBS) {
            let kind = document.text(root, &["kind"]);
            if kind.is_none_or(|kind| kind == "pipeline") {
                let depends = document.find(root, &["depends_on"]);
                let depends = depends.map(|node| document.texts(node)).unwrap_or_default();
                let job = job(&document, root);
                direct.insert(job.id.clone(), depends.into_iter().map(str::to_owned).collect());
                jobs.push(job);
            }
        }
        for job in &mut jobs {
            job.needs = all_needs(&direct, &job.id);
        }
        jobs.retain(|job| !job.steps.is_empty());
        if jobs.is_empty() {
            continue;
        }
        let (path, triggers) = (document.path.to_owned(), BTreeSet::new());
        reading.pipelines.push(Pipeline { path, system, triggers, is_complete: true, jobs });
    }
    reading
}

fn job(document: &Document<'_>, root: NodeId) -> Job {
    let file = document.path.rsplit('/').next().unwrap_or_default();
    let file = is_yaml(file).unwrap_or(file).trim_start_matches('.');
    let id = document.text(root, &["name"]).unwrap_or(file).to_owned();
    let mut variables = Variables::new(Syntax::Dollar, predefined);
    variables.extend(document.environment(root, &["environment"]));
    let matrix = matrix(document, root);
    variables.set_matrix(matrix.clone());
    let mut steps = Steps { document, root, owner: format!("pipeline {id}"), steps: Vec::new() };
    // Both clone before the first step unless told not to.
    let is_off = document.text(root, &["clone", "disable"]) == Some("true")
        || document.text(root, &["skip_clone"]) == Some("true");
    // Old files call their steps `pipeline`.
    let list = ["steps", "pipeline"].into_iter().find_map(|key| document.find(root, &[key]));
    if let Some(list) = list {
        if !is_off {
            steps.add("", list, None, StepKind::Checkout(Checkout::default()), Lines::default());
        }
        for (number, (name, node)) in (1_usize..).zip(named(document, list)).take(MAX_STEPS) {
            steps.one(name, number, node, &variables);
        }
    }
    let platform = document.text(root, &["platform", "os"]);
    let platform = platform.or_else(|| document.text(root, &["platform"]));
    let platform = platform.or_else(|| document.text(root, &["labels", "platform"]));
    let is_linux = platform.is_none_or(|platform| platform.starts_with("linux"));
    let container = document.text(root, &["type"]).is_none_or(|kind| kind == "docker");
    let os = (is_linux && container).then(|| BTreeSet::from([Os::Linux]));
    let runner = Runner { os, container: None, ..Runner::default() };
    let (needs, env) = (BTreeSet::new(), variables.scope().env);
    let mut job = Job { id, needs, runner, matrix, env, steps: steps.steps };
    toolchain::mark(&mut job, document.path);
    job
}

/// Steps with their names: a list, or a mapping of older files.
fn named<'d>(document: &'d Document<'_>, list: NodeId) -> Vec<(Option<&'d str>, NodeId)> {
    let items = document.tree.items(list).iter().map(|item| {
        let item = document.tree.resolve(*item);
        (document.text(item, &["name"]), item)
    });
    let entries = document.entries(list, &[]).into_iter();
    items.chain(entries.map(|(name, node)| (Some(name), node))).collect()
}

/// Reads `matrix:` of Woodpecker: lists by name, or legs below `include:`.
fn matrix(document: &Document<'_>, root: NodeId) -> Matrix {
    let mut matrix = Matrix::default();
    let mut add = |name: &str, texts: Vec<&str>| {
        let name = name.to_ascii_lowercase();
        let values = matrix.values.entry(name).or_insert_with(|| Some(BTreeSet::new()));
        if let Some(values) = values {
            values.extend(texts.into_iter().map(str::to_owned));
        }
    };
    for (name, node) in document.entries(root, &["matrix"]) {
        if name == "include" {
            for leg in document.tree.items(node) {
                for (name, value) in document.entries(document.tree.resolve(*leg), &[]) {
                    add(name, document.texts(value));
                }
            }
        } else {
            add(name, document.texts(node));
        }
    }
    matrix
}

struct Steps<'d, 's> {
    document: &'d Document<'s>,
    root: NodeId,
    owner: String,
    steps: Vec<Step>,
}

impl Steps<'_, '_> {
    fn one(&mut self, name: Option<&str>, number: usize, node: NodeId, variables: &Variables) {
        let document = self.document;
        let mut variables = variables.clone();
        variables.extend(document.environment(node, &["environment"]));
        let named = document.find(node, &["image"]);
        let image = named.and_then(|node| document.tree.text(node));
        let name = match name {
            Some(name) => format!(", step \"{}\"", name.trim()),
            None => format!(", step {number}"),
        };
        let value = named.zip(image).map(|(node, image)| Image {
            name: variables.resolve(image),
            place: document.place(node),
        });
        for (place, cache) in self.volumes(node, &variables) {
            let kind = StepKind::Cache(cache);
            self.add(&format!("{name}, volume"), place, value.clone(), kind, Lines::default());
        }
        if let Some(image) = image.filter(|image| is_cache_plugin(image)) {
            for cache in self.plugin(image, node, &variables) {
                self.add(&name, node, None, StepKind::Cache(cache), Lines::default());
            }
            return;
        }
        let Some(commands) = document.find(node, &["commands"]) else {
            let uses = image.unwrap_or_default().to_owned();
            self.add(&name, node, value, StepKind::Other { uses }, Lines::default());
            return;
        };
        let mut script = Script::default();
        match document.tree.items(commands) {
            [] => script.push_line(document, commands),
            items => items.iter().for_each(|item| script.push_line(document, *item)),
        }
        let Script { text, lines } = script;
        self.add(&name, node, value, StepKind::Script { text }, lines);
    }

    fn add(
        &mut self,
        what: &str,
        node: NodeId,
        image: Option<Image>,
        kind: StepKind,
        lines: Lines,
    ) {
        let (subject, place) = (format!("{}{what}", self.owner), self.document.place(node));
        self.steps.push(Step {
            subject,
            id: None,
            place,
            is_conditional: false,
            run: lines.into(),
            image,
            kind,
        });
    }

    /// Volumes that outlive the build: folders of the host and named volumes.
    fn volumes(&self, node: NodeId, variables: &Variables) -> Vec<(NodeId, CacheStep)> {
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
    fn plugin(&self, image: &str, node: NodeId, variables: &Variables) -> Vec<CacheStep> {
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

fn is_cache_plugin(image: &str) -> bool {
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

/// The class of a variable that Drone or Woodpecker sets.
///
/// Source: <https://docs.drone.io/pipeline/environment/reference/>,
/// <https://woodpecker-ci.org/docs/usage/environment>.
fn predefined(name: &str) -> Option<Class> {
    Some(match name {
        "drone_commit"
        | "drone_commit_sha"
        | "drone_commit_after"
        | "drone_build_number"
        | "drone_build_created"
        | "drone_build_started"
        | "ci_commit_sha"
        | "ci_pipeline_number"
        | "ci_pipeline_created"
        | "ci_pipeline_started"
        | "ci_build_number" => Class::Volatile,
        "drone_branch"
        | "drone_commit_branch"
        | "drone_commit_ref"
        | "drone_source_branch"
        | "drone_pull_request"
        | "ci_commit_branch"
        | "ci_commit_ref"
        | "ci_commit_pull_request"
        | "ci_commit_source_branch" => Class::Branch,
        "drone_stage_os" | "drone_stage_arch" | "ci_system_platform" => Class::Platform,
        _ if name.starts_with("drone_repo") || name.starts_with("ci_repo") => Class::Job,
        "ci_workspace" | "drone_workspace" | "ci_workflow_name" | "drone_stage_name" => Class::Job,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(path: &str, text: &str) -> Vec<Job> {
        let source = SourceFile { path: path.to_owned(), text: text.to_owned() };
        read(&[source]).pipelines.remove(0).jobs
    }

    #[test]
    fn documents_are_pipelines_and_volumes_of_the_host_are_kept() {
        let jobs = jobs(
            ".drone.yml",
            "kind: pipeline\nname: a\nplatform: {os: linux, arch: arm64}\nsteps:\n- name: build\n  image: golang:1.25\n  volumes: [{name: mod, path: /go}, {name: tmp, path: /root/.cache/go-build}]\n  commands:\n  - go build\n  - go vet\nvolumes:\n- {name: mod, host: {path: /var/mod}}\n- {name: tmp, temp: {}}\n---\nkind: secret\nname: s\n---\nkind: pipeline\nname: b\ndepends_on: [a]\nclone: {disable: true}\nsteps:\n- {name: x, image: plugins/docker}\n",
        );
        let [first, second] = jobs.as_slice() else { panic!("{jobs:?}") };
        let paths: Vec<&str> =
            first.caches().flat_map(|(_, cache)| &cache.paths).map(|p| p.text.as_str()).collect();
        assert_eq!(paths, ["/go"]);
        let script = first.steps.last().unwrap();
        let StepKind::Script { text } = &script.kind else { panic!("{script:?}") };
        assert_eq!(text, "go build\ngo vet\n");
        let place = script.place_in_script("go build\n".len());
        assert_eq!(place.at.map(|(line, column)| (line.get(), column.get())), Some((10, 5)));
        assert_eq!(first.runner.os, Some([Os::Linux].into()));
        assert!(second.needs.contains("a") && second.steps.len() == 1);
    }

    #[test]
    fn woodpecker_has_a_matrix_and_steps_of_either_form() {
        let jobs = jobs(
            ".woodpecker.yml",
            "matrix: {GO: ['1.24', '1.25']}\nsteps:\n  test:\n    image: golang:${GO}\n    commands: go test\n  restore:\n    image: meltwater/drone-cache\n    settings: {restore: true, cache_key: '{{ checksum \"go.sum\" }}-{{ .Commit.Branch }}-${GO}', mount: [.go/pkg/mod]}\n",
        );
        let image = &jobs[0].steps[1].image.as_ref().unwrap().name;
        assert!(image.iter().any(|part| part.is(Class::Toolchain)));
        let (_, cache) = jobs[0].caches().next().unwrap();
        let has = [Class::Deps, Class::Branch, Class::Toolchain];
        assert!(has.iter().all(|class| cache.key.has(*class)), "{:?}", cache.key);
        assert!(cache.has_go_path() && cache.how == CacheUse::Restore && cache.store.is_mutable);
    }
}
