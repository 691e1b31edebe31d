//! Changed data: which texts and variables differ, and what of them is a stamp.

use std::collections::{BTreeMap, BTreeSet};

use super::place::{address_of, region_at, symbol_at};
use super::texts::{self, Text};
use super::{Cause, Findings, Level, Pair, embedded, strings};
use crate::binary::image::Region;
use crate::binary_diff::{Owner, differing_bytes};
use crate::diff::category::Category;
use crate::golang::package_name::package_of;

/// Texts that a cause shows.
const SHOWN: usize = 4;
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
    let mut named = strings::of_variables(pair, &variables);
    named.extend(embedded::texts(pair));
    let mut found = texts::all(pair, findings);
    // A text that changes its length changes its place among all others: there it is gone, here it is new.
    found.retain(|text| {
        let is_told = |known: &Text| {
            [&text.first, &text.second]
                .iter()
                .all(|side| side.is_empty() || **side == known.first || **side == known.second)
        };
        text.is_stamp || !named.iter().any(is_told)
    });
    found.extend(named);
    found.extend(strings::of_headers(pair, findings));
    let (stamps, texts): (Vec<Text>, Vec<Text>) = found.into_iter().partition(|text| text.is_stamp);
    for names in variables.values_mut() {
        let is_told =
            |name: &String| texts.iter().any(|text| text.variable == *name || text.table == *name);
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
        let differing = differing_bytes(text.first.as_bytes(), text.second.as_bytes()).min(left);
        left = left.saturating_sub(differing);
        findings.add(stamp(text, differing));
    }
    if texts.is_empty() && variables.is_empty() {
        // Headers of stamped variables, and what moved with a difference that is known.
        if let Some(cause) = findings.causes.iter_mut().find(|cause| takes_data(cause)) {
            cause.bytes = cause.bytes.saturating_add(left);
        }
        return;
    }
    source(findings, &texts, &variables, left);
}

/// Whether data may have changed with this cause.
fn takes_data(cause: &Cause) -> bool {
    matches!(cause.category, Category::Source | Category::LinkFlags | Category::GoDirective)
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
    // What has a name says most.
    let mut texts: Vec<&Text> = texts.iter().collect();
    texts.sort_by_key(|text| {
        (text.variable.is_empty(), text.first.is_empty() || text.second.is_empty())
    });
    let mut lines: Vec<String> = texts.iter().take(SHOWN).map(|text| line(text)).collect();
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
    let mut cause = match (texts.as_slice(), lines.first()) {
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
        ([], None) => return,
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
        // Without sizes the last name of the constants stands for all that follow.
        let is_bounded =
            symbol.size.is_some() || region_at(image, offset).is_some_and(is_variables);
        // `$f64.…` is a number in the code, and what cgo named is no variable of the source.
        let is_made = name.starts_with('$') || name.contains("_cgo_");
        if LABELS.contains(&name.as_str()) || is_made || !is_bounded {
            continue;
        }
        if let Some(package) = package_of(&name) {
            packages.entry(package).or_default().insert(name);
        }
    }
    packages.into_iter().map(|(package, names)| (package, names.into_iter().collect())).collect()
}

/// Whether a region holds variables, which are set to values, and no constants.
pub(super) fn is_variables(region: &Region) -> bool {
    let name = region.name.as_str();
    name.contains("data") && !["rodata", "rdata", "debug"].iter().any(|other| name.contains(other))
}
