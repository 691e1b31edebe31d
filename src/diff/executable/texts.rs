//! Texts and variables that differ: embedded files, string variables, constants.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::place::{address_of, bytes_at, shown, symbol_at, text_of, word};
use super::{Cause, Findings, Level, Pair};
use crate::binary::image::Image;
use crate::binary_diff::{Hunk, Owner};
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::category::Category;
use crate::golang::package_name::package_of;

/// Texts that a cause shows.
const SHOWN: usize = 4;
/// Bytes around a constant, which has no bounds, that are shown with it.
const AROUND: usize = 24;
/// Names that the linker gives to the starts and ends of its sections, and no variables.
///
/// Source: `symtab` in `cmd/link/internal/ld/symtab.go` and `data.go`, Go 1.26.
const LABELS: [&str; 19] = [
    "runtime.text",
    "runtime.etext",
    "runtime.rodata",
    "runtime.erodata",
    "runtime.types",
    "runtime.etypes",
    "runtime.itablink",
    "runtime.eitablink",
    "runtime.noptrdata",
    "runtime.enoptrdata",
    "runtime.data",
    "runtime.edata",
    "runtime.bss",
    "runtime.ebss",
    "runtime.pclntab",
    "runtime.epclntab",
    "runtime.symtab",
    "runtime.esymtab",
    "runtime.end",
];
/// Stretches of constants that are looked at.
const HUNKS: usize = 256;

/// A text that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Text {
    /// The variable that holds it; empty where there is none, or it has no name.
    variable: String,
    first: String,
    second: String,
    /// The first differs from the second in carriage returns alone.
    is_line_ends: bool,
    /// Lies where the linker puts what it stamps.
    is_stamp: bool,
}

/// Adds the causes of changed data, or counts it to those of changed code.
pub(super) fn causes(pair: &Pair<'_>, findings: &mut Findings) {
    let bytes_of = |owner| pair.diff.bytes.get(&owner).copied().unwrap_or_default();
    let bytes = bytes_of(Owner::Constant).saturating_add(bytes_of(Owner::Data));
    if bytes.saturating_add(bytes_of(Owner::Table)) == 0 {
        return;
    }
    let taker = findings.absorber.or_else(|| {
        let takes = |cause: &Cause| cause.category == Category::DependencyVersion;
        findings.causes.iter().position(takes)
    });
    if let Some(cause) = taker.and_then(|at| findings.causes.get_mut(at)) {
        cause.bytes = cause.bytes.saturating_add(bytes);
        return;
    }
    let mut variables = variables(pair);
    for names in variables.values_mut() {
        names.retain(|name| !findings.stamped.contains(name));
    }
    let of_variables = of_variables(pair, &variables);
    let mut found = texts(pair, findings);
    // A text that changes its length changes its place among all others: there it is gone, here it is new.
    found.retain(|text| {
        let is_told = |known: &Text| {
            [&text.first, &text.second]
                .iter()
                .all(|side| side.is_empty() || **side == known.first || **side == known.second)
        };
        text.is_stamp || !of_variables.iter().any(is_told)
    });
    found.extend(of_variables);
    let (stamps, texts): (Vec<Text>, Vec<Text>) = found.into_iter().partition(|text| text.is_stamp);
    for names in variables.values_mut() {
        let is_told = |name: &String| texts.iter().any(|text| text.variable == *name);
        names.retain(|name| !is_told(name));
    }
    variables.retain(|_, names| !names.is_empty());
    for text in stamps.iter().chain(&texts) {
        let name = if text.variable.is_empty() { "a text" } else { &text.variable };
        let category = if text.is_stamp { Category::LinkFlags } else { Category::Source };
        let values = [Some(text.first.clone()), Some(text.second.clone())];
        findings.differ(Level::Symbol, name, values, Some(category));
    }
    let mut left = bytes;
    for text in &stamps {
        let differing = differing(&text.first, &text.second).min(left);
        left = left.saturating_sub(differing);
        findings.add(stamp(text, differing));
    }
    if texts.is_empty() && variables.is_empty() {
        // Headers of stamped variables, and what moved with a difference that is known.
        if let Some(cause) = findings.causes.iter_mut().find(|cause| takes_data(cause)) {
            cause.bytes = cause.bytes.saturating_add(left);
            return;
        }
        if left == 0 || bytes_of(Owner::Constant) == 0 || !findings.causes.is_empty() {
            return;
        }
    }
    source(findings, &texts, &variables, left);
}

