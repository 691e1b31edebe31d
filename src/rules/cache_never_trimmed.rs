#![doc = include_str!("cache_never_trimmed.md")]

use super::caches::advised;
use super::{Cache, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "cache-never-trimmed",
    summary: "GOCACHE is never trimmed, so it only grows",
    explanation: include_str!("cache_never_trimmed.md"),
    level: Level::Warning,
    check: Check::Cache(check),
};

fn check(cache: &Cache) -> Vec<Finding> {
    advised(&RULE, cache)
}
