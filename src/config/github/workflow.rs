//! A workflow with its jobs, and the workflows that it calls in place.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{self, Walk};
use super::{Files, matrix};
use crate::config::document::Document;
use crate::config::pipeline::{Job, Matrix, Pipeline, Runner, System};
use crate::config::scope::{Scope, Values};
use crate::config::template::{Class, Part};
use crate::config::toolchain;
use crate::config::yaml::NodeId;

/// Jobs of one pipeline that are read.
const MAX_JOBS: usize = 512;
/// GitHub follows ten workflows into each other.
const MAX_CALLS: usize = 10;

/// The names of the events that start a workflow.
pub(super) fn triggers(document: &Document<'_>) -> BTreeSet<String> {
    let Some(on) = document.find(document.root, &["on"]) else { return BTreeSet::new() };
    let items = document.tree.items(on).iter().filter_map(|item| document.tree.text(*item));
    let names = document.tree.text(on).into_iter().chain(items);
    let keys = document.entries(on, &[]).into_iter().map(|(name, _)| name);
    names.chain(keys).map(str::to_owned).collect()
}

/// The workflows that another workflow of the repository calls.
pub(super) fn called(files: &Files<'_>) -> BTreeSet<String> {
    let documents = files.documents.values();
    documents
        .flat_map(|document| {
            document.entries(document.root, &["jobs"]).into_iter().filter_map(|(_, job)| {
                let called = files.workflow(document.text(job, &["uses"])?)?;
                (called.path != document.path).then(|| called.path.to_owned())
            })
        })
        .collect()
}

/// Reads a workflow, and tells whether it holds more than was read.
pub(super) fn pipeline<'a>(
    files: &'a Files<'a>,
    document: &'a Document<'a>,
    triggers: BTreeSet<String>,
    used_actions: &'a mut BTreeSet<String>,
) -> (Pipeline, bool) {
    let walk = Walk { files, used_actions, walked: 0 };
    let mut jobs = Jobs { walk, jobs: Vec::new(), open: Vec::new(), is_cut: false };
    jobs.all(document, &Values::new(), &Caller::default());
    let only_called = triggers.iter().all(|trigger| trigger == "workflow_call");
    let path = document.path.to_owned();
    let is_cut = jobs.is_cut || jobs.walk.is_cut();
    (
        Pipeline {
            path,
            system: System::GitHub,
            is_complete: !only_called,
            triggers,
            jobs: jobs.jobs,
        },
        is_cut,
    )
}

/// Reads a composite action that no workflow of the repository uses.
pub(super) fn action<'a>(files: &'a Files<'a>, document: &'a Document<'a>) -> Option<Pipeline> {
    let items = document.find(document.root, &["runs", "steps"])?;
    let mut used_actions = BTreeSet::new();
    let mut walk = Walk { files, used_actions: &mut used_actions, walked: 0 };
    let mut scope = Scope::default();
    scope.matrix.is_open = true;
    scope.inputs = steps::action_inputs(document, &scope);
    // Whoever uses the action may give other inputs than the defaults.
    for (name, value) in &mut scope.inputs {
        value.push(Part::new(format!("inputs.{name}"), [Class::Opaque]));
    }
    let owner = format!("action {}", document.path);
    let steps = steps::steps(&mut walk, document, Some(items), &owner, &mut scope);
    let mut job = Job {
        id: "action".to_owned(),
        needs: BTreeSet::new(),
        runner: Runner::default(),
        matrix: Matrix::default(),
        env: BTreeMap::new(),
        steps,
    };
    toolchain::mark(&mut job, document.path);
    let path = document.path.to_owned();
    Some(Pipeline {
        path,
        system: System::GitHub,
        triggers: BTreeSet::new(),
        is_complete: false,
        jobs: vec![job],
    })
}

/// What a called workflow takes from the job that calls it.
#[derive(Debug, Default)]
struct Caller {
    /// `build / ` where the job `build` calls.
    prefix: String,
    needs: BTreeSet<String>,
}

/// What a job leaves to those that need it.
#[derive(Debug, Default)]
struct Ended {
    outputs: BTreeMap<String, Values>,
    /// Ids of the jobs that have ended when a job has, by its name in this file.
    jobs: BTreeMap<String, BTreeSet<String>>,
}

/// Where a job is written, and its name there.
struct JobPlace<'a, 'n> {
    document: &'a Document<'a>,
    node: NodeId,
    name: &'n str,
}

struct Jobs<'a> {
    walk: Walk<'a>,
    jobs: Vec<Job>,
    /// Paths of the workflows that are open.
    open: Vec<&'a str>,
    is_cut: bool,
}

