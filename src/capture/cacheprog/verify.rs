//! Whether a file has the bytes that its hash says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::golang::cache_entry::{self, HEAD, Hash, Kind};

/// Hashes each output once.
#[derive(Default)]
pub(super) struct Verifier {
    known: BTreeMap<Hash, bool>,
}

impl Verifier {
    /// Says whether a file has the SHA-256 that names it; one that cannot be read has not.
    pub(super) fn is_intact(&mut self, path: &Path, output: &Hash) -> bool {
        if let Some(known) = self.known.get(output) {
            return *known;
        }
        let is_intact = sha256(path).is_ok_and(|sum| sum == *output);
        self.known.insert(*output, is_intact);
        is_intact
    }

    /// Takes back what is known of an output that is written anew.
    pub(super) fn forget(&mut self, output: &Hash) {
        self.known.remove(output);
    }
}

fn sha256(path: &Path) -> io::Result<Hash> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(count) => hash.update(&chunk[..count]),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

/// Says whether a file is the output of a test or the list of what it read, which may
/// differ from run to run.
pub(super) fn is_of_test(path: &Path) -> bool {
    kind(path) == Some(Kind::TestResult)
}

/// Returns what a file is, where it can be read.
pub(in crate::capture) fn kind(path: &Path) -> Option<Kind> {
    use std::os::unix::fs::FileExt as _;
    let file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let read = |at: u64| {
        let mut bytes = vec![0; HEAD];
        let count = file.read_at(&mut bytes, at).unwrap_or_default();
        bytes.truncate(count);
        bytes
    };
    let head = read(0);
    Some(cache_entry::classify(&head, || read(size.saturating_sub(HEAD as u64))))
}
