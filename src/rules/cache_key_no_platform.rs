#![doc = include_str!("cache_key_no_platform.md")]

use super::edits::{self, Input};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachedBy, Flag, Os, System};
use crate::config::template::{Class, Part};
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-no-platform",
    summary: "jobs of several systems cache GOCACHE under one key",
    explanation: include_str!("cache_key_no_platform.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    repository.caches().filter(is_found).map(|one| finding(repository, &one)).collect()
}

fn is_found(one: &CachedBy<'_>) -> bool {
    // Windows has entries of its own: its version differs.
    let shares = one
        .job
        .runner
        .os
        .as_ref()
        .is_some_and(|os| os.contains(&Os::Linux) && os.contains(&Os::MacOs));
    let may_tell = |part: &Part| {
        part.is(Class::Platform)
            || part.is(Class::Opaque)
            || part.text.starts_with("matrix")
            || part.text.starts_with("$(")
    };
    shares
        && matches!(one.pipeline.system, System::GitHub | System::Azure)
        && one.cache.has(GoDir::Build)
        && one.cache.lookup_only == Flag::No
        && !one.cache.key.parts.is_empty()
        && !one.cache.key.parts.iter().any(may_tell)
}

fn finding(repository: &Repository, one: &CachedBy<'_>) -> Finding {
    let key = &one.cache.key;
    let fix = match one.pipeline.system {
        System::Azure => format!("key: \"$(Agent.OS)\" | {}", key.text),
        _ => format!("key: ${{{{ runner.os }}}}-{}\nand the same in restore-keys", key.text),
    };
    RULE.finding(
        &one.step.subject,
        "this job runs on Linux and macOS, and no part of the key tells them apart: one saves, the \
         other restores objects that it cannot use",
    )
    .at(key.place.clone())
    .with_evidence(&key.text)
    .with_fix(fix)
    .with_edits(edits(repository, one))
}

/// The system before the key and each of its restore keys.
fn edits(repository: &Repository, one: &CachedBy<'_>) -> Option<Vec<Edit>> {
    let key = &one.cache.key;
    let input = Input::of_key(repository, key)?;
    let text = match one.pipeline.system {
        System::GitHub => "${{ runner.os }}-",
        // In quotes it is no path.
        System::Azure if input.is_quoted() => "\"$(Agent.OS)\" | ",
        _ => return None,
    };
    if edits::is_shared(one, repository.caches()) {
        return None;
    }
    let keys = [key].into_iter().chain(&one.cache.restore_keys);
    keys.map(|key| edits::change(repository, key, 0..0, text, Safety::Safe)).collect()
}
