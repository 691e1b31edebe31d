#![doc = include_str!("cache_too_large.md")]

use super::{Cache, Check, Rule};
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "cache-too-large",
    summary: "GOCACHE is larger than its budget",
    explanation: include_str!("cache_too_large.md"),
    level: Level::Warning,
    check: Check::Cache(check),
};

fn check(cache: &Cache) -> Vec<Finding> {
    let total = cache.inventory.total;
    if total.bytes <= cache.budget {
        return Vec::new();
    }
    let most = cache.inventory.kinds.iter().max_by_key(|kind| kind.tally.bytes);
    let most = most.map(|kind| {
        format!("{}: {} bytes in {} files", kind.name, kind.tally.bytes, kind.tally.count)
    });
    let message = format!(
        "{} bytes in {} files, and the budget is {}: each job that restores it waits for all of it",
        total.bytes, total.count, cache.budget
    );
    let finding = RULE.finding("GOCACHE", message).with_fix(
        "goaudit cache says what fills it; goaudit cache used what a recorded build needs of it",
    );
    vec![most.into_iter().fold(finding, Finding::with_evidence)]
}
