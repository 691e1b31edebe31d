#![doc = include_str!("cache_restore_without_save.md")]

use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{CacheUse, CachedBy, Flag, StepKind, System};
use crate::config::template::Class;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-restore-without-save",
    summary: "a Go cache is restored that nothing saves",
    explanation: include_str!("cache_restore_without_save.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<CachedBy<'_>> = repository.caches().collect();
    all.iter()
        .filter(|one| is_candidate(one) && !all.iter().any(|other| one.may_restore(other)))
        // A run-wide key that nobody saves is told by cache-key-volatile.
        .filter(|one| !one.cache.key.has(Class::Volatile))
        .map(finding)
        .collect()
}

fn is_candidate(one: &CachedBy<'_>) -> bool {
    let cache = one.cache;
    let is_of_go = cache.has_go_path()
        // On CircleCI only the step that saves names paths.
        || (one.pipeline.system == System::CircleCi
            && cache.paths.is_empty()
            && cache.key.parts.iter().any(|part| part.hashed.iter().any(|f| f.ends_with("go.sum"))));
    one.pipeline.is_complete
        && is_of_go
        && cache.how == CacheUse::Restore
        && cache.lookup_only == Flag::No
        && !cache.key.parts.is_empty()
        && !one.pipeline.jobs.iter().flat_map(|job| &job.steps).any(|step| may_save(&step.kind))
}

/// An orb or an action that is not known may save under any key.
fn may_save(kind: &StepKind) -> bool {
    match kind {
        StepKind::Other { uses } => ["cache", "save"].iter().any(|word| uses.contains(word)),
        _ => false,
    }
}

fn finding(one: &CachedBy<'_>) -> Finding {
    let key = &one.cache.key;
    let fix = match one.pipeline.system {
        System::GitLab => "give one job `policy: pull-push`, or drop this cache",
        System::CircleCi => "add a save_cache step with this key, or drop this step",
        _ => "save it in a workflow of the default branch, or drop this step",
    };
    RULE.finding(&one.step.subject, "no step of the repository saves a cache under such a key")
        .at(key.place.clone())
        .with_evidence(&key.text)
        .with_fix(fix)
}
