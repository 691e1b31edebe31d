#![doc = include_str!("volatile_ldflags.md")]

use super::volatility::{self, Volatile};
use super::{Builds, Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand};
use crate::config::text::Piece;
use crate::detect::{self, Look};
use crate::finding::{Finding, Level, Place};
use crate::units::{ColumnNumber, LineNumber};

pub(crate) const RULE: Rule = Rule {
    id: "volatile-ldflags",
    summary: "a changing value in -ldflags",
    explanation: include_str!("volatile_ldflags.md"),
    level: Level::Note,
    check: Check::Both { builds: check, files: check_files },
};

fn check_files(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in commands::builds(repository) {
        for flag in command.flags.iter().filter(|flag| flag.name == "ldflags") {
            let Some(value) = &flag.value else { continue };
            // A commit is the same for all who build it; the recorded builds tell what it costs.
            let mut volatile = volatility::all(value);
            let found = volatile.find(|(why, _)| matches!(why, Volatile::Time | Volatile::Run));
            let Some((why, piece)) = found else { continue };
            let message = format!("-ldflags stamps {}: each build gives other bytes", why.what());
            let template = template(repository, command, piece);
            let place = template.clone().unwrap_or_else(|| piece.spot.place());
            let finding = commands::finding(&RULE, command, Some(&place), message);
            findings.push(finding.with_fix(match template {
                Some(_) => "write {{.CommitDate}} in its place",
                None => fix(Some(Look::Time)),
            }));
        }
    }
    let default = repository.releases().filter(|(_, build)| build.ldflags.is_none());
    findings.extend(default.map(|(command, _)| {
        let message = "without ldflags GoReleaser stamps main.date with the time of the build: each build \
                       gives other bytes";
        let fix = "ldflags: [-s -w -X main.version={{.Version}} -X main.commit={{.Commit}} -X main.date={{.CommitDate}}]";
        commands::finding(&RULE, command, None, message).with_fix(fix)
    }));
    findings
}

/// Where the value of a build of GoReleaser, which may have many lines, asks for the time.
fn template(repository: &Repository, command: &GoCommand, piece: &Piece) -> Option<Place> {
    if command.at.context != Context::GoReleaser {
        return None;
    }
    let file = repository.files().iter().find(|file| *file.path == *piece.spot.path)?;
    let lines = file.text.lines().enumerate().skip(piece.spot.line);
    for (number, line) in lines.take(MAX_LINES) {
        for (start, _) in line.match_indices("{{") {
            let rest = line.get(start..)?;
            let template = rest.get(..rest.find("}}").unwrap_or(rest.len()))?;
            if volatility::is_time_template(template) {
                let column = ColumnNumber::from_index(line.get(..start)?.chars().count());
                let at = Some((LineNumber::from_index(number), column));
                return Some(Place { path: file.path.clone(), at });
            }
        }
    }
    None
}

/// Lines of a value that are looked at.
const MAX_LINES: usize = 64;

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (first, second) in builds.commands() {
        let value = first.command().value("ldflags").to_owned();
        let again =
            second.map(|info| info.command().value("ldflags").to_owned()).unwrap_or_default();
        let others = stamps(&again);
        for (index, stamp) in stamps(&value).into_iter().enumerate() {
            let (name, _) = stamp.split_once('=').unwrap_or((stamp, ""));
            let differs = second.is_some() && others.get(index).is_none_or(|other| *other != stamp);
            let what = match (differs, detect::look(stamp)) {
                (true, _) => {
                    "differs between two builds of one tree, so no two builds give the same bytes"
                }
                (false, Some(Look::Time)) => "looks like a time: each build gives other bytes",
                (false, Some(Look::Commit)) => "looks like a commit: every commit links again",
                (false, Some(Look::Uuid)) => "looks like a UUID: each build gives other bytes",
                (false, Some(Look::Path) | None) => continue,
            };
            let mut finding =
                RULE.finding(name, format!("the linker stamp {name} {what}")).with_evidence(stamp);
            if differs {
                finding = finding
                    .with_evidence(format!("second: {}", others.get(index).unwrap_or(&"(none)")));
            }
            findings.push(finding.with_fix(fix(detect::look(stamp))));
        }
    }
    findings
}

fn fix(look: Option<Look>) -> &'static str {
    match look {
        Some(Look::Time) => {
            "stamp the date of the commit (git log -1 --format=%cI) or nothing: Go stamps vcs.time by itself"
        }
        Some(Look::Commit) => {
            "stamp it for a release only, or not at all: Go stamps vcs.revision by itself"
        }
        Some(Look::Path) => {
            "drop it: it holds a directory of the build, and -trimpath does not reach it"
        }
        Some(Look::Uuid) | None => "drop it, or stamp what is the same on every machine",
    }
}

/// Returns the `NAME=VALUE` of each `-X`, and any other word as it is.
fn stamps(ldflags: &str) -> Vec<&str> {
    let words = ldflags.split([' ', '\t']).map(|word| word.trim_matches(['\'', '"']));
    words
        .filter(|word| !word.is_empty() && *word != "-X")
        .map(|word| word.strip_prefix("-X=").unwrap_or(word))
        .collect()
}
