//! Lists a GOCACHE: the name, size and time of each file, and the few bytes that say what it is.
//!
//! A go command may run beside it. What vanishes while it is read was trimmed; what looks
//! broken is looked at again, for it may have been half written.

mod again;
mod file;
mod folder;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cache::{Scan, Stat, Tally, TrimFile};
use crate::capture::interrupt::Interrupt;

use file::Reader;
use folder::Part;

/// Why a directory could not be listed as a cache.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("failed to read the cache `{dir}`")]
    Read { dir: PathBuf, source: io::Error },
    #[error("`{dir}` is not a directory")]
    NoDirectory { dir: PathBuf },
    #[error(
        "`{dir}` is no Go build cache: it has none of the folders 00 to ff; `go env GOCACHE` names yours"
    )]
    NoCache { dir: PathBuf },
    #[error("interrupted")]
    Interrupted,
}

/// Places that are told of those that could not be read.
const UNREAD_SHOWN: usize = 20;
/// Bytes of trim.txt: a number.
const TRIM_BYTES: u64 = 64;
/// Folders below the corpus of a fuzz test.
const FUZZ_DEPTH: usize = 64;

/// Lists a cache. With `verify` each output is hashed.
///
/// Nothing in the cache is changed, no time of it either.
///
/// # Errors
///
/// Fails on what is no directory, cannot be read, or has none of a cache's folders.
pub fn scan(dir: &Path, verify: bool, interrupt: &Interrupt) -> Result<Scan, ScanError> {
    let read = |source| ScanError::Read { dir: dir.to_owned(), source };
    if !fs::metadata(dir).map_err(read)?.is_dir() {
        return Err(ScanError::NoDirectory { dir: dir.to_owned() });
    }
    let mut scan = Scan { now: now(), is_verified: verify, ..Scan::default() };
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut is_empty = true;
    for entry in fs::read_dir(dir).map_err(read)? {
        let entry = entry.map_err(read)?;
        is_empty = false;
        let (name, path) = (entry.file_name(), entry.path());
        let Ok(kind) = entry.file_type() else { continue };
        match (kind.is_dir(), name.as_bytes()) {
            (true, [b'0'..=b'9' | b'a'..=b'f', b'0'..=b'9' | b'a'..=b'f']) => folders.push(path),
            (true, b"fuzz") => scan.fuzz = corpus(&path, FUZZ_DEPTH, dir, &mut scan),
            (false, _) => entry.metadata().iter().for_each(|data| scan.foreign.add(stat_of(data))),
            (true, _) => {}
        }
    }
    if folders.is_empty() && !is_empty {
        return Err(ScanError::NoCache { dir: dir.to_owned() });
    }
    folders.sort();
    scan.trim = trim_file(&dir.join("trim.txt"));
    for part in in_parallel(&folders, verify, interrupt) {
        scan.entries.extend(part.entries);
        scan.outputs.extend(part.outputs);
        scan.foreign.merge(part.foreign);
        scan.unread_total += part.unread.len();
        scan.unread.extend(part.unread);
    }
    if interrupt.signal().is_some() {
        return Err(ScanError::Interrupted);
    }
    scan.entries.sort_unstable_by_key(|entry| entry.action);
    scan.outputs.sort_unstable_by_key(|output| output.output);
    scan.unread.sort();
    scan.unread.truncate(UNREAD_SHOWN);
    again::look_again(dir, &mut scan);
    Ok(scan)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn trim_file(path: &Path) -> TrimFile {
    match fs::metadata(path) {
        Err(_) => TrimFile::Missing,
        Ok(data) if !data.is_file() || data.len() > TRIM_BYTES => TrimFile::Unreadable,
        Ok(_) => {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.trim().parse().map_or(TrimFile::Unreadable, TrimFile::At)
        }
    }
}

/// What a go command would delete with `go clean -fuzzcache`.
fn corpus(folder: &Path, depth: usize, root: &Path, scan: &mut Scan) -> Tally {
    let mut tally = Tally::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) => {
            scan.unread_total += 1;
            scan.unread.push((below(root, folder), err.to_string()));
            return tally;
        }
    };
    for entry in entries.flatten() {
        match entry.metadata() {
            Ok(data) if data.is_dir() && depth > 0 => {
                let inner = corpus(&entry.path(), depth - 1, root, scan);
                tally.merge(inner);
            }
            Ok(data) if data.is_file() => tally.add(stat_of(&data)),
            _ => {}
        }
    }
    tally
}

fn below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

fn stat_of(data: &fs::Metadata) -> Stat {
    Stat { bytes: data.len(), disk: data.blocks().saturating_mul(512), used: data.mtime() }
}

fn in_parallel(folders: &[PathBuf], verify: bool, interrupt: &Interrupt) -> Vec<Part> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(8);
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut part, mut reader) = (Part::default(), Reader::new(verify));
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            if interrupt.signal().is_some() {
                break;
            }
            if let Err(err) = part.read_folder(folder, &mut reader) {
                part.unread.push((file_name(folder), err.to_string()));
            }
        }
        part
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(OsStr::new("")).to_string_lossy().into_owned()
}
