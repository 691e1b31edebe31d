//! What Go's linker tells the runtime of a program: where its parts are in memory.
//!
//! Source: `moduledata` in `runtime/symtab.go` of Go 1.20 to 1.27; for 1.18 and 1.19 without the coverage counters.

use super::image::Image;
use super::numbers::{u64_at, word_at};
use crate::golang::build_info::BuildInfo;

/// Words read of it: as far as `itablinks` of the longest.
const WORDS: usize = 52;

/// Bytes of an `Elf64_Rela`.
const RELOCATION_LEN: usize = 24;

/// Which fields there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModuleLayout {
    /// Go 1.18 and 1.19.
    Go118,
    /// Go 1.20 to 1.25.
    Go120,
    /// Go 1.26.
    Go126,
    /// Go 1.27.
    Go127,
}

/// Addresses of what a program consists of.
///
/// Offsets of four bytes in type descriptors are relative to `types`, or to `text` for methods; those of
/// funcdata in function records are relative to `gofunc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleData {
    pub layout: ModuleLayout,
    pub address: u64,
    pub findfunctab: u64,
    pub text: u64,
    pub etext: u64,
    pub noptrdata: u64,
    pub enoptrdata: u64,
    pub data: u64,
    pub edata: u64,
    pub bss: u64,
    pub ebss: u64,
    pub noptrbss: u64,
    pub enoptrbss: u64,
    pub end: u64,
    pub types: u64,
    pub etypes: u64,
    pub rodata: u64,
    pub gofunc: u64,
    /// Before Go 1.27, whose type descriptors follow each other instead: offsets of four bytes from `types`.
    pub typelinks: Option<Slice>,
    /// Before Go 1.27: addresses of itabs.
    pub itablinks: Option<Slice>,
    /// From Go 1.27 on: bytes of type descriptors from `types` on.
    pub typedesclen: Option<u64>,
    /// From Go 1.27 on: where itabs are, in bytes from `types` on, and how many bytes of them.
    pub itabs: Option<(u64, u64)>,
    /// The part of the program's functions in the table of lines.
    pclntable: Slice,
    epclntab: Option<u64>,
}

/// A slice of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    pub address: u64,
    /// Number of elements.
    pub len: u64,
}

/// What the module data of a table of lines starts with.
pub(super) struct ModuleKey {
    pub(super) table: u64,
    /// Offset in the table, as the next.
    pub(super) funcnametab: u64,
    pub(super) table_len: u64,
    /// From Go 1.20 on.
    pub(super) has_coverage: bool,
}

impl ModuleData {
    /// Finds it by its symbol, by its section, or by the address of the table that it starts with.
    pub(super) fn find(image: &Image<'_>, key: &ModuleKey) -> Option<Self> {
        let symbol = image.symbols.iter().find(|symbol| symbol.name == b"runtime.firstmoduledata");
        let section =
            image.region(&[".go.module", "__DATA,__go_module", "__DATA_CONST,__go_module"]);
        let told = [symbol.map(|symbol| symbol.address), section.map(|region| region.address)];
        told.into_iter()
            .flatten()
            .find_map(|address| Self::at(image, address, key))
            .or_else(|| Self::search(image, key))
    }

