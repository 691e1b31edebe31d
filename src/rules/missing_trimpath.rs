#![doc = include_str!("missing_trimpath.md")]

use super::commands::{self, Releases};
use super::{Builds, Check, Rule, edits, leaking};
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand};
use crate::config::goreleaser::ReleaseBuild;
use crate::finding::{Finding, Level};
use crate::golang::hash_log::KeyKind;
use crate::recording::Invocation;

pub(crate) const RULE: Rule = Rule {
    id: "missing-trimpath",
    summary: "an executable is built without -trimpath",
    explanation: include_str!("missing_trimpath.md"),
    level: Level::Warning,
    check: Check::Both { builds: check, files: check_files },
};

fn check_files(repository: &Repository) -> Vec<Finding> {
    released(repository)
        .filter(|command| !command.is_open && !trims_itself(command))
        .map(|command| {
            let message = "what is built here is released, and without -trimpath it holds the directories of the \
                           module, of its dependencies and of Go";
            let build = built(repository, command);
            let fix = match (command.at.context, build) {
                (Context::GoReleaser, Some(build)) if !build.flags.is_empty() => {
                    "add -trimpath to the flags of this build: - -trimpath"
                }
                (Context::GoReleaser, _) => "flags: [-trimpath]",
                _ => "add -trimpath to the command, or set GOFLAGS=-trimpath",
            };
            let edit = match build {
                Some(build) => edits::trimpath(repository, build),
                None => edits::behind_verb(repository, command, "-trimpath"),
            };
            commands::finding(&RULE, command, None, message)
                .with_fix(fix)
                .with_edits(edit.map(|edit| vec![edit]))
        })
        .collect()
}

/// Commands of which the files do not tell whether they have the flag.
pub(super) fn open(repository: &Repository) -> impl Iterator<Item = &GoCommand> {
    released(repository).filter(|command| command.is_open)
}

/// Commands whose executables are published, and that have no flag as far as can be told.
fn released(repository: &Repository) -> impl Iterator<Item = &GoCommand> {
    let releases = Releases::of(repository);
    commands::builds(repository)
        .filter(move |command| makes_artifact(command) && releases.has(command))
        .filter(|command| !command.is_set("trimpath"))
}

/// The build of GoReleaser that a command is.
fn built<'r>(repository: &'r Repository, command: &GoCommand) -> Option<&'r ReleaseBuild> {
    repository.releases().find(|(other, _)| std::ptr::eq(*other, command)).map(|(_, build)| build)
}

/// A build of several packages without `-o` leaves no executable, and an image has one path for all.
fn makes_artifact(command: &GoCommand) -> bool {
    let is_check = command.flag("o").is_none()
        && command.command.packages.iter().any(|package| package.ends_with("..."));
    let is_discarded = command.command.value("o") == "/dev/null";
    command.verb() == "build"
        && !is_for_tests(command)
        && command.at.context != Context::Dockerfile
        && !is_check
        && !is_discarded
        && !command.is_set("race")
        && !command.is_set("cover")
}

/// A workflow that publishes may run tests, too, which build programs of their own.
fn is_for_tests(command: &GoCommand) -> bool {
    let output = command.command.value("o");
    let mut names = command.at.place.path.split('/').chain(output.split('/'));
    names.any(|name| {
        name.split(['-', '_', '.']).any(|word| matches!(word, "test" | "tests" | "e2e"))
    })
}

/// The compiler and the assembler have a -trimpath of their own, from before Go 1.13.
fn trims_itself(command: &GoCommand) -> bool {
    ["gcflags", "asmflags"].iter().any(|name| {
        let value = command.flag(name).and_then(|flag| flag.value.as_ref());
        value.is_some_and(|value| value.known().is_none_or(|value| value.contains("trimpath")))
    })
}

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let lacking: Vec<&Invocation> = lacking(builds).collect();
    let finding = |(index, invocation): (usize, &&Invocation)| {
        let message = "without -trimpath the directories of the module, of its dependencies and of Go \
                       are hashed and written into the executable";
        let finding = RULE.finding(builds.subject(&invocation.info), message);
        let finding = finding.with_evidence(builds.command_line(&invocation.info));
        // Which command made which artifact is not known; they are told once.
        let held = if index == 0 { leaking::for_want_of_trimpath(builds) } else { Vec::new() };
        let finding = held.into_iter().fold(finding, Finding::with_evidence);
        finding.with_fix("add -trimpath to the command, or set GOFLAGS=-trimpath")
    };
    lacking.iter().enumerate().map(finding).collect()
}

/// Says whether the rule finds something, for those whose finds have the same cause.
pub(super) fn fires(builds: &Builds<'_>) -> bool {
    lacking(builds).next().is_some()
}

fn lacking<'b>(builds: &Builds<'b>) -> impl Iterator<Item = &'b Invocation> {
    builds.first.builds().filter(|invocation| {
        let command = invocation.info.command();
        let links = invocation.log.keys.iter().any(|key| key.kind == KeyKind::Link);
        let builds_for_use = matches!(command.verb.as_str(), "build" | "install");
        links && builds_for_use && !command.is_set("trimpath")
    })
}
