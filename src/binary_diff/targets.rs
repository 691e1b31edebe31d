//! Whether two addresses, one of each file, are those of the same thing.

use super::address_map::AddressMap;
use super::align::common_prefix;

/// Bytes of a file and where they are in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) address: u64,
    pub(super) bytes: &'a [u8],
}

/// What is known of addresses of both files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Targets<'a> {
    pub(super) map: &'a AddressMap,
    /// What is in memory, by address.
    pub(super) first: &'a [Block<'a>],
    pub(super) second: &'a [Block<'a>],
}

impl Targets<'_> {
    pub(super) fn are_same(&self, first: u64, second: u64) -> bool {
        self.map.to_second(first) == Some(second)
    }

    /// Whether a string of this length is at both addresses, although another was foretold.
    ///
    /// The foretold place must not hold it. Strings have no names; those of one length change places when one of them is edited.
    pub(super) fn hold_same_text(&self, first: u64, second: u64, len: usize) -> bool {
        let (Some(one), Some(other)) = (at(self.first, first), at(self.second, second)) else {
            return false;
        };
        let foretold = self.map.to_second(first).and_then(|address| at(self.second, address));
        common_prefix(one, other) >= len
            && foretold.is_none_or(|foretold| common_prefix(one, foretold) < len)
    }
}

fn at<'a>(blocks: &[Block<'a>], address: u64) -> Option<&'a [u8]> {
    let next = blocks.partition_point(|block| block.address <= address);
    let block = blocks.get(next.checked_sub(1)?)?;
    block
        .bytes
        .get(usize::try_from(address - block.address).ok()?..)
        .filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_moved_is_known_by_its_text() {
        let map = AddressMap::default();
        let first = [Block { address: 0x1000, bytes: b"unknowncommand" }];
        let second = [Block { address: 0x2000, bytes: b"unknwoncommandunknownoffline" }];
        let targets = Targets { map: &map, first: &first, second: &second };
        assert!(targets.hold_same_text(0x1000, 0x200e, 7));
        assert!(!targets.hold_same_text(0x1000, 0x2000, 7));
        assert!(!targets.hold_same_text(0x1000, 0x200e, 8));
        assert!(!targets.hold_same_text(0x1007, 0x2007, 9));
        assert!(!targets.hold_same_text(0xfff, 0x2000, 1));
    }
}
