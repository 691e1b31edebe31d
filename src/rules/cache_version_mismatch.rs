#![doc = include_str!("cache_version_mismatch.md")]

use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{CacheUse, CachedBy, Flag, System};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-version-mismatch",
    summary: "a Go cache is saved and restored under one key with other paths",
    explanation: include_str!("cache_version_mismatch.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<CachedBy<'_>> = repository.caches().filter(is_candidate).collect();
    all.iter().filter_map(|one| found(one, &all)).collect()
}

fn is_candidate(one: &CachedBy<'_>) -> bool {
    one.pipeline.system == System::GitHub
        && one.cache.has_go_path()
        && one.cache.lookup_only == Flag::No
        && !one.cache.key.parts.is_empty()
}

/// A step that only restores, where all that save under its very key have other paths.
fn found(one: &CachedBy<'_>, all: &[CachedBy<'_>]) -> Option<Finding> {
    if one.cache.how != CacheUse::Restore || !is_known(one) {
        return None;
    }
    let writers: Vec<&CachedBy<'_>> = all.iter().filter(|other| one.may_restore(other)).collect();
    let same_key = |other: &&&CachedBy<'_>| other.cache.key.parts == one.cache.key.parts;
    let writer = writers.iter().find(same_key)?;
    let differs = |other: &&CachedBy<'_>| is_known(other) && paths(other) != paths(one);
    writers.iter().all(differs).then(|| {
        RULE.finding(
            &one.step.subject,
            "the paths are part of what an entry is found by, and the step that saves under this \
             key names others, so this one never finds it",
        )
        .at(one.step.place.clone())
        .with_evidence(format!("{}: {}", writer.step.subject, paths(writer).join(", ")))
        .with_evidence(format!("{}: {}", one.step.subject, paths(one).join(", ")))
        .with_fix("write the same lines in the same order into both")
    })
}

fn paths<'a>(one: &CachedBy<'a>) -> Vec<&'a str> {
    one.cache.paths.iter().map(|path| path.text.trim()).collect()
}

/// Whether all paths are written out, in the same form at run time.
fn is_known(one: &CachedBy<'_>) -> bool {
    let is_open =
        |text: &str| text.contains("steps.") || text.contains("inputs.") || text.contains('$');
    !one.cache.paths.iter().any(|path| is_open(&path.text) || path.text.contains("env."))
}
