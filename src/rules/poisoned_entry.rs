#![doc = include_str!("poisoned_entry.md")]

use super::caches::advised;
use super::{Cache, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "poisoned-entry",
    summary: "an output in GOCACHE is not what was stored",
    explanation: include_str!("poisoned_entry.md"),
    level: Level::Error,
    check: Check::Cache(check),
};

fn check(cache: &Cache) -> Vec<Finding> {
    advised(&RULE, cache)
}
