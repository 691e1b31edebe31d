//! A GOCACHE directory, as the go command itself would read and write it.
//!
//! Source: `get`, `Put` and `markUsed` in `cmd/go/internal/cache/cache.go`, the same from Go 1.21
//! to 1.27.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::capture::cacheprog::spool::{self, Spool};
use crate::capture::cacheprog::trim;
use crate::golang::cache_entry::{self, ENTRY_BYTES, Entry, Hash};

/// An output that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) output: Hash,
    pub(super) size: u64,
    /// When it was stored, in nanoseconds since 1970.
    pub(super) stored: i64,
    pub(super) path: PathBuf,
}

/// Where an output is that was put.
#[derive(Debug)]
pub(super) enum Put {
    Stored(PathBuf),
    /// Beside the store, which did not take it for this reason.
    Kept(PathBuf, io::Error),
}

pub(super) struct Directory {
    dir: PathBuf,
    /// Whether nothing in it may change, no time either.
    is_read_only: bool,
}

impl Directory {
    pub(super) fn new(dir: &Path, is_read_only: bool) -> Self {
        Self { dir: dir.to_owned(), is_read_only }
    }

    fn file(&self, hash: &Hash, kind: char) -> PathBuf {
        file(&self.dir, hash, kind)
    }

    /// Returns the output of an action. What the go command would take for a miss is none.
    pub(super) fn get(&self, action: &Hash) -> Option<Found> {
        let index = self.file(action, 'a');
        let entry = read_entry(&index).filter(|entry| entry.action == *action)?;
        let path = self.file(&entry.output, 'd');
        let data = fs::metadata(&path).ok()?;
        if !data.is_file() || data.len() != entry.size {
            return None;
        }
        if !self.is_read_only {
            mark_used(&path, &data);
            if let Ok(data) = fs::metadata(&index) {
                mark_used(&index, &data);
            }
        }
        Some(Found { output: entry.output, size: entry.size, stored: entry.stored, path })
    }

    /// Stores an output, or keeps it in `spool` where that fails.
    ///
    /// # Errors
    ///
    /// Fails when the body breaks or is not what `output` says, and when neither takes it.
    pub(super) fn put(
        &self,
        action: &Hash,
        (output, size): (&Hash, u64),
        body: &mut dyn Read,
        spool: &mut Spool,
    ) -> io::Result<Put> {
        let path = self.file(output, 'd');
        let part = part(&path);
        let began = match create(&part) {
            Ok(file) => file,
            Err(why) => {
                let (path, sum) = spool.keep(body)?;
                return is_whole(sum, output).map(|()| Put::Kept(path, why));
            }
        };
        let result = self.fill(began, &part, (output, &path), body, spool);
        let put = match result {
            Ok(Put::Stored(path)) => match self.index(action, output, size) {
                Ok(()) => Put::Stored(path),
                // The output itself is there.
                Err(why) => Put::Kept(path, why),
            },
            other => other?,
        };
        Ok(put)
    }

    fn fill(
        &self,
        mut file: File,
        part: &Path,
        (output, path): (&Hash, &Path),
        body: &mut dyn Read,
        spool: &mut Spool,
    ) -> io::Result<Put> {
        let result = match spool::copy(body, &mut file, &mut Sha256::new()) {
            Ok(sum) => is_whole(sum, output)
                .and_then(|()| fs::rename(part, path))
                .map(|()| Put::Stored(path.to_owned())),
            Err((Some(rest), why)) => spool
                .rescue((part, rest.written), &rest.at_hand, body)
                .and_then(|(path, sum)| is_whole(sum, output).map(|()| Put::Kept(path, why))),
            Err((None, err)) => Err(err),
        };
        if !matches!(result, Ok(Put::Stored(_))) {
            let _ = fs::remove_file(part);
        }
        result
    }

    fn index(&self, action: &Hash, output: &Hash, size: u64) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let [action_hex, output] = [action, output].map(cache_entry::hex);
        let path = self.file(action, 'a');
        let part = part(&path);
        let written = create(&part).and_then(|mut file| {
            io::Write::write_all(
                &mut file,
                format!("v1 {action_hex} {output} {size:>20} {now:>20}\n").as_bytes(),
            )
        });
        let result = written.and_then(|()| fs::rename(&part, &path));
        if result.is_err() {
            let _ = fs::remove_file(&part);
        }
        result
    }

    /// Deletes what was not used for days, as the go command would at its end.
    pub(super) fn trim(&self) {
        if !self.is_read_only {
            trim::trim(&self.dir, SystemTime::now());
        }
    }
}

/// Returns where a cache has a file.
pub(super) fn file(dir: &Path, hash: &Hash, kind: char) -> PathBuf {
    let mut name = cache_entry::hex(hash);
    let folder = dir.join(name.get(..2).unwrap_or_default());
    name.push('-');
    name.push(kind);
    folder.join(name)
}

fn is_whole(sum: Hash, output: &Hash) -> io::Result<()> {
    match sum == *output {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its bytes are not those of its OutputID: it changed while go read it",
        )),
    }
}

/// A name beside the file. It ends like that of an entry: what a killed process leaves, trim takes.
fn part(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("goaudit-{}-{number}-{name}", std::process::id()))
}

/// Makes a file, and its folder where there is none yet.
fn create(path: &Path) -> io::Result<File> {
    let open = || fs::OpenOptions::new().read(true).write(true).create_new(true).open(path);
    match open() {
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            open()
        }
        other => other,
    }
}

fn read_entry(path: &Path) -> Option<Entry> {
    use std::os::unix::fs::FileExt as _;
    let file = File::open(path).ok()?;
    // One byte more tells a file that is too long.
    let mut bytes = [0; ENTRY_BYTES + 1];
    let count = file.read_at(&mut bytes, 0).ok()?;
    cache_entry::parse(bytes.get(..count)?).ok()
}

/// Trim goes by the time of a file, which is refreshed once an hour.
fn mark_used(path: &Path, data: &fs::Metadata) {
    let now = SystemTime::now();
    // One from the future is as fresh as can be.
    let is_fresh =
        |time: SystemTime| now.duration_since(time).map_or(true, |since| since < trim::REFRESH);
    if !data.modified().is_ok_and(is_fresh) {
        let times = fs::FileTimes::new().set_accessed(now).set_modified(now);
        // Its content is only read: the owner may set the times of what the owner may not write.
        let _ = File::open(path).and_then(|file| file.set_times(times));
    }
}
