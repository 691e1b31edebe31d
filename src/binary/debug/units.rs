//! Compilation units: in Go one for each package or more, and one for each C file.

use std::collections::BTreeMap;
use std::ops::Range;

use gimli::{
    AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugInfo, EndianSlice, Reader as _,
    RunTimeEndian, UnitHeader, UnitSectionOffset,
};

use super::DebugSections;
use super::line_header::LineTable;
use crate::binary::Endian;
use crate::golang::quote::to_text;

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Bytes looked at for each byte of the sections: units share tables, and damaged ones all of them.
const WORK_PER_BYTE: usize = 8;

/// Names are cut here.
const NAME_MAX: usize = 1 << 16;

/// A compilation unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Import path of a Go package; path of a C file.
    pub name: String,
    /// Empty where there is none.
    pub comp_dir: String,
    /// Version of DWARF.
    pub version: u16,
    /// Entries of its table of files; in DWARF 5 the first is the unit itself. 0 when it has none or a damaged one.
    pub files: usize,
    /// In `.debug_info`, its header included.
    pub info: Range<usize>,
    /// In `.debug_line`, its header included.
    pub line: Option<Range<usize>>,
}

/// The compilation units of an executable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// In the order of `.debug_info`.
    pub units: Vec<Unit>,
    /// What could not be read, one sentence fragment each.
    pub notes: Vec<String>,
}

/// Reads the first entry of each compilation unit, of DWARF 2 to 5.
///
/// The units end at the first one that is damaged, which is a note.
#[must_use]
pub fn units(sections: &DebugSections<'_>, endian: Endian) -> Units {
    let order = match endian {
        Endian::Little => RunTimeEndian::Little,
        Endian::Big => RunTimeEndian::Big,
    };
    let info = sections.content(".debug_info");
    let abbrev = sections.content(".debug_abbrev");
    let mut read = Units::default();
    let mut headers = Vec::new();
    let mut all = DebugInfo::new(info, order).units();
    loop {
        match all.next() {
            Ok(Some(header)) => headers.push(header),
            Ok(None) => break,
            Err(error) => {
                let count = headers.len();
                read.notes.push(format!("header of unit {count} in `.debug_info`: {error}"));
                break;
            }
        }
    }
    let bytes: usize = sections.sections.iter().map(|section| section.content.len()).sum();
    let mut reader = Reader {
        sections,
        endian,
        order,
        abbreviations: abbreviations(abbrev, order, &headers),
        work: bytes.saturating_mul(WORK_PER_BYTE),
    };
    for (index, header) in headers.iter().enumerate() {
        match reader.unit(header) {
            Ok(unit) => read.units.push(unit),
            Err(what) => {
                read.notes.push(format!("unit {index} in `.debug_info`: {what}"));
                if reader.work == 0 {
                    break;
                }
            }
        }
    }
    read
}

/// Reads each table of abbreviations once, up to where the next one starts, so that all of them cost one pass.
fn abbreviations<'a>(
    section: &'a [u8],
    order: RunTimeEndian,
    headers: &[UnitHeader<Slice<'a>>],
) -> BTreeMap<usize, gimli::Result<gimli::Abbreviations>> {
    let mut starts: Vec<_> = headers.iter().map(|header| header.debug_abbrev_offset().0).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([section.len()]);
    let table = |(start, end): (&usize, usize)| {
        let table = DebugAbbrev::new(section.get(*start..end)?, order);
        Some((*start, table.abbreviations(DebugAbbrevOffset(0))))
    };
    starts.iter().zip(ends).filter_map(table).collect()
}

struct Reader<'s> {
    sections: &'s DebugSections<'s>,
    endian: Endian,
    order: RunTimeEndian,
    abbreviations: BTreeMap<usize, gimli::Result<gimli::Abbreviations>>,
    /// Bytes that may still be looked at.
    work: usize,
}

/// Attributes of the first entry that are needed, before what they refer to is read.
#[derive(Default)]
struct Root<'s> {
    name: Option<AttributeValue<Slice<'s>>>,
    comp_dir: Option<AttributeValue<Slice<'s>>>,
    line: Option<usize>,
    str_offsets: Option<usize>,
}

