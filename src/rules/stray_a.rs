#![doc = include_str!("stray_a.md")]

use super::{Builds, Check, Rule};
use crate::finding::{Finding, Level};
use crate::golang::flags::Origin;

pub(crate) const RULE: Rule = Rule {
    id: "stray-a",
    summary: "`-a` rebuilds everything and ignores the cache",
    explanation: include_str!("stray_a.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let commands = builds.first.builds().map(|invocation| &invocation.info);
    commands
        .filter_map(|info| {
            let command = info.command();
            if !command.is_set("a") {
                return None;
            }
            let (message, fix) = match command.flag("a").map(|flag| flag.origin) {
                Some(Origin::Goflags) => ("GOFLAGS holds `-a`: every package is compiled again on every build", "take -a out of GOFLAGS"),
                _ => ("`-a` compiles every package again on every build, the standard library included", "drop -a: the cache already notices every change that counts"),
            };
            let evidence = builds.command_line(info);
            Some(RULE.finding(builds.subject(info), message).with_evidence(evidence).with_fix(fix))
        })
        .collect()
}
