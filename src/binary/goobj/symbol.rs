//! Symbols of an object, with what they refer to.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ObjectError;
use super::object::{At, Raw, entry_error};
use crate::binary::Endian::Little;
use crate::binary::numbers::{u16_at, u32_at, u64_at};

/// One symbol that an object defines.
#[derive(Debug, Clone)]
pub struct Symbol<'a> {
    pub name: SymbolName<'a>,
    pub kind: SymbolKind,
    pub flags: [u8; 2],
    /// Bytes in memory.
    pub size: u32,
    pub align: u32,
    /// What the file holds of it; less than `size` where the rest is zero.
    pub data: &'a [u8],
    /// Where the linker fills in addresses, in the order of the object.
    pub relocations: Vec<Relocation<'a>>,
    /// Its type, its line table and the like: a kind of [`aux_name`], and the symbol.
    pub aux: Vec<(u8, Target<'a>)>,
}

/// What tells a symbol from all others of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SymbolName<'a> {
    /// Of the symbol; of the one that it belongs to where it has none.
    pub name: &'a [u8],
    /// 0 is the assembler's convention, 1 the compiler's, 65535 a name of this object only.
    pub abi: u16,
    /// For one without a name what it is to that symbol: a kind of [`aux_name`] and a number.
    pub part: Option<(u8, u32)>,
    /// Hash of a symbol that the linker knows by its content.
    pub hash: Option<&'a [u8]>,
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SymbolKind {
    Code,
    /// Constants: strings, types, tables.
    ReadOnly,
    Data,
    /// Data that starts as zeroes, and of which the file holds nothing.
    Zeroed,
    Debug,
    /// Counters of coverage and fuzzing, tables for the unwinder of Windows.
    Other,
}

/// A place in a symbol that the linker fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relocation<'a> {
    /// In the data of the symbol, in bytes.
    pub offset: u32,
    /// Bytes that are filled in.
    pub size: u8,
    /// As in `cmd/internal/objabi/reloctype.go` of the Go that wrote it.
    pub kind: u16,
    pub addend: i64,
    pub target: Target<'a>,
}

/// The symbol that a relocation or another symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target<'a> {
    None,
    /// A symbol of the same object.
    Own(SymbolName<'a>),
    /// A symbol that is known by its name alone.
    Named {
        name: &'a [u8],
        abi: u16,
    },
    /// A symbol of another package, by its number there.
    Imported {
        package: &'a [u8],
        number: u32,
        name: &'a [u8],
    },
    /// A function of the runtime, by its number in a list of the compiler.
    Builtin {
        number: u32,
        name: &'a [u8],
    },
}

/// Returns what a symbol of that auxiliary kind is.
///
/// Source: `AuxGotype` and following in `cmd/internal/goobj/objfile.go`; 1.25
/// put a kind before that of Windows' unwinder.
#[must_use]
pub fn aux_name(kind: u8) -> &'static str {
    const NAMES: &[&str] = &[
        "type",
        "function info",
        "function data",
        "debug info",
        "debug locations",
        "debug ranges",
        "debug lines",
        "stack table",
        "file table",
        "line table",
        "inlining table",
        "pc data",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("table")
}

/// The numbers of kinds, which moved twice.
///
/// Source: `cmd/internal/objabi/symkind.go`: 1.24 added the kinds of FIPS, 1.25 `SDWARFADDR`.
#[derive(Debug, Clone, Copy)]
pub(super) struct KindNames {
    has_fips: bool,
    has_debug_addresses: bool,
}

impl KindNames {
    /// An unknown version is a development version, and so a new one.
    pub(super) fn of(minor: Option<u32>) -> Self {
        let minor = minor.unwrap_or(u32::MAX);
        Self { has_fips: minor >= 24, has_debug_addresses: minor >= 25 }
    }

    /// Returns the number of what a compiler says of a package as a whole: `SDWARFCUINFO`.
    pub(super) fn first_of_debug(self) -> u8 {
        if self.has_fips { 12 } else { 8 }
    }

    fn kind(self, number: u8) -> SymbolKind {
        use SymbolKind::{Code, Data, Debug, Other, ReadOnly, Zeroed};
        const FIPS: &[SymbolKind] = &[
            Other, Code, Code, ReadOnly, ReadOnly, Data, Data, Data, Data, Zeroed, Zeroed, Zeroed,
        ];
        const PLAIN: &[SymbolKind] = &[Other, Code, ReadOnly, Data, Data, Zeroed, Zeroed, Zeroed];
        let first = if self.has_fips { FIPS } else { PLAIN };
        let debug = if self.has_debug_addresses { 10 } else { 9 };
        let number = usize::from(number);
        match first.get(number) {
            Some(kind) => *kind,
            None if number < first.len().saturating_add(debug) => Debug,
            None => Other,
        }
    }
}

