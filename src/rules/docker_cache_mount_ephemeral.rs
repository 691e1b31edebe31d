#![doc = include_str!("docker_cache_mount_ephemeral.md")]

use std::collections::BTreeMap;

use super::cached::{self, JobAt};
use super::docker::{self, InStage};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{Job, Step, StepKind, System};
use crate::config::template::Value;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "docker-cache-mount-ephemeral",
    summary: "cache mounts of an image that is built where they are empty each time",
    explanation: include_str!("docker_cache_mount_ephemeral.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mounting: Vec<InStage<'_>> = docker::runs(repository)
        .filter(|run| run.cache_mounts().next().is_some() && run.builds().next().is_some())
        .collect();
    let mut findings = Vec::new();
    let on_github = |at: &JobAt<'_>| at.pipeline.system == System::GitHub && at.is_hosted();
    for at in cached::jobs(repository).filter(on_github).filter(|at| !keeps_builder(at.job)) {
        for step in &at.job.steps {
            let Some(file) = dockerfile(step) else { continue };
            let Some(run) = mounting.iter().find(|run| run.file.path == file) else { continue };
            let Some(mount) = run.cache_mounts().next() else { continue };
            let message = format!(
                "the cache mounts of {file} are empty in each run: a hosted runner starts without \
                 them, and cache-to does not export them"
            );
            findings.push(
                RULE.finding(&step.subject, message)
                    .at(step.place.clone())
                    .with_evidence(format!("{} ({file}:{})", mount.text, mount.spot.line + 1))
                    .with_fix(
                        "restore and save them around this step with \
                         reproducible-containers/buildkit-cache-dance, or use a builder that stays",
                    ),
            );
        }
    }
    findings
}

/// The Dockerfile that a step builds; `None` where it cannot be told.
fn dockerfile(step: &Step) -> Option<String> {
    let StepKind::Other { uses } = &step.kind else { return None };
    if !uses.to_ascii_lowercase().starts_with("docker/build-push-action@") {
        return None;
    }
    let context = match given(&step.run.inputs, "context") {
        Given::No => String::new(),
        Given::Text(text) => normal(&text)?,
        Given::Unknown => return None,
    };
    match given(&step.run.inputs, "file") {
        Given::No if context.is_empty() => Some("Dockerfile".to_owned()),
        Given::No => Some(format!("{context}/Dockerfile")),
        Given::Text(text) => normal(&text),
        Given::Unknown => None,
    }
}

/// An input of an action.
enum Given {
    No,
    Text(String),
    Unknown,
}

fn given(inputs: &BTreeMap<String, Value>, name: &str) -> Given {
    let Some(value) = inputs.get(name) else { return Given::No };
    if !value.iter().all(|part| part.is_literal) {
        return Given::Unknown;
    }
    let text: String = value.iter().map(|part| part.text.as_str()).collect();
    if text.trim().is_empty() { Given::No } else { Given::Text(text.trim().to_owned()) }
}

/// A path of the repository; `None` for an address.
fn normal(path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let is_path = !path.contains([':', '{']) && !path.contains("..") && !path.starts_with('/');
    is_path.then(|| if path == "." { String::new() } else { path.to_owned() })
}

/// Whether the builder of a job may keep its mounts: it runs elsewhere, or something puts them back.
fn keeps_builder(job: &Job) -> bool {
    const KEEPERS: &[&str] = &["cache-dance", "depot", "namespace", "blacksmith", "stickydisk"];
    job.steps.iter().any(|step| {
        let StepKind::Other { uses } = &step.kind else { return false };
        let uses = uses.to_ascii_lowercase();
        let of_job = |name: &str| match given(&step.run.inputs, name) {
            Given::No => true,
            Given::Text(text) => name == "driver" && text == "docker-container",
            Given::Unknown => false,
        };
        let is_elsewhere = uses.contains("setup-buildx-action")
            && !["driver", "endpoint", "append"].into_iter().all(of_job);
        is_elsewhere || KEEPERS.iter().any(|keeper| uses.contains(keeper))
    })
}
