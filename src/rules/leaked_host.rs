#![doc = include_str!("leaked_host.md")]

use super::{Builds, Check, Rule, leaking};
use crate::finding::{Finding, Level};
use crate::leaks::Kind;

pub(crate) const RULE: Rule = Rule {
    id: "leaked-host",
    summary: "the name of the machine that built is in an artifact",
    explanation: include_str!("leaked_host.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    leaking::findings(&RULE, builds, &[Kind::Host])
}