/// Numbers that stand for a block in place of a package: `PkgIdxNone` and below.
const NO_PACKAGE: u32 = 0x7fff_ffff;
const HASHED_64: u32 = NO_PACKAGE - 1;
const HASHED: u32 = NO_PACKAGE - 2;
const BUILTIN: u32 = NO_PACKAGE - 3;
const SELF: u32 = NO_PACKAGE - 4;

/// Where the symbols of each block start in the one order that they all have.
struct Numbers<'r, 'a> {
    raw: &'r Raw<'a>,
    packages: &'r [&'a [u8]],
    names: Vec<SymbolName<'a>>,
    /// Names of symbols that other objects define, by package and number.
    referenced: BTreeMap<(u32, u32), &'a [u8]>,
}

const DEFINED: [At; 4] = [At::Defined, At::Hashed64, At::Hashed, At::NonPackage];

/// Reads the symbols that an object defines.
pub(super) fn symbols<'a>(
    raw: &Raw<'a>,
    packages: &[&'a [u8]],
    kinds: KindNames,
) -> Result<Vec<Symbol<'a>>, ObjectError> {
    let bytes = raw.bytes();
    let mut numbers = Numbers::new(raw, packages)?;
    numbers.name_parts()?;
    let mut all = Vec::with_capacity(numbers.names.len());
    let entries = DEFINED.iter().flat_map(|block| {
        (0..raw.count(*block)).map(move |index| (*block, index, raw.entry(*block, index)))
    });
    for ((number, name), (block, index, at)) in numbers.names.iter().enumerate().zip(entries) {
        let read = || {
            let byte = |offset| bytes.get(at.checked_add(offset)?).copied();
            Some(Symbol {
                name: *name,
                kind: kinds.kind(byte(10)?),
                flags: [byte(11)?, byte(12)?],
                size: u32_at(bytes, at.checked_add(13)?, Little)?,
                align: u32_at(bytes, at.checked_add(17)?, Little)?,
                data: numbers.data(number)?,
                relocations: numbers.relocations(number)?,
                aux: numbers.aux(number)?,
            })
        };
        all.push(read().ok_or_else(|| entry_error(block, index))?);
    }
    Ok(all)
}

