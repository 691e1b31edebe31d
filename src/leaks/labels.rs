//! What a place in an executable is called.

use std::cell::OnceCell;
use std::ops::Range;

use memchr::memmem;

use super::Origin;
use crate::binary::image::{Image, Region};
use crate::binary::pclntab::Pclntab;

/// Frames of the text of the build info, which is in the file twice.
///
/// Source: `ModInfoProg` and `ModInfoData` in `cmd/go/internal/modload/build.go`, Go 1.21 to 1.27.
const INFO_START: [u8; 16] = *b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const INFO_END: [u8; 16] = *b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";

/// Starts of a build info that are looked at.
const FRAMES: usize = 8;

/// Bytes of a line of the build info before a value; a key stands at its start.
const LINE: usize = 4096;

/// Symbols looked at to find one that holds an address.
const SYMBOLS_BACK: usize = 64;

/// Names for places in one executable. What they are read from is read when a first one is asked for.
pub(super) struct Labels<'i, 'a> {
    image: &'i Image<'a>,
    pclntab: OnceCell<Option<Pclntab<'a>>>,
    build_info: OnceCell<Vec<Range<usize>>>,
}

impl<'i, 'a> Labels<'i, 'a> {
    pub(super) const fn new(image: &'i Image<'a>) -> Self {
        Self { image, pclntab: OnceCell::new(), build_info: OnceCell::new() }
    }

    /// What an offset in a region, in bytes, is part of.
    pub(super) fn of(&self, region: &Region, offset: usize) -> (Origin, Option<String>) {
        if is_debug(&region.name) {
            return (Origin::Paths, None);
        }
        let place = region.content.start.saturating_add(offset);
        if let Some(info) = self.build_info().iter().find(|info| info.contains(&place)) {
            return (Origin::BuildInfo, Some(self.setting(info, place)));
        }
        if let Some(table) = self.pclntab().filter(|table| table.content.contains(&place)) {
            let part = table.tables.iter().find(|part| part.content.contains(&place));
            return (Origin::Paths, part.map(|part| part.name.to_owned()));
        }
        if region.name.ends_with("gopclntab") {
            return (Origin::Paths, None);
        }
        (Origin::Content, self.symbol(region, offset))
    }

    fn pclntab(&self) -> Option<&Pclntab<'a>> {
        self.pclntab.get_or_init(|| Pclntab::read(self.image)).as_ref()
    }

    fn build_info(&self) -> &[Range<usize>] {
        self.build_info.get_or_init(|| {
            // Two are in a file; more are a program's that reads such files.
            let starts = memmem::find_iter(self.image.file, &INFO_START).take(FRAMES);
            let framed = starts.filter_map(|start| {
                let text = self.image.file.get(start..)?;
                let end = start.checked_add(memmem::find(text, &INFO_END)?)?;
                Some(start.checked_add(INFO_START.len())?..end)
            });
            framed.collect()
        })
    }

    /// The key of the line of the build info: `build info -ldflags`, `build info dep`.
    fn setting(&self, info: &Range<usize>, place: usize) -> String {
        let start = info.start.max(place.saturating_sub(LINE));
        let before = self.image.file.get(start..place).unwrap_or_default();
        let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_prefix(b"build\t").unwrap_or(line);
        let key = line.split(|byte| matches!(byte, b'=' | b'\t')).next().unwrap_or_default();
        format!("build info {}", String::from_utf8_lossy(key)).trim_end().to_owned()
    }

    fn symbol(&self, region: &Region, offset: usize) -> Option<String> {
        if region.address == 0 {
            return None;
        }
        let address = region.address.checked_add(u64::try_from(offset).ok()?)?;
        let symbols = &self.image.symbols;
        let after = symbols.partition_point(|symbol| symbol.address <= address);
        let before = symbols.get(..after)?.iter().rev().take(SYMBOLS_BACK);
        let mut here = before.take_while(|symbol| symbol.address >= region.address);
        let found = here.find(|symbol| {
            symbol.size.is_none_or(|size| address < symbol.address.saturating_add(size))
        });
        let name = found
            .map(|symbol| symbol.name)
            .or_else(|| self.pclntab()?.function_at(address).map(|function| function.name))?;
        // The linker calls the text of a variable that `-X` stamps so.
        let name = String::from_utf8_lossy(name);
        Some(name.strip_suffix(".str").unwrap_or(&name).to_owned())
    }
}

pub(super) fn is_debug(section: &str) -> bool {
    section.contains("debug_")
}
