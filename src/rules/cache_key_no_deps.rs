#![doc = include_str!("cache_key_no_deps.md")]

use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachedBy, Flag, System};
use crate::config::template::{Class, Part};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-no-deps",
    summary: "GOMODCACHE is cached under a key that does not follow the dependencies",
    explanation: include_str!("cache_key_no_deps.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

/// A key with one of these follows the dependencies, may follow them, or does not live long.
const QUIET: &[Class] = &[Class::Deps, Class::Opaque, Class::Volatile, Class::SlowVolatile];

fn check(repository: &Repository) -> Vec<Finding> {
    repository.caches().filter(is_found).map(|one| finding(repository, &one)).collect()
}

fn is_found(one: &CachedBy<'_>) -> bool {
    let cache = one.cache;
    // What never changes at all is told by cache-key-constant.
    let changes =
        |part: &Part| part.is(Class::Branch) || (part.is(Class::Toolchain) && !part.is_literal);
    cache.has(GoDir::Modules)
        && cache.how.saves()
        && !cache.store.is_mutable
        && cache.lookup_only == Flag::No
        && !QUIET.iter().any(|class| cache.key.has(*class))
        && cache.key.parts.iter().any(changes)
}

fn finding(repository: &Repository, one: &CachedBy<'_>) -> Finding {
    let key = &one.cache.key;
    let fix = match one.pipeline.system {
        System::CircleCi => format!("key: {}-{{{{ checksum \"go.sum\" }}}}", key.text),
        System::Azure => format!("key: {} | go.sum", key.text),
        System::Buildkite => "save: file, with `manifest: go.sum`; or force: true".to_owned(),
        _ => format!(
            "key: {text}-${{{{ hashFiles('**/go.sum') }}}}\nrestore-keys: {text}-",
            text = key.text
        ),
    };
    RULE.finding(
        &one.step.subject,
        "no part of the key follows go.sum: the modules that were added since the entry was saved \
         are downloaded in each run",
    )
    .at(key.place.clone())
    .with_evidence(&key.text)
    .with_fix(fix)
    .with_edits(edits::with_sum(repository, one))
}
