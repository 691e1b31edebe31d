//! What kind of thing a region is, and the regions of two files matched.

use std::collections::BTreeMap;

use crate::binary::Container;
use crate::binary::image::{Image, Region};

/// What the bytes of a region mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    /// Variables and constants in memory.
    Data,
    /// Go's table of functions, files and lines.
    LineTable,
    /// Addresses and offsets made from the rest: relocations, dynamic symbols, type links.
    Table,
    /// Debug information.
    Debug,
    /// Debug information whose unpacked content is compared instead.
    Packed,
    /// The static symbol table and its names.
    Symbols,
    /// Headers, load commands, section tables, padding.
    Header,
}

/// A region of either file, or the two of one name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) first: Option<&'a Region>,
    pub(super) second: Option<&'a Region>,
    pub(super) kind: Kind,
}

/// Matches regions by name, in the order of the second file; those of the first alone come last.
pub(super) fn paired<'a>(first: &'a Image<'_>, second: &'a Image<'_>) -> Vec<Pair<'a>> {
    let first_all = || first.regions.iter().chain(&first.unfiled);
    let mut of_key: BTreeMap<(&str, usize), &Region> = BTreeMap::new();
    let mut keys = Keys::default();
    for region in first_all() {
        of_key.insert(keys.key(first, region), region);
    }
    let mut keys = Keys::default();
    let mut pairs = Vec::new();
    for region in second.regions.iter().chain(&second.unfiled) {
        let key = keys.key(second, region);
        let kind = kind(second, region);
        pairs.push(Pair { first: of_key.remove(&key), second: Some(region), kind });
    }
    let mut keys = Keys::default();
    for region in first_all() {
        if of_key.contains_key(&keys.key(first, region)) {
            pairs.push(Pair { first: Some(region), second: None, kind: kind(first, region) });
        }
    }
    pairs
}

/// Names regions: the n-th of a name; what is between two sections by the section that it precedes.
#[derive(Default)]
struct Keys<'a>(BTreeMap<&'a str, usize>);

impl<'a> Keys<'a> {
    fn key(&mut self, image: &'a Image<'_>, region: &'a Region) -> (&'a str, usize) {
        if region.name.is_empty() {
            let next = image
                .regions
                .iter()
                .find(|next| !next.name.is_empty() && next.content.start >= region.content.end);
            return (next.map_or("", |next| &next.name), usize::MAX);
        }
        let count = self.0.entry(&region.name).or_default();
        *count += 1;
        (&region.name, *count)
    }
}

/// Whether a program writes to what a region holds, and the linker gave all of it names.
pub(super) fn is_variable(region: &Region) -> bool {
    matches!(short(region), "data" | "noptrdata" | "bss" | "noptrbss")
}

/// Without the segment of Mach-O and without what all names start with.
fn short(region: &Region) -> &str {
    let name = region.name.as_str();
    name.rsplit(',').next().unwrap_or(name).trim_start_matches(['.', '_'])
}

pub(super) fn kind(image: &Image<'_>, region: &Region) -> Kind {
    let name = region.name.as_str();
    let short = short(region);
    if name.is_empty() {
        return Kind::Header;
    }
    if short.starts_with("debug_") || short.starts_with("zdebug_") {
        return Kind::Debug;
    }
    if short.ends_with("gopclntab") {
        return Kind::LineTable;
    }
    match (image.format.container, short) {
        (Container::Elf, "symtab" | "strtab" | "shstrtab") | (Container::Pe, "symtab") => {
            Kind::Symbols
        }
        (_, "text") => Kind::Code,
        (Container::Elf, "init" | "fini" | "plt" | "plt.sec" | "plt.got") => Kind::Code,
        (Container::MachO, "symbol_stub1" | "stubs" | "stub_helper") => Kind::Code,
        (
            _,
            "typelink" | "itablink" | "gosymtab" | "dynsym" | "dynstr" | "hash" | "gnu.hash"
            | "gnu.version" | "gnu.version_r" | "interp" | "comment",
        ) => Kind::Table,
        _ if short.starts_with("rel") || short.starts_with("got") => Kind::Table,
        _ if region.address == 0 => Kind::Header,
        _ => Kind::Data,
    }
}
