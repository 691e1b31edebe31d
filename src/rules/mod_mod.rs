#![doc = include_str!("mod_mod.md")]

use super::{Check, Rule, commands, edits};
use crate::config::Repository;
use crate::config::go_command::{GoCommand, GoFlag};
use crate::finding::{Edit, Finding, Level, Safety};
use crate::golang::flags::Origin;

pub(super) const RULE: Rule = Rule {
    id: "mod-mod",
    summary: "-mod=mod lets a build change go.mod and go.sum",
    explanation: include_str!("mod_mod.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let builds = commands::builds(repository).filter(|command| command.verb() != "list");
    builds
        .filter(|command| {
            let is_mod = command.command.value("mod") == "mod";
            // With -modfile the go.mod of the project is not touched.
            is_mod && command.flag("modfile").is_none() && !updates(repository, command)
        })
        .map(|command| {
            let flag = command.flag("mod");
            let message = "with -mod=mod the build may choose other versions than go.mod says, and writes go.mod \
                           and go.sum";
            // Without the flag it would build from vendor, which may lack what this one needs.
            let is_vendored = is_vendored(repository, command);
            let edit = flag
                .filter(|_| !is_vendored)
                .and_then(|flag| edits::without_flag(repository, command, flag));
            commands::finding(&RULE, command, commands::place(flag), message)
                .with_fix(fix(flag, is_vendored))
                .with_edits(edit.map(|edit| vec![Edit { safety: Safety::Unsafe, ..edit }]))
        })
        .collect()
}

/// Whether the module around a command has a folder of its dependencies.
fn is_vendored(repository: &Repository, command: &GoCommand) -> bool {
    let paths = repository.paths();
    let has = |path: String| paths.binary_search(&path).is_ok();
    let Some(mut dir) = command.at.dir.as_deref() else { return false };
    loop {
        let slash = if dir.is_empty() { "" } else { "/" };
        if dir.is_empty() || has(format!("{dir}/go.mod")) {
            return has(format!("{dir}{slash}vendor/modules.txt"));
        }
        dir = dir.rsplit_once('/').map_or("", |(dir, _)| dir);
    }
}

fn fix(flag: Option<&GoFlag>, is_vendored: bool) -> &'static str {
    match flag.map(|flag| flag.origin) {
        _ if is_vendored => {
            "write -mod=readonly in place of -mod=mod; run go mod tidy and commit what it changes"
        }
        Some(Origin::Goflags) => {
            "take -mod=mod out of GOFLAGS; run go mod tidy and commit what it changes"
        }
        _ => "drop -mod=mod; run go mod tidy and commit what it changes",
    }
}

/// A script that updates dependencies means it.
fn updates(repository: &Repository, command: &GoCommand) -> bool {
    repository.go_commands().iter().any(|other| {
        let changes = other.verb() == "get"
            || (other.verb() == "mod"
                && other
                    .command
                    .packages
                    .iter()
                    .any(|word| matches!(word.as_str(), "tidy" | "edit")));
        changes && other.at.subject == command.at.subject
    })
}
