//! What could not be told from the files, and which rules are silent for that reason.

use std::collections::BTreeSet;

use super::{missing_trimpath, setup_go};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachedBy, Flag};
use crate::config::template::{Class, Part};
use crate::finding::Place;

/// Characters of a file that are told: a word may have a million.
const LONGEST: usize = 200;

/// A call or a value of a file that could not be followed to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotResolved {
    pub place: Place,
    /// One sentence without a full stop.
    pub what: String,
    /// The rules that would have said more; empty where that may be any rule about commands.
    pub silent: Vec<&'static str>,
}

/// Returns what stayed open in the files, by place, each once.
#[must_use]
pub fn not_resolved(repository: &Repository) -> Vec<NotResolved> {
    let calls = repository.not_followed().iter().map(|call| NotResolved {
        place: call.place.clone(),
        what: call.what.clone(),
        silent: Vec::new(),
    });
    let commands = missing_trimpath::open(repository).map(|command| NotResolved {
        place: command.at.place.clone(),
        what: "not all flags of this command of a release can be told".to_owned(),
        silent: vec![missing_trimpath::RULE.id],
    });
    let shortened = |mut open: NotResolved| {
        if let Some((end, _)) = open.what.char_indices().nth(LONGEST) {
            open.what.truncate(end);
            open.what.push('…');
        }
        open
    };
    let all: BTreeSet<NotResolved> = calls
        .chain(commands)
        .chain(repository.caches().filter_map(|one| of_key(&one)))
        .chain(setup_go::unknown(repository).map(of_setup))
        .map(shortened)
        .collect();
    all.into_iter().collect()
}

/// A key of which a part may be anything, where a rule would have something to say but for it.
fn of_key(one: &CachedBy<'_>) -> Option<NotResolved> {
    let (cache, key) = (one.cache, &one.cache.key);
    let part = key.parts.iter().find(|part| part.is(Class::Opaque))?;
    if cache.lookup_only != Flag::No {
        return None;
    }
    let has = |classes: &[Class]| classes.iter().any(|class| key.has(*class));
    let is_same = |part: &Part| {
        part.is_literal || part.is(Class::Opaque) || part.is(Class::Platform) || part.is(Class::Job)
    };
    let changes = [Class::Volatile, Class::SlowVolatile];
    let is_kept = !cache.store.is_mutable;
    let mut silent = Vec::new();
    let mut may_say = |id, says: bool| silent.extend(says.then_some(id));
    may_say(
        "cache-key-constant",
        is_kept && cache.has_go_path() && cache.how.saves() && key.parts.iter().all(is_same),
    );
    may_say(
        "cache-key-no-deps",
        is_kept
            && cache.has(GoDir::Modules)
            && cache.how.saves()
            && !has(&[Class::Deps])
            && !has(&changes),
    );
    may_say(
        "cache-key-no-toolchain",
        is_kept && cache.has(GoDir::Build) && !has(&[Class::Toolchain]) && !has(&changes),
    );
    may_say("restore-key-dead", cache.has_go_path() && !cache.restore_keys.is_empty());
    let what = format!("`{}` in the key of {} cannot be told", part.text, one.step.subject);
    (!silent.is_empty()).then(|| NotResolved { place: key.place.clone(), what, silent })
}

fn of_setup(one: setup_go::Caching<'_>) -> NotResolved {
    NotResolved {
        place: one.step.place.clone(),
        what: format!("whether setup-go caches in {} cannot be told", one.step.subject),
        silent: vec![
            "cache-dependency-path-missing",
            "double-cache",
            "double-setup-go",
            "setup-go-before-checkout",
        ],
    }
}