/// Whether data may have changed with this cause.
fn takes_data(cause: &Cause) -> bool {
    matches!(cause.category, Category::Source | Category::LinkFlags | Category::GoDirective)
}

fn differing(first: &str, second: &str) -> u64 {
    let count = if first.len() == second.len() {
        first.bytes().zip(second.bytes()).filter(|(one, other)| one != other).count()
    } else {
        first.len().max(second.len())
    };
    u64::try_from(count).unwrap_or_default()
}

fn stamp(text: &Text, bytes: u64) -> Cause {
    let title = "-X of a variable whose name is stripped".to_owned();
    let cause = Cause::new(Category::LinkFlags, title);
    let (first, second) = (Some(text.first.clone()), Some(text.second.clone()));
    let details = vec![
        "told by its place: a string variable whose text ends as the linker ends a stamp"
            .to_owned(),
    ];
    Cause { first, second, bytes, details, ..cause }
}

fn source(
    findings: &mut Findings,
    texts: &[Text],
    variables: &BTreeMap<String, Vec<String>>,
    bytes: u64,
) {
    let mut lines: Vec<String> = texts.iter().take(SHOWN).map(line).collect();
    if texts.len() > SHOWN {
        lines.push(format!("and {} more texts", texts.len().saturating_sub(SHOWN)));
    }
    for (package, names) in variables.iter().take(SHOWN) {
        let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
        let more = if names.len() > SHOWN { ", …" } else { "" };
        lines.push(format!("variables of {package}: {}{more}", shown.join(", ")));
    }
    if let Some(cause) = findings.causes.iter_mut().find(|it| it.category == Category::Source) {
        cause.details.extend(lines);
        cause.bytes = cause.bytes.saturating_add(bytes);
        return;
    }
    let mut cause = match (texts, lines.first()) {
        ([text, ..], _) => {
            let title = match (text.is_line_ends, text.variable.as_str()) {
                (true, "") => "line ends of a text differ (CRLF and LF)".to_owned(),
                (true, name) => format!("line ends of the text in {name} differ (CRLF and LF)"),
                (false, "") => "a constant text differs".to_owned(),
                (false, name) => format!("the text in {name} differs"),
            };
            let (first, second) = (Some(text.first.clone()), Some(text.second.clone()));
            Cause { first, second, ..Cause::new(Category::Source, title) }
        }
        ([], Some(line)) => Cause::new(Category::Source, line.clone()),
        ([], None) => Cause::new(Category::Source, "constants differ"),
    };
    lines.drain(..lines.len().min(1));
    cause.details = lines;
    cause.bytes = bytes;
    if texts.iter().any(|text| text.is_line_ends) {
        cause.fix = Some(
            "set `* text eol=lf` in .gitattributes: git changed the line ends on one machine"
                .to_owned(),
        );
    }
    findings.add(cause);
}

fn line(text: &Text) -> String {
    let name = if text.variable.is_empty() { "text" } else { &text.variable };
    format!("{name}: \"{}\" → \"{}\"", text.first, text.second)
}

/// Named variables that differ, by package.
fn variables(pair: &Pair<'_>) -> BTreeMap<String, Vec<String>> {
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let second = pair.images[1];
    for hunk in pair.diff.hunks.iter().filter(|hunk| hunk.owner == Owner::Data) {
        let (image, offset) = match hunk.second.is_empty() {
            true => (pair.images[0], hunk.first.start),
            false => (second, hunk.second.start),
        };
        let symbol = address_of(image, offset).and_then(|address| symbol_at(image, address));
        let Some((symbol, _)) = symbol else { continue };
        let name = String::from_utf8_lossy(symbol.name).into_owned();
        if LABELS.contains(&name.as_str()) {
            continue;
        }
        if let Some(package) = package_of(&name) {
            packages.entry(package).or_default().insert(name);
        }
    }
    packages.into_iter().map(|(package, names)| (package, names.into_iter().collect())).collect()
}

