#![doc = include_str!("installsuffix_obsolete.md")]

use super::{Check, Rule, commands, edits};
use crate::config::Repository;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "installsuffix-obsolete",
    summary: "-installsuffix does nothing since Go 1.10",
    explanation: include_str!("installsuffix_obsolete.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let with =
        commands::builds(repository).filter(|command| command.flag("installsuffix").is_some());
    with.map(|command| {
        let flag = command.flag("installsuffix");
        let edit = flag.and_then(|flag| edits::without_flag(repository, command, flag));
        let message =
            "-installsuffix names a folder for packages that Go has not installed since 1.10";
        commands::finding(&RULE, command, commands::place(flag), message)
            .with_fix("drop -installsuffix and its value")
            .with_edits(edit.map(|edit| vec![edit]))
    })
    .collect()
}
