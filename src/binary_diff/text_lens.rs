//! How long the strings of a file are, which have neither names nor ends.

use std::ops::RangeInclusive;

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
    /// Finds the strings in memory: an address of text that nothing writes, and its length.
    pub(super) fn of(blocks: &[Block<'_>], word: usize, number: impl Fn(&[u8]) -> u64) -> Self {
        let constants: Vec<_> = blocks.iter().filter(|block| block.is_constant).collect();
        let text_at = |address: u64| {
            let offset =
                |block: &Block<'_>| usize::try_from(address.checked_sub(block.address)?).ok();
            constants.iter().find_map(|block| block.bytes.get(offset(block)?..))
        };
        let mut known = Vec::new();
        for block in blocks.iter().filter(|block| block.is_data) {
            let mut last = None;
            for bytes in block.bytes.chunks_exact(word) {
                let value = number(bytes);
                if let Some((address, text)) = last
                    && (1..=LEN_MAX).contains(&value)
                    && let Ok(len) = usize::try_from(value)
                    && is_text(text, len)
                {
                    known.push((address, len));
                }
                last = text_at(value).map(|text| (value, text));
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

    /// Where the first string is whose length is known.
    pub(super) fn start(&self) -> Option<u64> {
        self.known.first().map(|(address, _)| *address)
    }

    /// Between which lengths that of the string at an address is; `None` where the neighbours do not tell.
    pub(super) fn at(&self, address: u64) -> Option<RangeInclusive<usize>> {
        let after = self.known.partition_point(|(start, _)| *start < address);
        let known = |index: usize| self.known.get(index);
        let (next, next_len) = known(after)?;
        let Some((start, len)) = after.checked_sub(1).and_then(known) else {
            return (next - address <= START_MAX).then_some(1..=*next_len);
        };
        let before = after.checked_sub(2).and_then(known).map_or(1, |(_, len)| *len);
        let behind = known(after + 1).map_or(usize::MAX, |(_, len)| *len);
        if ![before, *len, *next_len, behind].is_sorted() || start + *len as u64 > address {
            return None;
        }
        Some(if *next == address { *next_len..=*next_len } else { *len..=*next_len })
    }
}

/// Bytes before the first string whose length is known.
const START_MAX: u64 = 1 << 10;

/// Whether this may be a string, and no table: text has no NUL.
fn is_text(bytes: &[u8], len: usize) -> bool {
    const LOOKED_AT: usize = 16;
    let text = bytes.get(..len).and_then(|text| text.get(..len.min(LOOKED_AT)));
    text.is_some_and(|text| !text.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_between_those_of_the_neighbours() {
        let text = b"abcddeeffggghhh1234".repeat(2);
        let mut data = Vec::new();
        for (address, len) in
            [(0x1000_u64, 1_u64), (0x1002, 1), (0x1004, 2), (0x1008, 2), (0x100a, 3), (0x100d, 3)]
        {
            data.extend(address.to_le_bytes());
            data.extend(len.to_le_bytes());
        }
        let block =
            |address, bytes, is_constant| Block { address, bytes, is_constant, is_data: true };
        let blocks = [block(0x1000, &text[..], true), block(0x9000, &data, false)];
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let lens = TextLens::of(&blocks, 8, number);
        assert_eq!(lens.at(0x1003), Some(1..=2));
        assert_eq!(lens.at(0x1006), Some(2..=2));
        assert_eq!(lens.at(0x1008), Some(2..=2));
        assert_eq!(lens.at(0x100c), None);
        assert_eq!(lens.at(0x1000), Some(1..=1));
        assert_eq!(lens.at(0x5000), None);
    }
}