impl<'a> Jobs<'a> {
    /// Reads all jobs of a workflow, each after those that it needs.
    fn all(&mut self, document: &'a Document<'a>, inputs: &Values, caller: &Caller) -> Values {
        self.open.push(document.path);
        let mut scope = Scope { inputs: workflow_inputs(document, inputs), ..Scope::default() };
        scope.env = document.values(document.root, &["env"], &scope);
        defaults(document, document.root, &mut scope);
        let mut ended = Ended::default();
        let mut waiting = document.entries(document.root, &["jobs"]);
        let mut progress = true;
        while !waiting.is_empty() {
            let names: BTreeSet<&str> = waiting.iter().map(|(name, _)| *name).collect();
            // Jobs that need each other in a circle never run; they are read all the same.
            let is_ready =
                |job: NodeId| !progress || !needs(document, job).any(|n| names.contains(n));
            let (ready, later): (Vec<_>, Vec<_>) =
                waiting.iter().copied().partition(|(_, job)| is_ready(*job));
            progress = !ready.is_empty();
            for (name, job) in ready {
                self.is_cut |= self.jobs.len() >= MAX_JOBS;
                if !self.is_cut {
                    self.one(document, name, job, &scope, &mut ended, caller);
                }
            }
            waiting = later;
        }
        self.open.pop();
        scope.needs = ended.outputs;
        let outputs =
            document.entries(document.root, &["on", "workflow_call", "outputs"]).into_iter();
        outputs
            .filter_map(|(name, output)| {
                let value = scope.resolve(document.text(output, &["value"])?);
                Some((name.to_ascii_lowercase(), value))
            })
            .collect()
    }

    /// Reads one job, or the workflow that it calls.
    fn one(
        &mut self,
        document: &'a Document<'a>,
        name: &str,
        job: NodeId,
        workflow: &Scope,
        ended: &mut Ended,
        caller: &Caller,
    ) {
        let mut scope = workflow.clone();
        scope.needs = ended.outputs.clone();
        scope.matrix = matrix::matrix(document, job);
        let own = document.values(job, &["env"], &scope);
        scope.env.extend(own);
        defaults(document, job, &mut scope);
        let id = format!("{}{name}", caller.prefix);
        let mut before = caller.needs.clone();
        before.extend(
            needs(document, job).filter_map(|name| ended.jobs.get(name)).flatten().cloned(),
        );
        let first = self.jobs.len();
        let outputs = match document.text(job, &["uses"]) {
            Some(uses) => {
                let inner = Caller { prefix: format!("{id} / "), needs: before.clone() };
                self.call(uses, &document.values(job, &["with"], &scope), &inner)
            }
            None => {
                let place = JobPlace { document, node: job, name };
                self.steps(&place, id, before.clone(), &mut scope)
            }
        };
        before.extend(self.jobs.iter().skip(first).map(|job| job.id.clone()));
        ended.jobs.insert(name.to_owned(), before);
        ended.outputs.insert(name.to_ascii_lowercase(), outputs);
    }

    /// Reads a job with steps, and returns its outputs.
    fn steps(
        &mut self,
        place: &JobPlace<'a, '_>,
        id: String,
        needs: BTreeSet<String>,
        scope: &mut Scope,
    ) -> Values {
        let JobPlace { document, node, name } = *place;
        let items = document.find(node, &["steps"]);
        let runner = matrix::runner(document, node, scope);
        let env = scope.env.clone();
        let steps = steps::steps(&mut self.walk, document, items, &format!("job {name}"), scope);
        let mut job = Job { id, needs, runner, matrix: scope.matrix.clone(), env, steps };
        toolchain::mark(&mut job, document.path);
        self.jobs.push(job);
        document.values(node, &["outputs"], scope)
    }

    /// Reads a workflow that a job calls, and returns its outputs.
    fn call(&mut self, uses: &str, inputs: &Values, caller: &Caller) -> Values {
        let files = self.walk.files;
        match files.workflow(uses) {
            Some(called) if !self.open.contains(&called.path) && self.open.len() <= MAX_CALLS => {
                self.all(called, inputs, caller)
            }
            _ => Values::new(),
        }
    }
}

/// Reads `defaults: run:` of a workflow or a job.
fn defaults(document: &Document<'_>, node: NodeId, scope: &mut Scope) {
    let given = |name: &str| {
        document.text(node, &["defaults", "run", name]).map(|text| scope.resolve(text))
    };
    let (dir, shell) = (given("working-directory"), given("shell"));
    scope.dir = dir.or(scope.dir.take());
    scope.shell = shell.or(scope.shell.take());
}

fn needs<'d>(document: &'d Document<'_>, job: NodeId) -> impl Iterator<Item = &'d str> {
    let node = document.find(job, &["needs"]);
    let items = node.map(|node| document.tree.items(node)).unwrap_or_default();
    let one = node.and_then(|node| document.tree.text(node));
    one.into_iter().chain(items.iter().filter_map(|item| document.tree.text(*item)))
}

/// The inputs of a workflow: what the caller gives, else the defaults.
///
/// Who starts a workflow by hand may give anything.
fn workflow_inputs(document: &Document<'_>, given: &Values) -> Values {
    let scope = Scope::default();
    let declared = document.defaults(&["on", "workflow_call", "inputs"], &scope).into_iter();
    let mut inputs: Values =
        declared.filter_map(|(name, default)| Some((name, default?))).collect();
    if given.is_empty() {
        for (name, _) in document.defaults(&["on", "workflow_dispatch", "inputs"], &scope) {
            inputs.remove(&name);
        }
    }
    inputs.extend(given.clone());
    inputs
}
