//! The jobs of all workflows, each as its workflow runs it.

use std::collections::{BTreeMap, BTreeSet};

use super::parameters::{Names, Parameter};
use super::steps::{self, Walk};
use crate::config::classify;
use crate::config::document::Document;
use crate::config::pipeline::{Image, Job, Matrix, Os, Runner, all_needs};
use crate::config::template::{Class, Value};
use crate::config::toolchain;
use crate::config::yaml::NodeId;

/// Jobs of one file that are read.
const MAX_JOBS: usize = 512;

/// Reads all jobs, and tells whether there are more than were read.
pub(super) fn jobs(document: &Document<'_>) -> (Vec<Job>, bool) {
    let orbs = document.entries(document.root, &["orbs"]).into_iter();
    let walk = Walk {
        document,
        orbs: orbs.filter_map(|(name, orb)| Some((name, document.tree.text(orb)?))).collect(),
        commands: document.entries(document.root, &["commands"]).into_iter().collect(),
        walked: 0,
        script_bytes: 0,
        steps: Vec::new(),
        owner: String::new(),
    };
    let mut all = Jobs { walk, jobs: Vec::new() };
    let mut is_cut = false;
    let mut used = BTreeSet::new();
    for (workflow, node) in document.entries(document.root, &["workflows"]) {
        let mut needs = BTreeMap::new();
        let first = all.jobs.len();
        let items = document.find(node, &["jobs"]);
        for item in items.map(|items| document.tree.items(items)).unwrap_or_default() {
            let item = document.tree.resolve(*item);
            let (name, settings) = match document.tree.text(item) {
                Some(name) => (name, None),
                None => match document.entries(item, &[]).first() {
                    Some((name, settings)) => (*name, Some(*settings)),
                    None => continue,
                },
            };
            used.insert(name);
            is_cut |= all.jobs.len() >= MAX_JOBS || all.walk.is_cut();
            if is_cut {
                break;
            }
            all.one(workflow, name, settings, &mut needs);
        }
        for job in all.jobs.iter_mut().skip(first) {
            job.needs = all_needs(&needs, &job.id);
        }
    }
    // Without workflows the job `build` runs; what no workflow names does not.
    if used.is_empty() && document.find(document.root, &["jobs", "build"]).is_some() {
        all.one("", "build", None, &mut BTreeMap::new());
    }
    (all.jobs, is_cut)
}

struct Jobs<'a> {
    walk: Walk<'a>,
    jobs: Vec<Job>,
}

impl Jobs<'_> {
    /// Reads one job of a workflow.
    fn one(
        &mut self,
        workflow: &str,
        name: &str,
        settings: Option<NodeId>,
        needs: &mut BTreeMap<String, BTreeSet<String>>,
    ) {
        let document = self.walk.document;
        let in_orb = name
            .split_once('/')
            .and_then(|(orb, job)| document.find(document.root, &["orbs", orb, "jobs", job]));
        let id_of = |name: &str| format!("{workflow}/{name}");
        let own_name = settings.and_then(|node| document.text(node, &["name"])).unwrap_or(name);
        let id = id_of(own_name);
        let required = settings.and_then(|node| document.find(node, &["requires"]));
        let required = required.map(|node| document.tree.items(node)).unwrap_or_default();
        let required = required.iter().filter_map(|item| {
            // `- build: [success, failed]`
            let item = document.tree.resolve(*item);
            let of_entry = || document.entries(item, &[]).first().map(|(name, _)| *name);
            document.tree.text(item).or_else(of_entry)
        });
        needs.insert(id.clone(), required.map(id_of).collect());
        let Some(job) = document.find(document.root, &["jobs", name]).or(in_orb) else { return };
        let matrix = settings.map(|node| matrix(document, node)).unwrap_or_default();
        let caller = Names { matrix: matrix.clone(), ..Names::default() };
        let mut parameters = steps::parameters(document, job, settings, &caller);
        for entry in matrix.values.keys() {
            let part = matrix.part(&["matrix".to_owned(), entry.clone()], entry);
            parameters.insert(entry.clone(), Parameter::Open(part));
        }
        let mut names = Names { parameters, matrix, ..Names::default() };
        let runner = runner(document, job, &mut names);
        names.environment.extend(environment(document, job, &names));
        self.walk.owner = format!("job {name}");
        for holder in [(settings, "pre-steps"), (Some(job), "steps"), (settings, "post-steps")] {
            let steps = holder.0.and_then(|node| document.find(node, &[holder.1]));
            if let Some(steps) = steps {
                self.walk.all(steps, &names, 0);
            }
        }
        let steps = std::mem::take(&mut self.walk.steps);
        let (needs, env) = (BTreeSet::new(), names.scope().env);
        let mut job = Job { id, needs, runner, matrix: names.matrix, env, steps };
        toolchain::mark(&mut job, document.path);
        self.jobs.push(job);
    }
}

