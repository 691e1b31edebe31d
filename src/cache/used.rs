//! Which files of a cache recorded commands need.
//!
//! Archives and executables are most of the bytes, and a recording holds the keys of all that its
//! commands asked for. What is small is kept whole: indexes of modules, test results, facts of vet.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{Scan, Tally};
use crate::golang::cache_entry::{Hash, Kind};
use crate::recording::Recording;

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
    /// All recorded keys of compiles, links and vet.
    pub recorded: usize,
}

/// Returns the keys of all that recorded commands asked a cache for.
#[must_use]
pub fn recorded_keys(recordings: &[Recording]) -> BTreeSet<Hash> {
    let invocations = recordings.iter().flat_map(|recording| &recording.invocations);
    invocations.flat_map(|invocation| &invocation.log.keys).map(|key| key.sum).collect()
}

/// Divides the files of a cache by whether recorded commands need them.
#[must_use]
pub fn needed(scan: &Scan, keys: &BTreeSet<Hash>) -> Needed {
    let large: BTreeSet<Hash> = scan
        .outputs
        .iter()
        .filter(|output| matches!(output.kind, Kind::Archive | Kind::Executable))
        .map(|output| output.output)
        .collect();
    let mut needed = Needed { recorded: keys.len(), ..Needed::default() };
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
        if beside.contains(&entry.action) {
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
