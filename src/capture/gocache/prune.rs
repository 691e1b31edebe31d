//! Copies files of a cache to a tar, and deletes files of a cache beside a running go.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cache::{Needed, Tally};
use crate::capture::interrupt::Interrupt;
use crate::golang::cache_entry::{self, Hash};

/// A go command renews the time of what it uses when that is an hour old. What one uses that
/// started within the last hour is not older than two, in seconds.
const IN_USE: i64 = 2 * 60 * 60;

/// Returns the paths of a selection, relative to the cache, in the order of their names. The
/// executable in a folder follows it.
#[must_use]
pub fn paths(cache: &Path, needed: &Needed) -> Vec<String> {
    let entries = needed.entries.iter().map(|hash| relative(hash, 'a'));
    let outputs = needed.outputs.iter().flat_map(|hash| {
        let path = relative(hash, 'd');
        let inside = fs::read_dir(cache.join(&path)).into_iter().flatten().flatten();
        let inside: Vec<String> =
            inside.map(|file| format!("{path}/{}", file.file_name().to_string_lossy())).collect();
        if inside.is_empty() { vec![path] } else { inside }
    });
    let mut paths: Vec<String> = entries.chain(outputs).collect();
    paths.sort();
    paths
}

fn relative(hash: &Hash, kind: char) -> String {
    let name = cache_entry::hex(hash);
    format!("{}/{name}-{kind}", name.get(..2).unwrap_or_default())
}

/// Writes files of a cache as a tar, with their times. What vanished meanwhile is left out.
///
/// # Errors
///
/// Fails when a file cannot be read, or the tar not written; interrupted is an error too.
pub fn tar(
    cache: &Path,
    paths: &[String],
    to: impl Write,
    interrupt: &Interrupt,
) -> io::Result<()> {
    let mut tar = tar::Builder::new(to);
    for path in paths {
        if interrupt.signal().is_some() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let from = cache.join(path);
        let data = match fs::symlink_metadata(&from) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => continue,
            data => data?,
        };
        // A link could lead out of the cache.
        if !data.is_file() {
            continue;
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len());
        header.set_mode(data.mode() & 0o777);
        header.set_mtime(u64::try_from(data.mtime()).unwrap_or_default());
        tar.append_data(&mut header, path, File::open(&from)?)?;
    }
    tar.into_inner()?.flush()
}

/// What became of files that were to be deleted.
#[derive(Debug, Default)]
pub struct Pruned {
    pub removed: Tally,
    /// Used within the last two hours, so perhaps by a go that runs.
    pub in_use: u64,
    /// What could not be removed, and why; the first.
    pub failed: Option<(PathBuf, io::Error)>,
}

/// Deletes what is spare and was not used within the last two hours: entries first, so that no
/// entry is ever without its output for longer than it takes.
#[must_use]
pub fn remove(cache: &Path, needed: &Needed, interrupt: &Interrupt) -> Pruned {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let before = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_sub(IN_USE);
    let mut pruned = Pruned::default();
    let entries = needed.spare_entries.iter().map(|hash| relative(hash, 'a'));
    let outputs = needed.spare_outputs.iter().map(|hash| relative(hash, 'd'));
    for path in entries.chain(outputs) {
        if interrupt.signal().is_some() {
            break;
        }
        let path = cache.join(path);
        match remove_one(&path, before) {
            Ok(Some(tally)) => pruned.removed.merge(tally),
            Ok(None) => pruned.in_use += 1,
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            Err(err) => {
                pruned.failed.get_or_insert((path, err));
            }
        }
    }
    pruned
}

/// Looks once more, right before it deletes.
fn remove_one(path: &Path, before: i64) -> io::Result<Option<Tally>> {
    let data = fs::symlink_metadata(path)?;
    if data.mtime() >= before {
        return Ok(None);
    }
    let mut tally = Tally { count: 1, bytes: data.len(), disk: data.blocks().saturating_mul(512) };
    if data.is_dir() {
        let inside: Vec<fs::Metadata> =
            fs::read_dir(path)?.filter_map(|file| file.ok()?.metadata().ok()).collect();
        tally.bytes = inside.iter().map(fs::Metadata::len).sum();
        tally.disk = inside.iter().map(|file| file.blocks().saturating_mul(512)).sum();
        fs::remove_dir_all(path)?;
    } else {
        fs::remove_file(path)?;
    }
    Ok(Some(tally))
}
