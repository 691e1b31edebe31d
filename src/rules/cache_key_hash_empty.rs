#![doc = include_str!("cache_key_hash_empty.md")]

use super::setup_go::may_bring_files;
use super::{Check, Rule, edits};
use crate::config::pipeline::{CachedBy, StepKind, System};
use crate::config::template::{Class, Part};
use crate::config::{PathPattern, Repository};
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-hash-empty",
    summary: "the key of a Go cache hashes files that are not there",
    explanation: include_str!("cache_key_hash_empty.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    repository.caches().filter_map(|one| found(&one, repository)).collect()
}

fn found(one: &CachedBy<'_>, repository: &Repository) -> Option<Finding> {
    let key = &one.cache.key;
    let hashes: Vec<&Part> = key.parts.iter().filter(|part| !part.hashed.is_empty()).collect();
    // Another part that changes keeps the key from being constant.
    let changes = [Class::Opaque, Class::Volatile, Class::SlowVolatile];
    let others = key.parts.iter().filter(|part| part.hashed.is_empty());
    if !one.cache.has_go_path()
        || hashes.is_empty()
        || others.into_iter().any(|part| changes.iter().any(|class| part.is(*class)))
    {
        return None;
    }
    let (message, fix, edits) = if one.pipeline.system == System::GitHub && is_before_checkout(one)
    {
        (
            "the files are hashed before the repository is checked out, so the hash is empty",
            "move the checkout step before this one",
            edits::checkout_before(repository, one.job, one.step),
        )
    } else if is_nowhere(one, &hashes, repository) {
        let what = match one.pipeline.system {
            System::GitLab => {
                "no file of the repository is named like this, so the key is `default`"
            }
            _ => {
                "no file of the repository matches, so the hash is empty and the key never changes"
            }
        };
        let edit = other_pattern(one, &hashes, repository);
        let fix = match exists("**/go.sum", repository) {
            true => "name the file by its path: **/go.sum",
            false => "hash a file that is there: **/go.mod",
        };
        (what, fix, edit.map(|edit| vec![edit]))
    } else {
        return None;
    };
    Some(
        RULE.finding(&one.step.subject, message)
            .at(key.place.clone())
            .with_evidence(&key.text)
            .with_fix(fix)
            .with_edits(edits),
    )
}

/// The one pattern of a key, with every folder looked into.
fn other_pattern(one: &CachedBy<'_>, hashes: &[&Part], repository: &Repository) -> Option<Edit> {
    let [hash] = hashes else { return None };
    let [pattern] = hash.hashed.as_slice() else { return None };
    let name = if pattern.ends_with("go.mod") { "**/go.mod" } else { "**/go.sum" };
    let key = &one.cache.key;
    let quoted = format!("'{pattern}'");
    let mut found = key.text.match_indices(&quoted);
    let (at, _) = found.next().filter(|_| one.pipeline.system == System::GitHub)?;
    if found.next().is_some() || !exists(name, repository) {
        return None;
    }
    let part = at + 1..at + 1 + pattern.len();
    edits::change(repository, key, part, name, Safety::Unsafe)
}

/// Whether the first checkout of the job comes after the step.
fn is_before_checkout(one: &CachedBy<'_>) -> bool {
    let is_checkout = |kind: &StepKind| matches!(kind, StepKind::Checkout(_));
    let index = one.job.steps.iter().position(|step| std::ptr::eq(step, one.step));
    let (Some(index), Some(checkout)) =
        (index, one.job.steps.iter().position(|step| is_checkout(&step.kind)))
    else {
        return false;
    };
    let before = one.job.steps.get(..index).unwrap_or_default();
    checkout > index && !before.iter().any(may_bring_files)
}

/// Whether no tracked file matches any of the patterns, and nothing makes one.
fn is_nowhere(one: &CachedBy<'_>, hashes: &[&Part], repository: &Repository) -> bool {
    let own = |kind: &StepKind| match kind {
        StepKind::Checkout(checkout) => checkout.path.is_none() && !checkout.is_other,
        _ => true,
    };
    let is_here = matches!(one.pipeline.system, System::GitHub | System::GitLab)
        && one.pipeline.jobs.iter().any(|job| std::ptr::eq(job, one.job))
        && one.job.steps.iter().all(|step| own(&step.kind))
        && one.job.steps.iter().any(|step| matches!(step.kind, StepKind::Checkout(_)))
        // Without a list of the repository nothing is known to be missing.
        && ["go.mod", "**/go.mod"].iter().any(|pattern| exists(pattern, repository));
    let patterns =
        || hashes.iter().flat_map(|part| &part.hashed).map(|p| p.trim_start_matches("./"));
    is_here
        && patterns().all(|pattern| {
            let is_plain = !pattern.starts_with(['!', '/', '~', '$']) && !pattern.contains("{{");
            let name = pattern.rsplit('/').next().unwrap_or(pattern);
            is_plain && !is_made(one, name) && !exists(pattern, repository)
        })
}

/// Whether a step before may write a file of that name.
fn is_made(one: &CachedBy<'_>, name: &str) -> bool {
    one.job.steps.iter().any(|step| match &step.kind {
        StepKind::Script { text } => text.contains(name.trim_matches('*')),
        StepKind::Other { uses } => uses.contains("download") || uses.contains("checkout"),
        _ => false,
    })
}

fn exists(pattern: &str, repository: &Repository) -> bool {
    let pattern = PathPattern::new(pattern);
    repository.paths().iter().any(|path| pattern.is_match(path))
}
