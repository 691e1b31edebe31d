//! Numbers in tables that are addresses or offsets, told by what the map foretells.

use std::cell::Cell;

use super::targets::Targets;

/// What numbers in tables may be relative to.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub(super) targets: Targets<'a>,
    /// The same place in both files: start of types, of code, of a string table.
    pub(super) bases: Vec<(u64, u64)>,
    pub(super) big_endian: bool,
    /// The base that the last number was relative to.
    pub(super) last: Cell<usize>,
    /// Numbers that nothing foretold.
    pub(super) misses: Cell<u32>,
}

/// Two files that differ everywhere are not searched for what moved.
const MISSES_MAX: u32 = 1 << 17;

/// How the numbers of a table lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// At multiples of their size, counted from the start of the block.
    Aligned,
    /// Anywhere, as in debug information.
    Any,
}

impl Words<'_> {
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
        let starts = |len: usize| {
            let (earliest, step) = match grain {
                Grain::Aligned => (at - at % len, len),
                Grain::Any => (at.saturating_sub(len - 1), 1),
            };
            (earliest..=at).step_by(step)
        };
        // Most numbers of a table are relative to the same place.
        if let Some(base) = self.bases.get(self.last.get()) {
            let found = starts(4).find(|start| {
                let pair = self.numbers(first, second, *start, 4);
                pair.is_some_and(|pair| self.is_relative(pair, *base))
            });
            if let Some(start) = found {
                return Some((start, 4));
            }
        }
        if self.misses.get() > MISSES_MAX {
            return None;
        }
        let found = [8, 4].into_iter().find_map(|len| {
            let start = starts(len).find(|start| self.is_moved(first, second, *start, len))?;
            Some((start, len))
        });
        self.misses.set(self.misses.get() + u32::from(found.is_none()));
        found
    }

    fn numbers(&self, first: &[u8], second: &[u8], start: usize, len: usize) -> Option<(u64, u64)> {
        let number = |block: &[u8]| Some(self.number(block.get(start..start + len)?));
        Some((number(first)?, number(second)?))
    }

    fn is_relative(&self, (first, second): (u64, u64), (one, other): (u64, u64)) -> bool {
        let target = self.targets.map.to_second(one.wrapping_add(first));
        target.is_some_and(|target| target.wrapping_sub(other) == second)
    }

    fn is_moved(&self, first_block: &[u8], second_block: &[u8], start: usize, len: usize) -> bool {
        let Some((first, second)) = self.numbers(first_block, second_block, start, len) else {
            return false;
        };
        if self.targets.are_same(first, second) {
            return true;
        }
        if len == 8 {
            // A string in memory is its address and its length.
            let text_len = |block: &[u8]| Some(self.number(block.get(start + 8..start + 16)?));
            let (first_len, second_len) = (text_len(first_block), text_len(second_block));
            let len = first_len.filter(|len| *len > 0 && second_len == Some(*len));
            let len = len.and_then(|len| usize::try_from(len).ok());
            return len.is_some_and(|len| self.targets.hold_same_text(first, second, len));
        }
        let base = self.bases.iter().position(|base| self.is_relative((first, second), *base));
        self.last.set(base.unwrap_or(self.last.get()));
        base.is_some()
    }

    fn number(&self, bytes: &[u8]) -> u64 {
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }
}
