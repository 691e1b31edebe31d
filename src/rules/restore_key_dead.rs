#![doc = include_str!("restore_key_dead.md")]

use super::{Check, Rule, spelling};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, Flag, Lookup, System};
use crate::config::template::{Class, Template};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "restore-key-dead",
    summary: "a restore key can never find an entry that the key did not",
    explanation: include_str!("restore_key_dead.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<CachedBy<'_>> = repository.caches().collect();
    let mut findings = Vec::new();
    for one in all.iter().filter(|one| is_candidate(one)) {
        let keys = one.cache.restore_keys.iter();
        findings.extend(keys.filter(|key| is_dead(key, one, &all)).map(|key| finding(key, one)));
    }
    findings
}

fn is_candidate(one: &CachedBy<'_>) -> bool {
    // Who calls an action or a workflow from elsewhere may save what it asks for.
    one.pipeline.is_complete && one.cache.has_go_path() && one.cache.lookup_only == Flag::No
}

fn is_dead(key: &Template, one: &CachedBy<'_>, all: &[CachedBy<'_>]) -> bool {
    if key.has(Class::Opaque) || one.cache.key.has(Class::Opaque) || key.parts.is_empty() {
        return false;
    }
    // The key itself was looked up before.
    if key.parts == one.cache.key.parts && one.cache.key.text == key.text {
        return true;
    }
    let found = |writer: &CachedBy<'_>| {
        writer.pipeline.system == one.pipeline.system
            && writer.cache.how.saves()
            && match one.cache.store.restore_keys {
                Lookup::Prefix => key.may_restore(&writer.cache.key, true),
                Lookup::Whole => key.may_be(&writer.cache.key, true),
            }
    };
    !all.iter().any(found)
}

fn finding(key: &Template, one: &CachedBy<'_>) -> Finding {
    let own = &one.cache.key;
    let (message, fix) = match one.pipeline.system {
        System::GitLab => (
            "no job saves a cache under this key, and it is looked up whole".to_owned(),
            "name the key of another branch: go-$CI_DEFAULT_BRANCH".to_owned(),
        ),
        _ if key.text == own.text => (
            "it is the key itself, which was already looked up".to_owned(),
            spelling::restore_key(one, own.text_before(Class::Deps).unwrap_or_default()),
        ),
        _ => (
            format!(
                "no cache is saved under a key that begins like this; the key is `{}`",
                own.text
            ),
            spelling::restore_key(one, own.text_before(Class::Deps).unwrap_or_default()),
        ),
    };
    RULE.finding(&one.step.subject, message)
        .at(key.place.clone())
        .with_evidence(&key.text)
        .with_fix(fix)
}
