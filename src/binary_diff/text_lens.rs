//! How long the strings of a file are, which have neither names nor ends.

use std::ops::{Range, RangeInclusive};

use super::targets::Block;

/// Strings whose lengths are known, by address.
///
/// Go's linker keeps the texts of all strings in the order of their lengths, so that the length of one
/// is between those of its neighbours. Source: `dodataSect` in `cmd/link/internal/ld/data.go`, Go 1.26.
#[derive(Debug, Default)]
pub(super) struct TextLens {
    known: Vec<(u64, usize)>,
}

/// Longer texts are rare, and other things look like them.
const LEN_MAX: u64 = 1 << 12;

impl TextLens {
    /// Finds the strings in memory: an address of a constant that is no type, and a length.
    pub(super) fn of(
        blocks: &[Block<'_>],
        types: &Range<u64>,
        word: usize,
        number: impl Fn(&[u8]) -> u64,
    ) -> Self {
        let constants: Vec<_> = blocks
            .iter()
            .filter(|block| block.is_constant)
            .map(|block| block.address..block.address.saturating_add(block.bytes.len() as u64))
            .collect();
        let mut known = Vec::new();
        for block in blocks.iter().filter(|block| block.is_data) {
            let mut last = None;
            for bytes in block.bytes.chunks_exact(word) {
                let value = number(bytes);
                if let Some(address) = last
                    && (1..=LEN_MAX).contains(&value)
                {
                    known.extend(usize::try_from(value).ok().map(|len| (address, len)));
                }
                let is_constant = constants.iter().any(|range| range.contains(&value));
                last = (is_constant && !types.contains(&value)).then_some(value);
            }
        }
        known.sort_unstable();
        known.dedup();
        // What looks like a string among strings, and is none, is out of order.
        let in_order = |index: usize| {
            let len = |index: usize| known.get(index).map(|(_, len): &(u64, usize)| *len);
            let (Some(before), Some(after)) = (index.checked_sub(1).and_then(len), len(index + 1))
            else {
                return true;
            };
            before > after || len(index).is_some_and(|len| (before..=after).contains(&len))
        };
        let kept = known.iter().enumerate().filter(|(index, _)| in_order(*index));
        Self { known: kept.map(|(_, known)| *known).collect() }
    }

    /// Between which lengths that of the string at an address is; `None` where the neighbours do not tell.
    pub(super) fn at(&self, address: u64) -> Option<RangeInclusive<usize>> {
        let after = self.known.partition_point(|(start, _)| *start < address);
        let near = self.known.get(after.checked_sub(2)?..after + 2)?;
        let [_, (start, len), (next, next_len), _] = near else { return None };
        let is_sorted = near.is_sorted_by_key(|(_, len)| *len);
        if !is_sorted || start + *len as u64 > address {
            return None;
        }
        Some(if *next == address { *next_len..=*next_len } else { *len..=*next_len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_between_those_of_the_neighbours() {
        let text = b"abcddeeffggghhh1234".repeat(2);
        let mut data = Vec::new();
        for (address, len) in [(0x1000_u64, 1_u64), (0x1002, 1), (0x1004, 2), (0x1008, 2), (0x100a, 3), (0x100d, 3)] {
            data.extend(address.to_le_bytes());
            data.extend(len.to_le_bytes());
        }
        let block = |address, bytes, is_constant| Block { address, bytes, is_constant, is_data: true };
        let blocks = [block(0x1000, &text[..], true), block(0x9000, &data, false)];
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let lens = TextLens::of(&blocks, &(0..0), 8, number);
        assert_eq!(lens.at(0x1003), Some(1..=2));
        assert_eq!(lens.at(0x1006), Some(2..=2));
        assert_eq!(lens.at(0x1008), Some(2..=2));
        assert_eq!(lens.at(0x100c), None);
        assert_eq!(lens.at(0x1000), None);
        assert_eq!(lens.at(0x5000), None);
    }
}
