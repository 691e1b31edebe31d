//! What builds found in their caches, and what a check took from its ledger.

use serde::Serialize;

use crate::diff::lookups::Lookups;
use crate::ledger::Summary;

#[derive(Serialize)]
pub(super) struct LedgerObject<'a> {
    /// Compiles of the second build.
    rebuilt: usize,
    rebuilt_packages: &'a [String],
    taken: usize,
    /// Outputs that were confirmed for the first time.
    added: usize,
    contradicted: &'a [String],
    /// Compiles with another key in each build.
    unlike: usize,
    damaged: &'a [String],
    problem: Option<&'a str>,
}

impl<'a> LedgerObject<'a> {
    pub(super) fn of(ledger: &'a Summary) -> Self {
        Self {
            rebuilt: ledger.rebuilt.len(),
            rebuilt_packages: &ledger.rebuilt,
            taken: ledger.taken,
            added: ledger.added,
            contradicted: &ledger.contradicted,
            unlike: ledger.unlike,
            damaged: &ledger.damaged,
            problem: ledger.problem.as_deref(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct LookupsObject {
    found: usize,
    found_bytes: u64,
    missed: usize,
    stored: usize,
    stored_bytes: u64,
    vet_found: usize,
    vet_ran: usize,
    /// Go commands whose lookups were not seen.
    unseen_commands: usize,
}

impl LookupsObject {
    pub(super) fn of(lookups: Lookups) -> Self {
        Self {
            found: lookups.found,
            found_bytes: lookups.found_bytes,
            missed: lookups.missed,
            stored: lookups.stored,
            stored_bytes: lookups.stored_bytes,
            vet_found: lookups.vet_found,
            vet_ran: lookups.vet_ran,
            unseen_commands: lookups.unseen,
        }
    }
}
