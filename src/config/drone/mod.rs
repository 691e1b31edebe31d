//! Drone and Woodpecker: steps in containers that share one folder.
//!
//! Neither keeps a cache of its own: plugins and volumes of the host do.
//!
//! Source: <https://docs.drone.io/pipeline/docker/overview/>,
//! <https://woodpecker-ci.org/docs/usage/workflow-syntax>,
//! <https://github.com/meltwater/drone-cache>.

mod cache;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::steps::Steps;
use super::document::Document;
use super::pipeline::{Checkout, Job, Matrix, Os, Pipeline, Runner, StepKind, System, all_needs};
use super::script::Lines;
use super::template::Class;
use super::toolchain;
use super::variables::{Syntax, Variables};
use super::yaml::NodeId;
use super::{Reading, SourceFile, is_yaml, unread};

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
