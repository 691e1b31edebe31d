//! Lists a GOCACHE: the name, size and time of each file, and the few bytes that say what it is.
//!
//! A go command may run beside it. What vanishes while it is read was trimmed; what looks
//! broken is looked at again, for it may have been half written.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags};
use sha2::{Digest as _, Sha256};

use crate::binary::build_info_at;
use crate::binary::goobj::peek;
use crate::cache::{EntryFile, Linked, OutputFile, Scan, Stat, Tally, Told, TrimFile};
use crate::capture::interrupt::Interrupt;
use crate::golang::cache_entry::{self, ENTRY_BYTES, Entry, EntryError, HEAD, Hash, Kind};

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
        scan.foreign.count += part.foreign.count;
        scan.foreign.bytes += part.foreign.bytes;
        scan.foreign.disk += part.foreign.disk;
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
    look_again(dir, &mut scan);
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
                tally.count += inner.count;
                tally.bytes += inner.bytes;
                tally.disk += inner.disk;
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

/// What one folder holds.
#[derive(Default)]
struct Part {
    entries: Vec<EntryFile>,
    outputs: Vec<OutputFile>,
    foreign: Tally,
    unread: Vec<(String, String)>,
}

fn in_parallel(folders: &[PathBuf], verify: bool, interrupt: &Interrupt) -> Vec<Part> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(8);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut part = Part::default();
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            if interrupt.signal().is_some() {
                break;
            }
            if let Err(err) = part.read_folder(folder, verify) {
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

impl Part {
    fn read_folder(&mut self, path: &Path, verify: bool) -> io::Result<()> {
        let folder = open_folder(path)?;
        let mut seen = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                seen.push(name.to_vec());
            }
        }
        for name in seen {
            let one = Named { folder: &folder, path, name: &name };
            match self.read_file(&one, verify) {
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                Err(err) => {
                    let name = String::from_utf8_lossy(&name);
                    self.unread.push((format!("{}/{name}", file_name(path)), err.to_string()));
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn read_file(&mut self, one: &Named<'_>, verify: bool) -> io::Result<()> {
        let hash = one.name.get(..64).and_then(cache_entry::hash);
        match (hash, one.name.get(64..)) {
            (Some(action), Some(b"-a")) => {
                let (stat, content) = one.entry()?;
                self.entries.push(EntryFile { action, stat, content });
            }
            (Some(output), Some(b"-d")) => self.outputs.push(one.output(output, verify)?),
            _ => self.foreign.add(one.stat()?),
        }
        Ok(())
    }
}

/// A name in a folder.
struct Named<'a> {
    folder: &'a OwnedFd,
    path: &'a Path,
    name: &'a [u8],
}

impl Named<'_> {
    fn stat(&self) -> io::Result<Stat> {
        let stat =
            rustix::fs::statat(self.folder, self.name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(as_stat(&stat))
    }

    fn entry(&self) -> io::Result<(Stat, Result<Entry, EntryError>)> {
        let (file, stat) = open(self.folder, self.name)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok((as_stat(&stat), Err(EntryError::Form)));
        }
        // One byte more tells a file that is too long.
        let mut bytes = [0; ENTRY_BYTES + 1];
        let length = rustix::io::pread(&file, &mut bytes, 0)?;
        Ok((as_stat(&stat), cache_entry::parse(&bytes[..length])))
    }

    fn output(&self, output: Hash, verify: bool) -> io::Result<OutputFile> {
        let (file, stat) = open(self.folder, self.name)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            return self.executable(output, verify);
        }
        let stat = as_stat(&stat);
        if kind != FileType::RegularFile {
            return Ok(OutputFile {
                output,
                stat,
                kind: Kind::Other,
                told: Told::Nothing,
                is_intact: Some(false),
            });
        }
        let (kind, told) = tell(&file, stat.bytes);
        let is_intact = if verify { Some(sha256(&file)? == output) } else { None };
        Ok(OutputFile { output, stat, kind, told, is_intact })
    }

    /// The folder of an executable. Its time is what trim looks at.
    fn executable(&self, output: Hash, verify: bool) -> io::Result<OutputFile> {
        let path = self.path.join(OsStr::from_bytes(self.name));
        let used = fs::metadata(&path)?.mtime();
        let files: Vec<fs::DirEntry> = fs::read_dir(&path)?.collect::<io::Result<_>>()?;
        let mut stat = Stat { used, ..Stat::default() };
        for file in &files {
            let data = stat_of(&file.metadata()?);
            stat.bytes += data.bytes;
            stat.disk += data.disk;
        }
        let (told, is_intact) = match files.as_slice() {
            [file] if file.file_type()?.is_file() => {
                let name = file.file_name();
                let (open, _) = open(&open_folder(&path)?, name.as_bytes())?;
                let linked = linked(&open, stat.bytes, name.to_string_lossy().into_owned());
                let is_intact = if verify { Some(sha256(&open)? == output) } else { None };
                (Told::Executable(Box::new(linked)), is_intact)
            }
            files => (Told::BadFolder(files.len()), None),
        };
        Ok(OutputFile { output, stat, kind: Kind::Executable, told, is_intact })
    }
}