impl<'r, 'a> Numbers<'r, 'a> {
    fn new(raw: &'r Raw<'a>, packages: &'r [&'a [u8]]) -> Result<Self, ObjectError> {
        let bytes = raw.bytes();
        let mut names = Vec::new();
        for block in DEFINED {
            names.extend(raw.list(block, |at| {
                let name = raw.string(at)?;
                let abi = u16_at(bytes, at.checked_add(8)?, Little)?;
                Some(SymbolName { name, abi, part: None, hash: None })
            })?);
        }
        let hash = |block, length: usize| {
            raw.list(block, move |at| bytes.get(at..at.checked_add(length)?))
        };
        let hashes = [hash(At::Hashes64, 8)?, hash(At::Hashes, 16)?].concat();
        let first = raw.count(At::Defined);
        let hashed = raw.count(At::Hashed64).saturating_add(raw.count(At::Hashed));
        if hashes.len() != hashed {
            return Err(entry_error(At::Hashes, hashes.len()));
        }
        for (name, hash) in names.iter_mut().skip(first).zip(hashes) {
            name.hash = Some(hash);
        }
        let referenced = raw.list(At::ReferencedNames, |at| {
            let package = u32_at(bytes, at, Little)?;
            let number = u32_at(bytes, at.checked_add(4)?, Little)?;
            Some(((package, number), raw.string(at.checked_add(8)?)?))
        })?;
        let referenced = referenced.into_iter().collect();
        Ok(Self { raw, packages, names, referenced })
    }

    /// Calls a symbol without a name by the symbol whose auxiliary it is.
    fn name_parts(&mut self) -> Result<(), ObjectError> {
        for owner in 0..self.names.len() {
            let Some(name) = self.names.get(owner).copied().filter(|name| !name.name.is_empty())
            else {
                continue;
            };
            if name.part.is_some() {
                continue;
            }
            let span = self.span(At::AuxIndex, At::Aux, owner);
            let span = span.ok_or_else(|| entry_error(At::AuxIndex, owner))?;
            let mut seen: BTreeMap<u8, u32> = BTreeMap::new();
            for index in span {
                let at = self.raw.entry(At::Aux, index);
                let kind = self.raw.bytes().get(at).copied().unwrap_or_default();
                let count = seen.entry(kind).or_default();
                let part = Some((kind, *count));
                *count = count.saturating_add(1);
                let number = self.reference(at.saturating_add(1)).and_then(|it| self.defined(it));
                let unnamed = number.and_then(|number| self.names.get_mut(number));
                if let Some(unnamed) = unnamed.filter(|unnamed| unnamed.name.is_empty()) {
                    *unnamed =
                        SymbolName { name: name.name, abi: name.abi, part, hash: unnamed.hash };
                }
            }
        }
        Ok(())
    }

    fn reference(&self, at: usize) -> Option<(u32, u32)> {
        let bytes = self.raw.bytes();
        Some((u32_at(bytes, at, Little)?, u32_at(bytes, at.checked_add(4)?, Little)?))
    }

    /// Returns the number among all symbols of one that the object defines.
    fn defined(&self, (package, number): (u32, u32)) -> Option<usize> {
        let place = [SELF, HASHED_64, HASHED, NO_PACKAGE].iter().position(|it| *it == package)?;
        let before = DEFINED.iter().take(place).map(|block| self.raw.count(*block)).sum::<usize>();
        let count = self.raw.count(*DEFINED.get(place)?);
        let number = usize::try_from(number).ok().filter(|number| *number < count)?;
        before.checked_add(number)
    }

    fn target(&self, at: usize) -> Option<Target<'a>> {
        let reference = self.reference(at)?;
        if let Some(number) = self.defined(reference) {
            return Some(Target::Own(*self.names.get(number)?));
        }
        let named = || self.referenced.get(&reference).copied().unwrap_or_default();
        match reference {
            (0, 0) => Some(Target::None),
            // The symbols that others define continue the numbers of those without a package.
            (NO_PACKAGE, number) => {
                let before = self.raw.count(At::NonPackage);
                let index = usize::try_from(number).ok()?.checked_sub(before)?;
                let known = index < self.raw.count(At::NonPackageReferenced);
                let entry = known.then(|| self.raw.entry(At::NonPackageReferenced, index))?;
                let abi = u16_at(self.raw.bytes(), entry.checked_add(8)?, Little)?;
                Some(Target::Named { name: self.raw.string(entry)?, abi })
            }
            (BUILTIN, number) => Some(Target::Builtin { number, name: named() }),
            (package, number) => {
                let package = *self.packages.get(usize::try_from(package).ok()?)?;
                Some(Target::Imported { package, number, name: named() })
            }
        }
    }

    /// Returns the entries of a block that belong to a symbol. Those of two
    /// symbols never overlap, because each ends where the next begins.
    fn span(&self, index: At, block: At, symbol: usize) -> Option<Range<usize>> {
        self.raw.span(index, symbol).filter(|span| span.end <= self.raw.count(block))
    }

    fn data(&self, symbol: usize) -> Option<&'a [u8]> {
        let span = self.span(At::DataIndex, At::Data, symbol)?;
        let data = self.raw.bytes().get(self.raw.range(At::Data))?;
        data.get(span)
    }

    fn relocations(&self, symbol: usize) -> Option<Vec<Relocation<'a>>> {
        let bytes = self.raw.bytes();
        let span = self.span(At::RelocationIndex, At::Relocations, symbol)?;
        span.map(|index| {
            let at = self.raw.entry(At::Relocations, index);
            Some(Relocation {
                offset: u32_at(bytes, at, Little)?,
                size: *bytes.get(at.checked_add(4)?)?,
                kind: u16_at(bytes, at.checked_add(5)?, Little)?,
                addend: u64_at(bytes, at.checked_add(7)?, Little)?.cast_signed(),
                target: self.target(at.checked_add(15)?)?,
            })
        })
        .collect()
    }

    fn aux(&self, symbol: usize) -> Option<Vec<(u8, Target<'a>)>> {
        let span = self.span(At::AuxIndex, At::Aux, symbol)?;
        span.map(|index| {
            let at = self.raw.entry(At::Aux, index);
            Some((*self.raw.bytes().get(at)?, self.target(at.checked_add(1)?)?))
        })
        .collect()
    }
}