    fn search(image: &Image<'_>, key: &ModuleKey) -> Option<Self> {
        let word = usize::from(image.format.bits / 8);
        let mut start = match image.format.endian {
            super::Endian::Little => key.table.to_le_bytes(),
            super::Endian::Big => key.table.to_be_bytes(),
        };
        let start = match image.format.endian {
            super::Endian::Little => start.get_mut(..word)?,
            super::Endian::Big => start.get_mut(8_usize.checked_sub(word)?..)?,
        };
        let loaded = image.regions.iter().filter(|region| region.address != 0);
        for region in loaded {
            let found = memchr::memmem::find_iter(image.content(region), &start).find_map(|at| {
                Self::at(image, region.address.checked_add(u64::try_from(at).ok()?)?, key)
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn at(image: &Image<'_>, address: u64, key: &ModuleKey) -> Option<Self> {
        let words = words(image, address, key)?;
        let shift = if key.has_coverage { 0 } else { 2 };
        let after = |index: usize| words.get(index.checked_sub(shift)?).copied();
        let layout = layout(image.build_info.as_ref(), key, &after)?;
        let word = |index: usize| words.get(index).copied();
        let slice = |index: usize| {
            Some(Slice { address: after(index)?, len: after(index.checked_add(1)?)? })
        };
        // Numbers of `after` are those of Go 1.20.
        let (etypes, rodata, gofunc) = match layout {
            ModuleLayout::Go127 => (39, 42, 43),
            _ => (38, 39, 40),
        };
        let links = match layout {
            ModuleLayout::Go118 | ModuleLayout::Go120 => Some(44),
            ModuleLayout::Go126 => Some(45),
            ModuleLayout::Go127 => None,
        };
        let newest = |index| after(index).filter(|_| layout == ModuleLayout::Go127);
        let module = Self {
            layout,
            address,
            findfunctab: word(19)?,
            text: word(22)?,
            etext: word(23)?,
            noptrdata: word(24)?,
            enoptrdata: word(25)?,
            data: word(26)?,
            edata: word(27)?,
            bss: word(28)?,
            ebss: word(29)?,
            noptrbss: word(30)?,
            enoptrbss: word(31)?,
            end: after(34)?,
            types: after(37)?,
            etypes: after(etypes)?,
            rodata: after(rodata)?,
            gofunc: after(gofunc)?,
            typelinks: links.and_then(slice),
            itablinks: links.and_then(|index: usize| slice(index.checked_add(3)?)),
            typedesclen: newest(38),
            itabs: newest(40).zip(newest(41)),
            pclntable: Slice { address: word(13)?, len: word(14)? },
            epclntab: match layout {
                ModuleLayout::Go126 => after(41),
                ModuleLayout::Go127 => after(44),
                _ => None,
            },
        };
        (module.text <= module.etext && module.types <= module.etypes).then_some(module)
    }

    /// How many bytes the table of lines at an address has.
    pub(super) fn table_end(&self, address: u64) -> Option<u64> {
        let of_functions = self.pclntable.address.checked_add(self.pclntable.len);
        self.epclntab.or(of_functions)?.checked_sub(address)
    }
}

/// The numbers at an address, if those are module data.
fn words(image: &Image<'_>, address: u64, key: &ModuleKey) -> Option<Vec<u64>> {
    let (region, offset) = image.at(address)?;
    let bytes = image.content(region).get(offset..)?;
    let size = usize::from(image.format.bits / 8);
    let number = |index: usize| {
        word_at(bytes, index.checked_mul(size)?, image.format.bits, image.format.endian)
    };
    let mut words: Vec<u64> = (0..WORDS).map_while(number).collect();
    if words.first() == Some(&0) {
        relocate(image, address, &mut words);
    }
    let [table, names, ..] = words.as_slice() else { return None };
    (*table == key.table && *names == table.checked_add(key.funcnametab)?).then_some(words)
}

/// Writes what the dynamic linker would write: the external linkers of position-independent programs
/// leave zeros where an address has to be.
///
/// Source: System V ABI, `Elf64_Rela`; those of base addresses alone have no symbol.
fn relocate(image: &Image<'_>, address: u64, words: &mut [u64]) {
    let is_table = |name: &str| matches!(name, ".rela" | ".rela.dyn");
    let tables = image.regions.iter().filter(|region| is_table(&region.name));
    if image.format.bits != 64 {
        return;
    }
    let endian = image.format.endian;
    for entry in tables.flat_map(|table| image.content(table).chunks_exact(RELOCATION_LEN)) {
        let number = |at| u64_at(entry, at, endian);
        let (Some(place), Some(info), Some(base)) = (number(0), number(8), number(16)) else {
            continue;
        };
        let Some(offset) = place.checked_sub(address).filter(|_| info >> 32 == 0) else {
            continue;
        };
        let index = usize::try_from(offset / 8).unwrap_or(usize::MAX);
        if let Some(word) = words.get_mut(index).filter(|_| offset % 8 == 0) {
            *word = base;
        }
    }
}

/// Tells the layout by the version in the build info, or by the numbers where there is none.
fn layout(
    info: Option<&BuildInfo>,
    key: &ModuleKey,
    word: &impl Fn(usize) -> Option<u64>,
) -> Option<ModuleLayout> {
    if !key.has_coverage {
        return Some(ModuleLayout::Go118);
    }
    if let Some(minor) = info.and_then(|info| minor(&info.go_version)) {
        match minor {
            20..=25 => return Some(ModuleLayout::Go120),
            26 => return Some(ModuleLayout::Go126),
            27 => return Some(ModuleLayout::Go127),
            _ => {}
        }
    }
    let ends_table = |index| {
        let end = word(index)?.checked_sub(key.table)?;
        Some(end > key.funcnametab && end <= key.table_len)
    };
    let types_len = word(39)?.checked_sub(word(37)?);
    let is_newest =
        types_len.is_some_and(|len| word(38).is_some_and(|descriptors| descriptors <= len));
    Some(match () {
        () if is_newest && ends_table(44) == Some(true) => ModuleLayout::Go127,
        () if ends_table(41) == Some(true) => ModuleLayout::Go126,
        () => ModuleLayout::Go120,
    })
}

/// 27 of `go1.27.3 X:nosplit`, or of `devel go1.27-0123456789`.
fn minor(version: &str) -> Option<u32> {
    let version = version.split(' ').find_map(|word| word.strip_prefix("go1."))?;
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_version_is_found_in_what_go_writes() {
        assert_eq!(minor("go1.27.3"), Some(27));
        assert_eq!(minor("go1.26rc1 X:boringcrypto"), Some(26));
        assert_eq!(minor("devel go1.28-1a2b3c Mon"), Some(28));
        assert_eq!(minor("unknown"), None);
    }
}
