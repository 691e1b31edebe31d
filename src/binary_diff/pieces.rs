//! A region cut at its symbols, and the pieces of two regions matched by name.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::binary::image::{Image, Region};
use crate::binary::symbols::Symbol;

/// What is from one symbol to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Empty for what precedes the first symbol.
    pub(super) name: &'a [u8],
    pub(super) address: u64,
    /// In the file; empty for what is in memory only.
    pub(super) content: Range<usize>,
    /// In memory, in bytes, with the padding up to the next.
    pub(super) len: u64,
}

/// Cuts a region of memory at symbols, which are in the order of addresses.
pub(super) fn cut<'a>(
    image: &Image<'_>,
    region: &Region,
    symbols: &[Symbol<'a>],
) -> Vec<Piece<'a>> {
    let end = region.address.saturating_add(region.size.max(region.content.len() as u64));
    let from = symbols.partition_point(|symbol| symbol.address < region.address);
    let to = symbols.partition_point(|symbol| symbol.address < end);
    let mut starts: Vec<(u64, &'a [u8])> = vec![(region.address, b"")];
    for at_one in symbols.get(from..to).unwrap_or_default().chunk_by(|a, b| a.address == b.address)
    {
        let Some(symbol) = at_one.iter().max_by_key(|symbol| (symbol.size, symbol.name)) else {
            continue;
        };
        match starts.last_mut() {
            Some(last) if last.0 == symbol.address => last.1 = symbol.name,
            _ => starts.push((symbol.address, symbol.name)),
        }
    }
    let ends = starts.iter().skip(1).map(|start| start.0).chain([end]);
    let in_file = |address: u64| {
        let offset = usize::try_from(address - region.address).unwrap_or(usize::MAX);
        region.content.start.saturating_add(offset).min(region.content.end)
    };
    debug_assert!(region.content.end <= image.file.len());
    starts
        .iter()
        .zip(ends)
        .map(|(&(address, name), end)| Piece {
            name,
            address,
            content: in_file(address)..in_file(end),
            len: end - address,
        })
        .collect()
}

/// For each second piece the first one of its name, the n-th of a name with the n-th.
pub(super) fn matched(first: &[Piece<'_>], second: &[Piece<'_>]) -> Vec<Option<usize>> {
    let mut of_name: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    // Mostly the names are the same in the same order: then no table is needed.
    let equal = first.iter().zip(second).take_while(|(one, other)| one.name == other.name).count();
    for (index, piece) in first.iter().enumerate().skip(equal).rev() {
        of_name.entry(piece.name).or_default().push(index);
    }
    (0..equal)
        .map(Some)
        .chain(second.iter().skip(equal).map(|piece| of_name.get_mut(piece.name)?.pop()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(name: &str) -> Piece<'_> {
        Piece { name: name.as_bytes(), address: 0, content: 0..0, len: 0 }
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
