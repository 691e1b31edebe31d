//! What a build found in its cache, where each lookup was seen.

use std::collections::BTreeSet;

use crate::golang::cache_entry::Hash;
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::recording::cache_use::Outcome;

/// Lookups of all go commands of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lookups {
    pub found: usize,
    /// Bytes of what was found.
    pub found_bytes: u64,
    pub missed: usize,
    pub stored: usize,
    pub stored_bytes: u64,
    /// Packages whose vet facts were found, …
    pub vet_found: usize,
    /// … and those that vet looked at.
    pub vet_ran: usize,
    /// Go commands whose lookups were not seen: of Go 1.23 and earlier, and `go run`.
    pub unseen: usize,
}

/// Returns the lookups of a build; `None` where none was seen.
pub(super) fn of(recording: &Recording) -> Option<Lookups> {
    let mut lookups = Lookups::default();
    let mut is_seen = false;
    for build in recording.builds().filter(|build| !build.info.command().is_set("n")) {
        let Some(uses) = &build.cache else {
            lookups.unseen += 1;
            continue;
        };
        is_seen = true;
        let keys = build.log.keys.iter().filter(|key| key.kind == KeyKind::Vet);
        let vet: BTreeSet<Hash> = keys.map(|key| key.sum).collect();
        for one in uses {
            let bytes = one.bytes.unwrap_or_default();
            let is_vet = usize::from(vet.contains(&one.action));
            match one.outcome {
                Outcome::Hit | Outcome::Confirmed => {
                    lookups.found += 1;
                    lookups.found_bytes = lookups.found_bytes.saturating_add(bytes);
                    lookups.vet_found += is_vet;
                }
                Outcome::Miss | Outcome::Refused => {
                    lookups.missed += 1;
                    lookups.vet_ran += is_vet;
                }
                Outcome::Stored | Outcome::Failed => {
                    lookups.stored += 1;
                    lookups.stored_bytes = lookups.stored_bytes.saturating_add(bytes);
                }
            }
        }
    }
    is_seen.then_some(lookups)
}
