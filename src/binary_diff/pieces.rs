//! A region cut at its symbols, and the pieces of two regions matched by name.

use std::collections::BTreeMap;
use std::ops::Range;

use super::marks::{Mark, Part};
use crate::binary::image::Region;

/// What is from one mark to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Empty for what precedes the first mark.
    pub(super) name: &'a [u8],
    pub(super) part: Part,
    /// Whether it ends where its name says, and not just where the next begins.
    pub(super) is_sized: bool,
    pub(super) address: u64,
    /// In the file; empty for what is in memory only.
    pub(super) content: Range<usize>,
    /// In memory, in bytes, with the padding up to the next.
    pub(super) len: u64,
}

/// Cuts a region of memory at marks, which are in the order of addresses.
pub(super) fn cut<'a>(region: &Region, marks: &[Mark<'a>]) -> Vec<Piece<'a>> {
    let end = region.address.saturating_add(region.size.max(region.content.len() as u64));
    let from = marks.partition_point(|mark| mark.address < region.address);
    let to = marks.partition_point(|mark| mark.address < end);
    let nothing = Mark { address: region.address, part: Part::Symbol, size: None, name: b"" };
    let mut starts = vec![nothing];
    for at_one in marks.get(from..to).unwrap_or_default().chunk_by(|a, b| a.address == b.address) {
        let Some(mark) = at_one.iter().max_by_key(|mark| (mark.part, mark.size, mark.name)) else {
            continue;
        };
        match starts.last_mut() {
            Some(last) if last.address == mark.address => *last = *mark,
            _ => starts.push(*mark),
        }
    }
    let ends = starts.iter().skip(1).map(|start| start.address).chain([end]);
    let in_file = |address: u64| {
        let offset = usize::try_from(address - region.address).unwrap_or(usize::MAX);
        region.content.start.saturating_add(offset).min(region.content.end)
    };
    starts
        .iter()
        .zip(ends)
        .map(|(mark, end)| Piece {
            name: mark.name,
            part: mark.part,
            is_sized: mark.size.is_some() || mark.part > Part::Symbol,
            address: mark.address,
            content: in_file(mark.address)..in_file(end),
            len: end - mark.address,
        })
        .collect()
}

/// For each second piece the first one of its name, the n-th of a name with the n-th.
pub(super) fn matched(first: &[Piece<'_>], second: &[Piece<'_>]) -> Vec<Option<usize>> {
    let mut of_name: BTreeMap<(Part, &[u8]), Vec<usize>> = BTreeMap::new();
    // Mostly the names are the same in the same order: then no table is needed.
    let equal = first
        .iter()
        .zip(second)
        .take_while(|(one, other)| (one.part, one.name) == (other.part, other.name))
        .count();
    for (index, piece) in first.iter().enumerate().skip(equal).rev() {
        of_name.entry((piece.part, piece.name)).or_default().push(index);
    }
    (0..equal)
        .map(Some)
        .chain(
            second
                .iter()
                .skip(equal)
                .map(|piece| of_name.get_mut(&(piece.part, piece.name))?.pop()),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(name: &str) -> Piece<'_> {
        Piece {
            name: name.as_bytes(),
            part: Part::Symbol,
            is_sized: true,
            address: 0,
            content: 0..0,
            len: 0,
        }
    }

    #[test]
    fn the_nth_of_a_name_goes_with_the_nth() {
        let first = ["a", "b", "x", "b", "c"].map(piece);
        let second = ["a", "new", "b", "c", "b", "b"].map(piece);
        assert_eq!(matched(&first, &second), [Some(0), None, Some(1), Some(4), Some(3), None]);
        assert_eq!(matched(&first, &first), (0..5).map(Some).collect::<Vec<_>>());
        assert_eq!(matched(&[], &second), [None; 6]);
    }
}
