#![doc = include_str!("volatile_gcflags.md")]

use super::{Builds, Check, Rule};
use crate::detect;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "volatile-gcflags",
    summary: "a changing value in -gcflags, -asmflags or -tags",
    explanation: include_str!("volatile_gcflags.md"),
    level: Level::Error,
    check: Check::Builds(check),
};

/// Flags whose value is hashed into the packages that they match.
const FLAGS: &[&str] = &["gcflags", "asmflags", "tags"];

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (first, second) in builds.commands() {
        let command = first.command();
        for name in FLAGS {
            let value = command.value(name);
            let again = second.map(|info| info.command().value(name).to_owned());
            let what = match again {
                Some(again) if again != value => {
                    "differs between two builds of one tree".to_owned()
                }
                _ => match detect::look(value) {
                    Some(look) => format!("holds {look}"),
                    None => continue,
                },
            };
            let message = format!(
                "-{name} {what}: packages that it matches are compiled again whenever it changes"
            );
            let finding = RULE
                .finding(format!("-{name} of {}", builds.subject(first)), message)
                .with_evidence(format!("-{name}={value}"))
                .with_fix(format!("take the changing value out of -{name}; stamp with -ldflags=-X where it is needed"));
            findings.push(finding);
        }
    }
    findings
}
