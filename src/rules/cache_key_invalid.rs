#![doc = include_str!("cache_key_invalid.md")]

use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, System};
use crate::config::template::Template;
use crate::finding::{Edit, Finding, Level, Safety};

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
        keys.filter_map(|key| finding(repository, &one, key)).collect::<Vec<_>>()
    });
    keys.collect()
}

fn finding(repository: &Repository, one: &CachedBy<'_>, key: &Template) -> Option<Finding> {
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
            .with_fix(fix)
            .with_edits(edits(repository, key)),
    )
}

/// Another character in place of each comma that is no list of keys.
fn edits(repository: &Repository, key: &Template) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for part in key.parts.iter().filter(|part| part.is_literal && part.text.contains(',')) {
        let at = part.source.start;
        // A variable with a comma is mended where it is set.
        if key.text.get(part.source.clone()) != Some(&part.text) || part.text.contains(", ") {
            return None;
        }
        for (offset, _) in part.text.match_indices(',') {
            let range = at + offset..at + offset + 1;
            edits.push(edits::change(repository, key, range, "-", Safety::Safe)?);
        }
    }
    Some(edits)
}
