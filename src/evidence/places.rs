//! What is at an address, told without the address.

use super::names::short;
use crate::binary::Endian;
use crate::binary::image::Image;
use crate::binary::pclntab::Pclntab;

/// What the linker puts in place of the call of a map's initialiser when nothing uses the map.
const NO_MAP_INIT: &[u8] = b"runtime.mapinitnoop";

/// Bytes.
const LOADED_GRAIN: u64 = 1 << 26;

/// What is where in a program.
pub(super) struct Places<'a> {
    /// By address.
    functions: Vec<Named>,
    /// By address; empty in a stripped file.
    symbols: Vec<Named>,
    /// By address.
    blocks: Vec<Block<'a>>,
    /// From the first loaded byte to the last, in memory.
    loaded: (u64, u64),
    /// Bytes of an address.
    pub(super) word: usize,
    big_endian: bool,
    /// The functions that are entered anywhere.
    duffs: [u64; 2],
    /// Whether symbols have sizes.
    has_sizes: bool,
}

struct Named {
    address: u64,
    end: u64,
    name: u64,
}

struct Block<'a> {
    address: u64,
    bytes: &'a [u8],
    is_constant: bool,
}

/// What an address is that of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// So many bytes into a Go function.
    Function { name: u64, offset: u64 },
    /// Something of the program.
    Loaded,
    /// Nothing of the program.
    Outside,
}

impl<'a> Places<'a> {
    pub(super) fn new(image: &Image<'a>, lines: &Pclntab<'a>) -> Self {
        let functions = lines.functions.iter().map(|function| Named {
            address: function.address,
            end: function.end,
            name: function_name(function.name),
        });
        let all = || image.regions.iter().chain(&image.unfiled);
        let placed = all().filter(|region| region.address != 0 && region.size > 0);
        let loaded = placed.fold((u64::MAX, 0), |(first, last), region| {
            (first.min(region.address), last.max(region.address.saturating_add(region.size)))
        });
        // Numbers that look like an address do so in a program that is a little longer as well.
        let loaded =
            (loaded.0, loaded.1.checked_next_multiple_of(LOADED_GRAIN).unwrap_or(u64::MAX));
        let mut blocks: Vec<_> = image
            .regions
            .iter()
            .filter(|region| region.address != 0)
            .map(|region| Block {
                address: region.address,
                bytes: image.content(region),
                is_constant: region.name.ends_with("rodata") || region.name == ".rdata",
            })
            .collect();
        blocks.sort_by_key(|block| block.address);
        Self {
            functions: functions.collect(),
            symbols: symbols(image),
            blocks,
            loaded,
            word: usize::from(image.format.bits / 8),
            big_endian: image.format.endian == Endian::Big,
            has_sizes: image.symbols.iter().any(|symbol| symbol.size.is_some()),
            duffs: [b"runtime.duffzero", b"runtime.duffcopy"].map(|name| short(name)),
        }
    }

    /// Whether a function is entered in the middle: one that clears or copies the rest.
    pub(super) fn is_entered_anywhere(&self, name: u64) -> bool {
        self.duffs.contains(&name)
    }

    pub(super) fn has_symbols(&self) -> bool {
        !self.symbols.is_empty()
    }

    pub(super) fn target(&self, address: u64) -> Target {
        if let Some((name, offset)) = find(&self.functions, address) {
            return Target::Function { name, offset };
        }
        if self.is_loaded(address) { Target::Loaded } else { Target::Outside }
    }

    /// Whether the number may be an address of the program.
    pub(super) fn is_loaded(&self, address: u64) -> bool {
        self.loaded.0 <= address && address < self.loaded.1
    }

    /// The variable at an address, as a hash of its name, and how many bytes into it.
    ///
    /// `None` where the format has no sizes: an empty variable is where the next one is.
    pub(super) fn variable(&self, address: u64) -> Option<(u64, u64)> {
        self.has_sizes.then(|| find(&self.symbols, address)).flatten()
    }

