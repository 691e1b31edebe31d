#![doc = include_str!("modcache_vendored.md")]

use super::{Check, Rule, cached};
use crate::config::Repository;
use crate::config::go_command::GoCommand;
use crate::config::go_paths::GoDir;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "modcache-vendored",
    summary: "modules are cached that the build takes from the vendor directory",
    explanation: include_str!("modcache_vendored.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    if !is_all_vendored(repository) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for at in cached::jobs(repository) {
        let commands = || repository.go_commands().iter().filter(|command| at.runs(command));
        // All commands must be known to take no module.
        if at.builds(repository).next().is_none() || commands().any(may_take_modules) {
            continue;
        }
        for one in at.caches().filter(|one| one.cache.how.saves() && one.cache.has(GoDir::Modules))
        {
            findings.push(
                RULE.finding(
                    &one.step.subject,
                    "the build takes the dependencies from the vendor directory, so the module \
                     cache holds nothing that it needs",
                )
                .at(one.step.place.clone())
                .with_evidence("vendor/modules.txt")
                .with_fix("drop GOMODCACHE from the paths, and cache GOCACHE alone"),
            );
        }
    }
    findings
}

/// Whether each module of the repository has its dependencies beside it.
fn is_all_vendored(repository: &Repository) -> bool {
    let modules = || {
        repository.paths().iter().filter_map(|path| {
            let dir =
                path.strip_suffix("go.mod").filter(|dir| dir.is_empty() || dir.ends_with('/'))?;
            let is_of_others =
                dir.split('/').any(|folder| matches!(folder, "vendor" | "testdata" | "examples"));
            (!is_of_others).then_some(dir)
        })
    };
    let has_vendor = |dir: &str| {
        let list = format!("{dir}vendor/modules.txt");
        repository.paths().binary_search(&list).is_ok()
    };
    modules().next().is_some() && modules().all(has_vendor)
}

/// Whether a command may need the module cache in spite of the vendor directory.
fn may_take_modules(command: &GoCommand) -> bool {
    let is_remote = command.command.packages.iter().any(|package| package.contains('@'));
    let is_vendor = matches!(command.command.value("mod"), "" | "vendor");
    command.is_open
        || is_remote
        || !is_vendor
        || command.flag("modfile").is_some()
        || matches!(command.verb(), "get" | "mod" | "tool" | "work")
}
