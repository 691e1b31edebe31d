//! Which GOCACHEPROG a recorded go command gets, so that what it finds in its cache is observed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::capture::go::minor_version;
use crate::capture::shim::{self, StandIn};
use crate::golang::flags::GoCommand;
use crate::golang::hash_log::REDACTED;
use crate::golang::test_log::Observed;
use crate::recording::cache_use::{CacheUse, Outcome};
use crate::recording::{InvocationInfo, tar_entries};

/// The first go command that asks such a program.
const FIRST: (u32, u32) = (1, 24);

/// Returns the program for a command whose records are in `folder`; `None` leaves what the owner has.
///
/// A check has a cache of its own, and nobody else's program may answer in it. A recording stands
/// before the owner's program, where there is one.
pub(super) fn of(
    stand_in: &StandIn,
    words: &GoCommand,
    info: &InvocationInfo,
    folder: &Path,
) -> Option<OsString> {
    if minor_version(info.setting("GOVERSION")).is_some_and(|version| version < FIRST) {
        return None;
    }
    let owners = owners(info);
    let is_isolated = stand_in.told(shim::GOCACHE).is_some() || words.is_set("n");
    let has_own = owners.as_deref() != Some("");
    // Go keeps the executables of these in a plain directory only.
    let is_spoiled = words.verb == "run" || words.is_set("n");
    if is_spoiled && !(has_own && is_isolated) {
        return None;
    }
    let mut line = quoted(env::current_exe().ok()?.to_str()?)?;
    line.push_str(" cacheprog");
    let mut option = |name: &str, value: &str| {
        line.push_str(name);
        line.push_str(&quoted(value)?);
        Some(())
    };
    option(" --record ", folder.join(tar_entries::CACHE).to_str()?)?;
    let told = |name: &str| stand_in.told(name).and_then(|value| value.to_str());
    if let (Some(list), Some(store)) = (told(shim::CONFIRMED), told(shim::LEDGER_STORE)) {
        option(" --confirmed ", list)?;
        option(" --store ", store)?;
    }
    if has_own && !is_isolated {
        line.push_str(" -- ");
        line.push_str(&owners?);
    }
    Some(line.into())
}

/// Returns the owner's program, empty where there is none; `None` where a credential in it was left
/// out of the settings.
fn owners(info: &InvocationInfo) -> Option<String> {
    let set = env::var("GOCACHEPROG").ok().filter(|value| !value.is_empty());
    set.or_else(|| {
        let kept = info.setting("GOCACHEPROG");
        (!kept.contains(REDACTED)).then(|| kept.to_owned())
    })
}

/// Returns what such a program has written down in a folder; `None` where go asked none.
pub(super) fn observed(folder: &Path) -> Option<Observed> {
    let text = fs::read_to_string(folder.join(tar_entries::CACHE)).ok()?;
    let mut observed = Observed::default();
    for one in CacheUse::read(&text).ok()? {
        match one.outcome {
            Outcome::Hit | Outcome::Confirmed => observed.found.insert(one.action),
            Outcome::Stored | Outcome::Failed => observed.stored.insert(one.action),
            Outcome::Miss | Outcome::Refused => false,
        };
    }
    Some(observed)
}

/// Quotes a word as the go command takes it apart: in one kind of quotes, without escapes.
///
/// Source: `Split` in `cmd/internal/quoted`.
fn quoted(word: &str) -> Option<String> {
    match (word.contains('\''), word.contains('"')) {
        _ if !word.is_empty() && !word.contains([' ', '\t', '\n', '\r', '\'', '"']) => {
            Some(word.to_owned())
        }
        (false, _) => Some(format!("'{word}'")),
        (true, false) => Some(format!("\"{word}\"")),
        (true, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_go_reads_them() {
        assert_eq!(quoted("/usr/bin/goaudit").as_deref(), Some("/usr/bin/goaudit"));
        assert_eq!(quoted("/a b/goaudit").as_deref(), Some("'/a b/goaudit'"));
        assert_eq!(quoted("/it's/goaudit").as_deref(), Some("\"/it's/goaudit\""));
        assert_eq!(quoted("/it's \"x\"/goaudit"), None);
        assert_eq!(quoted("").as_deref(), Some("''"));
    }
}
