#![doc = include_str!("stray_a.md")]

use super::{Builds, Check, Rule, commands, edits};
use crate::config::Repository;
use crate::finding::{Edit, Finding, Level, Safety};
use crate::golang::flags::Origin;

pub(crate) const RULE: Rule = Rule {
    id: "stray-a",
    summary: "`-a` rebuilds everything and ignores the cache",
    explanation: include_str!("stray_a.md"),
    level: Level::Warning,
    check: Check::Both { builds: check, files: check_files },
};

fn check_files(repository: &Repository) -> Vec<Finding> {
    // `go install -a std` is how a whole standard library is made.
    let is_meant = |package: &String| matches!(package.as_str(), "std" | "cmd");
    commands::builds(repository)
        .filter(|command| command.is_set("a") && !command.command.packages.iter().any(is_meant))
        .map(|command| {
            let flag = command.flag("a");
            let (message, fix) = said(flag.map(|flag| flag.origin));
            let edit = flag.and_then(|flag| edits::without_flag(repository, command, flag));
            // What runs under a condition may be the way to ask for it.
            let edit = edit.map(|edit| match command.at.is_maybe {
                true => Edit { safety: Safety::Unsafe, ..edit },
                false => edit,
            });
            commands::finding(&RULE, command, commands::place(flag), message)
                .with_fix(fix)
                .with_edits(edit.map(|edit| vec![edit]))
        })
        .collect()
}

fn said(origin: Option<Origin>) -> (&'static str, &'static str) {
    match origin {
        Some(Origin::Goflags) => (
            "GOFLAGS holds `-a`: every package is compiled again on every build",
            "take -a out of GOFLAGS",
        ),
        _ => (
            "`-a` compiles every package again on every build, the standard library included",
            "drop -a: the cache already notices every change that counts",
        ),
    }
}

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let commands = builds.first.builds().map(|invocation| &invocation.info);
    commands
        .filter_map(|info| {
            let command = info.command();
            if !command.is_set("a") {
                return None;
            }
            let (message, fix) = said(command.flag("a").map(|flag| flag.origin));
            let evidence = builds.command_line(info);
            Some(RULE.finding(builds.subject(info), message).with_evidence(evidence).with_fix(fix))
        })
        .collect()
}
