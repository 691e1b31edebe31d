//! PE: Windows.

use std::ops::Range;

use goblin::pe::header::{
    COFF_MACHINE_ARM64, COFF_MACHINE_ARMNT, COFF_MACHINE_X86, COFF_MACHINE_X86_64, CoffHeader,
    DosHeader,
};
use goblin::pe::section_table::{
    IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_READ, IMAGE_SCN_MEM_WRITE,
    SIZEOF_SECTION_TABLE, SectionTable,
};
use goblin::pe::symbol::SymbolTable as CoffSymbols;

use super::layout::{Layout, Placed, build_id_in_text, malformed, unparsed};
use super::numbers::{aligned, range, u16_at, u32_at, u64_at, until_nul};
use super::symbols::{SymbolForm, SymbolTable};
use super::{Container, Endian, Format, ObjectError};
use crate::golang::quote::to_text;

/// Magic number of the optional header of a 64-bit image.
const PE32_PLUS: u16 = 0x20b;
/// Bits of the characteristics that the linker sets for alignment, not for access.
///
/// Source: `DataStart` of `peExe` in `debug/buildinfo/buildinfo.go`, Go 1.26.
const ALIGN_32_BYTES: u32 = 0x0060_0000;
/// Names are cut here; those of a string table without NULs would be endless.
const NAME_MAX: usize = 1024;

pub(super) fn layout(bytes: &[u8]) -> Result<Layout<'_>, ObjectError> {
    let headers = Headers::parse(bytes).map_err(|error| unparsed(Container::Pe, error))?;
    let mut sections = Vec::with_capacity(headers.sections.len());
    let (mut text, mut data) = (None, None);
    for header in &headers.sections {
        let section = headers.placed(header, bytes)?;
        let content = section.content.clone().and_then(|range| bytes.get(range));
        if header.characteristics & IMAGE_SCN_MEM_EXECUTE != 0 {
            text = text.or(content);
        }
        if is_data(header) {
            data = data.or(content.map(|data| aligned(data, header.virtual_address.into())));
        }
        sections.push(section);
    }
    Ok(Layout {
        format: headers.format(),
        sections,
        build_id: text.and_then(build_id_in_text),
        gnu_build_id: None,
        symbols: headers.symbols(bytes.len()),
        uuid: None,
        signatures: headers.signatures(bytes),
        build_info: data.unwrap_or_default(),
        notes: Vec::new(),
    })
}

/// Headers of a PE file. Imports, resources, certificates and symbols are not parsed.
struct Headers {
    coff: CoffHeader,
    is_64: bool,
    /// The address that the image asks to be loaded at; those in its headers are relative to it.
    base: u64,
    /// Where the optional header is in the file, in bytes.
    optional: usize,
    sections: Vec<SectionTable>,
}

impl Headers {
    fn parse(bytes: &[u8]) -> goblin::error::Result<Self> {
        let malformed = |what: &str| goblin::error::Error::Malformed(what.to_owned());
        let dos = DosHeader::parse(bytes)?;
        // Past the signature `PE\0\0`, which the parser of the DOS header checked.
        let pointer = usize::try_from(dos.pe_pointer).unwrap_or(usize::MAX);
        let mut offset = pointer.saturating_add(4);
        let coff = CoffHeader::parse(bytes, &mut offset)?;
        let is_64 = u16_at(bytes, offset, Endian::Little) == Some(PE32_PLUS);
        let table = offset.saturating_add(coff.size_of_optional_header.into());
        let len = usize::from(coff.number_of_sections).saturating_mul(SIZEOF_SECTION_TABLE);
        let table = bytes
            .get(table..)
            .and_then(|table| table.get(..len))
            .ok_or_else(|| malformed("its section table ends outside of it"))?;
        // Each header is parsed by itself: given the file, goblin would copy
        // each long name up to the next NUL, however far.
        let header = |header| SectionTable::parse(header, &mut 0, SIZEOF_SECTION_TABLE);
        let sections =
            table.chunks_exact(SIZEOF_SECTION_TABLE).map(header).collect::<Result<_, _>>()?;
        let base = if is_64 {
            u64_at(bytes, offset.saturating_add(24), Endian::Little)
        } else {
            u32_at(bytes, offset.saturating_add(28), Endian::Little).map(u64::from)
        };
        Ok(Self { coff, is_64, base: base.unwrap_or_default(), optional: offset, sections })
    }

