//! Numbers in tables that are addresses or offsets, told by what the map foretells.

use std::cell::Cell;
use std::ops::Range;

use super::matched::{Bases, UNLOADED};
use super::targets::Targets;
use crate::binary::{Endian, Format};

/// What numbers in tables may be relative to.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub(super) targets: Targets<'a>,
    memory: Relative,
    debug: Relative,
    endian: Endian,
    /// Bytes of an address.
    word: usize,
    /// What is in memory of the first file.
    loaded: Range<u64>,
}

/// The places of one kind of table.
#[derive(Debug)]
struct Relative {
    bases: Vec<(u64, u64)>,
    /// The base that the last number was relative to: most numbers of a table share theirs.
    last: Cell<usize>,
    /// Numbers that may still be in vain: two files that differ everywhere are not searched for what moved.
    left: Cell<u32>,
}

impl Relative {
    fn new(mut bases: Vec<(u64, u64)>) -> Self {
        const MISSES_MAX: u32 = 1 << 15;
        bases.sort_unstable();
        bases.dedup();
        Self { bases, last: Cell::default(), left: Cell::new(MISSES_MAX) }
    }

    /// Remembers whether something was found.
    fn count<T>(&self, found: Option<T>) -> Option<T> {
        self.left.set(self.left.get().saturating_sub(u32::from(found.is_none())));
        found
    }
}

/// How the numbers of a table lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// At multiples of their size, counted from the start of the block.
    Aligned,
    /// Anywhere, as in debug information, and relative to its sections.
    Any,
}

impl<'a> Words<'a> {
    pub(super) fn new(targets: Targets<'a>, bases: Bases, format: &Format) -> Self {
        let loaded = match targets.first {
            [] => 0..0,
            // What the file does not hold follows what it does.
            [lowest, ..] => lowest.address..UNLOADED,
        };
        Self {
            targets,
            memory: Relative::new(bases.loaded),
            debug: Relative::new(bases.debug),
            endian: format.endian,
            word: usize::from(format.bits / 8),
            loaded,
        }
    }

    /// A number at `at` of both blocks that the map foretells, if there is one that covers this byte.
    ///
    /// Returns its start and its length in bytes. Both blocks begin with corresponding bytes.
    pub(super) fn moved(
        &self,
        first: &[u8],
        second: &[u8],
        at: usize,
        grain: Grain,
    ) -> Option<(usize, usize)> {
        match grain {
            Grain::Aligned => self.moved_in_memory(first, second, at),
            Grain::Any => self.moved_in_debug(first, second, at),
        }
    }

    fn moved_in_memory(&self, first: &[u8], second: &[u8], at: usize) -> Option<(usize, usize)> {
        let relative = &self.memory;
        let start = at - at % 4;
        let short = self.numbers(first, second, start, 4);
        if short.is_some_and(|pair| self.is_last(relative, pair)) {
            return Some((start, 4));
        }
        if relative.left.get() == 0 {
            return None;
        }
        let long_start = at - at % 8;
        let long = self.numbers(first, second, long_start, 8);
        let found = if long.is_some_and(|pair| self.is_address(first, second, long_start, 8, pair))
        {
            Some((long_start, 8))
        } else if short.is_some_and(|pair| {
            self.is_address(first, second, start, 4, pair) || self.finds_base(relative, pair)
        }) {
            Some((start, 4))
        } else {
            None
        };
        relative.count(found)
    }

    /// Addresses are whole words in debug information; all else is relative to one of its sections.
    fn moved_in_debug(&self, first: &[u8], second: &[u8], at: usize) -> Option<(usize, usize)> {
        let relative = &self.debug;
        // The byte that differs first is mostly the lowest of its number.
        let starts = |len: usize| {
            let low = if self.endian == Endian::Big { len - 1 } else { 0 };
            (0..len).filter_map(move |back| at.checked_sub((back + low) % len))
        };
        let offset = starts(4).find(|start| {
            let pair = self.numbers(first, second, *start, 4);
            pair.is_some_and(|pair| self.is_last(relative, pair) || self.finds_base(relative, pair))
        });
        if relative.left.get() == 0 {
            return offset.map(|start| (start, 4));
        }
        let address = || {
            starts(self.word).find(|start| {
                let pair = self.numbers(first, second, *start, self.word);
                pair.is_some_and(|(first, second)| {
                    self.loaded.contains(&first) && self.targets.are_same(first, second)
                })
            })
        };
        let found = offset.map(|start| (start, 4));
        relative.count(found.or_else(|| address().map(|start| (start, self.word))))
    }

    fn numbers(&self, first: &[u8], second: &[u8], start: usize, len: usize) -> Option<(u64, u64)> {
        let read = |block: &[u8]| Some(number(block.get(start..start + len)?, self.endian));
        Some((read(first)?, read(second)?))
    }

    fn is_relative(&self, (first, second): (u64, u64), (one, other): (u64, u64)) -> bool {
        let target = self.targets.map.to_second(one.wrapping_add(first));
        target.is_some_and(|target| target.wrapping_sub(other) == second)
    }

    fn is_last(&self, relative: &Relative, pair: (u64, u64)) -> bool {
        let base = relative.bases.get(relative.last.get());
        base.is_some_and(|base| self.is_relative(pair, *base))
    }

    fn finds_base(&self, relative: &Relative, pair: (u64, u64)) -> bool {
        if relative.left.get() == 0 {
            return false;
        }
        let base = relative.bases.iter().position(|base| self.is_relative(pair, *base));
        relative.last.set(base.unwrap_or(relative.last.get()));
        base.is_some()
    }

    /// Whether two numbers of `len` bytes are addresses of the same thing.
    fn is_address(
        &self,
        first_block: &[u8],
        second_block: &[u8],
        start: usize,
        len: usize,
        (first, second): (u64, u64),
    ) -> bool {
        if self.targets.are_same(first, second) {
            return true;
        }
        if len != self.word {
            return false;
        }
        // A string in memory is its address and its length.
        let texts = self.numbers(first_block, second_block, start + len, len);
        let text_len = texts.filter(|(one, other)| one == other && *one > 0);
        let text_len = text_len.and_then(|(len, _)| usize::try_from(len).ok());
        text_len.is_some_and(|len| self.targets.hold_same_text(first, second, len))
    }
}

/// A number of four or eight bytes.
pub(super) fn number(bytes: &[u8], endian: Endian) -> u64 {
    match (bytes.len(), bytes.first_chunk::<4>(), bytes.first_chunk::<8>(), endian) {
        (4, Some(bytes), _, Endian::Big) => u32::from_be_bytes(*bytes).into(),
        (4, Some(bytes), _, Endian::Little) => u32::from_le_bytes(*bytes).into(),
        (_, _, Some(bytes), Endian::Big) => u64::from_be_bytes(*bytes),
        (_, _, Some(bytes), Endian::Little) => u64::from_le_bytes(*bytes),
        _ => 0,
    }
}