    /// The string of so many bytes at an address, where what is there can be one.
    ///
    /// Numbers and addresses in memory mostly have a NUL in them, text has none.
    pub(super) fn text(&self, address: u64, len: u64) -> Option<&'a [u8]> {
        /// Code has a shorter one at hand in hardly any other meaning than as the length of a string.
        const TEXT_MAX: u64 = 1 << 20;
        if !(2..=TEXT_MAX).contains(&len) {
            return None;
        }
        let block = self.block(address)?;
        let rest = block.bytes.get(usize::try_from(address - block.address).ok()?..)?;
        let text = rest.get(..usize::try_from(len).ok()?)?;
        let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b);
        // Shorter than an address, it may be part of one.
        let is_address =
            rest.get(..self.word).is_some_and(|word| self.is_loaded(self.number(word)));
        let is_text = !is_address && !text.iter().any(is_control);
        (is_text && std::str::from_utf8(text).is_ok()).then_some(text)
    }

    /// The strings of a slice of so many at an address, if it can be one: else a pair of words is no
    /// address of a text and its length.
    pub(super) fn texts(&self, address: u64, len: u64) -> Option<Vec<u8>> {
        const TEXTS_MAX: u64 = 1 << 12;
        if !(1..=TEXTS_MAX).contains(&len) {
            return None;
        }
        let pair = self.word.checked_mul(2)?;
        let bytes = self.bytes(address, len.checked_mul(u64::try_from(pair).ok()?)?)?;
        let mut texts = Vec::new();
        for pair in bytes.chunks_exact(pair) {
            let (text, text_len) = pair.split_at(self.word);
            let (text, text_len) = (self.number(text), self.number(text_len));
            if text_len < 2 && text != 0 && !self.is_loaded(text) {
                return None;
            }
            texts.extend(text_len.to_le_bytes());
            // Of a shorter one nothing tells that it is text.
            if text_len >= 2 {
                texts.extend(self.text(text, text_len)?);
            }
        }
        Some(texts)
    }

    /// The constant of so many bytes that code reads from an address, unless addresses are in it.
    pub(super) fn constant(&self, address: u64, len: usize) -> Option<&'a [u8]> {
        let block = self.block(address).filter(|block| block.is_constant)?;
        let at = usize::try_from(address - block.address).ok()?;
        let bytes = block.bytes.get(at..at.checked_add(len)?)?;
        let mut words = bytes.chunks_exact(self.word);
        (!words.any(|word| self.is_loaded(self.number(word)))).then_some(bytes)
    }

    pub(super) fn number(&self, bytes: &[u8]) -> u64 {
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }

    /// The bytes of a file from an address on.
    pub(super) fn bytes(&self, address: u64, len: u64) -> Option<&'a [u8]> {
        let block = self.block(address)?;
        let at = usize::try_from(address - block.address).ok()?;
        block.bytes.get(at..at.checked_add(usize::try_from(len).ok()?)?)
    }

    fn block(&self, address: u64) -> Option<&Block<'a>> {
        let next = self.blocks.partition_point(|block| block.address <= address);
        self.blocks.get(next.checked_sub(1)?)
    }
}

/// A name as others refer to it: the linker chooses between two that stand for each other.
pub(super) fn function_name(name: &[u8]) -> u64 {
    let is_map_init = name == NO_MAP_INIT || memchr::memmem::find(name, b".map.init.").is_some();
    short(if is_map_init { NO_MAP_INIT } else { name })
}

fn find(named: &[Named], address: u64) -> Option<(u64, u64)> {
    let next = named.partition_point(|one| one.address <= address);
    let one = named.get(next.checked_sub(1)?)?;
    (address < one.end).then(|| (one.name, address - one.address))
}

/// Variables by address, each up to its end, or to the next where the format has no sizes.
fn symbols(image: &Image<'_>) -> Vec<Named> {
    let groups: Vec<_> =
        image.symbols.chunk_by(|one, other| one.address == other.address).collect();
    let ends = groups.iter().skip(1).filter_map(|group| group.first()).map(|next| next.address);
    groups
        .iter()
        .zip(ends.chain([u64::MAX]))
        .filter_map(|(group, next)| {
            let symbol = group.iter().max_by_key(|symbol| (symbol.size, symbol.name))?;
            let size = symbol.size.unwrap_or(next - symbol.address);
            let end = symbol.address.saturating_add(size);
            is_variable(symbol.name).then(|| Named {
                address: symbol.address,
                end,
                name: short(symbol.name),
            })
        })
        .collect()
}

/// Whether a symbol is something that a package declares, and not what the linker gathers.
pub(super) fn is_variable(name: &[u8]) -> bool {
    const MADE: [&[u8]; 8] = [
        b"runtime.e",
        b"runtime.types",
        b"runtime.rodata",
        b"runtime.gc",
        b"runtime.text",
        b"runtime.pclntab",
        b"runtime.findfunctab",
        b"runtime.symtab",
    ];
    const SECTIONS: [&[u8]; 8] = [
        b"runtime.data",
        b"runtime.bss",
        b"runtime.noptrdata",
        b"runtime.noptrbss",
        b"runtime.end",
        b"runtime.typelink",
        b"runtime.itablink",
        b"runtime.firstmoduledata",
    ];
    name.contains(&b'.')
        && !name.starts_with(b"go:")
        && !name.starts_with(b"type:")
        && !name.starts_with(b"go.")
        && !name.starts_with(b"type.")
        && !name.starts_with(b"$")
        && !MADE.iter().any(|start| name.starts_with(start))
        && !SECTIONS.contains(&name)
}