    fn format(&self) -> Format {
        let arch = match self.coff.machine {
            COFF_MACHINE_X86_64 => Some("amd64"),
            COFF_MACHINE_X86 => Some("386"),
            COFF_MACHINE_ARM64 => Some("arm64"),
            COFF_MACHINE_ARMNT => Some("arm"),
            _ => None,
        };
        Format {
            container: Container::Pe,
            bits: if self.is_64 { 64 } else { 32 },
            endian: Endian::Little,
            arch: arch.map(str::to_owned),
        }
    }

    /// The checksum, the certificates, and the directory entry that says where these are.
    ///
    /// Source: PE format specification, optional header, and the attribute certificate table.
    fn signatures(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let directory = if self.is_64 { 144 } else { 128 };
        let field = |at: u64, len| {
            range(u64::try_from(self.optional).ok()?.checked_add(at)?, len, bytes.len())
        };
        let number = |at: usize| u32_at(bytes, at, Endian::Little);
        let certificates = || {
            let entry = field(directory, 8)?;
            range(
                number(entry.start)?.into(),
                number(entry.start.checked_add(4)?)?.into(),
                bytes.len(),
            )
        };
        let certificates = certificates().filter(|range| !range.is_empty());
        [field(64, 4), field(directory, 8), certificates].into_iter().flatten().collect()
    }

    /// The COFF symbol table; a damaged or stripped one is none.
    fn symbols(&self, file_len: usize) -> Option<SymbolTable> {
        let count = usize::try_from(self.coff.number_of_symbol_table).ok().filter(|n| *n > 0)?;
        let start = u64::from(self.coff.pointer_to_symbol_table);
        let entries = range(start, u64::try_from(CoffSymbols::size(count)).ok()?, file_len)?;
        let bases = self
            .sections
            .iter()
            .map(|section| self.base.saturating_add(section.virtual_address.into()));
        // The strings go to the end: their length is in their first four bytes, and is not needed.
        let strings = entries.end..file_len;
        Some(SymbolTable { form: SymbolForm::Pe { bases: bases.collect() }, entries, strings })
    }

    /// Names longer than eight bytes are in the string table, which follows the symbol table.
    fn name(&self, section: &SectionTable, bytes: &[u8]) -> String {
        let long = section.name_offset().ok().flatten().and_then(|offset| {
            let symbols = usize::try_from(self.coff.number_of_symbol_table).ok()?;
            let strings = usize::try_from(self.coff.pointer_to_symbol_table)
                .ok()?
                .checked_add(CoffSymbols::size(symbols))?;
            let name = bytes.get(strings.checked_add(offset)?..)?;
            Some(until_nul(name.get(..NAME_MAX).unwrap_or(name)))
        });
        to_text(long.unwrap_or_else(|| until_nul(&section.name))).into_owned()
    }

    fn placed(&self, section: &SectionTable, bytes: &[u8]) -> Result<Placed, ObjectError> {
        let name = self.name(section, bytes);
        let raw = section.size_of_raw_data;
        // Zero in some debug sections, which are not loaded.
        let size = if section.virtual_size == 0 { raw } else { section.virtual_size };
        let content = if raw == 0 {
            None
        } else {
            // What the file holds is padded; the padding is no part of the section.
            let range =
                range(section.pointer_to_raw_data.into(), raw.min(size).into(), bytes.len());
            let outside =
                || malformed(Container::Pe, format!("section `{name}` ends outside of it"));
            Some(range.ok_or_else(outside)?)
        };
        let address = self.base.saturating_add(section.virtual_address.into());
        Ok(Placed { name, address, bytes: size.into(), content, is_compressed: false })
    }
}

fn is_data(section: &SectionTable) -> bool {
    let access = IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE;
    section.virtual_address != 0 && section.characteristics & !ALIGN_32_BYTES == access
}
