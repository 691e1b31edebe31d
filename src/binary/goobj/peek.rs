//! What an archive says of itself in a few kilobytes, wherever they are: for a cache of thousands.

use super::object::{BLOCKS, MAGIC, OFFSETS};
use super::symbol::KindNames;
use super::{ArchiveError, HEADER, ObjectError, START, TEXT_END, entry_size, find, header};
use super::{PACKAGE_DEFINITION, minor};
use crate::binary::Endian::Little;
use crate::binary::numbers::u32_at;
use crate::binary::window::Window;
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
/// Bytes of the list of source files, and of what is read with it.
const MAX_NAMES: u64 = 64 << 10;
/// Bytes of names that are read with that list: all of them, in nine of ten archives.
const NAMES_AT_ONCE: u64 = 48 << 10;
/// Bytes that are read where a name is not among them.
const NAMES_AHEAD: usize = 16 << 10;
/// Bytes of a name, or of the flags.
const MAX_NAME: u64 = 4096;
/// Its data are the flags; where a compiler has none to note, as for 386, it is not there.
const PRODUCER: &[u8] = b"go:cuinfo.producer.";
/// It follows the one above.
const PACKAGE_NAME: &[u8] = b"go:cuinfo.packagename.";
/// After the magic and the fingerprint.
const FLAGS: usize = OFFSETS - 4;
/// `ObjFlagStd` of `cmd/internal/goobj/objfile.go`, and the minor version that it came with.
const STD: u32 = 16;
const NOTES_STD: u32 = 23;
/// A symbol: name (length, offset), ABI, kind, two flags, size, alignment.
const SYMBOL_BYTES: usize = 21;
const SYMBOL: u64 = SYMBOL_BYTES as u64;
/// Symbols that are read before one of the kind that is looked for was found: mostly it is there.
const SYMBOLS_AT_FIRST: u64 = 195;
const SYMBOLS_AT_ONCE: u64 = 3120;
/// Of 1.21 and earlier, before the name of each source file.
const FILE_PREFIX: &[u8] = b"gofile..";

/// Looks at an archive.
///
/// # Errors
///
/// Fails on what is no archive, and on one that is cut where it was looked at.
pub fn peek<R: FnMut(u64, &mut [u8]) -> usize>(
    file: &mut Window<'_, R>,
) -> Result<Peek, ArchiveError> {
    let front = file.at(0, FRONT);
    if !front.starts_with(START) {
        return Err(ArchiveError::NoArchive);
    }
    let cut = |at: usize| ArchiveError::Member { at };
    let first = START.len();
    let size = entry_size(front, first).ok_or(cut(first))?;
    let has_definition =
        front.get(first..).is_some_and(|name| name.starts_with(PACKAGE_DEFINITION.as_bytes()));
    let text = front.get(first.saturating_add(HEADER)..).unwrap_or_default();
    let text = text.get(..find(text, b"\n$$").unwrap_or(text.len())).unwrap_or_default();
    let minor = minor(text);
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
    // A package of types alone has export data and an object too; only C archives have other members.
    let mut member = file.at(second, HEADER.saturating_add(OBJECT_FRONT));
    if entry_size(member, 0).is_none() || !has_definition {
        return Err(cut(usize::try_from(second).unwrap_or(usize::MAX)));
    }
    if find(member, TEXT_END).is_none() {
        member = file.at(second, MAX_TEXT);
    }
    let object = |why| ArchiveError::Object { member: "_go_.o".to_owned(), why };
    let start = find(member, TEXT_END).ok_or(object(ObjectError::Header))?;
    let base = second.saturating_add(start.saturating_add(TEXT_END.len()) as u64);
    // The text may end where that read does.
    let table = OFFSETS.saturating_add(BLOCKS.len().saturating_mul(4));
    let head = file.at(base, table);
    let blocks = Blocks::of(head).ok_or(object(ObjectError::Header))?;
    if minor.is_some_and(|minor| minor >= NOTES_STD) {
        peek.is_std = u32_at(head, FLAGS, Little).map(|flags| flags & STD != 0);
    }
    let mut object = ObjectFile { file, base };
    let compiler = first_of_kind(KindNames::of(minor).first_of_debug(), &blocks, &mut object);
    // Names, and the blocks up to that of the files: of most objects one read.
    let (names, _) = blocks.range("Autolib");
    let (files, length) = blocks.range("Files");
    let from = names.saturating_sub(NAMES_AT_ONCE).max(table as u64).min(names);
    let until = files.saturating_add(length).saturating_sub(from);
    if until <= MAX_NAMES {
        object.at(from, until);
    }
    let number = compiler.and_then(|compiler| peek.note_package(compiler, &mut object));
    peek.note_files(&blocks, &mut object);
    if let Some(number) = number {
        peek.note_flags(number, &blocks, &mut object);
    }
    Ok(peek)
}

/// An object within an archive: offsets count from its magic.
struct ObjectFile<'f, 'b, R> {
    file: &'f mut Window<'b, R>,
    base: u64,
}

impl<R: FnMut(u64, &mut [u8]) -> usize> ObjectFile<'_, '_, R> {
    fn at(&mut self, at: u64, length: u64) -> &[u8] {
        let length = usize::try_from(length).unwrap_or_default();
        self.file.at(self.base.saturating_add(at), length)
    }

