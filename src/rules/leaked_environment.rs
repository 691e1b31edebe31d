#![doc = include_str!("leaked_environment.md")]

use super::{Builds, Check, Rule, leaking};
use crate::finding::{Finding, Level};
use crate::leaks::Kind;

pub(crate) const RULE: Rule = Rule {
    id: "leaked-environment",
    summary: "an artifact holds variables of the environment of its build",
    explanation: include_str!("leaked_environment.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    leaking::findings(&RULE, builds, &[Kind::Environment])
}
