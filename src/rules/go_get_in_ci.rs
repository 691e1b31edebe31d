#![doc = include_str!("go_get_in_ci.md")]

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "go-get-in-ci",
    summary: "a CI step gets a package without a version",
    explanation: include_str!("go_get_in_ci.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let gets = repository.go_commands().iter().filter(|command| {
        command.verb() == "get" && command.at.step.is_some() && !command.at.is_maybe
    });
    gets.filter_map(|command| {
        let package = command.command.packages.iter().find(|package| {
            let is_remote = package.split('/').next().is_some_and(|host| host.contains('.') && !host.starts_with('.'));
            is_remote && !package.contains(['@', '$', '{'])
        })?;
        let message = format!("{package} has no version: each run takes the newest, and changes go.mod");
        let fix = format!("go get -tool {package}@VERSION once, commit go.mod, and call it by go tool");
        Some(commands::finding(&RULE, command, None, message).with_fix(fix))
    })
    .collect()
}
