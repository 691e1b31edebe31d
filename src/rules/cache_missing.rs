#![doc = include_str!("cache_missing.md")]

use super::cached::{self, JobAt};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_command::GoCommand;
use crate::config::pipeline::System;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-missing",
    summary: "no job of a CI system keeps a cache for Go",
    explanation: include_str!("cache_missing.md"),
    level: Level::Off,
    check: Check::Files(check),
};

const SYSTEMS: &[(System, &str, &str)] = &[
    (System::GitHub, "GitHub", "set up Go with actions/setup-go, which caches both directories"),
    (
        System::GitLab,
        "GitLab",
        "set GOCACHE and GOMODCACHE to folders below $CI_PROJECT_DIR, and name both in `cache: paths:`",
    ),
    (
        System::CircleCi,
        "CircleCI",
        "restore_cache before, save_cache after, with what `go env GOCACHE GOMODCACHE` says as paths",
    ),
    (
        System::Azure,
        "Azure Pipelines",
        "set GOCACHE and GOMODCACHE to folders below $(Pipeline.Workspace), each with a task Cache@2",
    ),
];

fn check(repository: &Repository) -> Vec<Finding> {
    // What cannot be read may well have a cache.
    let is_ci = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
    if repository.unread().any(|unread| is_ci(&unread.place.path)) {
        return Vec::new();
    }
    SYSTEMS
        .iter()
        .filter_map(|(system, name, fix)| {
            let jobs: Vec<JobAt<'_>> = cached::jobs(repository)
                .filter(|at| at.pipeline.system == *system)
                .collect();
            if jobs.iter().any(may_keep) {
                return None;
            }
            let (at, command) = jobs.iter().find_map(|at| Some((at, compiles(repository, at)?)))?;
            let step = at.job.steps.get(command.at.step?.step)?;
            let message = format!(
                "no job of {name} keeps a cache for Go: each run starts cold, and compiles all packages"
            );
            Some(
                RULE.finding(&step.subject, message)
                    .at(step.place.clone())
                    .with_evidence(format!("compiled by {}", cached::shown(command)))
                    .with_fix(*fix),
            )
        })
        .collect()
}

/// Whether a job has a cache, or may have one that the files do not show.
fn may_keep(at: &JobAt<'_>) -> bool {
    // A setup-go without its cache is told by rules of its own.
    at.job.setups().next().is_some_and(|_| at.pipeline.system == System::GitHub)
        || at.caches().any(|one| one.cache.has_go_path())
        || at.may_cache_otherwise()
        || names_dir(at)
}

/// Whether a job is given a directory, which may be a volume of the runner.
fn names_dir(at: &JobAt<'_>) -> bool {
    const NAMES: &[&str] = &["gocache", "gomodcache", "gopath", "goproxy"];
    let of_steps = at.job.steps.iter().map(|step| &step.run.env);
    let mut all = std::iter::once(&at.job.env).chain(of_steps);
    all.any(|env| NAMES.iter().any(|name| env.contains_key(*name)))
}

/// What a job on a fresh machine or in a fresh container compiles.
fn compiles<'r>(repository: &'r Repository, at: &JobAt<'r>) -> Option<&'r GoCommand> {
    let is_fresh = match at.pipeline.system {
        System::GitHub | System::Azure => at.is_hosted(),
        System::GitLab => at.job.runner.container.is_some(),
        _ => true,
    };
    if !is_fresh || !at.pipeline.is_complete || cached::is_release(at) {
        return None;
    }
    at.builds(repository).find(|command| command.verb() != "run")
}
