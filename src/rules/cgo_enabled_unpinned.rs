#![doc = include_str!("cgo_enabled_unpinned.md")]

use super::commands::Releases;
use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand, Setting};
use crate::config::pipeline::StepKind;
use crate::config::text::Spot;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cgo-enabled-unpinned",
    summary: "a release is linked with whatever C compiler is there",
    explanation: include_str!("cgo_enabled_unpinned.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let releases = Releases::of(repository);
    commands::builds(repository)
        .filter(|command| {
            matches!(command.verb(), "build" | "install")
                && command.at.setting("CGO_ENABLED") == Setting::Known("1")
                && releases.has(command)
                && !is_pinned(repository, command)
        })
        .map(|command| {
            let place = command.at.env.get("CGO_ENABLED").and_then(|text| text.spot()).map(Spot::place);
            let message = "CGO_ENABLED=1 in a release: its bytes depend on the C compiler and the C library of the \
                           machine, which no file names";
            // No container has the system libraries of macOS.
            let fix = if command.at.setting("GOOS") == Setting::Known("darwin") {
                "choose a version of Xcode by its path: sudo xcode-select -s /Applications/Xcode_16.4.app, or \
                 build with CGO_ENABLED=0"
            } else {
                "build in a container image that is named by its digest, or with CGO_ENABLED=0"
            };
            commands::finding(&RULE, command, place.as_ref(), message).with_fix(fix)
        })
        .collect()
}

/// Whether a job of CI runs GoReleaser on the runner itself: elsewhere it may be in an image.
fn runs_on_runner(repository: &Repository) -> bool {
    let jobs = repository.pipelines().iter().flat_map(|pipeline| &pipeline.jobs);
    jobs.filter(|job| job.runner.container.is_none()).any(|job| {
        job.steps.iter().any(|step| match &step.kind {
            StepKind::Other { uses } => {
                uses.to_ascii_lowercase().starts_with("goreleaser/goreleaser-action")
            }
            _ => false,
        })
    })
}

/// A container, or a compiler of one's own, says which C compiler it is.
fn is_pinned(repository: &Repository, command: &GoCommand) -> bool {
    let job =
        command.at.step.and_then(|at| repository.pipelines().get(at.pipeline)?.jobs.get(at.job));
    command.at.setting("CC") != Setting::Unset
        || (command.at.context == Context::GoReleaser && !runs_on_runner(repository))
        || job.is_some_and(|job| job.runner.container.is_some())
}
