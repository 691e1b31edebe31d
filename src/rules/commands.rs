//! What rules about go commands in files have in common.

use std::collections::BTreeSet;

use super::Rule;
use crate::config::Repository;
use crate::config::go_command::{
    CommandAt, Context, GoCommand, GoFlag, OtherCommand, Setting, StepAt,
};
use crate::config::pipeline::{Job, StepKind};
use crate::finding::{Finding, Place};

/// Starts a finding about a command, at a place of it.
pub(super) fn finding(
    rule: &Rule,
    command: &GoCommand,
    place: Option<&Place>,
    message: impl Into<String>,
) -> Finding {
    let place = place.unwrap_or(&command.at.place).clone();
    let finding =
        rule.finding(&command.at.subject, message).at(place).with_evidence(command.line());
    with_chain(finding, &command.at)
}

/// Starts a finding about another command.
pub(super) fn of_other(rule: &Rule, command: &OtherCommand, message: impl Into<String>) -> Finding {
    let finding = rule.finding(&command.at.subject, message).at(command.at.place.clone());
    with_chain(finding.with_evidence(command.line()), &command.at)
}

fn with_chain(finding: Finding, at: &CommandAt) -> Finding {
    match at.chain() {
        Some(chain) => finding.with_evidence(format!("called by {chain}")),
        None => finding,
    }
}

/// The place of a flag, where it is written.
pub(super) fn place(flag: Option<&GoFlag>) -> Option<&Place> {
    flag.and_then(|flag| flag.place.as_ref())
}

/// Commands that may compile packages of the repository: no tools of others, no dry runs.
pub(super) fn builds(repository: &Repository) -> impl Iterator<Item = &GoCommand> {
    repository.go_commands().iter().filter(|command| compiles(command))
}

/// Whether a command is one of [`builds`].
pub(super) fn compiles(command: &GoCommand) -> bool {
    let is_remote = command.command.packages.iter().any(|package| package.contains('@'));
    command.is_build() && !is_remote && !command.is_set("n")
}

/// Jobs that publish what they build, or that hand it to one that does.
pub(super) struct Releases {
    jobs: BTreeSet<(usize, usize)>,
}

/// Actions that publish a release.
const PUBLISHERS: &[&str] = &[
    "actions/create-release",
    "actions/upload-release-asset",
    "ncipollo/release-action",
    "softprops/action-gh-release",
    "svenstaro/upload-release-action",
    "wangyoucao577/go-release-action",
];

impl Releases {
    pub(super) fn of(repository: &Repository) -> Self {
        let mut direct = BTreeSet::new();
        for command in repository.other_commands().iter().filter(|c| publishes_by_command(c)) {
            direct.extend(command.at.step.map(|at| (at.pipeline, at.job)));
        }
        let mut jobs = BTreeSet::new();
        for (index, pipeline) in repository.pipelines().iter().enumerate() {
            let numbered = || pipeline.jobs.iter().enumerate();
            let publishes = |number: usize, job: &Job| {
                uses(job, PUBLISHERS) || direct.contains(&(index, number))
            };
            let publishing: Vec<&Job> = numbered()
                .filter(|(number, job)| publishes(*number, job))
                .map(|(_, job)| job)
                .collect();
            for (number, job) in numbered() {
                let hands_over = uses(job, &["actions/upload-artifact"])
                    && publishing.iter().any(|other| other.needs.contains(&job.id));
                if publishes(number, job) || hands_over {
                    jobs.insert((index, number));
                }
            }
        }
        Self { jobs }
    }

    /// Whether what a command builds is published.
    pub(super) fn has(&self, command: &GoCommand) -> bool {
        let of_job = |step: StepAt| self.jobs.contains(&(step.pipeline, step.job));
        // A configuration for snapshots is for no one else.
        let is_local = ["snapshot", "local", "dev", "test"];
        let path = command.at.place.path.to_ascii_lowercase();
        command.at.context == Context::GoReleaser
            && command.verb() == "build"
            && !is_local.iter().any(|word| path.contains(word))
            || command.at.step.is_some_and(of_job)
    }
}

fn uses(job: &Job, names: &[&str]) -> bool {
    job.steps.iter().any(|step| match &step.kind {
        StepKind::Other { uses } => {
            let name = uses.split_once('@').map_or(uses.as_str(), |(name, _)| name);
            names.contains(&name.to_ascii_lowercase().as_str())
        }
        _ => false,
    })
}

fn publishes_by_command(command: &OtherCommand) -> bool {
    let arguments = command.arguments();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match command.name().as_str() {
        "gh" => matches!(words.as_slice(), ["release", "create" | "upload", ..]),
        "ghr" | "hub" => true,
        _ => false,
    }
}

/// What makes one command's compiled packages useless to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flavour(Vec<(&'static str, String)>);

impl Flavour {
    /// `None` where it cannot be told.
    pub(super) fn of(command: &GoCommand) -> Option<Self> {
        if command.is_open {
            return None;
        }
        let mut parts = Vec::new();
        for name in ["race", "msan", "asan", "trimpath", "linkshared"] {
            if command.is_set(name) {
                parts.push((name, String::new()));
            }
        }
        if command.is_set("cover")
            || command.flag("coverprofile").is_some()
            || command.flag("coverpkg").is_some()
        {
            parts.push(("cover", String::new()));
        }
        for name in ["tags", "gcflags", "asmflags", "buildmode"] {
            if let Some(flag) = command.flag(name) {
                let value = flag.value.as_ref().map(|value| value.known());
                let value = value.unwrap_or_else(|| Some(String::new()))?;
                let mut words: Vec<&str> =
                    value.split([',', ' ']).filter(|word| !word.is_empty()).collect();
                words.sort_unstable();
                if !words.is_empty() {
                    parts.push((name, words.join(",")));
                }
            }
        }
        for name in ["GOOS", "GOARCH", "GOAMD64", "GOARM", "CGO_ENABLED", "GOEXPERIMENT"] {
            match command.at.setting(name) {
                Setting::Unset => {}
                Setting::Known(value) => parts.push((name, value.to_owned())),
                Setting::Unknown => return None,
            }
        }
        Some(Self(parts))
    }

    /// What this one has and another has not: `-race`, `-tags=e2e`.
    pub(super) fn beyond(&self, other: &Self) -> Vec<String> {
        let own = self.0.iter().filter(|part| !other.0.contains(part));
        own.map(|(name, value)| {
            match (name.starts_with(|c: char| c.is_ascii_uppercase()), value.is_empty()) {
                (true, _) => format!("{name}={value}"),
                (false, true) => format!("-{name}"),
                (false, false) => format!("-{name}={value}"),
            }
        })
        .collect()
    }
}
