//! Symbol tables of the three formats: names and addresses of functions and variables.

use std::ops::Range;

use super::numbers::{u16_at, u32_at, u64_at, until_nul};
use super::{Endian, Format};

/// Names are cut here. The instantiated generics of real programs have names of a few thousand bytes.
const NAME_MAX: usize = 1 << 16;

/// Where a file has its symbol table.
pub(super) struct SymbolTable {
    pub(super) form: SymbolForm,
    /// Always inside of the file, as the next.
    pub(super) entries: Range<usize>,
    pub(super) strings: Range<usize>,
}

/// How an entry is laid out.
pub(super) enum SymbolForm {
    Elf,
    MachO,
    /// Values are relative to a section.
    Pe {
        /// Address of each section, in the order of their table.
        bases: Vec<u64>,
    },
}

/// A function or a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol<'a> {
    pub address: u64,
    /// `None` where the format has no sizes, which is so in Mach-O and PE, and for labels.
    pub size: Option<u64>,
    /// As in the file, without the underscore that C compilers put before it in Mach-O.
    pub name: &'a [u8],
}

impl SymbolTable {
    /// Reads all symbols that have a place in memory, in the order of addresses.
    pub(super) fn read<'a>(&self, file: &'a [u8], format: &Format) -> Vec<Symbol<'a>> {
        let entries = file.get(self.entries.clone()).unwrap_or_default();
        let strings = file.get(self.strings.clone()).unwrap_or_default();
        let mut symbols: Vec<_> = match &self.form {
            SymbolForm::Elf if format.bits == 64 => entries
                .chunks_exact(24)
                .filter_map(|entry| elf64(entry, strings, format.endian))
                .collect(),
            SymbolForm::Elf => entries
                .chunks_exact(16)
                .filter_map(|entry| elf32(entry, strings, format.endian))
                .collect(),
            SymbolForm::MachO => entries
                .chunks_exact(if format.bits == 64 { 16 } else { 12 })
                .filter_map(|entry| mach_o(entry, strings, format))
                .collect(),
            SymbolForm::Pe { bases } => pe(entries, strings, bases),
        };
        symbols.sort_unstable();
        symbols
    }
}

fn name(strings: &[u8], at: u32) -> Option<&[u8]> {
    let rest = strings.get(usize::try_from(at).ok()?..)?;
    let name = until_nul(rest.get(..NAME_MAX).unwrap_or(rest));
    (!name.is_empty()).then_some(name)
}

/// Kinds of symbols that are functions, variables or neither; sections, files and thread-local ones have no address.
///
/// Source: System V ABI, chapter 4, symbol table.
fn elf_is_placed(info: u8, section: u16) -> bool {
    const SHN_LORESERVE: u16 = 0xff00;
    matches!(info & 15, 0..=2) && (1..SHN_LORESERVE).contains(&section)
}

fn elf64<'a>(entry: &[u8], strings: &'a [u8], endian: Endian) -> Option<Symbol<'a>> {
    if !elf_is_placed(*entry.get(4)?, u16_at(entry, 6, endian)?) {
        return None;
    }
    let size = u64_at(entry, 16, endian)?;
    Some(Symbol {
        address: u64_at(entry, 8, endian)?,
        size: (size > 0).then_some(size),
        name: name(strings, u32_at(entry, 0, endian)?)?,
    })
}

fn elf32<'a>(entry: &[u8], strings: &'a [u8], endian: Endian) -> Option<Symbol<'a>> {
    if !elf_is_placed(*entry.get(12)?, u16_at(entry, 14, endian)?) {
        return None;
    }
    let size = u32_at(entry, 8, endian)?;
    Some(Symbol {
        address: u32_at(entry, 4, endian)?.into(),
        size: (size > 0).then_some(size.into()),
        name: name(strings, u32_at(entry, 0, endian)?)?,
    })
}

/// Source: `struct nlist` and `struct nlist_64` in `mach-o/nlist.h`.
fn mach_o<'a>(entry: &[u8], strings: &'a [u8], format: &Format) -> Option<Symbol<'a>> {
    const N_STAB: u8 = 0xe0;
    const N_TYPE: u8 = 0x0e;
    const N_SECT: u8 = 0x0e;
    let kind = *entry.get(4)?;
    if kind & N_STAB != 0 || kind & N_TYPE != N_SECT {
        return None;
    }
    let address = match format.bits {
        64 => u64_at(entry, 8, format.endian)?,
        _ => u32_at(entry, 8, format.endian)?.into(),
    };
    let name = name(strings, u32_at(entry, 0, format.endian)?)?;
    let name = name.strip_prefix(b"_").filter(|rest| !rest.is_empty()).unwrap_or(name);
    Some(Symbol { address, size: None, name })
}

/// Source: PE format specification, COFF symbol table: 18 bytes each, auxiliary ones in between.
fn pe<'a>(entries: &'a [u8], strings: &'a [u8], bases: &[u64]) -> Vec<Symbol<'a>> {
    let mut symbols = Vec::new();
    let mut rest = entries.chunks_exact(18);
    while let Some(entry) = rest.next() {
        let auxiliary = usize::from(entry.last().copied().unwrap_or_default());
        symbols.extend(pe_symbol(entry, strings, bases));
        if let Some(last) = auxiliary.checked_sub(1) {
            rest.nth(last);
        }
    }
    symbols
}

fn pe_symbol<'a>(entry: &'a [u8], strings: &'a [u8], bases: &[u64]) -> Option<Symbol<'a>> {
    const CLASS_EXTERNAL: u8 = 2;
    const CLASS_STATIC: u8 = 3;
    if !matches!(*entry.get(16)?, CLASS_EXTERNAL | CLASS_STATIC) {
        return None;
    }
    // Counted from 1; what is absolute or of the debugger has 0 or a negative number.
    let section = usize::from(u16_at(entry, 12, Endian::Little)?).checked_sub(1)?;
    let address = bases.get(section)?.checked_add(u32_at(entry, 8, Endian::Little)?.into())?;
    let name = match u32_at(entry, 0, Endian::Little)? {
        0 => name(strings, u32_at(entry, 4, Endian::Little)?)?,
        _ => until_nul(entry.get(..8)?),
    };
    Some(Symbol { address, size: None, name })
}
