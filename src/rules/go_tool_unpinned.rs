#![doc = include_str!("go_tool_unpinned.md")]

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "go-tool-unpinned",
    summary: "a tool is built from its newest version",
    explanation: include_str!("go_tool_unpinned.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in repository.go_commands() {
        if !matches!(command.verb(), "install" | "run") {
            continue;
        }
        for package in &command.command.packages {
            let Some((path, version)) = package.split_once('@') else { continue };
            if !matches!(version, "latest" | "master" | "main" | "upgrade" | "HEAD") {
                continue;
            }
            let message =
                format!("{package} is another program whenever {path} has a new version or commit");
            let fix = format!("name a version: {path}@v1.2.3, or go get -tool {path} and go tool");
            findings.push(commands::finding(&RULE, command, None, message).with_fix(fix));
        }
    }
    findings
}
