//! Which files of a cache recorded commands need: text and JSON.

use serde::Serialize;

use super::{grouped, percent, size};
use crate::cache::{Needed, Tally};

fn words(tally: Tally) -> String {
    format!("{} in {} files", size(tally.bytes), grouped(tally.count))
}

/// Says how much of a cache is needed.
#[must_use]
pub fn text(dir: &str, needed: &Needed) -> String {
    let whole = needed.kept.bytes.saturating_add(needed.spare.bytes);
    format!(
        "{dir}\n  needed  {} of {} ({})\n  spare   {}\n  {} of {} recorded keys have an output here; {}\n",
        words(needed.kept),
        size(whole),
        percent(needed.kept.bytes, whole),
        words(needed.spare),
        grouped(needed.found as u64),
        grouped(needed.recorded as u64),
        match needed.is_seen {
            true => "each lookup was recorded; test results are kept whole",
            false => "indexes, test results and vet facts are kept whole",
        }
    )
}

/// Says what --yes would do.
#[must_use]
pub fn offer(needed: &Needed) -> String {
    match needed.spare.count {
        0 => "nothing to delete\n".to_owned(),
        _ => format!(
            "nothing was deleted; --yes deletes the spare {}, less what was used within the last two hours\n",
            size(needed.spare.bytes)
        ),
    }
}

/// Says what was done.
#[must_use]
pub fn removed(removed: Tally, in_use: u64) -> String {
    let stay = match in_use {
        0 => String::new(),
        count => {
            format!("; {} files stay: they were used within the last two hours", grouped(count))
        }
    };
    format!("deleted {}{stay}\n", words(removed))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    dir: &'a str,
    needed: Part,
    spare: Part,
    keys: Keys,
}

#[derive(Serialize)]
struct Part {
    files: u64,
    bytes: u64,
    disk_bytes: u64,
}

#[derive(Serialize)]
struct Keys {
    /// Recorded keys that the cache has an output for.
    found: usize,
    recorded: usize,
    /// Whether each lookup was recorded; else only keys of compiles, links and vet.
    every_lookup: bool,
}

/// Renders it as `goaudit.cache-used.v1`: fields may be added to it, never changed.
#[must_use]
pub fn json(dir: &str, needed: &Needed) -> String {
    let part =
        |tally: Tally| Part { files: tally.count, bytes: tally.bytes, disk_bytes: tally.disk };
    crate::report::json::pretty(&Document {
        schema: "goaudit.cache-used.v1",
        dir,
        needed: part(needed.kept),
        spare: part(needed.spare),
        keys: Keys { found: needed.found, recorded: needed.recorded, every_lookup: needed.is_seen },
    })
}
