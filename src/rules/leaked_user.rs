#![doc = include_str!("leaked_user.md")]

use super::{Builds, Check, Rule, leaking};
use crate::finding::{Finding, Level};
use crate::leaks::Kind;

pub(crate) const RULE: Rule = Rule {
    id: "leaked-user",
    summary: "the name of the user who built is in an artifact",
    explanation: include_str!("leaked_user.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    leaking::findings(&RULE, builds, &[Kind::User])
}
