#![doc = include_str!("cache_pr_scope_only.md")]

use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, Flag, Pipeline, System};
use crate::config::template::Class;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-pr-scope-only",
    summary: "a Go cache is saved by pull requests only, which share nothing",
    explanation: include_str!("cache_pr_scope_only.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<CachedBy<'_>> = repository.caches().collect();
    all.iter()
        .filter(|one| is_candidate(one) && !is_saved_elsewhere(one, &all))
        .map(finding)
        .collect()
}

fn is_candidate(one: &CachedBy<'_>) -> bool {
    one.pipeline.system == System::GitHub
        && one.pipeline.is_complete
        && is_of_pull_requests(one.pipeline)
        && one.cache.has_go_path()
        && one.cache.how.restores()
        && one.cache.how.saves()
        && one.cache.lookup_only == Flag::No
        && !one.cache.key.parts.is_empty()
        && !one.cache.key.has(Class::Opaque)
}

/// Whether a workflow runs for pull requests and in the queue of merges alone.
fn is_of_pull_requests(pipeline: &Pipeline) -> bool {
    !pipeline.triggers.is_empty()
        && pipeline
            .triggers
            .iter()
            .all(|name| matches!(name.as_str(), "pull_request" | "merge_group"))
}

/// Whether a workflow that may run on the default branch saves what this one could restore.
fn is_saved_elsewhere(one: &CachedBy<'_>, all: &[CachedBy<'_>]) -> bool {
    all.iter().any(|other| !is_of_pull_requests(other.pipeline) && one.may_restore(other))
}

fn finding(one: &CachedBy<'_>) -> Finding {
    RULE.finding(
        &one.step.subject,
        "only pull requests save this cache, and a pull request sees its own entries and those of \
         the default branch: the first run of each starts cold",
    )
    .at(one.cache.key.place.clone())
    .with_evidence(&one.cache.key.text)
    .with_fix("run the workflow on the default branch too: on: push: branches: [main]")
}