/// Reads `matrix: parameters:` of a job in a workflow.
fn matrix(document: &Document<'_>, settings: NodeId) -> Matrix {
    let mut matrix = Matrix::default();
    for (name, values) in document.entries(settings, &["matrix", "parameters"]) {
        let items = document.tree.items(values).iter();
        let texts: Option<BTreeSet<String>> =
            items.map(|item| document.tree.text(*item).map(str::to_owned)).collect();
        let known = texts.filter(|texts| !texts.iter().any(|text| text.contains("<<")));
        matrix.values.insert(name.to_ascii_lowercase(), known.filter(|texts| !texts.is_empty()));
    }
    matrix
}

/// Reads where a job runs: its own settings, or those of the executor that it names.
fn runner(document: &Document<'_>, job: NodeId, names: &mut Names) -> Runner {
    let executor = document.find(job, &["executor"]);
    let Some(executor) = executor else { return holder(document, job, names) };
    let name = document.text(executor, &["name"]).or(document.tree.text(executor));
    let name = name.and_then(|name| names.substituted(name)).unwrap_or_default();
    if let Some(found) = document.find(document.root, &["executors", &name]) {
        let arguments = document.tree.text(executor).is_none().then_some(executor);
        let parameters = steps::parameters(document, found, arguments, names);
        let inner = Names { parameters, ..names.clone() };
        names.environment.extend(environment(document, found, &inner));
        return holder(document, found, &inner);
    }
    if name.starts_with("win/") || name.starts_with("windows/") {
        return Runner { os: Some([Os::Windows].into()), container: None, ..Runner::default() };
    }
    // `go/default` of the orb is cimg/go, at a version that the orb knows.
    let is_go = name == "go/default";
    let tag = document.text(executor, &["tag"]).filter(|_| is_go);
    let container = tag.map(|tag| Image {
        name: names.resolve(&format!("cimg/go:{tag}")),
        place: document.place(executor),
    });
    Runner { os: is_go.then(|| [Os::Linux].into()), container, ..Runner::default() }
}

fn holder(document: &Document<'_>, node: NodeId, names: &Names) -> Runner {
    let docker = document.find(node, &["docker"]);
    let first = docker.and_then(|docker| document.tree.items(docker).first().copied());
    if let Some(first) = first {
        let node = document.find(document.tree.resolve(first), &["image"]);
        let image = node.and_then(|node| Some((node, document.tree.text(node)?)));
        let container = image
            .map(|(node, image)| Image { name: names.resolve(image), place: document.place(node) });
        return Runner { os: Some([Os::Linux].into()), container, ..Runner::default() };
    }
    if document.find(node, &["macos"]).is_some() {
        return Runner { os: Some([Os::MacOs].into()), container: None, ..Runner::default() };
    }
    let machine = document.find(node, &["machine"]);
    let image = machine.and_then(|node| document.text(node, &["image"]));
    let os = match (machine, image) {
        (Some(_), Some(image)) if image.contains("windows") => Some([Os::Windows].into()),
        (Some(_), Some(image)) if image.contains("<<") => None,
        (Some(_), _) => Some([Os::Linux].into()),
        (None, _) => None,
    };
    Runner { os, container: None, ..Runner::default() }
}

/// `environment:` of a job or executor and of its first image: a mapping, or a
/// list of mappings.
fn environment(document: &Document<'_>, node: NodeId, names: &Names) -> BTreeMap<String, Value> {
    let docker = document.find(node, &["docker"]);
    let image = docker.and_then(|docker| document.tree.items(docker).first().copied());
    let holders = image.map(|image| document.tree.resolve(image)).into_iter().chain([node]);
    let mut values = BTreeMap::new();
    for holder in holders {
        let list = document.find(holder, &["environment"]);
        let list = list.map(|node| document.tree.items(node)).unwrap_or_default().iter();
        let listed = list.flat_map(|item| document.entries(document.tree.resolve(*item), &[]));
        for (name, value) in document.entries(holder, &["environment"]).into_iter().chain(listed) {
            let Some(text) = document.tree.text(value) else { continue };
            let mut value = names.resolve(text);
            if classify::names_go_version(name) {
                value.iter_mut().for_each(|part| {
                    part.classes.insert(Class::Toolchain);
                });
            }
            values.insert(name.to_owned(), value);
        }
    }
    values
}
