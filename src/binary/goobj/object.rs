//! The object of one member: a header, 18 blocks, and the symbols that they describe.

use std::ops::Range;

use super::ObjectError;
use super::symbol::{KindNames, Symbol, symbols};
use crate::binary::Endian::Little;
use crate::binary::numbers::u32_at;

pub(super) const MAGIC: &[u8] = b"\0go120ld";
const FINGERPRINT: usize = 8;
/// Magic, fingerprint, flags.
pub(super) const OFFSETS: usize = 8 + FINGERPRINT + 4;

/// A block of an object, with the bytes of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) name: &'static str,
    pub(super) entry: usize,
}

macro_rules! blocks {
    ($($constant:ident $name:literal $entry:literal),* $(,)?) => {
        /// In the order of the header; the last is the end of the others.
        pub(super) const BLOCKS: &[Block] = &[$(Block { name: $name, entry: $entry }),*];
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(dead_code, reason = "every block is named; not all are read")]
        pub(super) enum At { $($constant),* }
    };
}

blocks! {
    Imports "Autolib" 16,
    Packages "PkgIndex" 8,
    Files "Files" 8,
    Defined "SymbolDefs" 21,
    Hashed64 "Hashed64Defs" 21,
    Hashed "HashedDefs" 21,
    NonPackage "NonPkgDefs" 21,
    NonPackageReferenced "NonPkgRefs" 21,
    ReferenceFlags "RefFlags" 10,
    Hashes64 "Hash64" 8,
    Hashes "Hash" 16,
    RelocationIndex "RelocIndex" 4,
    AuxIndex "AuxIndex" 4,
    DataIndex "DataIndex" 4,
    Relocations "Relocs" 23,
    Aux "Aux" 9,
    Data "Data" 1,
    ReferencedNames "RefNames" 16,
    End "End" 0,
}

/// A package that an object imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import<'a> {
    pub package: &'a [u8],
    /// Hash of the export data that it was compiled against.
    pub fingerprint: &'a [u8],
}

/// What the compiler or the assembler made of a package.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    pub fingerprint: &'a [u8],
    pub flags: u32,
    /// In the order in which the linker loads them.
    pub imports: Vec<Import<'a>>,
    /// Packages that symbols are referenced of.
    pub packages: Vec<&'a [u8]>,
    /// Source files, as positions name them.
    pub files: Vec<&'a [u8]>,
    /// The symbols that it defines, in the order of their numbers.
    pub symbols: Vec<Symbol<'a>>,
    /// The bytes of all symbols one after another, and how many.
    pub data_bytes: usize,
    /// All of it, from the magic.
    pub bytes: &'a [u8],
}

impl<'a> Object<'a> {
    /// Reads an object that was written by Go 1.`minor`.
    pub(super) fn parse(bytes: &'a [u8], minor: Option<u32>) -> Result<Self, ObjectError> {
        let raw = Raw::new(bytes)?;
        let imports = raw.list(At::Imports, |at| {
            let package = raw.string(at)?;
            let fingerprint = bytes.get(at.checked_add(8)?..)?.get(..FINGERPRINT)?;
            Some(Import { package, fingerprint })
        })?;
        let packages = raw.list(At::Packages, |at| raw.string(at))?;
        let files = raw.list(At::Files, |at| raw.string(at))?;
        let symbols = symbols(&raw, &packages, KindNames::of(minor))?;
        Ok(Self {
            fingerprint: bytes.get(MAGIC.len()..).and_then(|b| b.get(..FINGERPRINT)).unwrap_or(b""),
            flags: u32_at(bytes, MAGIC.len().saturating_add(FINGERPRINT), Little).unwrap_or(0),
            imports,
            packages,
            files,
            symbols,
            data_bytes: raw.range(At::Data).len(),
            bytes,
        })
    }
}

/// The blocks of an object, each within its bytes.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    bytes: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> Raw<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, ObjectError> {
        if !bytes.starts_with(MAGIC) {
            return Err(ObjectError::Header);
        }
        let mut starts = Vec::with_capacity(BLOCKS.len());
        for (index, block) in BLOCKS.iter().enumerate() {
            let at = index.saturating_mul(4).saturating_add(OFFSETS);
            let start = u32_at(bytes, at, Little).ok_or(ObjectError::Header)?;
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            if start > bytes.len() || starts.last().is_some_and(|last| start < *last) {
                return Err(ObjectError::Block { block: block.name });
            }
            starts.push(start);
        }
        let raw = Self { bytes, starts };
        raw.bound_names()?;
        Ok(raw)
    }

    /// A name that many entries point at would be read once for each.
    fn bound_names(&self) -> Result<(), ObjectError> {
        let limit = self.bytes.len().saturating_mul(16);
        let mut total = 0_usize;
        let blocks = [At::Defined, At::Hashed64, At::Hashed, At::NonPackage];
        for block in blocks.into_iter().chain([At::NonPackageReferenced]) {
            for index in 0..self.count(block) {
                let length = u32_at(self.bytes, self.entry(block, index), Little).unwrap_or(0);
                total = total.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
            }
        }
        if total > limit { Err(ObjectError::Names { limit }) } else { Ok(()) }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn range(&self, block: At) -> Range<usize> {
        let index = block as usize;
        let start = self.starts.get(index).copied().unwrap_or_default();
        let end = self.starts.get(index.saturating_add(1)).copied().unwrap_or(start);
        start..end
    }

    /// Returns how many whole entries a block has.
    pub(super) fn count(&self, block: At) -> usize {
        let entry = BLOCKS.get(block as usize).map_or(1, |block| block.entry);
        self.range(block).len().checked_div(entry).unwrap_or_default()
    }

    /// Returns where an entry starts.
    pub(super) fn entry(&self, block: At, index: usize) -> usize {
        let entry = BLOCKS.get(block as usize).map_or(1, |block| block.entry);
        self.range(block).start.saturating_add(index.saturating_mul(entry))
    }

    /// Reads all entries of a block.
    pub(super) fn list<T>(
        &self,
        block: At,
        read: impl Fn(usize) -> Option<T>,
    ) -> Result<Vec<T>, ObjectError> {
        (0..self.count(block))
            .map(|index| read(self.entry(block, index)).ok_or_else(|| entry_error(block, index)))
            .collect()
    }

    /// Reads the name that a length and an offset at `at` say.
    pub(super) fn string(&self, at: usize) -> Option<&'a [u8]> {
        let length = usize::try_from(u32_at(self.bytes, at, Little)?).ok()?;
        let start = usize::try_from(u32_at(self.bytes, at.checked_add(4)?, Little)?).ok()?;
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// Reads what belongs to a symbol: the numbers at its index and the next.
    pub(super) fn span(&self, block: At, index: usize) -> Option<Range<usize>> {
        let number = |index| {
            let at = self.entry(block, index);
            (at < self.range(block).end).then(|| u32_at(self.bytes, at, Little)).flatten()
        };
        let start = usize::try_from(number(index)?).ok()?;
        let end = usize::try_from(number(index.checked_add(1)?)?).ok()?;
        (start <= end).then_some(start..end)
    }
}

pub(super) fn entry_error(block: At, index: usize) -> ObjectError {
    let block = BLOCKS.get(block as usize).map_or("", |block| block.name);
    ObjectError::Entry { block, index }
}
