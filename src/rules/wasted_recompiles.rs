#![doc = include_str!("wasted_recompiles.md")]

use super::caches::advised;
use super::{Cache, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "wasted-recompiles",
    summary: "packages were compiled again to the same bytes",
    explanation: include_str!("wasted_recompiles.md"),
    level: Level::Note,
    check: Check::Cache(check),
};

fn check(cache: &Cache) -> Vec<Finding> {
    advised(&RULE, cache)
}
