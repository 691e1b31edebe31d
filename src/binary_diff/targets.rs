//! Whether two addresses, one of each file, are those of the same thing.

use std::collections::BTreeMap;
use std::ops::Range;

use super::address_map::AddressMap;
use super::align::common_prefix;
use super::text_lens::TextLens;
use super::variables::Seen;
use super::words::number;
use crate::binary::Endian;

/// Bytes of a file and where they are in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) address: u64,
    pub(super) bytes: &'a [u8],
    /// Whether nothing is written there, so that two things of equal content are one.
    pub(super) is_constant: bool,
    /// Constants and variables.
    pub(super) is_data: bool,
}

/// What is known of addresses of both files.
#[derive(Debug, Clone)]
pub(super) struct Targets<'a> {
    pub(super) map: &'a AddressMap,
    /// What is in memory, by address.
    pub(super) first: &'a [Block<'a>],
    pub(super) second: &'a [Block<'a>],
    /// Where the first file has its type descriptors.
    pub(super) types: Range<u64>,
    /// Where the first file has its functions.
    pub(super) code: Range<u64>,
    /// Of strings of the first file.
    pub(super) lens: &'a TextLens,
    /// Bytes of an address.
    pub(super) word: usize,
    /// Where variables without names went.
    pub(super) variables: &'a BTreeMap<u64, u64>,
    /// Takes what is not known of variables for granted, and keeps it.
    pub(super) seen: Option<&'a Seen>,
}

/// A type descriptor starts with its sizes, its hash and its kind.
///
/// Source: `Type` in `internal/abi/type.go`, Go 1.26; the sizes are a third of it less with 32 bits.
const TYPE_HEAD: usize = 24;
/// Constants that are equal for so many bytes are equal, whatever of them is zero or an address.
const CONSTANT_HEAD: usize = 16;

/// Variables without a value have at most so many bytes.
const BSS_MAX: u64 = 1 << 30;

impl Targets<'_> {
    /// Whether both addresses are those of one thing, by where it is.
    pub(super) fn are_same(&self, first: u64, second: u64) -> bool {
        self.map.to_second(first) == Some(second)
    }

    /// As [`Self::are_same`], or by what is there: one of these lengths of text, or a constant.
    ///
    /// Constants have no names. They are kept in the order of their size or content, and one that was edited
    /// makes others change places.
    pub(super) fn are_equal(
        &self,
        first: u64,
        second: u64,
        lens: impl Iterator<Item = usize>,
    ) -> bool {
        self.are_same(first, second)
            || self.variables.get(&first) == Some(&second)
            || self.hold_same_literal(first, second, lens)
            || self.hold_same_constant(first, second)
            || self.is_seen(first, second)
    }

    fn is_seen(&self, first: u64, second: u64) -> bool {
        let is_variable = |blocks: &[Block<'_>], address| {
            // What the file does not hold has no content, and comes last.
            let last = blocks.iter().rev().find(|block| block.is_data);
            at(blocks, address).map_or_else(
                || {
                    last.is_some_and(|last| {
                        last.address < address && address - last.address < BSS_MAX
                    })
                },
                |(_, is_constant)| !is_constant && !self.code.contains(&address),
            )
        };
        let Some(seen) = self.seen else { return false };
        let are_variables = is_variable(self.first, first) && is_variable(self.second, second);
        if are_variables {
            seen.add(first, second);
        }
        are_variables
    }

    /// Whether a literal is at both addresses, whose length is one of `lens` if the address tells none.
    fn hold_same_literal(
        &self,
        first: u64,
        second: u64,
        mut lens: impl Iterator<Item = usize>,
    ) -> bool {
        match self.lens.at(first) {
            Some(range) if range.start() == range.end() => {
                self.hold_equal(first, second, *range.start())
            }
            Some(range) => {
                lens.any(|len| range.contains(&len) && self.hold_equal(first, second, len))
            }
            // One byte says little, unless it has a word to itself: some are kept among the stack maps.
            None => lens.any(|len| match len {
                1 => first.is_multiple_of(8) && self.hold_same_text(first, second, 8),
                len => self.hold_same_text(first, second, len),
            }),
        }
    }

    /// Whether a string of this length is at both addresses, although another was foretold.
    ///
    /// The foretold place must not hold it. Strings have no names; those of one length change places when one of them is edited.
    pub(super) fn hold_same_text(&self, first: u64, second: u64, len: usize) -> bool {
        let foretold = self.map.to_second(first);
        self.hold_equal(first, second, len)
            && foretold.is_none_or(|foretold| !self.hold_equal(first, foretold, len))
    }

    /// Whether so many bytes are equal.
    fn hold_equal(&self, first: u64, second: u64, len: usize) -> bool {
        let both = at(self.first, first).zip(at(self.second, second));
        both.is_some_and(|((one, _), (other, _))| common_prefix(one, other) >= len)
    }

    fn hold_same_constant(&self, first: u64, second: u64) -> bool {
        let (Some((one, true)), Some((other, true))) =
            (at(self.first, first), at(self.second, second))
        else {
            return false;
        };
        let number = |bytes: &[u8], index: usize| {
            let bytes = bytes.get(index * self.word..)?.get(..self.word)?;
            Some(number(bytes, Endian::Little))
        };
        let both = |index| number(one, index).zip(number(other, index));
        // What stands for a function is one word, its address.
        if let Some((one, other)) = both(0)
            && self.code.contains(&one)
            && self.are_same(one, other)
        {
            return true;
        }
        // What stands for a string is its address and its length.
        if let (Some((one, other)), Some((len, other_len))) = (both(0), both(1))
            && len == other_len
            && let Some(len) = usize::try_from(len).ok().filter(|len| *len > 0)
            && self.hold_equal(one, other, len)
        {
            return true;
        }
        let same = |index| {
            both(index).is_some_and(|(one, other)| one == other || self.are_same(one, other))
        };
        if self.types.contains(&first) {
            let back = |bytes: u64| (first.wrapping_sub(bytes), second.wrapping_sub(bytes));
            return (0..TYPE_HEAD / self.word.max(1)).all(same)
                || [0, 8, 16, 24]
                    .map(back)
                    .into_iter()
                    .any(|(one, other)| self.hold_hash(one, other));
        }
        let is_number = both(0).is_some_and(|(one, other)| one == other && one != 0);
        is_number || (0..CONSTANT_HEAD / self.word.max(1)).all(same)
    }

    /// Whether the word with the hash of one type is at both addresses. Its neighbours are sizes and addresses.
    fn hold_hash(&self, first: u64, second: u64) -> bool {
        let word = |blocks, address| Some(number(at(blocks, address)?.0.get(..8)?, Endian::Little));
        let words = word(self.first, first).zip(word(self.second, second));
        words.is_some_and(|(one, other)| one == other && one >> 32 != 0 && one << 32 != 0)
    }
}

