#![doc = include_str!("two_artifact_sets.md")]

use super::caches::advised;
use super::{Cache, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "two-artifact-sets",
    summary: "GOCACHE holds several sets of archives",
    explanation: include_str!("two_artifact_sets.md"),
    level: Level::Note,
    check: Check::Cache(check),
};

fn check(cache: &Cache) -> Vec<Finding> {
    advised(&RULE, cache)
}
