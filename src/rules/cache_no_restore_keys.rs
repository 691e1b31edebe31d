#![doc = include_str!("cache_no_restore_keys.md")]

use super::edits::Input;
use super::{Check, Rule, spelling};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, Flag, System};
use crate::config::template::Class;
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "cache-no-restore-keys",
    summary: "a Go cache is restored by its exact key only",
    explanation: include_str!("cache_no_restore_keys.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    repository.caches().filter(is_found).map(|one| finding(repository, &one)).collect()
}

fn is_found(one: &CachedBy<'_>) -> bool {
    let cache = one.cache;
    // The plugins of these two have no fallback.
    let has_fallbacks = !matches!(one.pipeline.system, System::Drone | System::Woodpecker);
    has_fallbacks
        && cache.has_go_path()
        && cache.how.restores()
        && cache.restore_keys.is_empty()
        && cache.lookup_only == Flag::No
        // A step that may fail without its entry is handed the entry by another.
        && cache.fail_on_miss == Flag::No
        && cache.key.has(Class::Deps)
        // cache-key-volatile knows whether such a key is handed from job to job.
        && !cache.key.has(Class::Volatile)
        && !cache.key.is_handed_over()
        && !is_saved_before(one)
}

/// Tells whether a job that this one needs has just saved the entry.
fn is_saved_before(one: &CachedBy<'_>) -> bool {
    let before = one.pipeline.jobs.iter().filter(|job| one.job.needs.contains(&job.id));
    before
        .flat_map(|job| job.caches())
        .any(|(_, other)| other.how.saves() && other.key.is_like(&one.cache.key))
}

fn finding(repository: &Repository, one: &CachedBy<'_>) -> Finding {
    let key = &one.cache.key;
    let fix = match key.text_before(Class::Deps) {
        Some(before) => spelling::restore_key(one, before),
        None => "add a restore key that ends before the hash".to_owned(),
    };
    RULE.finding(
        &one.step.subject,
        "there is no restore key: each change of the hashed files starts from an empty cache",
    )
    .at(key.place.clone())
    .with_evidence(&key.text)
    .with_fix(fix)
    .with_edits(edits(repository, one))
}

/// The prefix is in the key already; a key that has none becomes another one, and starts cold once.
fn edits(repository: &Repository, one: &CachedBy<'_>) -> Option<Vec<Edit>> {
    let (key, system) = (&one.cache.key, one.pipeline.system);
    let input = Input::of_key(repository, key)?;
    match key.text_before(Class::Deps)? {
        "" if system == System::GitHub => Some(vec![
            input.with_text(0, "go-", Safety::Unsafe),
            input.with_restore_keys(system, "go-", Safety::Unsafe)?,
        ]),
        before => {
            let before = match system {
                System::Azure => before.trim_end_matches([' ', '|', '\t']),
                _ => before,
            };
            let behind = key.parts.iter().skip_while(|part| !part.is(Class::Deps));
            // What tells entries apart behind the hash is not in the prefix.
            let is_lost = behind.into_iter().any(|part| !part.is_literal && !part.is(Class::Deps));
            let safety = if is_lost { Safety::Unsafe } else { Safety::Safe };
            if system == System::CircleCi {
                return input.with_second_key(before, safety);
            }
            Some(vec![input.with_restore_keys(system, before, safety)?])
        }
    }
}
