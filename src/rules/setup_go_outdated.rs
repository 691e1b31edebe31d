#![doc = include_str!("setup_go_outdated.md")]

use super::cached::{self, JobAt};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{CacheState, SetupGo, Step, StepKind, System};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "setup-go-outdated",
    summary: "an old setup-go caches nothing by itself, or by a key that says less",
    explanation: include_str!("setup_go_outdated.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in cached::jobs(repository).filter(|at| at.pipeline.system == System::GitHub) {
        // What compiles nothing loses nothing.
        if at.builds(repository).next().is_none() {
            continue;
        }
        let is_cold = is_cold(&at);
        for (step, setup) in at.job.setups() {
            let Some(message) = message(setup, is_cold) else { continue };
            findings.push(
                RULE.finding(&step.subject, message)
                    .at(step.place.clone())
                    .with_fix("use the newest version: actions/setup-go@v7"),
            );
        }
    }
    findings
}

/// Whether no other step caches for a job.
fn is_cold(at: &JobAt<'_>) -> bool {
    let lints = |step: &Step| match &step.kind {
        // Before version 5 it caches GOCACHE, too.
        StepKind::Other { uses } => uses.contains("golangci-lint-action"),
        _ => false,
    };
    at.is_hosted()
        && !at.caches().any(|one| one.cache.has_go_path())
        && !at.may_cache_otherwise()
        && !at.job.steps.iter().any(lints)
}

fn message(setup: &SetupGo, is_cold: bool) -> Option<String> {
    let (major, minor) = setup.release?;
    match (setup.cache, major, minor) {
        (CacheState::Off, ..=3, _) if is_cold => Some(format!(
            "setup-go v{major} caches nothing by itself, and no step of this job does: each run \
             compiles all packages"
        )),
        (CacheState::On, ..=3, _) | (CacheState::On, 4, Some(0)) => Some(format!(
            "the cache key of setup-go v{major} names neither the image of the runner nor its \
             processor: a runner with another C library or processor would restore what it cannot use"
        )),
        (CacheState::On, 4, _) | (CacheState::On, 5, Some(0)) => Some(format!(
            "the cache key of setup-go v{major}{} does not name the processor: a runner of arm64 \
             would restore the objects of one of amd64",
            if major == 5 { ".0" } else { "" }
        )),
        _ => None,
    }
}
