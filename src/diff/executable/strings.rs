//! String variables: an address and a length, which tell where a text begins and ends.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::data::is_variables;
use super::place::{address_of, bytes_at, region_at, symbol_at, text_of, word, word_at};
use super::texts::{self, Text, excerpt, is_line_ends, is_printable};
use super::{Findings, Pair};
use crate::binary::image::Image;
use crate::binary_diff::Owner;

/// A string variable: where it is, and where its text is.
pub(super) struct Header {
    address: u64,
    text: Range<u64>,
}

impl Header {
    pub(super) fn holds(&self, address: u64) -> bool {
        self.text.contains(&address)
    }

    pub(super) fn text<'a>(&self, image: &Image<'a>) -> &'a [u8] {
        let len =
            usize::try_from(self.text.end.saturating_sub(self.text.start)).unwrap_or_default();
        bytes_at(image, self.text.start).and_then(|bytes| bytes.get(..len)).unwrap_or_default()
    }

    pub(super) fn ends_with_nul(&self, image: &Image<'_>) -> bool {
        bytes_at(image, self.text.end).and_then(|bytes| bytes.first()) == Some(&0)
    }

    /// Whether two are one variable: of one name, or where there are no names in one place.
    pub(super) fn is_same(&self, other: &Self, images: [&Image<'_>; 2]) -> bool {
        let [first, second] = images;
        let (one, name) = (self.name(first), other.name(second));
        one == name && (!name.is_empty() || self.address == other.address)
    }

    pub(super) fn name(&self, image: &Image<'_>) -> String {
        let symbol = symbol_at(image, self.address).filter(|(_, offset)| *offset == 0);
        symbol
            .map(|(symbol, _)| String::from_utf8_lossy(symbol.name).into_owned())
            .unwrap_or_default()
    }
}

/// The string variables whose texts hold one of these places, shortest texts first.
pub(super) fn headers(image: &Image<'_>, places: &[u64]) -> Vec<Header> {
    const TEXT_MAX: u64 = 1 << 20;
    let step = usize::from(image.format.bits / 8);
    let (Some(low), Some(high)) = (places.iter().min().copied(), places.iter().max().copied())
    else {
        return Vec::new();
    };
    let is_data = |name: &str| name.contains("data") && !name.contains("debug");
    let mut headers = Vec::new();
    for region in image.regions.iter().filter(|region| region.address != 0 && is_data(&region.name))
    {
        let content = image.content(region);
        for (at, bytes) in content.chunks_exact(step).enumerate() {
            let Some(start) = word(image, bytes)
                .filter(|start| *start <= high && *start >= low.saturating_sub(TEXT_MAX))
            else {
                continue;
            };
            let offset = at.saturating_mul(step);
            let Some(address) =
                u64::try_from(offset).ok().and_then(|offset| region.address.checked_add(offset))
            else {
                continue;
            };
            let len = content.get(offset.saturating_add(step)..).and_then(|rest| word(image, rest));
            let Some(len) = len.filter(|len| *len > 0 && *len <= TEXT_MAX) else { continue };
            let text = start..start.saturating_add(len);
            if places.iter().any(|place| text.contains(place)) && text_of(image, address).is_some()
            {
                headers.push(Header { address, text });
            }
        }
    }
    headers.sort_by_key(|header| header.text.end.saturating_sub(header.text.start));
    headers
}

/// The texts of variables that differ, where they are string variables.
pub(super) fn of_variables(
    pair: &Pair<'_>,
    variables: &BTreeMap<String, Vec<String>>,
) -> BTreeSet<Text> {
    let names: BTreeSet<&[u8]> = variables.values().flatten().map(|name| name.as_bytes()).collect();
    let places = pair.images.map(|image| -> BTreeMap<&[u8], u64> {
        let named = image.symbols.iter().filter(|symbol| names.contains(symbol.name));
        named.map(|symbol| (symbol.name, symbol.address)).collect()
    });
    let [first, second] = pair.images;
    let text = |name: &&[u8]| {
        let one = text_of(first, *places[0].get(name)?)?;
        let other = text_of(second, *places[1].get(name)?)?;
        let is_text = [one, other].iter().all(|text| is_printable(text));
        (one != other && is_text && !(one.is_empty() && other.is_empty())).then(|| Text {
            table: String::new(),
            variable: String::from_utf8_lossy(name).into_owned(),
            is_line_ends: is_line_ends(one, other),
            is_stamp: false,
            first: excerpt(one, other),
            second: excerpt(other, one),
        })
    };
    names.iter().filter_map(text).collect()
}

/// The texts of variables without names, told by their headers, which changed.
pub(super) fn of_headers(pair: &Pair<'_>, findings: &mut Findings) -> BTreeSet<Text> {
    let [first, second] = pair.images;
    let mut texts = BTreeSet::new();
    if !second.symbols.is_empty() {
        return texts;
    }
    let step = usize::from(second.format.bits / 8);
    for hunk in pair.diff.hunks.iter().filter(|hunk| hunk.first.len() == hunk.second.len()) {
        let Some(region) = region_at(second, hunk.second.start).filter(|it| is_variables(it))
        else {
            continue;
        };
        let inside = hunk.second.start.saturating_sub(region.content.start);
        let word = inside.saturating_sub(inside % step.max(1));
        // The hunk is in the length, or in the address before it.
        let found = [word.checked_sub(step), Some(word)].into_iter().flatten().find_map(|start| {
            let back = inside.checked_sub(start)?;
            let old = address_of(first, hunk.first.start.checked_sub(back)?)?;
            let new = address_of(second, hunk.second.start.checked_sub(back)?)?;
            let (one, other) = (text_of(first, old)?, text_of(second, new)?);
            let is_stamp =
                [(first, old, one), (second, new, other)].iter().all(|(image, at, text)| {
                    !text.is_empty() && is_printable(text) && ends_with_nul(image, *at, text.len())
                });
            (is_stamp && one != other).then(|| (one.to_vec(), other.to_vec()))
        });
        if let Some((one, other)) = found {
            texts.insert(Text {
                table: String::new(),
                variable: String::new(),
                is_line_ends: is_line_ends(&one, &other),
                is_stamp: texts::may_be_stamp(pair),
                first: excerpt(&one, &other),
                second: excerpt(&other, &one),
            });
        }
    }
    // The texts themselves, gone here and new there.
    let told: Vec<&String> = texts.iter().flat_map(|text| [&text.first, &text.second]).collect();
    for (number, hunk) in pair.diff.hunks.iter().enumerate() {
        let is_told = |file: &[u8], range: &Range<usize>| {
            let bytes = file.get(range.clone()).unwrap_or_default();
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            !text.is_empty() && told.iter().any(|told| told.as_bytes() == text)
        };
        if is_told(first.file, &hunk.first) || is_told(second.file, &hunk.second) {
            findings.owners.insert(number, Owner::Value);
        }
    }
    texts
}

fn ends_with_nul(image: &Image<'_>, variable: u64, len: usize) -> bool {
    let start = word_at(image, variable);
    start.and_then(|start| bytes_at(image, start)?.get(len)) == Some(&0)
}
