//! Where outputs are kept that a store did not take: go needs each as a file until it ends.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::capture::scratch::Scratch;
use crate::golang::cache_entry::Hash;

/// A temporary folder that is made when it is first needed.
#[derive(Default)]
pub(super) struct Spool {
    scratch: Option<Scratch>,
    files: u64,
}

impl Spool {
    /// Makes an empty file.
    ///
    /// # Errors
    ///
    /// Fails when the temporary directory is full or cannot be written to.
    pub(super) fn file(&mut self) -> io::Result<(PathBuf, File)> {
        let scratch = match &self.scratch {
            Some(scratch) => scratch,
            None => {
                let made = Scratch::new(&env::temp_dir()).map_err(io::Error::other)?;
                self.scratch.insert(made)
            }
        };
        self.files += 1;
        let path = scratch.path().join(format!("output-{}", self.files));
        let file = File::create(&path)?;
        Ok((path, file))
    }

    /// Keeps a whole body.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::file`], and when the body breaks.
    pub(super) fn keep(&mut self, body: &mut dyn Read) -> io::Result<(PathBuf, Hash)> {
        let (path, mut file) = self.file()?;
        let sum = copy(body, &mut file, &mut Sha256::new()).map_err(|(_, err)| err)?;
        Ok((path, sum))
    }

    /// Keeps what was begun elsewhere and could not be ended there: the bytes of `begun`, then
    /// those at hand, then the rest.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::keep`].
    pub(super) fn rescue(
        &mut self,
        (begun, written): (&Path, u64),
        at_hand: &[u8],
        body: &mut dyn Read,
    ) -> io::Result<(PathBuf, Hash)> {
        let (path, mut file) = self.file()?;
        let mut hash = Sha256::new();
        let mut start = File::open(begun)?.take(written);
        copy(&mut start, &mut file, &mut hash).map_err(|(_, err)| err)?;
        hash.update(at_hand);
        file.write_all(at_hand)?;
        let sum = copy(body, &mut file, &mut hash).map_err(|(_, err)| err)?;
        Ok((path, sum))
    }

    pub(super) fn forget(path: &Path) {
        let _ = fs::remove_file(path);
    }
}

/// What was read and could not be written, after so many bytes that could.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    pub(super) written: u64,
    pub(super) at_hand: Vec<u8>,
}

/// Copies to the end and returns the SHA-256 of it all.
///
/// # Errors
///
/// Fails with what was at hand when a write failed, and with nothing at hand when a read did.
pub(super) fn copy(
    from: &mut dyn Read,
    to: &mut File,
    hash: &mut Sha256,
) -> Result<Hash, (Option<Unwritten>, io::Error)> {
    let mut chunk = vec![0; 64 << 10];
    let mut written = 0;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok(hash.clone().finalize().into()),
            Ok(read) => &chunk[..read],
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            Err(err) => return Err((None, err)),
        };
        if let Err(err) = to.write_all(read) {
            return Err((Some(Unwritten { written, at_hand: read.to_vec() }), err));
        }
        hash.update(read);
        written += read.len() as u64;
    }
}
