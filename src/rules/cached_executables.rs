#![doc = include_str!("cached_executables.md")]

use super::caches::advised;
use super::{Cache, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "cached-executables",
    summary: "GOCACHE holds executables of `go run` or `go tool`",
    explanation: include_str!("cached_executables.md"),
    level: Level::Warning,
    check: Check::Cache(check),
};

fn check(cache: &Cache) -> Vec<Finding> {
    advised(&RULE, cache)
}
