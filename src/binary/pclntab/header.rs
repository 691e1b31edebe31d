//! Where the table is, and what its header says.

use std::ops::Range;

use super::{PclnVersion, SubTable};
use crate::binary::Endian;
use crate::binary::image::{Image, Region};
use crate::binary::module_data::{ModuleData, ModuleKey};
use crate::binary::numbers::{u32_at, word_at};

/// Sections that are the table. What is linked as a position-independent executable has the second.
const NAMES: [&str; 4] =
    [".gopclntab", ".data.rel.ro.gopclntab", "__TEXT,__gopclntab", "__DATA_CONST,__gopclntab"];

/// A header whose offsets are all inside of the table.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) version: PclnVersion,
    pub(super) address: u64,
    pub(super) content: Range<usize>,
    pub(super) quantum: u8,
    pub(super) function_count: usize,
    pub(super) file_count: usize,
    /// Go 1.18 to 1.25, and unless a relocation has to write it first.
    pub(super) text_start: Option<u64>,
    // Offsets in the table, in its order.
    pub(super) funcnametab: usize,
    pub(super) cutab: usize,
    pub(super) filetab: usize,
    pub(super) pctab: usize,
    pub(super) functab: usize,
}

impl Header {
    /// Finds the table by the name of its section, then anywhere: PE has no section for it.
    pub(super) fn find(image: &Image<'_>) -> Option<Self> {
        let named = image.regions.iter().filter(|region| NAMES.contains(&region.name.as_str()));
        let named = named.filter_map(|region| Self::parse(image, region, 0)).next();
        named.or_else(|| Self::search(image))
    }

    fn search(image: &Image<'_>) -> Option<Self> {
        let endian = image.format.endian;
        for version in [PclnVersion::Go120, PclnVersion::Go118] {
            let magic = bytes_of(magic(version), endian);
            let start = [&magic[..], &[0, 0]].concat();
            for region in image.regions.iter().filter(|region| region.address != 0) {
                let content = image.content(region);
                let found = memchr::memmem::find_iter(content, &start)
                    .find_map(|at| Self::parse(image, region, at));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn parse(image: &Image<'_>, region: &Region, at: usize) -> Option<Self> {
        let endian = image.format.endian;
        let bytes = image.content(region).get(at..)?;
        let version = version(u32_at(bytes, 0, endian)?)?;
        let (quantum, word) = prefix(bytes, image.format.bits)?;
        if version < PclnVersion::Go118 {
            return None;
        }
        let number = |index: usize| {
            word_at(bytes, index.checked_mul(word)?.checked_add(8)?, image.format.bits, endian)
        };
        let offset = |index| usize::try_from(number(index)?).ok();
        let start = region.content.start.checked_add(at)?;
        let header = Self {
            version,
            address: region.address.checked_add(u64::try_from(at).ok()?)?,
            content: start..region.content.end,
            quantum,
            function_count: offset(0)?,
            file_count: offset(1)?,
            text_start: number(2).filter(|text_start| *text_start != 0),
            funcnametab: offset(3)?,
            cutab: offset(4)?,
            filetab: offset(5)?,
            pctab: offset(6)?,
            functab: offset(7)?,
        };
        header.is_inside(bytes.len(), word).then_some(header)
    }

    fn is_inside(&self, len: usize, word: usize) -> bool {
        let Self { funcnametab, cutab, filetab, pctab, functab, .. } = *self;
        let header_len = word.saturating_mul(8).saturating_add(8);
        // Two numbers for each function, and the end of the last one.
        let index = self.function_count.saturating_mul(8).saturating_add(4);
        [header_len, funcnametab, cutab, filetab, pctab, functab].is_sorted()
            && functab.saturating_add(index) <= len
    }

    /// What tells the module data of this table.
    pub(super) fn key(&self) -> ModuleKey {
        ModuleKey {
            table: self.address,
            funcnametab: u64::try_from(self.funcnametab).unwrap_or(u64::MAX),
            table_len: u64::try_from(self.content.len()).unwrap_or(u64::MAX),
            has_coverage: self.version >= PclnVersion::Go120,
        }
    }

    /// The same table, which ends after `len` bytes if that is after its index of functions.
    pub(super) fn until(mut self, len: Option<u64>) -> Self {
        let end = len
            .and_then(|len| usize::try_from(len).ok())
            .filter(|len| *len > self.functab && *len < self.content.len())
            .and_then(|len| self.content.start.checked_add(len));
        self.content.end = end.unwrap_or(self.content.end);
        let room = self.content.len().saturating_sub(self.functab) / 8;
        self.function_count = self.function_count.min(room);
        self
    }

    /// The parts of the table, in its order.
    pub(super) fn tables(&self, module: Option<&ModuleData>) -> Vec<SubTable> {
        let mut starts = vec![
            ("pcheader", 0),
            ("funcnametab", self.funcnametab),
            ("cutab", self.cutab),
            ("filetab", self.filetab),
            ("pctab", self.pctab),
            ("functab", self.functab),
        ];
        let inside = |address: u64| {
            let offset = usize::try_from(address.checked_sub(self.address)?).ok()?;
            (self.functab..self.content.len()).contains(&offset).then_some(offset)
        };
        if let Some(module) = module {
            starts.extend(inside(module.gofunc).map(|offset| ("go:func.*", offset)));
            starts.extend(inside(module.findfunctab).map(|offset| ("findfunctab", offset)));
        }
        starts.sort_by_key(|(_, offset)| *offset);
        let ends = starts.iter().skip(1).map(|(_, offset)| *offset).chain([self.content.len()]);
        let in_file = |offset: usize| self.content.start.saturating_add(offset);
        let tables = starts.iter().zip(ends);
        tables
            .map(|((name, start), end)| SubTable { name, content: in_file(*start)..in_file(end) })
            .collect()
    }
}

/// Finds a table of Go 1.2 to 1.17 by the name of its section.
pub(super) fn find_older(image: &Image<'_>) -> Option<(PclnVersion, u64, Range<usize>)> {
    let named = image.regions.iter().filter(|region| NAMES.contains(&region.name.as_str()));
    named
        .filter_map(|region| {
            let bytes = image.content(region);
            let version = version(u32_at(bytes, 0, image.format.endian)?)?;
            prefix(bytes, image.format.bits)?;
            (version < PclnVersion::Go118)
                .then(|| (version, region.address, region.content.clone()))
        })
        .next()
}

/// Quantum of instructions and size of a pointer, which follow the magic number and two zeros.
fn prefix(bytes: &[u8], bits: u8) -> Option<(u8, usize)> {
    match *bytes.get(4..8)?.first_chunk()? {
        [0, 0, quantum @ (1 | 2 | 4), word @ (4 | 8)] if word == bits / 8 => {
            Some((quantum, word.into()))
        }
        _ => None,
    }
}

fn magic(version: PclnVersion) -> u32 {
    match version {
        PclnVersion::Go12 => 0xffff_fffb,
        PclnVersion::Go116 => 0xffff_fffa,
        PclnVersion::Go118 => 0xffff_fff0,
        PclnVersion::Go120 => 0xffff_fff1,
    }
}

fn version(number: u32) -> Option<PclnVersion> {
    use PclnVersion::{Go12, Go116, Go118, Go120};
    [Go12, Go116, Go118, Go120].into_iter().find(|version| magic(*version) == number)
}

fn bytes_of(number: u32, endian: Endian) -> [u8; 4] {
    match endian {
        Endian::Little => number.to_le_bytes(),
        Endian::Big => number.to_be_bytes(),
    }
}
