#![doc = include_str!("go_get_in_ci.md")]

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::GoCommand;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "go-get-in-ci",
    summary: "a CI step gets a package without a version",
    explanation: include_str!("go_get_in_ci.md"),
    level: Level::Off,
    check: Check::Files(check),
};

/// A workflow that updates dependencies means it.
fn is_update(repository: &Repository, command: &GoCommand) -> bool {
    let pipeline = command.at.step.and_then(|at| repository.pipelines().get(at.pipeline));
    let names =
        [Some(command.at.subject.as_str()), pipeline.map(|pipeline| pipeline.path.as_str())];
    names
        .into_iter()
        .flatten()
        .map(str::to_ascii_lowercase)
        .any(|name| ["update", "upgrade", "bump", "deps"].iter().any(|word| name.contains(word)))
}

fn check(repository: &Repository) -> Vec<Finding> {
    let gets = repository.go_commands().iter().filter(|command| {
        command.verb() == "get"
            && command.at.step.is_some()
            && !command.at.is_maybe
            && !is_update(repository, command)
    });
    gets.filter_map(|command| {
        let package = command.command.packages.iter().find(|package| {
            let is_remote = package.split('/').next().is_some_and(|host| host.contains('.') && !host.starts_with('.'));
            is_remote && !package.contains(['@', '$', '{'])
        })?;
        let message = format!("{package} has no version: each run takes the newest, and changes go.mod");
        let fix = format!(
            "name a version, {package}@v1.2.3; a tool: go get -tool {package} once, commit go.mod, and go tool"
        );
        Some(commands::finding(&RULE, command, None, message).with_fix(fix))
    })
    .collect()
}
