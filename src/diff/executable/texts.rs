//! Texts that differ, as a report shows them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::place::{address_of, region_at, shown};
use super::strings::headers;
use super::{Findings, Pair};
use crate::binary::image::Image;
use crate::binary_diff::{FunctionChange, Hunk, Owner};
use crate::diff::build_ids::BuildIdMeaning;

/// Bytes around a constant, which has no bounds, that are shown with it.
const AROUND: usize = 24;
/// Stretches of constants that are looked at.
const HUNKS: usize = 256;
/// Fewer bytes than this may look like text by chance.
const WORD: usize = 4;

/// A text that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text {
    /// The variable that holds it; empty where there is none, or it has no name.
    pub(super) variable: String,
    /// The table of embedded files that has it; empty for any other text.
    pub(super) table: String,
    pub(super) first: String,
    pub(super) second: String,
    /// The first differs from the second in carriage returns alone.
    pub(super) is_line_ends: bool,
    /// Lies where the linker puts what it stamps.
    pub(super) is_stamp: bool,
}

/// The texts that differ: those of variables by their bounds, others with what is around them.
pub(super) fn all(pair: &Pair<'_>, findings: &mut Findings) -> BTreeSet<Text> {
    let [first, second] = pair.images;
    let is_text = |hunk: &Hunk| matches!(hunk.owner, Owner::Constant | Owner::Data | Owner::Table);
    let hunks: Vec<(usize, &Hunk)> =
        pair.diff.hunks.iter().enumerate().filter(|(_, hunk)| is_text(hunk)).take(HUNKS).collect();
    let places = |image: &Image<'_>, side: fn(&Hunk) -> &Range<usize>| -> Vec<u64> {
        hunks.iter().filter_map(|(_, hunk)| address_of(image, side(hunk).start)).collect()
    };
    let new_headers = headers(second, &places(second, |hunk| &hunk.second));
    let old_headers = headers(first, &places(first, |hunk| &hunk.first));
    let mut texts = BTreeSet::new();
    for (number, hunk) in &hunks {
        let header = address_of(second, hunk.second.start)
            .and_then(|place| new_headers.iter().find(|header| header.holds(place)));
        let old = address_of(first, hunk.first.start)
            .and_then(|place| old_headers.iter().find(|header| header.holds(place)));
        let same = old.zip(header).filter(|(old, new)| old.is_same(new, pair.images));
        if let Some((old, new)) = same {
            let name = new.name(second);
            if findings.stamped.contains(&name) {
                findings.owners.insert(*number, Owner::Value);
                continue;
            }
            let (one, other) = (old.text(first), new.text(second));
            if !is_printable(one) || !is_printable(other) {
                continue;
            }
            if one == other {
                continue;
            }
            let is_stamp = may_be_stamp(pair)
                && second.symbols.is_empty()
                && old.ends_with_nul(first)
                && new.ends_with_nul(second);
            if is_stamp {
                findings.owners.insert(*number, Owner::Value);
            }
            texts.insert(Text {
                table: String::new(),
                variable: name,
                is_line_ends: is_line_ends(one, other),
                is_stamp,
                first: excerpt(one, other),
                second: excerpt(other, one),
            });
        } else if hunk.owner == Owner::Constant
            && let Some((first, second)) = plain(pair, hunk)
        {
            let (variable, is_line_ends, is_stamp) = (String::new(), false, false);
            texts.insert(Text {
                table: String::new(),
                variable,
                first,
                second,
                is_line_ends,
                is_stamp,
            });
        }
    }
    // Without sizes of symbols constants may lie behind the last table that has a name.
    if texts.is_empty() && findings.causes.is_empty() {
        let constants = hunks.iter().filter(|(_, hunk)| {
            let region = region_at(second, hunk.second.start);
            hunk.owner == Owner::Table
                && region.is_some_and(|it| it.name.contains("rodata") || it.name.contains("rdata"))
        });
        for (number, hunk) in constants {
            if let Some((first, second)) = plain(pair, hunk) {
                findings.owners.insert(*number, Owner::Constant);
                let (table, variable) = (String::new(), String::new());
                let (is_line_ends, is_stamp) = (false, false);
                texts.insert(Text { table, variable, first, second, is_line_ends, is_stamp });
            }
        }
    }
    texts
}

