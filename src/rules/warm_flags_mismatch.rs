#![doc = include_str!("warm_flags_mismatch.md")]

use std::collections::BTreeSet;

use super::commands::{self, Flavour};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_command::{GoCommand, StepAt};
use crate::config::pipeline::Job;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "warm-flags-mismatch",
    summary: "a step warms the cache with other flags than those that use it",
    explanation: include_str!("warm_flags_mismatch.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<&GoCommand> = commands::builds(repository)
        .filter(|command| matches!(command.verb(), "build" | "test" | "vet" | "install"))
        .collect();
    let mut findings = Vec::new();
    // A step of a reusable workflow is one of several jobs: of use to one, it is of use.
    let mut fine = BTreeSet::new();
    for warm in &all {
        let (Some(at), Some(own)) = (warm.at.step, Flavour::of(warm)) else { continue };
        let Some(job) = job(repository, at).filter(|job| is_warm_up(job, at, warm)) else {
            continue;
        };
        // What cannot be followed may be the command that the warm-up is for.
        let mut calls = repository.not_followed().iter().flat_map(|call| &call.steps);
        if calls.any(|step| uses(repository, job, at, *step)) {
            fine.insert(&warm.at.place);
            continue;
        }
        let users: Vec<&&GoCommand> = all
            .iter()
            .filter(|user| user.at.step.is_some_and(|user_at| uses(repository, job, at, user_at)))
            .filter(|user| !is_empty_run(user))
            .collect();
        let flavours: Option<Vec<Flavour>> = users.iter().map(|user| Flavour::of(user)).collect();
        let Some(flavours) = flavours.filter(|flavours| !flavours.is_empty()) else { continue };
        if flavours.contains(&own) {
            fine.insert(&warm.at.place);
            continue;
        }
        let (Some(user), Some(other)) = (users.first(), flavours.first()) else { continue };
        findings.push((&warm.at.place, finding(warm, user, &own, other)));
    }
    findings.retain(|(place, _)| !fine.contains(place));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn finding(warm: &GoCommand, user: &GoCommand, own: &Flavour, other: &Flavour) -> Finding {
    let (more, less) = (other.beyond(own), own.beyond(other));
    let (with, fix) = match (more.is_empty(), less.is_empty()) {
        (false, true) => {
            (format!("without {}", more.join(" ")), format!("add {} here", more.join(" ")))
        }
        (true, _) => (format!("with {}", less.join(" ")), format!("drop {} here", less.join(" "))),
        (false, false) => (
            format!("with {} and not {}", less.join(" "), more.join(" ")),
            format!("use {} here in place of {}", more.join(" "), less.join(" ")),
        ),
    };
    let message = format!(
        "this warms the cache {with}, and no command that uses it is run so: what it compiles is compiled again"
    );
    let place = &user.at.place;
    let line = place.at.map(|(line, _)| format!(":{line}")).unwrap_or_default();
    commands::finding(&RULE, warm, None, message)
        .with_evidence(format!("used by {} ({}{line})", user.line(), place.path))
        .with_fix(fix)
}

fn job(repository: &Repository, at: StepAt) -> Option<&Job> {
    repository.pipelines().get(at.pipeline)?.jobs.get(at.job)
}

/// A command whose only use is what it leaves in the cache: it says so by its name, or tests nothing.
fn is_warm_up(job: &Job, at: StepAt, command: &GoCommand) -> bool {
    let discards = command.flag("o").is_none() || command.command.value("o") == "/dev/null";
    let step = job.steps.get(at.step);
    let names = [Some(job.id.as_str()), step.map(|step| step.subject.as_str())];
    let is_named = names.into_iter().flatten().any(says_warm);
    is_empty_run(command) || (is_named && discards && command.verb() != "install")
}

fn says_warm(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Of `job x, step "Warm the cache"` only the step's own name counts.
    let name = name.rsplit_once(", step \"").map_or(name.as_str(), |(_, step)| step);
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is = |list: &[&str]| words.iter().any(|word| list.contains(word));
    is(&["warm", "warmup", "prewarm", "prime", "priming", "warming", "precompile", "prebuild"])
        || (is(&["populate", "fill", "seed"]) && is(&["cache", "caches"]))
}

/// `go test -run '^$'` compiles the tests and runs none.
fn is_empty_run(command: &GoCommand) -> bool {
    command.verb() == "test"
        && command.flag("bench").is_none()
        && command.flag("fuzz").is_none()
        && matches!(
            command.command.value("run"),
            "^$" | "$^" | "NONE" | "none" | "XXX" | "xxx" | "^NONE$"
        )
}

/// Whether a step may use what another one leaves: it comes later in the job, or in a job that waits for it.
fn uses(repository: &Repository, warm_job: &Job, warm: StepAt, user: StepAt) -> bool {
    if warm.pipeline != user.pipeline {
        return false;
    }
    if warm.job == user.job {
        return user.step >= warm.step && user != warm;
    }
    job(repository, user).is_some_and(|job| job.needs.contains(&warm_job.id))
}
