//! What earlier checks confirmed, to be served where a cache has nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::capture::cacheprog::directory::{self, Found};
use crate::golang::cache_entry::Hash;
use crate::ledger::Ledger;

/// The entries of a ledger that may be served, and the folder of their outputs.
#[derive(Debug)]
pub struct Layers {
    store: PathBuf,
    ledger: Ledger,
}

impl Layers {
    /// Reads what may be served from `list`, whose outputs are in `store`.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be read, or is no ledger.
    pub fn read(list: &Path, store: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(list)?;
        let ledger = Ledger::parse(&text).map_err(io::Error::other)?;
        Ok(Self { store: store.to_owned(), ledger })
    }

    /// Returns where the output of an action should be. Whether it is there, and whole, the caller sees.
    pub(super) fn get(&self, action: &Hash) -> Option<Found> {
        let proof = self.ledger.entries.get(action)?;
        let path = directory::file(&self.store, &proof.output, 'd');
        Some(Found {
            output: proof.output,
            size: proof.size,
            stored: proof.confirmed.saturating_mul(1_000_000_000),
            path,
        })
    }
}
