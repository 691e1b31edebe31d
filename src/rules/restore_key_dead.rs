#![doc = include_str!("restore_key_dead.md")]

use super::{Check, Rule, edits, spelling};
use crate::config::Repository;
use crate::config::pipeline::{CachedBy, Flag, Lookup, System};
use crate::config::template::{Class, Template};
use crate::finding::{Edit, Finding, Level, Safety};

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
        let dead: Vec<&Template> = keys.filter(|key| is_dead(key, one, &all)).collect();
        findings.extend(dead.iter().map(|key| {
            let is_first = dead.first().is_some_and(|first| std::ptr::eq(*first, *key));
            let edit = edit(repository, one, key, is_first, dead.len());
            finding(key, one).with_edits(edit.map(|edit| vec![edit]))
        }));
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

/// The prefix in place of the first key that is dead, and the others dropped.
fn edit(
    repository: &Repository,
    one: &CachedBy<'_>,
    key: &Template,
    is_first: bool,
    dead: usize,
) -> Option<Edit> {
    let own = &one.cache.key;
    if one.pipeline.system != System::GitHub {
        return None;
    }
    let is_given = |prefix: &str| one.cache.restore_keys.iter().any(|key| key.text == prefix);
    let prefix = own.text_before(Class::Deps).filter(|prefix| !prefix.is_empty());
    match prefix.filter(|prefix| is_first && !is_given(prefix)) {
        Some(prefix) => {
            let mut behind = own.parts.iter().skip_while(|part| !part.is(Class::Deps));
            // What tells entries apart behind the hash is not in the prefix.
            let is_lost = behind.any(|part| !part.is_literal && !part.is(Class::Deps));
            let safety = if is_lost { Safety::Unsafe } else { Safety::Safe };
            edits::drop_or_change(repository, key, Some(prefix), safety)
        }
        None if prefix.is_some() || dead < one.cache.restore_keys.len() => {
            edits::drop_or_change(repository, key, None, Safety::Safe)
        }
        None => None,
    }
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
