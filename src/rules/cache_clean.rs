#![doc = include_str!("cache_clean.md")]

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::StepAt;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CacheState, Flag, StepKind};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-clean",
    summary: "a restored cache is thrown away",
    explanation: include_str!("cache_clean.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in repository.go_commands().iter().filter(|command| command.verb() == "clean") {
        for (name, dir) in [("cache", GoDir::Build), ("modcache", GoDir::Modules)] {
            if command.is_set(name) && is_restored(repository, command.at.step, dir) {
                let place = commands::place(command.flag(name));
                let finding = commands::finding(&RULE, command, place, message(dir));
                findings.push(finding.with_fix(FIX));
            }
        }
    }
    for command in repository.other_commands().iter().filter(|command| command.name() == "rm") {
        let removed = command.arguments().iter().find_map(|argument| removed(argument));
        if let Some(dir) = removed.filter(|dir| is_restored(repository, command.at.step, *dir)) {
            findings.push(commands::of_other(&RULE, command, message(dir)).with_fix(FIX));
        }
    }
    findings
}

const FIX: &str = "drop the line, or the step that restores the cache";

fn message(dir: GoDir) -> &'static str {
    match dir {
        GoDir::Build => "this job restores GOCACHE first and removes it here: it pays for both",
        GoDir::Modules => {
            "this job restores GOMODCACHE first and removes it here: it pays for both"
        }
    }
}

/// The directory of Go that a word stands for.
fn removed(argument: &str) -> Option<GoDir> {
    let path = argument.trim_end_matches(['/', '*']);
    let names = |name: &str| path.contains(&format!("go env {name}")) || path == format!("${name}");
    if path.ends_with(".cache/go-build") || names("GOCACHE") {
        Some(GoDir::Build)
    } else if path.ends_with("go/pkg/mod") || names("GOMODCACHE") {
        Some(GoDir::Modules)
    } else {
        None
    }
}

/// Whether the job of a step restores a directory before it.
fn is_restored(repository: &Repository, at: Option<StepAt>, dir: GoDir) -> bool {
    let Some(at) = at else { return false };
    let job =
        repository.pipelines().get(at.pipeline).and_then(|pipeline| pipeline.jobs.get(at.job));
    let before = job.map(|job| job.steps.iter().take(at.step)).into_iter().flatten();
    before.into_iter().any(|step| match &step.kind {
        StepKind::SetupGo(setup) => setup.cache == CacheState::On,
        StepKind::Cache(cache) => {
            cache.how.restores() && cache.has(dir) && cache.lookup_only == Flag::No
        }
        _ => false,
    })
}