/// Whether nothing but what the linker was given need differ: by the build IDs, or without these by the
/// functions, which are all the same.
pub(super) fn may_be_stamp(pair: &Pair<'_>) -> bool {
    let is_decided = |change: &FunctionChange| *change != FunctionChange::Unknown;
    let is_same_code = !pair.diff.changed.iter().any(|(_, change)| is_decided(change));
    match pair.build_id {
        BuildIdMeaning::LinkerInputsOnly => true,
        BuildIdMeaning::Unknown { .. } => is_same_code,
        _ => false,
    }
}

/// A constant without bounds: what was put in or taken out, or both with what is around.
fn plain(pair: &Pair<'_>, hunk: &Hunk) -> Option<(String, String)> {
    let [first, second] = pair.images.map(|image| image.file);
    if hunk.first.is_empty() || hunk.second.is_empty() {
        let text = |file: &[u8], range: &Range<usize>| {
            let bytes = file.get(range.clone())?;
            (bytes.is_empty() || bytes.len() >= WORD && is_printable(bytes)).then(|| shown(bytes))
        };
        return text(first, &hunk.first).zip(text(second, &hunk.second));
    }
    around(first, &hunk.first).zip(around(second, &hunk.second)).filter(|(one, other)| one != other)
}

/// The part of a long text from shortly before where it begins to differ.
pub(super) fn excerpt(text: &[u8], other: &[u8]) -> String {
    const SHORT: usize = 120;
    if text.len() <= SHORT && other.len() <= SHORT {
        return shown(text);
    }
    let same = text.iter().zip(other).take_while(|(one, other)| one == other).count();
    let start = same.saturating_sub(AROUND);
    let part = text.get(start..start.saturating_add(SHORT).min(text.len())).unwrap_or_default();
    let before = if start > 0 { "…" } else { "" };
    let after = if start.saturating_add(SHORT) < text.len() { "…" } else { "" };
    format!("{before}{}{after}", shown(part))
}

pub(super) fn is_line_ends(first: &[u8], second: &[u8]) -> bool {
    let without =
        |text: &[u8]| text.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>();
    first != second && without(first) == without(second)
}

pub(super) fn is_printable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|char| !char.is_control() || char.is_whitespace()))
}

/// A stretch with the printable text around it; `None` for what is no text.
fn around(file: &[u8], range: &Range<usize>) -> Option<String> {
    let is_plain = |byte: &&u8| (b' '..0x7f).contains(*byte);
    let inside = file.get(range.clone())?;
    let before = file.get(range.start.saturating_sub(AROUND)..range.start)?;
    let after = file.get(range.end..range.end.saturating_add(AROUND).min(file.len()))?;
    let start = range.start.checked_sub(before.iter().rev().take_while(is_plain).count())?;
    let end = range.end.checked_add(after.iter().take_while(is_plain).count())?;
    let whole = file.get(start..end)?;
    let is_text = is_printable(inside) && whole.len() >= WORD.saturating_mul(2);
    is_text.then(|| format!("…{}…", shown(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_alone() {
        assert!(is_line_ends(b"a\nb\n", b"a\r\nb\r\n"));
        assert!(!is_line_ends(b"a\n", b"b\r\n"));
        assert!(!is_line_ends(b"a\n", b"a\n"));
    }

    #[test]
    fn an_excerpt_starts_before_the_difference() {
        let one = [&[b'a'; 300][..], b"one", &[b'b'; 300]].concat();
        let other = [&[b'a'; 300][..], b"two", &[b'b'; 300]].concat();
        let text = excerpt(&one, &other);
        assert!(text.starts_with("…aaaa") && text.contains("aaone") && text.ends_with('…'));
        assert_eq!(excerpt(b"x", b"y"), "x");
    }

    #[test]
    fn what_is_no_text_has_no_surroundings() {
        assert_eq!(around(b"abcdXefgh", &(4..5)).unwrap(), "…abcdXefgh…");
        assert_eq!(around(b"a\0cdXefghij", &(4..5)).unwrap(), "…cdXefghij…");
        assert_eq!(around(b"abcd\xc0efghij", &(4..5)), None);
        assert_eq!(around(b"abc\0Xe\0ghij", &(4..5)), None);
    }
}