/// The texts of variables that differ, where they are string variables.
fn of_variables(pair: &Pair<'_>, variables: &BTreeMap<String, Vec<String>>) -> BTreeSet<Text> {
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
            variable: String::from_utf8_lossy(name).into_owned(),
            is_line_ends: is_line_ends(one, other),
            is_stamp: false,
            first: excerpt(one, other),
            second: excerpt(other, one),
        })
    };
    names.iter().filter_map(text).collect()
}

/// The texts that differ: those of variables by their bounds, others with what is around them.
fn texts(pair: &Pair<'_>, findings: &mut Findings) -> BTreeSet<Text> {
    let [first, second] = pair.images;
    let is_text = |hunk: &Hunk| matches!(hunk.owner, Owner::Constant | Owner::Data | Owner::Table);
    let hunks: Vec<(usize, &Hunk)> =
        pair.diff.hunks.iter().enumerate().filter(|(_, hunk)| is_text(hunk)).take(HUNKS).collect();
    let places = |image: &Image<'_>, side: fn(&Hunk) -> &Range<usize>| -> Vec<u64> {
        hunks.iter().filter_map(|(_, hunk)| address_of(image, side(hunk).start)).collect()
    };
    let headers = headers(second, &places(second, |hunk| &hunk.second));
    let old_headers = self::headers(first, &places(first, |hunk| &hunk.first));
    let mut texts = BTreeSet::new();
    for (number, hunk) in &hunks {
        let header = address_of(second, hunk.second.start)
            .and_then(|place| headers.iter().find(|header| header.holds(place)));
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
            let is_stamp = pair.build_id == BuildIdMeaning::LinkerInputsOnly
                && second.symbols.is_empty()
                && old.ends_with_nul(first)
                && new.ends_with_nul(second);
            if is_stamp {
                findings.owners.insert(*number, Owner::Value);
            }
            texts.insert(Text {
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
            texts.insert(Text { variable, first, second, is_line_ends, is_stamp });
        }
    }
    texts
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
fn excerpt(text: &[u8], other: &[u8]) -> String {
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

fn is_line_ends(first: &[u8], second: &[u8]) -> bool {
    let without =
        |text: &[u8]| text.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>();
    first != second && without(first) == without(second)
}

/// A string variable: where it is, and where its text is.
struct Header {
    address: u64,
    text: Range<u64>,
}

impl Header {
    fn holds(&self, address: u64) -> bool {
        self.text.contains(&address)
    }

    fn text<'a>(&self, image: &Image<'a>) -> &'a [u8] {
        let len =
            usize::try_from(self.text.end.saturating_sub(self.text.start)).unwrap_or_default();
        bytes_at(image, self.text.start).and_then(|bytes| bytes.get(..len)).unwrap_or_default()
    }

    fn ends_with_nul(&self, image: &Image<'_>) -> bool {
        bytes_at(image, self.text.end).and_then(|bytes| bytes.first()) == Some(&0)
    }

    /// Whether two are one variable: of one name, or where there are no names in one place.
    fn is_same(&self, other: &Self, images: [&Image<'_>; 2]) -> bool {
        let [first, second] = images;
        let (one, name) = (self.name(first), other.name(second));
        one == name && (!name.is_empty() || self.address == other.address)
    }

    fn name(&self, image: &Image<'_>) -> String {
        let symbol = symbol_at(image, self.address).filter(|(_, offset)| *offset == 0);
        symbol
            .map(|(symbol, _)| String::from_utf8_lossy(symbol.name).into_owned())
            .unwrap_or_default()
    }
}

/// The string variables whose texts hold one of these places, shortest texts first.
fn headers(image: &Image<'_>, places: &[u64]) -> Vec<Header> {
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

/// Fewer bytes than this may look like text by chance.
const WORD: usize = 4;

fn is_printable(bytes: &[u8]) -> bool {
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