/// What is at an address up to the end of its block, and whether it is constant.
fn at<'a>(blocks: &[Block<'a>], address: u64) -> Option<(&'a [u8], bool)> {
    let next = blocks.partition_point(|block| block.address <= address);
    let block = blocks.get(next.checked_sub(1)?)?;
    let rest = block.bytes.get(usize::try_from(address - block.address).ok()?..)?;
    (!rest.is_empty()).then_some((rest, block.is_constant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(address: u64, bytes: &[u8], is_constant: bool) -> [Block<'_>; 1] {
        [Block { address, bytes, is_constant, is_data: true }]
    }

    #[test]
    fn a_string_that_moved_is_known_by_its_text() {
        let map = AddressMap::default();
        let first = block(0x1000, b"unknowncommand", true);
        let second = block(0x2000, b"unknwoncommandunknownoffline", true);
        let (types, code, lens) = (0..0, 0..0, &TextLens::default());
        let targets = Targets {
            map: &map,
            first: &first,
            second: &second,
            types,
            code,
            lens,
            word: 8,
            variables: &BTreeMap::new(),
            seen: None,
        };
        assert!(targets.hold_same_text(0x1000, 0x200e, 7));
        assert!(!targets.hold_same_text(0x1000, 0x2000, 7));
        assert!(!targets.hold_same_text(0x1000, 0x200e, 8));
        assert!(!targets.hold_same_text(0x1007, 0x2007, 9));
        assert!(!targets.hold_same_text(0xfff, 0x2000, 1));
    }

    #[test]
    fn a_constant_is_known_by_its_content_where_nothing_writes() {
        let mut map = AddressMap::default();
        map.add(0x5000, 0x6000, 8);
        map.finish();
        let pointer = |to: u64| [&to.to_le_bytes()[..], b"88888888", b"differs"].concat();
        let (one, other, wrong) = (pointer(0x5008), pointer(0x6008), pointer(0x6010));
        let known = |second: &[u8], is_constant, types| {
            let (first, second) =
                (block(0x1000, &one, is_constant), block(0x2000, second, is_constant));
            let (code, lens) = (0..0, &TextLens::default());
            let targets = Targets {
                map: &map,
                first: &first,
                second: &second,
                types,
                code,
                lens,
                word: 8,
                variables: &BTreeMap::new(),
                seen: None,
            };
            targets.are_equal(0x1000, 0x2000, std::iter::empty())
        };
        assert!(known(&other, true, 0..0));
        assert!(!known(&other, false, 0..0));
        assert!(!known(&wrong, true, 0..0));
        // A type is known by its hash, which comes later.
        assert!(!known(&other, true, 0x1000..0x1001));
    }
}
