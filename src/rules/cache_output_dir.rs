#![doc = include_str!("cache_output_dir.md")]

use super::cached::{self, JobAt};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_command::GoCommand;
use crate::config::pipeline::CachedBy;
use crate::config::template::Class;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-output-dir",
    summary: "what a job builds is cached as if go could take compiled packages from it",
    explanation: include_str!("cache_output_dir.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in cached::jobs(repository) {
        for one in at.caches().filter(|one| !is_handed_on(&at, one)) {
            let built = one.cache.paths.iter().filter(|path| path.go.is_empty()).find_map(|path| {
                let dir = cached::in_workspace(&path.text)?;
                let writes = |command: &&GoCommand| writes_to(&at, command, dir);
                Some((dir, at.builds(repository).find(writes)?))
            });
            let Some((dir, command)) = built else { continue };
            let message = format!(
                "`{dir}` is what this job builds, and go takes compiled packages from GOCACHE alone: \
                 to have it back spares main and its link at most"
            );
            findings.push(
                RULE.finding(&one.step.subject, message)
                    .at(one.step.place.clone())
                    .with_evidence(format!("built by {}", cached::shown(command)))
                    .with_fix(
                        "cache the directory that `go env GOCACHE` says in its place; hand files to \
                         other jobs as artifacts",
                    ),
            );
        }
    }
    findings
}

/// Whether the files may be for another job or run: an artifact by other means.
fn is_handed_on(at: &JobAt<'_>, one: &CachedBy<'_>) -> bool {
    let is_same = |other: &CachedBy<'_>| {
        let has = |text: &str| other.cache.paths.iter().any(|path| path.text == text);
        !one.is_same_job(other) && one.cache.paths.iter().any(|path| has(&path.text))
    };
    // An entry of one commit is no cache of builds.
    one.cache.key.has(Class::Volatile)
        || one.cache.key.has(Class::Opaque)
        || !one.cache.how.restores()
        || at.pipeline.caches().any(|other| is_same(&other))
}

/// Whether a command always writes a program of the project below a directory.
fn writes_to(at: &JobAt<'_>, command: &GoCommand, dir: &str) -> bool {
    let is_always = !command.at.is_maybe
        && command
            .at
            .step
            .and_then(|step| at.job.steps.get(step.step))
            .is_some_and(|step| !step.is_conditional);
    // A tool that is built once and kept is another matter.
    let is_own = |package: &String| {
        (package.starts_with('.') || package.starts_with("cmd/")) && !package.contains("tools")
    };
    let (Some(cwd), Some(output)) = (&command.at.dir, command.flag("o")) else { return false };
    let Some(output) = output.value.as_ref().and_then(|value| value.known()) else { return false };
    let output = output.strip_prefix("./").unwrap_or(&output);
    let whole = if cwd.is_empty() { output.to_owned() } else { format!("{cwd}/{output}") };
    let is_below =
        whole.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_inside = !whole.starts_with('/') && !whole.contains("..") && !cwd.contains("tools");
    command.verb() == "build"
        && is_always
        && is_inside
        && is_below
        && command.command.packages.iter().all(is_own)
}
