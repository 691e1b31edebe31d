//! Writes down what go looked up and stored, a line of JSON each.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::capture::cacheprog::say;
use crate::golang::cache_entry::Hash;
use crate::recording::cache_use::{CacheUse, Outcome};

/// Bytes that are gathered before they are written.
const CHUNK: usize = 64 << 10;

/// The record of a go command's cache, and its sums.
pub(super) struct Journal {
    file: Option<(PathBuf, File)>,
    lines: Vec<u8>,
    pub(super) counts: Counts,
}

/// What became of all lookups and puts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) refused: u64,
    pub(super) stored: u64,
    pub(super) failed: u64,
    pub(super) bytes_served: u64,
    pub(super) bytes_stored: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let Self { hits, misses, refused, stored, failed, bytes_served, bytes_stored } = self;
        write!(
            f,
            "{} lookups: {hits} hits ({:.1} MB), {misses} misses",
            hits + misses + refused,
            megabytes(*bytes_served)
        )?;
        if *refused > 0 {
            write!(f, ", {refused} not served")?;
        }
        write!(f, "; {stored} stored ({:.1} MB)", megabytes(*bytes_stored))?;
        if *failed > 0 {
            write!(f, ", {failed} not stored")?;
        }
        Ok(())
    }
}

impl Journal {
    /// Begins a record, or goes on with it: several go commands may write to one. The build goes on
    /// without one that cannot be written.
    pub(super) fn open(path: Option<&Path>) -> Self {
        let open = |path: &Path| match OpenOptions::new().create(true).append(true).open(path) {
            Ok(file) => Some((path.to_owned(), file)),
            Err(err) => {
                say(&format!("nothing is recorded: failed to open `{}`: {err}", path.display()));
                None
            }
        };
        let file = path.and_then(open);
        Self { file, lines: Vec::new(), counts: Counts::default() }
    }

    pub(super) fn note(
        &mut self,
        outcome: Outcome,
        action: &Hash,
        output: Option<(&Hash, u64)>,
        took: Duration,
    ) {
        let bytes = output.map_or(0, |(_, bytes)| bytes);
        let counts = &mut self.counts;
        match outcome {
            Outcome::Hit | Outcome::Confirmed => {
                counts.hits += 1;
                counts.bytes_served += bytes;
            }
            Outcome::Miss => counts.misses += 1,
            Outcome::Refused => counts.refused += 1,
            Outcome::Stored => {
                counts.stored += 1;
                counts.bytes_stored += bytes;
            }
            Outcome::Failed => counts.failed += 1,
        }
        if self.file.is_none() {
            return;
        }
        let line = CacheUse {
            outcome,
            action: *action,
            output: output.map(|(output, _)| *output),
            bytes: output.map(|(_, bytes)| bytes),
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        };
        if serde_json::to_writer(&mut self.lines, &line).is_ok() {
            self.lines.push(b'\n');
        }
        if self.lines.len() >= CHUNK {
            self.flush();
        }
    }

    /// Whole lines in one write: another go command may append at the same time.
    pub(super) fn flush(&mut self) {
        let Some((path, file)) = &mut self.file else { return };
        if let Err(err) = file.write_all(&self.lines) {
            say(&format!(
                "failed to write the record `{}`: {err}; it is not whole",
                path.display()
            ));
            self.file = None;
        }
        self.lines.clear();
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.flush();
    }
}
