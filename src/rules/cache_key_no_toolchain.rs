#![doc = include_str!("cache_key_no_toolchain.md")]

use super::edits::{self, Input};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachedBy, Flag, Step, System, VersionSource};
use crate::config::template::Class;
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-no-toolchain",
    summary: "GOCACHE is cached under a key that does not follow the Go version",
    explanation: include_str!("cache_key_no_toolchain.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

/// A key with one of these follows the Go version, may follow it, or does not live long.
const QUIET: &[Class] = &[Class::Toolchain, Class::Opaque, Class::Volatile, Class::SlowVolatile];

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<CachedBy<'_>> = repository.caches().collect();
    all.iter()
        .filter(|one| {
            one.cache.has(GoDir::Build)
                && one.cache.lookup_only == Flag::No
                && !one.cache.key.parts.is_empty()
                && !QUIET.iter().any(|class| one.cache.key.has(*class))
                // An entry that is saved again by each run holds objects of the new Go soon.
                && !one.cache.store.is_mutable
                && is_told_here(one, &all)
        })
        .map(|one| finding(repository, one, &all))
        .collect()
}

/// What is saved by one step and restored by another is told where it is restored.
///
/// On CircleCI and Buildkite it is told where it is saved: a key that restores
/// may be a prefix there.
fn is_told_here(one: &CachedBy<'_>, all: &[CachedBy<'_>]) -> bool {
    if matches!(one.pipeline.system, System::CircleCi | System::Buildkite) {
        return one.cache.how.saves();
    }
    let is_restored = |other: &CachedBy<'_>| {
        other.cache.how.restores() && other.cache.key.is_like(&one.cache.key)
    };
    one.cache.how.restores() || !all.iter().any(is_restored)
}

fn finding(repository: &Repository, one: &CachedBy<'_>, all: &[CachedBy<'_>]) -> Finding {
    let key = &one.cache.key;
    let message = "no part of the key follows the Go version: after an upgrade the exact key \
                   still hits, brings objects of the old Go, and is never saved again";
    RULE.finding(&one.step.subject, message)
        .at(key.place.clone())
        .with_evidence(&key.text)
        .with_fix(fix(one))
        .with_edits(if edits::is_shared(one, all.iter().copied()) {
            None
        } else {
            edits(repository, one)
        })
}

fn fix(one: &CachedBy<'_>) -> String {
    let (first, version) = match one.pipeline.system {
        System::GitHub => version(one),
        System::CircleCi => (
            "add a step before this one and before restore_cache: \
             run: go env GOVERSION > /tmp/go-version\n",
            "{{ checksum \"/tmp/go-version\" }}".to_owned(),
        ),
        System::Azure => (
            "add a step before this one: script: \
             echo \"##vso[task.setvariable variable=goVersion]$(go env GOVERSION)\"\n",
            "\"$(goVersion)\" ".to_owned(),
        ),
        _ => return "key-extra: the Go version of the step's image".to_owned(),
    };
    let key = &one.cache.key;
    let (separator, restore_keys) = match one.pipeline.system {
        System::Azure => ("| ", "restoreKeys"),
        System::CircleCi => ("-", "restore_cache"),
        _ => ("-", "restore-keys"),
    };
    let line = match key.text_before(Class::Deps) {
        Some(before) => {
            let rest = key.text.strip_prefix(before).unwrap_or_default();
            format!("key: {before}{}{separator}{rest}", behind(before, &version))
        }
        None => format!("key: {} {separator}{version}", key.text).replace(" -", "-"),
    };
    let is_alone = one.cache.restore_keys.is_empty() && one.cache.how.restores();
    let also = if is_alone { String::new() } else { format!("\nand the same in {restore_keys}") };
    format!("{first}{line}{also}")
}

/// The version as it stands behind other text: `go-1.25`, not `go-go1.25`.
fn behind<'v>(before: &str, version: &'v str) -> &'v str {
    if before.ends_with("go-") { version.strip_prefix("go").unwrap_or(version) } else { version }
}

/// The version in the key and in the restore keys, where the step that knows it comes before.
fn edits(repository: &Repository, one: &CachedBy<'_>) -> Option<Vec<Edit>> {
    if one.pipeline.system != System::GitHub {
        return None;
    }
    let (first, version) = version(one);
    let mut edits = Vec::new();
    match first {
        "" => {}
        GIVE_ID => {
            let is_taken = |step: &Step| step.id.as_deref() == Some(ID);
            if one.job.steps.iter().any(is_taken) {
                return None;
            }
            let (step, _) = one.job.setups().find(|(step, _)| is_of_file(step, one))?;
            edits.push(edits::first_key(repository, &step.place, &format!("id: {ID}"))?);
        }
        _ => return None,
    }
    let key = &one.cache.key;
    let input = Input::of_key(repository, key)?;
    let Some(before) = key.text_before(Class::Deps) else {
        edits.push(input.with_text(key.text.len(), &format!("-{version}"), Safety::Unsafe));
        return Some(edits);
    };
    let text = format!("{}-", behind(before, &version));
    edits.push(input.with_text(before.len(), &text, Safety::Unsafe));
    let at = before.len();
    for restore_key in &one.cache.restore_keys {
        if !before.is_empty() && restore_key.text.starts_with(before) {
            edits.push(edits::change(repository, restore_key, at..at, &text, Safety::Unsafe)?);
        }
    }
    Some(edits)
}

/// The id of a setup-go step that has none, and what to do about that.
const ID: &str = "setup-go";
const GIVE_ID: &str = "give the setup-go step `id: setup-go`\n";

fn is_of_file(step: &Step, one: &CachedBy<'_>) -> bool {
    step.place.path == one.step.place.path
}

/// What to do first, and text that is the Go version of the job.
fn version(one: &CachedBy<'_>) -> (&'static str, String) {
    let Some((step, setup)) = one.job.setups().find(|(step, _)| is_of_file(step, one)) else {
        // An image, a version manager or another action brings Go: ask it.
        let first = "add a step with `id: go` before this one: \
                     run: echo \"version=$(go env GOVERSION)\" >> \"$GITHUB_OUTPUT\"\n";
        return (first, "${{ steps.go.outputs.version }}".to_owned());
    };
    if let VersionSource::Input(version) = &setup.version
        && let [part] = version.as_slice()
        && part.text.starts_with("matrix.")
    {
        return ("", format!("go${{{{ {} }}}}", part.text));
    }
    let id = step.id.as_deref().unwrap_or(ID);
    let first = match (&step.id, step.place.at < one.step.place.at) {
        (Some(_), true) => "",
        (None, true) => GIVE_ID,
        (Some(_), false) => "move the setup-go step before this one\n",
        (None, false) => "move the setup-go step before this one, with `id: setup-go`\n",
    };
    (first, format!("go${{{{ steps.{id}.outputs.go-version }}}}"))
}
