//! Where what is at an address of the first file is in the second.

use std::cell::Cell;

/// A stretch of addresses that corresponds to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    first: u64,
    second: u64,
    len: u64,
}

/// Where what is at an address of the first file is in the second.
///
/// Made of what corresponds by name, or by content where there is no name; never of addresses
/// themselves, so that an address that this map foretells is known to be an echo of the layout.
#[derive(Debug, Default)]
pub(super) struct AddressMap {
    spans: Vec<Span>,
    /// The span found last: one question follows another about the same part of the file.
    last: Cell<usize>,
}

impl AddressMap {
    pub(super) fn add(&mut self, first: u64, second: u64, len: usize) {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        if len > 0 && first.checked_add(len).is_some() && second.checked_add(len).is_some() {
            self.spans.push(Span { first, second, len });
        }
    }

    /// To be called once all is added, before anything is asked.
    pub(super) fn finish(&mut self) {
        self.spans.sort_unstable();
        self.spans.dedup_by(|later, earlier| {
            let follows = later.first == earlier.first + earlier.len
                && later.second == earlier.second + earlier.len;
            if follows {
                earlier.len += later.len;
            }
            follows
        });
    }

    /// Where the thing at this address is in the second file.
    ///
    /// The address just past the end of something is that of its end when nothing begins there.
    pub(super) fn to_second(&self, address: u64) -> Option<u64> {
        let last = self.last.get();
        let is_it = |span: &Span| span.first <= address;
        let follows = self.spans.get(last + 1).is_some_and(is_it);
        let index = if !follows && self.spans.get(last).is_some_and(is_it) {
            last
        } else {
            self.spans.partition_point(is_it).checked_sub(1)?
        };
        self.last.set(index);
        let span = self.spans.get(index)?;
        let offset = address - span.first;
        (offset <= span.len).then(|| span.second + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_goes_with_what_is_there() {
        let mut map = AddressMap::default();
        map.add(0x200, 0x300, 0x10);
        map.add(0x100, 0x100, 0x40);
        map.add(0x140, 0x140, 0x40);
        map.finish();
        assert_eq!(map.spans.len(), 2);
        assert_eq!(map.to_second(0x17f), Some(0x17f));
        assert_eq!(map.to_second(0x204), Some(0x304));
        assert_eq!(map.to_second(0x210), Some(0x310));
        assert_eq!(map.to_second(0x211), None);
        assert_eq!(map.to_second(0), None);
    }
}