    fn name(&mut self, (at, length): (u64, u64)) -> &[u8] {
        let length = usize::try_from(length).unwrap_or_default();
        self.file.ahead(self.base.saturating_add(at), length, NAMES_AHEAD)
    }
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
    /// Reads the name that ends with the import path. Returns the number of the symbol whose data
    /// are flags of the compiler, if it is one.
    fn note_package<R: FnMut(u64, &mut [u8]) -> usize>(
        &mut self,
        (number, name): (u64, (u64, u64)),
        object: &mut ObjectFile<'_, '_, R>,
    ) -> Option<u64> {
        let name = object.name(name);
        let package = [PRODUCER, PACKAGE_NAME].iter().find_map(|start| name.strip_prefix(*start));
        self.package = Some(String::from_utf8_lossy(package?).into_owned());
        name.starts_with(PRODUCER).then_some(number)
    }

    fn note_flags<R: FnMut(u64, &mut [u8]) -> usize>(
        &mut self,
        number: u64,
        blocks: &Blocks,
        object: &mut ObjectFile<'_, '_, R>,
    ) {
        let before: u64 = ["SymbolDefs", "Hashed64Defs", "HashedDefs"]
            .iter()
            .map(|name| blocks.range(name).1 / SYMBOL)
            .sum();
        let (index, _) = blocks.range("DataIndex");
        let span =
            object.at(index.saturating_add(before.saturating_add(number).saturating_mul(4)), 8);
        let (from, to) = (u32_at(span, 0, Little), u32_at(span, 4, Little));
        if let (Some(from), Some(to)) = (from, to) {
            let length = u64::from(to.saturating_sub(from)).min(MAX_NAME);
            let data = object.at(blocks.range("Data").0.saturating_add(from.into()), length);
            let words = String::from_utf8_lossy(data);
            // The calling convention says nothing that the architecture does not.
            self.flags =
                words.split(' ').filter(|word| word.starts_with('-')).map(str::to_owned).collect();
        }
    }

    /// Reads the names of source files. They are among all names, those of inlined functions at
    /// their end.
    fn note_files<R: FnMut(u64, &mut [u8]) -> usize>(
        &mut self,
        blocks: &Blocks,
        object: &mut ObjectFile<'_, '_, R>,
    ) {
        let (start, length) = blocks.range("Files");
        let block = object.at(start, length.min(MAX_NAMES));
        let mut files: Vec<((u64, u64), usize)> = block
            .as_chunks::<8>()
            .0
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| Some((name_at(entry, 0)?, index)))
            .collect();
        files.sort_unstable();
        let last = self.package.as_deref().and_then(|package| package.rsplit('/').next());
        let last = last.unwrap_or_default().as_bytes();
        // Files of inlined functions are listed too; a directory is mostly called as its package.
        let mut first: Option<((bool, usize), Vec<u8>)> = None;
        for (place, index) in files {
            let name = object.name(place);
            let name = name.strip_prefix(FILE_PREFIX).unwrap_or(name);
            match name {
                b"covervars.go" => self.is_covered = true,
                b"_testmain.go" => self.has_tests = true,
                _ if name.ends_with(b"_test.go") => self.has_tests = true,
                _ => {}
            }
            let Some(slash) = memchr::memrchr(b'/', name) else { continue };
            let directory = name.get(..slash).unwrap_or_default();
            let is_own = directory
                .strip_suffix(last)
                .is_some_and(|before| before.is_empty() || before.ends_with(b"/"));
            let rank = (!is_own, index);
            if first.as_ref().is_none_or(|(first, _)| rank < *first) {
                first = Some((rank, directory.to_vec()));
            }
        }
        self.directory =
            first.map(|(_, directory)| String::from_utf8_lossy(&directory).into_owned());
    }
}

/// Returns the number of the first symbol of a kind among those without a package, and where its
/// name is.
fn first_of_kind<R: FnMut(u64, &mut [u8]) -> usize>(
    kind: u8,
    blocks: &Blocks,
    object: &mut ObjectFile<'_, '_, R>,
) -> Option<(u64, (u64, u64))> {
    let (start, length) = blocks.range("NonPkgDefs");
    let mut number = 0_u64;
    let mut count = SYMBOLS_AT_FIRST;
    loop {
        let from = number.saturating_mul(SYMBOL);
        let rest = length.min(MAX_BLOCK).saturating_sub(from);
        let chunk = object.at(start.saturating_add(from), rest.min(count.saturating_mul(SYMBOL)));
        let mut symbols = chunk.as_chunks::<SYMBOL_BYTES>().0.iter();
        let all = symbols.len() as u64;
        if all == 0 {
            return None;
        }
        let Some(index) = symbols.position(|symbol| symbol.get(10) == Some(&kind)) else {
            number = number.saturating_add(all);
            count = SYMBOLS_AT_ONCE;
            continue;
        };
        let at = index.saturating_mul(SYMBOL_BYTES);
        return Some((number.saturating_add(index as u64), name_at(chunk.get(at..)?, 0)?));
    }
}

/// Returns where a name is, and its length, which a hostile file may make any.
fn name_at(entry: &[u8], at: usize) -> Option<(u64, u64)> {
    let length = u32_at(entry, at, Little)?;
    let start = u32_at(entry, at.checked_add(4)?, Little)?;
    Some((start.into(), u64::from(length).min(MAX_NAME)))
}
