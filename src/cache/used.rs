//! Which files of a cache recorded commands need.
//!
//! A recording of Go 1.24 or later holds each lookup. Of an earlier one it holds the keys of
//! compiles, links and vet: archives and executables are most of the bytes, and what is small is
//! kept whole, indexes of modules, test results, facts of vet.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{Scan, Tally};
use crate::golang::cache_entry::{Hash, Kind};
use crate::recording::Recording;
use crate::recording::cache_use::{CacheUse, Outcome};

/// What is stored beside an archive under keys that are derived from its own.
///
/// Source: `Subkey` and its callers in `cmd/go/internal/work`, Go 1.21 to 1.27.
const BESIDE: [&str; 7] = [
    "stdout",
    "link-stdout",
    "srcfiles",
    "fix.zip",
    "_cgo_install.h",
    "_cgo_gotypes.go",
    "_cgo_import.go",
];

/// The files of a cache, divided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// Index entries, by action.
    pub entries: Vec<Hash>,
    pub outputs: Vec<Hash>,
    pub kept: Tally,
    /// Index entries of archives and executables that no recorded command asked for, and those beside them.
    pub spare_entries: Vec<Hash>,
    /// Outputs that only such entries name, or none.
    pub spare_outputs: Vec<Hash>,
    pub spare: Tally,
    /// Recorded keys that the cache has an output for.
    pub found: usize,
    /// All recorded keys: of compiles, links and vet, or of all that was found or stored.
    pub recorded: usize,
    /// Whether each lookup was seen.
    pub is_seen: bool,
}

/// What recorded commands asked a cache for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Keys of compiles, links and vet.
    pub keys: BTreeSet<Hash>,
    /// All that was found or stored, where each lookup of each command was seen.
    pub seen: Option<BTreeSet<Hash>>,
}

impl Asked {
    /// Collects it from recordings.
    #[must_use]
    pub fn by(recordings: &[Recording]) -> Self {
        let invocations = || recordings.iter().flat_map(|recording| &recording.invocations);
        let keys = invocations().flat_map(|one| &one.log.keys).map(|key| key.sum).collect();
        let builds = || recordings.iter().flat_map(Recording::builds);
        let is_seen = builds().next().is_some() && builds().all(|build| build.cache.is_some());
        let all = builds().flat_map(|build| build.cache.iter().flatten());
        let is_there = |one: &&CacheUse| !matches!(one.outcome, Outcome::Miss | Outcome::Refused);
        let seen = is_seen.then(|| all.filter(is_there).map(|one| one.action).collect());
        Self { keys, seen }
    }
}

/// Divides the files of a cache by whether recorded commands need them.
#[must_use]
pub fn needed(scan: &Scan, asked: &Asked) -> Needed {
    let is_spared = |kind| match asked.seen {
        // A recorded test has another key than the same test unrecorded: GODEBUG is part of it.
        Some(_) => kind != Kind::TestResult,
        None => matches!(kind, Kind::Archive | Kind::Executable),
    };
    let large: BTreeSet<Hash> = scan
        .outputs
        .iter()
        .filter(|output| is_spared(output.kind))
        .map(|output| output.output)
        .collect();
    let keys = asked.seen.as_ref().unwrap_or(&asked.keys);
    let mut needed =
        Needed { recorded: keys.len(), is_seen: asked.seen.is_some(), ..Needed::default() };
    let mut beside = BTreeSet::new();
    for entry in &scan.entries {
        let is_recorded = keys.contains(&entry.action);
        needed.found += usize::from(is_recorded);
        let output = entry.content.as_ref().ok().map(|content| content.output);
        if !is_recorded && output.is_some_and(|output| large.contains(&output)) {
            beside.insert(entry.action);
            beside.extend(BESIDE.map(|what| subkey(&entry.action, what)));
        }
    }
    let mut named = BTreeSet::new();
    for entry in &scan.entries {
        if beside.contains(&entry.action) && !keys.contains(&entry.action) {
            needed.spare_entries.push(entry.action);
            needed.spare.add(entry.stat);
            continue;
        }
        needed.entries.push(entry.action);
        needed.kept.add(entry.stat);
        named.extend(entry.content.as_ref().ok().map(|content| content.output));
    }
    for output in &scan.outputs {
        if named.contains(&output.output) {
            needed.outputs.push(output.output);
            needed.kept.add(output.stat);
        } else {
            needed.spare_outputs.push(output.output);
            needed.spare.add(output.stat);
        }
    }
    needed
}

fn subkey(parent: &Hash, what: &str) -> Hash {
    Sha256::new().chain_update(b"subkey:").chain_update(parent).chain_update(what).finalize().into()
}