/// Says what a file is, from a few kilobytes of it.
fn tell(file: &OwnedFd, size: u64) -> (Kind, Told) {
    if size == 0 {
        return (Kind::Other, Told::Nothing);
    }
    let head = read_at(file, 0, HEAD);
    let kind =
        cache_entry::classify(&head, || read_at(file, size.saturating_sub(HEAD as u64), HEAD));
    let told = match kind {
        Kind::Archive => match peek::peek(|at, length| read_at(file, at, length)) {
            Ok(peek) => Told::Archive(Box::new(peek)),
            Err(err) => Told::BadArchive(err.to_string()),
        },
        Kind::Executable => Told::Executable(Box::new(linked(file, size, String::new()))),
        _ => Told::Nothing,
    };
    (kind, told)
}

fn linked(file: &OwnedFd, size: u64, name: String) -> Linked {
    let info = build_info_at::find(size, |at, length| read_at(file, at, length));
    let Some(info) = info else {
        return Linked { name, ..Linked::default() };
    };
    let main = info.mod_info.main.filter(|main| !main.sum.is_empty());
    Linked {
        name,
        package: info.mod_info.path,
        go_version: info.go_version,
        module: main.map(|main| (main.path, main.version)),
    }
}

fn as_stat(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        bytes: u64::try_from(stat.st_size).unwrap_or_default(),
        disk: u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(512),
        used: stat.st_mtime,
    }
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Opens what a name is, without waiting for a pipe and without following a link.
fn open(folder: &OwnedFd, name: &[u8]) -> io::Result<(OwnedFd, rustix::fs::Stat)> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = rustix::fs::openat(folder, name, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    Ok((file, stat))
}

/// Reads what there is of that many bytes.
fn read_at(file: &OwnedFd, at: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match rustix::io::pread(file, &mut bytes[filled..], at.saturating_add(filled as u64)) {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    bytes.truncate(filled);
    bytes
}

fn sha256(file: &OwnedFd) -> io::Result<Hash> {
    let mut hash = Sha256::new();
    let mut bytes = vec![0; 256 << 10];
    let mut at = 0;
    loop {
        match rustix::io::pread(file, &mut bytes, at)? {
            0 => return Ok(hash.finalize().into()),
            count => {
                hash.update(&bytes[..count]);
                at += count as u64;
            }
        }
    }
}

/// Reads again what was perhaps half written, and outputs that were written since.
fn look_again(dir: &Path, scan: &mut Scan) {
    let has = |outputs: &[OutputFile], entry: &Entry| {
        let found = outputs.binary_search_by_key(&entry.output, |output| output.output);
        found
            .ok()
            .and_then(|at| outputs.get(at))
            .is_some_and(|output| output.stat.bytes == entry.size)
    };
    let again = |kind: char, hash: &Hash| -> io::Result<(OwnedFd, PathBuf, Vec<u8>)> {
        let name = format!("{}-{kind}", cache_entry::hex(hash));
        let path = dir.join(name.get(..2).unwrap_or_default());
        Ok((open_folder(&path)?, path, name.into_bytes()))
    };
    let Scan { entries, outputs, .. } = scan;
    let mut late: Vec<OutputFile> = Vec::new();
    entries.retain_mut(|file| {
        if file.content.as_ref().is_ok_and(|entry| has(outputs, entry)) {
            return true;
        }
        let read = again('a', &file.action).and_then(|(folder, path, name)| {
            Named { folder: &folder, path: &path, name: &name }.entry()
        });
        match read {
            // Trimmed meanwhile.
            Err(err) if err.kind() == io::ErrorKind::NotFound => return false,
            Err(_) => return true,
            Ok((stat, content)) => (file.stat, file.content) = (stat, content),
        }
        if let Ok(entry) = &file.content
            && let Ok((folder, path, name)) = again('d', &entry.output)
            && let Ok(output) =
                (Named { folder: &folder, path: &path, name: &name }).output(entry.output, false)
        {
            late.push(output);
        }
        true
    });
    for output in late {
        match outputs.binary_search_by_key(&output.output, |output| output.output) {
            Ok(at) => outputs[at].stat = output.stat,
            Err(at) => outputs.insert(at, output),
        }
    }
}
