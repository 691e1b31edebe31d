#![doc = include_str!("leaked_goroot.md")]

use super::{Builds, Check, Rule, leaking};
use crate::finding::{Finding, Level};
use crate::leaks::Kind;

pub(crate) const RULE: Rule = Rule {
    id: "leaked-goroot",
    summary: "the path of GOROOT is in an artifact",
    explanation: include_str!("leaked_goroot.md"),
    level: Level::Note,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    leaking::findings(&RULE, builds, &[Kind::Goroot])
}
