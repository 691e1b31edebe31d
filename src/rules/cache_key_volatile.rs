#![doc = include_str!("cache_key_volatile.md")]

use super::edits::Input;
use super::{Check, Rule, spelling};
use crate::config::Repository;
use crate::config::pipeline::{CacheUse, CachedBy, Flag, System};
use crate::config::template::Class;
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-volatile",
    summary: "a Go cache is saved under a key that no other run can restore",
    explanation: include_str!("cache_key_volatile.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<CachedBy<'_>> = repository.caches().collect();
    all.iter()
        .filter(|one| is_candidate(one) && !is_said_of_restore(one) && !is_reached(one, &all))
        .filter_map(|one| finding(repository, one))
        .collect()
}

fn is_candidate(one: &CachedBy<'_>) -> bool {
    // Who calls an action or a workflow from elsewhere may restore what it saves.
    one.pipeline.is_complete
        && one.cache.has_go_path()
        && one.cache.lookup_only == Flag::No
        && one.cache.key.has(Class::Volatile)
}

/// A job that restores and saves by two steps is told once, where it restores.
fn is_said_of_restore(one: &CachedBy<'_>) -> bool {
    one.cache.how == CacheUse::Save
        && one
            .job
            .caches()
            .any(|(_, other)| other.how.restores() && other.key.is_like(&one.cache.key))
}

/// Tells whether some step may restore what this one saves, or this one what some step saves.
fn is_reached(one: &CachedBy<'_>, all: &[CachedBy<'_>]) -> bool {
    all.iter().any(|other| other.may_restore(one) || one.may_restore(other))
}

fn finding(repository: &Repository, one: &CachedBy<'_>) -> Option<Finding> {
    let key = &one.cache.key;
    let volatile = key.parts.iter().find(|part| part.is(Class::Volatile))?;
    let what = if one.cache.how.saves() {
        "each run saves this cache under a key of its own and none restores it"
    } else {
        "no run finds this cache again"
    };
    let message = format!(
        "{what}: `{}` is another one each time and no restore key ends before it",
        volatile.text
    );
    let prefix = key.text_before(Class::Volatile).unwrap_or_default();
    let fix = match (one.cache.how, prefix) {
        (CacheUse::Save, _) => {
            "restore it with a restore key that ends before that part, or drop the step".to_owned()
        }
        (_, prefix) => spelling::restore_key(one, prefix),
    };
    Some(
        RULE.finding(&one.step.subject, message)
            .at(key.place.clone())
            .with_evidence(&key.text)
            .with_fix(fix)
            .with_edits(edits(repository, one)),
    )
}

/// Whether the key was meant to be another one each time, only its author knows.
fn edits(repository: &Repository, one: &CachedBy<'_>) -> Option<Vec<Edit>> {
    let (cache, key) = (one.cache, &one.cache.key);
    if !cache.how.restores() || !cache.restore_keys.is_empty() {
        return None;
    }
    let system = one.pipeline.system;
    let input = Input::of_key(repository, key).filter(|_| system == System::GitHub)?;
    match key.text_before(Class::Volatile)? {
        "" => Some(vec![
            input.with_text(0, "go-", Safety::Unsafe),
            input.with_restore_keys(system, "go-", Safety::Unsafe)?,
        ]),
        before => Some(vec![input.with_restore_keys(system, before, Safety::Unsafe)?]),
    }
}
