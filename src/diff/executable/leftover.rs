//! Bytes that nothing explains, with all that is known of their place.

use super::Pair;
use super::place::{address_of, region_at, shown, symbol_at};
use crate::binary_diff::{Hunk, Owner};
use crate::detect::{self, Look};

/// Stretches that a report has; a file that differs everywhere has thousands.
pub(super) const ROWS: usize = 10;
/// Bytes of each that are shown.
const BYTES: usize = 32;

/// A stretch that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// In the second file, in bytes.
    pub offset: usize,
    pub owner: Owner,
    /// Empty between sections.
    pub section: String,
    /// The nearest symbol at or before it, as `name+0x10`; empty without one.
    pub symbol: String,
    /// The bytes, printable ones as text, the first few of each.
    pub first: String,
    pub second: String,
    pub look: Option<Look>,
}

/// A stretch of one length from where its bytes begin to differ.
fn from_first_difference(first: &[u8], second: &[u8], hunk: &Hunk) -> Hunk {
    let mut cut = hunk.clone();
    let (one, other) = (first.get(hunk.first.clone()), second.get(hunk.second.clone()));
    if let (Some(one), Some(other)) = (one, other)
        && one.len() == other.len()
    {
        let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        cut.first.start = cut.first.start.saturating_add(same).min(cut.first.end);
        cut.second.start = cut.second.start.saturating_add(same).min(cut.second.end);
    }
    cut
}

/// Describes a stretch.
pub(super) fn describe(pair: &Pair<'_>, hunk: &Hunk) -> Leftover {
    let [first, second] = pair.images;
    let hunk = &from_first_difference(first.file, second.file, hunk);
    let (image, offset) = if hunk.second.is_empty() && !hunk.first.is_empty() {
        (first, hunk.first.start)
    } else {
        (second, hunk.second.start)
    };
    let symbol = address_of(image, offset).and_then(|address| symbol_at(image, address));
    let text = |file: &[u8], range: &std::ops::Range<usize>| {
        let bytes = file.get(range.clone()).unwrap_or_default();
        shown(bytes.get(..BYTES).unwrap_or(bytes))
    };
    let (one, other) = (text(first.file, &hunk.first), text(second.file, &hunk.second));
    Leftover {
        offset,
        owner: hunk.owner,
        section: region_at(image, offset).map(|it| it.name.clone()).unwrap_or_default(),
        symbol: symbol
            .map(|(symbol, offset)| {
                let name = String::from_utf8_lossy(symbol.name);
                if offset == 0 { name.into_owned() } else { format!("{name}+{offset:#x}") }
            })
            .unwrap_or_default(),
        look: detect::look(&other).or_else(|| detect::look(&one)),
        first: one,
        second: other,
    }
}
