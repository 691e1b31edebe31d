//! What an archive says of itself in a few kilobytes, wherever they are: for a cache of thousands.

use super::object::{BLOCKS, MAGIC, OFFSETS};
use super::symbol::KindNames;
use super::{ArchiveError, HEADER, ObjectError, START, TEXT_END, entry_size, find, header};
use super::{PACKAGE_DEFINITION, minor};
use crate::binary::Endian::Little;
use crate::binary::numbers::u32_at;
use crate::golang::build_id::BuildId;

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek {
    /// `linux amd64 go1.26.8 GOAMD64=v1 X:…`: platform, version, architecture level, experiments.
    pub toolchain: String,
    pub build_id: Option<BuildId>,
    /// Import path; `main` of each command.
    pub package: Option<String>,
    /// Flags of the compiler that it notes, such as `-race -N -l`.
    pub flags: Vec<String>,
    /// Compiled with coverage counters.
    pub is_covered: bool,
    /// Holds `_test.go` files, or is the main package of a test.
    pub has_tests: bool,
    /// Where the first of its own files is: a directory, or with -trimpath an import path.
    pub directory: Option<String>,
    /// Whether go compiled it as part of its own distribution; `None` before Go 1.23, which does
    /// not note it.
    pub is_std: Option<bool>,
}

/// Bytes at the start of an archive that hold its header.
const FRONT: usize = 512;
/// Bytes of an object's text and table of blocks; a text has a line for each `//go:cgo_` comment.
const OBJECT_FRONT: usize = 1024;
const MAX_TEXT: usize = 1 << 20;
/// Bytes of a block of symbols that are read.
const MAX_BLOCK: u64 = 4 << 20;
/// Bytes of names of source files that are read.
const MAX_NAMES: u64 = 64 << 10;
/// Names that are read one by one: Go 1.21 has them among all others.
const MAX_APART: usize = 48;
/// Bytes of a name, or of the flags.
const MAX_NAME: u64 = 4096;
const PRODUCER: &[u8] = b"go:cuinfo.producer.";
/// Of an archive without any flag, as those of 386, arm and mips are, there is only this one.
const PACKAGE_NAME: &[u8] = b"go:cuinfo.packagename.";
/// After the magic and the fingerprint.
const FLAGS: usize = OFFSETS - 4;
/// `ObjFlagStd` of `cmd/internal/goobj/objfile.go`, and the minor version that it came with.
const STD: u32 = 16;
const NOTES_STD: u32 = 23;
/// A symbol: name (length, offset), ABI, kind, two flags, size, alignment.
const SYMBOL: u64 = 21;
/// Of 1.21 and earlier, before the name of each source file.
const FILE_PREFIX: &[u8] = b"gofile..";

/// Reads from an archive by `read`, which gives what there is of that many bytes at
/// that offset, and fewer where the file ends.
///
/// # Errors
///
/// Fails on what is no archive, and on one that is cut where it was looked at.
pub fn peek(mut read: impl FnMut(u64, usize) -> Vec<u8>) -> Result<Peek, ArchiveError> {
    let front = read(0, FRONT);
    if !front.starts_with(START) {
        return Err(ArchiveError::NoArchive);
    }
    let cut = |at: usize| ArchiveError::Member { at };
    let first = START.len();
    let size = entry_size(&front, first).ok_or(cut(first))?;
    let text = front.get(first.saturating_add(HEADER)..).unwrap_or_default();
    let text = text.get(..find(text, b"\n$$").unwrap_or(text.len())).unwrap_or_default();
    let (toolchain, build_id) = header(text);
    let mut peek = Peek {
        toolchain,
        build_id,
        package: None,
        flags: Vec::new(),
        is_covered: false,
        has_tests: false,
        directory: None,
        is_std: None,
    };
    let second = (first as u64).saturating_add(HEADER as u64).saturating_add(size);
    let second = second.saturating_add(size & 1);
    let at = usize::try_from(second).unwrap_or(usize::MAX);
    let mut member = read(second, HEADER.saturating_add(OBJECT_FRONT));
    // A package of types alone has export data and an object too; only C archives have other members.
    if entry_size(&member, 0).is_none()
        || front.get(first..).is_none_or(|name| !name.starts_with(PACKAGE_DEFINITION.as_bytes()))
    {
        return Err(cut(at));
    }
    if find(&member, TEXT_END).is_none() {
        member = read(second, MAX_TEXT);
    }
    let object = |why| ArchiveError::Object { member: "_go_.o".to_owned(), why };
    let start = find(&member, TEXT_END).ok_or(object(ObjectError::Header))?;
    let start = start.saturating_add(TEXT_END.len());
    // The text may end where the first read does.
    let end = start.saturating_add(OFFSETS).saturating_add(BLOCKS.len().saturating_mul(4));
    if member.len() < end {
        member = read(second, end);
    }
    let table = member.get(start..).unwrap_or_default();
    let blocks = Blocks::of(table).ok_or(object(ObjectError::Header))?;
    if minor(text).is_some_and(|minor| minor >= NOTES_STD) {
        peek.is_std = u32_at(table, FLAGS, Little).map(|flags| flags & STD != 0);
    }
    let base = second.saturating_add(start as u64);
    let mut read = |at: u64, length: u64| {
        read(base.saturating_add(at), usize::try_from(length).unwrap_or(usize::MAX))
    };
    peek.note_compiler(&blocks, minor(text), &mut read);
    peek.note_files(&blocks, &mut read);
    Ok(peek)
}

