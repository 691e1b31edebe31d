//! One file of a cache: its size and time, and what its first bytes say.

use std::ffi::{CStr, OsStr};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::stat_of;
use crate::binary::build_info_at;
use crate::binary::goobj::peek;
use crate::binary::window::Window;
use crate::cache::{Linked, OutputFile, Stat, Told};
use crate::golang::cache_entry::{self, ENTRY_BYTES, Entry, EntryError, HEAD, Hash, Kind};

/// What is read of a file at first: most of a small one, and of an archive what precedes its
/// export data.
const AT_FIRST: usize = 4096;
/// Bytes of an executable that are searched for its build info: it is in the first ones of its data.
const SEARCHED: u64 = 256 << 20;
/// Bytes that are hashed at a time.
const AT_ONCE: usize = 256 << 10;

/// A name in a folder.
pub(super) struct Named<'a> {
    pub(super) folder: &'a OwnedFd,
    pub(super) path: &'a Path,
    pub(super) name: &'a CStr,
}

impl Named<'_> {
    /// Reads an index entry.
    pub(super) fn entry(&self) -> io::Result<(Stat, Result<Entry, EntryError>)> {
        let (file, stat) = open(self.folder, self.name)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok((as_stat(&stat), Err(EntryError::Form)));
        }
        // One byte more tells a file that is too long.
        let mut bytes = [0; ENTRY_BYTES + 1];
        let length = rustix::io::pread(&file, &mut bytes, 0)?;
        Ok((as_stat(&stat), cache_entry::parse(&bytes[..length])))
    }
}

/// Reads outputs, one after another into the same room.
pub(super) struct Reader {
    room: Vec<u8>,
    /// Of what is hashed; empty where nothing is.
    hashed: Vec<u8>,
}

impl Reader {
    /// With `verify` each output is hashed.
    pub(super) fn new(verify: bool) -> Self {
        Self { room: Vec::new(), hashed: if verify { vec![0; AT_ONCE] } else { Vec::new() } }
    }

    pub(super) fn output(&mut self, one: &Named<'_>, output: Hash) -> io::Result<OutputFile> {
        let (file, stat) = open(one.folder, one.name)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            return self.executable(one, output);
        }
        let stat = as_stat(&stat);
        if kind != FileType::RegularFile {
            let (kind, told) = (Kind::Other, Told::Nothing);
            return Ok(OutputFile { output, stat, kind, told, is_intact: Some(false) });
        }
        let (kind, told) = self.tell(&file, stat.bytes);
        let is_intact = self.is_intact(&file, &output)?;
        Ok(OutputFile { output, stat, kind, told, is_intact })
    }

    /// Says what a file is, from a few kilobytes of it.
    fn tell(&mut self, file: &OwnedFd, size: u64) -> (Kind, Told) {
        if size == 0 {
            return (Kind::Other, Told::Nothing);
        }
        let mut window = Window::new(&mut self.room, |at, room: &mut [u8]| {
            // Asking for more than there is would take a second call to find the end.
            let rest = usize::try_from(size.saturating_sub(at)).unwrap_or(usize::MAX);
            let length = room.len().min(rest);
            fill(file, at, &mut room[..length])
        });
        let head = window.at(0, AT_FIRST);
        let mut start = [0; HEAD];
        let length = head.len().min(HEAD);
        start[..length].copy_from_slice(&head[..length]);
        let kind = cache_entry::classify(&start[..length], || {
            window.at(size.saturating_sub(HEAD as u64), HEAD).to_vec()
        });
        let told = match kind {
            Kind::Archive => match peek::peek(&mut window) {
                Ok(peek) => Told::Archive(Box::new(peek)),
                Err(err) => Told::BadArchive(err.to_string()),
            },
            Kind::Executable => Told::Executable(Box::new(linked(file, size, String::new()))),
            _ => Told::Nothing,
        };
        (kind, told)
    }

    /// The folder of an executable. Its time is what trim looks at.
    fn executable(&mut self, one: &Named<'_>, output: Hash) -> io::Result<OutputFile> {
        let path = one.path.join(OsStr::from_bytes(one.name.to_bytes()));
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
                (Told::Executable(Box::new(linked)), self.is_intact(&open, &output)?)
            }
            files => (Told::BadFolder(files.len()), None),
        };
        Ok(OutputFile { output, stat, kind: Kind::Executable, told, is_intact })
    }

    fn is_intact(&mut self, file: &OwnedFd, output: &Hash) -> io::Result<Option<bool>> {
        if self.hashed.is_empty() {
            return Ok(None);
        }
        let mut hash = Sha256::new();
        let mut at = 0;
        loop {
            match rustix::io::pread(file, &mut self.hashed[..], at)? {
                0 => return Ok(Some(Hash::from(hash.finalize()) == *output)),
                count => {
                    hash.update(&self.hashed[..count]);
                    at += count as u64;
                }
            }
        }
    }
}

fn linked(file: &OwnedFd, size: u64, name: String) -> Linked {
    let read = |at, length| {
        let mut bytes = vec![0; length];
        let filled = fill(file, at, &mut bytes);
        bytes.truncate(filled);
        bytes
    };
    let info = build_info_at::find(size.min(SEARCHED), read);
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

pub(super) fn as_stat(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        bytes: u64::try_from(stat.st_size).unwrap_or_default(),
        disk: u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(512),
        used: stat.st_mtime,
    }
}

pub(super) fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Opens what a name is, without waiting for a pipe and without following a link.
fn open(folder: &OwnedFd, name: impl rustix::path::Arg) -> io::Result<(OwnedFd, rustix::fs::Stat)> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Err(Errno::LOOP) => return Err(io::Error::other("a link; go makes none in a cache")),
        file => file?,
    };
    let stat = rustix::fs::fstat(&file)?;
    Ok((file, stat))
}

/// Reads what there is of that many bytes.
fn fill(file: &OwnedFd, at: u64, bytes: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::io::pread(file, &mut bytes[filled..], at.saturating_add(filled as u64)) {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    filled
}
