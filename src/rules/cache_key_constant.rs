#![doc = include_str!("cache_key_constant.md")]

use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, Flag, System};
use crate::config::template::{Class, Part};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-constant",
    summary: "a Go cache is saved once under a key that never changes",
    explanation: include_str!("cache_key_constant.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    repository.caches().filter(is_found).map(|one| finding(repository, &one)).collect()
}

fn is_found(one: &CachedBy<'_>) -> bool {
    let cache = one.cache;
    cache.has_go_path()
        && cache.how.saves()
        && !cache.store.is_mutable
        && cache.lookup_only == Flag::No
        && !cache.key.parts.is_empty()
        && cache.key.parts.iter().all(is_constant)
}

/// The same in each run of the same job on the same runner.
fn is_constant(part: &Part) -> bool {
    const SAME: &[Class] = &[Class::Platform, Class::Job];
    part.is_literal || (!part.classes.is_empty() && part.classes.iter().all(|c| SAME.contains(c)))
}

fn finding(repository: &Repository, one: &CachedBy<'_>) -> Finding {
    let key = &one.cache.key;
    let fix = match one.pipeline.system {
        System::CircleCi => format!("key: {}-{{{{ checksum \"go.sum\" }}}}", key.text),
        System::Azure => format!("key: {} | go.sum", key.text),
        System::Buildkite => "save: file, with `manifest: go.sum`; or force: true".to_owned(),
        _ => format!(
            "key: {}-${{{{ hashFiles('**/go.sum') }}}}\nrestore-keys: {}-",
            key.text, key.text
        ),
    };
    RULE.finding(
        &one.step.subject,
        "no part of the key ever changes: the first run saved this cache and it stays as it was, \
         since an entry is never written again",
    )
    .at(key.place.clone())
    .with_evidence(&key.text)
    .with_fix(fix)
    .with_edits(edits::with_sum(repository, one))
}
