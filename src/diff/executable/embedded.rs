//! Files that `//go:embed` put into an `embed.FS`, by their names.

use std::collections::{BTreeMap, BTreeSet};

use super::Pair;
use super::place::{bytes_at, text_of, word_at};
use super::texts::{Text, excerpt, is_line_ends, is_printable};
use crate::binary::image::Image;

/// More files are no table of them.
const FILES_MAX: u64 = 1 << 16;
/// The table of a variable `X` of type `embed.FS` is `X.files`: a slice, and after it an entry for each
/// file with its name, its content and 16 bytes of its hash.
///
/// Source: `WriteEmbed` in `cmd/compile/internal/staticdata/embed.go`, Go 1.26.
const TABLE: &str = ".files";
const HASH_LEN: u64 = 16;

/// The embedded files that differ, or that only one executable has.
pub(super) fn texts(pair: &Pair<'_>) -> BTreeSet<Text> {
    // A stripped file has no names to find its tables by.
    if pair.images.iter().any(|image| image.symbols.is_empty()) {
        return BTreeSet::new();
    }
    let [first, second] = pair.images.map(files);
    let names: BTreeSet<&(String, String)> = first.keys().chain(second.keys()).collect();
    let text = |key: &(String, String)| {
        let (one, other) = (first.get(key).copied(), second.get(key).copied());
        let (table, name) = key;
        let content = |side: Option<&[u8]>, other: Option<&[u8]>| match side {
            None => "(not there)".to_owned(),
            Some(content) if is_printable(content) => excerpt(content, other.unwrap_or_default()),
            Some(content) => format!("({} bytes)", content.len()),
        };
        (one != other).then(|| Text {
            table: table.clone(),
            variable: format!("embedded file {name}"),
            is_line_ends: one.zip(other).is_some_and(|(one, other)| is_line_ends(one, other)),
            is_stamp: false,
            first: content(one, other),
            second: content(other, one),
        })
    };
    names.into_iter().filter_map(text).collect()
}

/// Content by table and name.
fn files<'a>(image: &Image<'a>) -> BTreeMap<(String, String), &'a [u8]> {
    let mut files = BTreeMap::new();
    for symbol in &image.symbols {
        if symbol.name.ends_with(TABLE.as_bytes()) {
            let table = String::from_utf8_lossy(symbol.name).into_owned();
            read(image, symbol.address, &table, &mut files);
        }
    }
    files
}

/// Reads one table; `None` where it is none, or where it ends early.
fn read<'a>(
    image: &Image<'a>,
    address: u64,
    table: &str,
    files: &mut BTreeMap<(String, String), &'a [u8]>,
) -> Option<()> {
    let step = u64::from(image.format.bits / 8);
    let entries = address.checked_add(step.checked_mul(3)?)?;
    let count = word_at(image, address.checked_add(step)?)?;
    if word_at(image, address)? != entries || count > FILES_MAX {
        return None;
    }
    let size = step.checked_mul(4)?.checked_add(HASH_LEN)?;
    for number in 0..count {
        let entry = entries.checked_add(number.checked_mul(size)?)?;
        let name = std::str::from_utf8(text_of(image, entry)?).ok()?;
        if !name.ends_with('/') {
            let content = entry.checked_add(step.checked_mul(2)?)?;
            let len = usize::try_from(word_at(image, content.checked_add(step)?)?).ok()?;
            let bytes = match len {
                0 => &[],
                len => bytes_at(image, word_at(image, content)?)?.get(..len)?,
            };
            files.insert((table.to_owned(), name.to_owned()), bytes);
        }
    }
    Some(())
}