impl<'s> Reader<'s> {
    fn unit(&mut self, header: &UnitHeader<Slice<'s>>) -> Result<Unit, String> {
        let root = self.root(header)?;
        let UnitSectionOffset(start) = header.offset();
        let text = |reader: &mut Self, value: Option<AttributeValue<Slice<'s>>>| {
            let text = value.and_then(|value| reader.text(&value, header, root.str_offsets));
            text.map(|text| to_text(text).into_owned()).unwrap_or_default()
        };
        let name = text(self, root.name);
        let comp_dir = text(self, root.comp_dir);
        let lines = self.sections.content(".debug_line");
        let range =
            root.line.and_then(|start| super::line_header::unit_range(lines, start, self.endian));
        let table = match range {
            Some(range) => {
                self.take(range.len())?;
                LineTable::at(lines, range.start, self.endian)
            }
            None => None,
        };
        Ok(Unit {
            name,
            comp_dir,
            version: header.version(),
            files: table.as_ref().and_then(|table| table.files).unwrap_or_default(),
            info: start..start.saturating_add(header.length_including_self()),
            line: table.map(|table| table.range),
        })
    }

    fn root(&mut self, header: &UnitHeader<Slice<'s>>) -> Result<Root<'s>, String> {
        let at = header.debug_abbrev_offset().0;
        let text = |error: gimli::Error| error.to_string();
        let abbreviations = match self.abbreviations.get(&at) {
            Some(Ok(abbreviations)) => abbreviations,
            Some(Err(error)) => return Err(format!("its abbreviations: {error}")),
            None => return Err("its abbreviations are outside of `.debug_abbrev`".into()),
        };
        let mut entries = header.entries_raw(abbreviations, None).map_err(text)?;
        let abbreviation = entries.read_abbreviation().map_err(text)?;
        let mut root = Root::default();
        let specifications = abbreviation.map(gimli::Abbreviation::attributes).unwrap_or_default();
        // Before they are read: those of a damaged unit may be many, and take no bytes.
        self.work = take(self.work, specifications.len())?;
        for specification in specifications {
            let attribute = entries.read_attribute(*specification).map_err(text)?;
            let value = attribute.value();
            match attribute.name() {
                gimli::DW_AT_name => root.name = Some(value),
                gimli::DW_AT_comp_dir => root.comp_dir = Some(value),
                gimli::DW_AT_stmt_list => root.line = offset(&value),
                gimli::DW_AT_str_offsets_base => root.str_offsets = offset(&value),
                _ => {}
            }
        }
        Ok(root)
    }

    fn text(
        &mut self,
        value: &AttributeValue<Slice<'s>>,
        header: &UnitHeader<Slice<'s>>,
        str_offsets: Option<usize>,
    ) -> Option<&'s [u8]> {
        let (section, start) = match value {
            AttributeValue::String(text) => return Some(text.slice()),
            AttributeValue::DebugStrRef(offset) => (".debug_str", offset.0),
            AttributeValue::DebugLineStrRef(offset) => (".debug_line_str", offset.0),
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let format = header.format();
                let at = index.0.checked_mul(usize::from(format.word_size()))?;
                let at = str_offsets?.checked_add(at)?;
                let offsets = self.sections.content(".debug_str_offsets").get(at..)?;
                let offset = EndianSlice::new(offsets, self.order).read_offset(format).ok()?;
                (".debug_str", offset)
            }
            _ => return None,
        };
        let rest = self.sections.content(section).get(start..)?;
        let rest = rest.get(..NAME_MAX).unwrap_or(rest);
        let text = rest.get(..memchr::memchr(0, rest)?)?;
        self.take(text.len()).ok()?;
        Some(text)
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        let left = take(self.work, bytes);
        self.work = left.as_ref().copied().unwrap_or_default();
        left.map(drop)
    }
}

/// The offset that an attribute is, by the meaning that its name gives it or by its form alone.
fn offset(value: &AttributeValue<Slice<'_>>) -> Option<usize> {
    match value {
        AttributeValue::DebugLineRef(offset) => Some(offset.0),
        AttributeValue::DebugStrOffsetsBase(base) => Some(base.0),
        value => value.offset_value(),
    }
}

fn take(work: usize, bytes: usize) -> Result<usize, String> {
    work.checked_sub(bytes)
        .ok_or_else(|| "units share more than they have, and the rest is not read".into())
}
