#![doc = include_str!("cache_dependency_path_missing.md")]

use super::setup_go::{Caching, Dependencies, caching};
use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "cache-dependency-path-missing",
    summary: "setup-go finds no dependency file, so its cache is off",
    explanation: include_str!("cache_dependency_path_missing.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let found = caching(repository).filter_map(|one| match one.dependencies(repository) {
        Dependencies::Missing(file) => Some(finding(&one, &file, repository)),
        _ => None,
    });
    found.collect()
}

fn edit(repository: &Repository, one: &Caching<'_>, file: &str, fix: &str) -> Option<Edit> {
    let (name, value) = fix.split_once(": ")?;
    let place = &one.step.place;
    // What another step caches already, setup-go would cache twice then.
    if one.job.caches().any(|(_, cache)| cache.how.restores() && cache.has_go_path()) {
        return None;
    }
    match one.setup.dependency_paths {
        None => edits::add_input(repository, place, name, value, Safety::Unsafe),
        Some(_) => edits::change_input(repository, place, name, file, value, Safety::Unsafe),
    }
}

fn finding(one: &Caching<'_>, file: &str, repository: &Repository) -> Finding {
    let message = if one.setup.dependency_paths.is_some() {
        format!(
            "`cache-dependency-path: {file}` matches no file of the repository, so setup-go caches nothing"
        )
    } else {
        format!(
            "there is no {file} where setup-go looks, the root of the workspace, so it caches nothing"
        )
    };
    let sum = |path: &&String| path.ends_with("/go.sum") || path.as_str() == "go.sum";
    let fix = match repository.paths().iter().find(sum) {
        Some(_) => "cache-dependency-path: '**/go.sum'",
        // A module without dependencies has none.
        None => "cache-dependency-path: '**/go.mod'",
    };
    RULE.finding(&one.step.subject, message)
        .at(one.step.place.clone())
        .with_fix(fix)
        .with_edits(edit(repository, one, file, fix).map(|edit| vec![edit]))
}