/// Where the blocks of an object start, from its magic.
struct Blocks(Vec<u64>);

impl Blocks {
    fn of(table: &[u8]) -> Option<Self> {
        if !table.starts_with(MAGIC) {
            return None;
        }
        let start =
            |index: usize| u32_at(table, OFFSETS.saturating_add(index.saturating_mul(4)), Little);
        let starts: Vec<u64> =
            (0..BLOCKS.len()).map(|index| start(index).map(u64::from)).collect::<Option<_>>()?;
        starts.is_sorted().then_some(Self(starts))
    }

    fn range(&self, name: &str) -> (u64, u64) {
        let index = BLOCKS.iter().position(|block| block.name == name).unwrap_or_default();
        let start = self.0.get(index).copied().unwrap_or_default();
        let end = self.0.get(index.saturating_add(1)).copied().unwrap_or(start);
        (start, end.saturating_sub(start))
    }
}

impl Peek {
    /// Reads the symbols that name the package, one of which holds flags of its compiler.
    fn note_compiler(
        &mut self,
        blocks: &Blocks,
        minor: Option<u32>,
        read: &mut impl FnMut(u64, u64) -> Vec<u8>,
    ) {
        let (start, length) = blocks.range("NonPkgDefs");
        let block = read(start, length.min(MAX_BLOCK));
        let kind = KindNames::of(minor).first_of_debug();
        let before: u64 = ["SymbolDefs", "Hashed64Defs", "HashedDefs"]
            .iter()
            .map(|name| blocks.range(name).1 / SYMBOL)
            .sum();
        let symbols = block.chunks_exact(usize::try_from(SYMBOL).unwrap_or(1));
        for (number, symbol) in (0_u64..).zip(symbols) {
            if symbol.get(10) != Some(&kind) {
                continue;
            }
            let name = name_at(symbol, 0).map(|(at, length)| read(at, length)).unwrap_or_default();
            if let Some(package) = name.strip_prefix(PACKAGE_NAME) {
                self.package = Some(String::from_utf8_lossy(package).into_owned());
            }
            let Some(package) = name.strip_prefix(PRODUCER) else { continue };
            self.package = Some(String::from_utf8_lossy(package).into_owned());
            let (index, _) = blocks.range("DataIndex");
            let span =
                read(index.saturating_add(before.saturating_add(number).saturating_mul(4)), 8);
            let (from, to) = (u32_at(&span, 0, Little), u32_at(&span, 4, Little));
            if let (Some(from), Some(to)) = (from, to) {
                let length = u64::from(to.saturating_sub(from)).min(MAX_NAME);
                let data = read(blocks.range("Data").0.saturating_add(from.into()), length);
                let words = String::from_utf8_lossy(&data).into_owned();
                // The calling convention says nothing that the architecture does not.
                self.flags = words
                    .split(' ')
                    .filter(|word| word.starts_with('-'))
                    .map(str::to_owned)
                    .collect();
            }
            return;
        }
    }

    /// Reads the names of source files: since Go 1.22 they are the last of all names.
    fn note_files(&mut self, blocks: &Blocks, read: &mut impl FnMut(u64, u64) -> Vec<u8>) {
        let (start, length) = blocks.range("Files");
        let block = read(start, length.min(MAX_NAMES));
        let files: Vec<(u64, u64)> =
            block.as_chunks::<8>().0.iter().filter_map(|entry| name_at(entry, 0)).collect();
        let (end, _) = blocks.range("Autolib");
        let total: u64 = files.iter().map(|(_, length)| *length).sum();
        let from = end.saturating_sub(total);
        let window = read(from, total.min(MAX_NAMES));
        let mut apart = MAX_APART;
        for (at, length) in files {
            let inside = at.checked_sub(from).and_then(|at| {
                window.get(usize::try_from(at).ok()?..)?.get(..usize::try_from(length).ok()?)
            });
            let alone = match inside {
                Some(_) => Vec::new(),
                None if apart == 0 => continue,
                None => {
                    apart = apart.saturating_sub(1);
                    read(at, length)
                }
            };
            let name = inside.unwrap_or(&alone);
            self.note_file(name.strip_prefix(FILE_PREFIX).unwrap_or(name));
        }
    }

    fn note_file(&mut self, name: &[u8]) {
        match name {
            b"covervars.go" => self.is_covered = true,
            b"_testmain.go" => self.has_tests = true,
            _ if name.ends_with(b"_test.go") => self.has_tests = true,
            _ => {}
        }
        let Some(slash) = name.iter().rposition(|byte| *byte == b'/') else { return };
        let directory = String::from_utf8_lossy(name.get(..slash).unwrap_or_default());
        // Files of inlined functions are listed too; a directory is mostly called as its package.
        let last = self.package.as_deref().and_then(|package| package.rsplit('/').next());
        let is_own = last.is_some_and(|last| directory.rsplit('/').next() == Some(last));
        let has_own = || self.directory.as_deref().and_then(|dir| dir.rsplit('/').next()) == last;
        if self.directory.is_none() || (is_own && !has_own()) {
            self.directory = Some(directory.into_owned());
        }
    }
}

/// Returns where a name is, and its length, which a hostile file may make any.
fn name_at(entry: &[u8], at: usize) -> Option<(u64, u64)> {
    let length = u32_at(entry, at, Little)?;
    let start = u32_at(entry, at.checked_add(4)?, Little)?;
    Some((start.into(), u64::from(length).min(MAX_NAME)))
}
