#![doc = include_str!("cache_key_invalid.md")]

use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, System};
use crate::config::template::Template;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-invalid",
    summary: "a cache key is one that GitHub refuses",
    explanation: include_str!("cache_key_invalid.md"),
    level: Level::Error,
    check: Check::Files(check),
};

/// Source: `checkKey` in `packages/cache/src/cache.ts` of actions/toolkit.
const LONGEST: usize = 512;

fn check(repository: &Repository) -> Vec<Finding> {
    let caches = repository.caches().filter(|one| one.pipeline.system == System::GitHub);
    let keys = caches.flat_map(|one| {
        let keys = std::iter::once(&one.cache.key).chain(&one.cache.restore_keys);
        keys.filter_map(|key| finding(&one, key)).collect::<Vec<_>>()
    });
    keys.collect()
}

fn finding(one: &CachedBy<'_>, key: &Template) -> Option<Finding> {
    let literals = || key.parts.iter().filter(|part| part.is_literal);
    let length: usize = literals().map(|part| part.text.chars().count()).sum();
    let (message, fix) = if literals().any(|part| part.text.contains(',')) {
        ("a key with a comma is refused, and the step fails", "put `-` in place of the comma")
    } else if length > LONGEST {
        ("a key of more than 512 characters is refused, and the step fails", "shorten it")
    } else {
        return None;
    };
    Some(
        RULE.finding(&one.step.subject, message)
            .at(key.place.clone())
            .with_evidence(&key.text)
            .with_fix(fix),
    )
}
