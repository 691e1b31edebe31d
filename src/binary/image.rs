//! An executable laid open: each part of the file, where it is in memory, and what it is called.

use std::ops::Range;

use super::layout::Layout;
use super::symbols::Symbol;
use super::{Format, ObjectError, elf, mach_o, malformed_universal, pe, sniff};
use crate::golang::build_id::BuildId;
use crate::golang::build_info::BuildInfo;

/// An executable laid open.
#[derive(Debug)]
pub struct Image<'a> {
    /// The whole file.
    pub file: &'a [u8],
    pub format: Format,
    pub build_id: Option<BuildId>,
    /// As in the file, before it is parsed; empty where there is none.
    pub build_id_text: Vec<u8>,
    /// Descriptor of the GNU build ID note.
    pub gnu_build_id: Option<&'a [u8]>,
    pub build_info: Option<BuildInfo>,
    /// What `LC_UUID` of Mach-O holds, in the file.
    pub uuid: Option<Range<usize>>,
    /// Signatures and checksums over the file, and the headers that say where these are.
    pub signatures: Vec<Range<usize>>,
    /// Every byte of the file once, in the order of the file.
    pub regions: Vec<Region>,
    /// Sections that are in memory only, such as `.bss`.
    pub unfiled: Vec<Region>,
    /// Those of the symbol table, by address; empty when it is stripped.
    pub symbols: Vec<Symbol<'a>>,
}

/// A section, or what is between two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Region {
    /// As in [`super::Section`]; empty between sections: headers, padding, tables outside of sections.
    pub name: String,
    /// At the preferred base of the image; 0 for what is not loaded.
    pub address: u64,
    /// Size in memory, in bytes.
    pub size: u64,
    /// Where in the file; empty for what is in memory only.
    pub content: Range<usize>,
    /// In the way of ELF: the content starts with a header that says how.
    pub is_compressed: bool,
}

impl<'a> Image<'a> {
    /// Lays one executable open.
    ///
    /// # Errors
    ///
    /// As [`super::summarize`]; also for a universal file, whose architectures are images of their own
    /// ([`super::universal_slices`]).
    pub fn parse(file: &'a [u8]) -> Result<Self, ObjectError> {
        let layout = match sniff::sniff(file)? {
            sniff::Kind::Elf => elf::layout(file)?,
            sniff::Kind::MachO => mach_o::layout(file)?,
            sniff::Kind::UniversalMachO => return Err(malformed_universal()),
            sniff::Kind::Pe => pe::layout(file)?,
        };
        Self::of(file, layout)
    }

    fn of(file: &'a [u8], layout: Layout<'a>) -> Result<Self, ObjectError> {
        layout.check_overlap(file.len())?;
        let symbols = layout.symbols.as_ref().map(|table| table.read(file, &layout.format));
        let build_id_text = layout.build_id.unwrap_or_default();
        let build_id =
            std::str::from_utf8(&build_id_text).ok().and_then(|text| BuildId::parse(text).ok());
        let (mut regions, mut unfiled) = (Vec::new(), Vec::new());
        for section in layout.sections {
            let content = section.content.unwrap_or_default();
            let to = if content.is_empty() { &mut unfiled } else { &mut regions };
            to.push(Region {
                name: section.name,
                address: section.address,
                size: section.bytes,
                content,
                is_compressed: section.is_compressed,
            });
        }
        Ok(Self {
            file,
            build_info: BuildInfo::find(layout.build_info).ok(),
            build_id,
            build_id_text,
            gnu_build_id: layout.gnu_build_id,
            uuid: layout.uuid,
            signatures: layout.signatures,
            regions: cover(regions, file.len()),
            unfiled,
            symbols: symbols.unwrap_or_default(),
            format: layout.format,
        })
    }

    /// The bytes of a region.
    #[must_use]
    pub fn content(&self, region: &Region) -> &'a [u8] {
        self.file.get(region.content.clone()).unwrap_or_default()
    }

    /// Finds a region by the first of these names that there is.
    #[must_use]
    pub fn region(&self, names: &[&str]) -> Option<&Region> {
        names.iter().find_map(|name| self.regions.iter().find(|region| region.name == *name))
    }

    /// The loaded region at an address, and the offset in it, in bytes.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<(&Region, usize)> {
        self.regions.iter().filter(|region| region.address != 0).find_map(|region| {
            let offset = usize::try_from(address.checked_sub(region.address)?).ok()?;
            (offset < region.content.len()).then_some((region, offset))
        })
    }
}

/// Adds what is between the regions. Of two that overlap the later one gets what is left.
fn cover(mut regions: Vec<Region>, file_len: usize) -> Vec<Region> {
    regions.sort_by_key(|region| (region.content.start, region.content.end));
    let mut whole = Vec::with_capacity(regions.len().saturating_mul(2));
    let mut end = 0;
    let between = |content: Range<usize>| Region { content, ..Region::default() };
    for mut region in regions {
        if region.content.start > end {
            whole.push(between(end..region.content.start));
        }
        let skipped = end.saturating_sub(region.content.start).min(region.content.len());
        region.content.start = region.content.start.saturating_add(skipped);
        if region.address != 0 {
            let skipped = u64::try_from(skipped).unwrap_or(u64::MAX);
            region.address = region.address.saturating_add(skipped);
        }
        end = end.max(region.content.end);
        if !region.content.is_empty() {
            whole.push(region);
        }
    }
    if end < file_len {
        whole.push(between(end..file_len));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str, content: Range<usize>) -> Region {
        Region { name: name.into(), address: 0x1000, content, ..Region::default() }
    }

    #[test]
    fn every_byte_is_in_one_region() {
        let regions =
            vec![region("b", 6..8), region("a", 1..4), region("in a", 2..3), region("a'", 3..5)];
        let whole = cover(regions, 10);
        let shown: Vec<_> = whole
            .iter()
            .map(|region| (region.name.as_str(), region.content.clone(), region.address))
            .collect();
        assert_eq!(
            shown,
            [
                ("", 0..1, 0),
                ("a", 1..4, 0x1000),
                ("a'", 4..5, 0x1001),
                ("", 5..6, 0),
                ("b", 6..8, 0x1000),
                ("", 8..10, 0)
            ]
        );
    }
}
