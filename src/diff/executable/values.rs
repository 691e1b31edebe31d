//! Values that the linker stamped into variables (`-X`), and its other flags.

use std::collections::BTreeMap;

use super::place::{shown, text_of};
use super::{Cause, Findings, Level, Pair};
use crate::binary::image::Image;
use crate::binary_diff::{Owner, differing_bytes};
use crate::detect::{self, Look};
use crate::diff::category::Category;

/// Variables that the go command stamps by itself, and what each is about.
///
/// Source: `data.go` of `cmd/link/internal/ld` and `gc.go` of the `work` package of `cmd/go`, Go 1.26.
const OWN: [(&str, Category); 5] = [
    ("runtime.buildVersion", Category::Toolchain),
    ("runtime.defaultGOROOT", Category::Goroot),
    ("runtime.godebugDefault", Category::GoDirective),
    ("internal/runtime/sys.defaultGOROOT", Category::Goroot),
    ("internal/buildcfg.defaultGOROOT", Category::Goroot),
];
/// The module information, which is compared key by key.
const MOD_INFO: &str = "runtime.modinfo";

/// Adds a cause for each variable whose stamp differs, and for flags of the linker that are recorded.
pub(super) fn causes(pair: &Pair<'_>, findings: &mut Findings) {
    let recorded = [0, 1].map(|side| recorded(pair, side));
    // A stripped file has no names to hold against those of the other.
    let is_named = pair.images.iter().all(|image| !image.symbols.is_empty());
    let stamped = pair.images.map(|image| if is_named { stamped(image) } else { BTreeMap::new() });
    let names: std::collections::BTreeSet<&String> = stamped
        .iter()
        .chain(recorded.iter().map(|flags| &flags.values))
        .flat_map(BTreeMap::keys)
        .collect();
    let mut found: Vec<Cause> = Vec::new();
    for name in names {
        let value = |side: usize| {
            let of = |map: &BTreeMap<String, String>| map.get(name).cloned();
            of(&stamped[side]).or_else(|| of(&recorded[side].values))
        };
        let (first, second) = (value(0), value(1));
        if first == second {
            continue;
        }
        findings.stamped.insert(name.clone());
        if name == MOD_INFO {
            continue;
        }
        let own = OWN.iter().find(|(own, _)| own == name).map(|(_, category)| *category);
        let category = own.unwrap_or(Category::LinkFlags);
        findings.differ(
            Level::Symbol,
            name.clone(),
            [first.clone(), second.clone()],
            Some(category),
        );
        // What another cause has brought with it.
        let brought = match category {
            Category::Goroot => &[Category::Trimpath, Category::Toolchain][..],
            Category::GoDirective => &[Category::Toolchain],
            _ => &[],
        };
        let is_brought = findings.has(category) || brought.iter().any(|by| findings.has(*by));
        if own.is_some() && is_brought {
            continue;
        }
        let title = if own.is_some() { name.clone() } else { format!("-X {name}") };
        let mut cause = Cause { first, second, ..Cause::new(category, title) };
        if category == Category::LinkFlags {
            cause.fix = Some(fix(&cause).to_owned());
        }
        found.push(cause);
    }
    let total = pair.diff.bytes.get(&Owner::Value).copied().unwrap_or_default();
    share(&mut found, total);
    let has_values = !found.is_empty();
    for cause in found {
        findings.add(cause);
    }
    other_flags(&recorded, has_values, findings);
}

/// Gives each cause the bytes that differ between its values; what their lengths shift goes to the first.
fn share(causes: &mut [Cause], total: u64) {
    let mut left = total;
    for cause in causes.iter_mut().rev() {
        let (first, second) = (cause.first.as_deref(), cause.second.as_deref());
        let (first, second) = (first.unwrap_or_default(), second.unwrap_or_default());
        cause.bytes = differing_bytes(first.as_bytes(), second.as_bytes()).min(left);
        left = left.saturating_sub(cause.bytes);
    }
    if let Some(cause) = causes.first_mut() {
        cause.bytes = cause.bytes.saturating_add(left);
    }
}

fn fix(cause: &Cause) -> &'static str {
    let look = |value: &Option<String>| value.as_deref().and_then(detect::look);
    match look(&cause.first).or_else(|| look(&cause.second)) {
        Some(Look::Time) => {
            "stamp the date of the commit in place of that of the build: git log -1 --format=%cI, or {{.CommitDate}} in GoReleaser"
        }
        Some(Look::Commit) => {
            "build both of one commit; or drop it: Go stamps vcs.revision by itself, and debug.ReadBuildInfo reads it"
        }
        _ => "pass the same value to both builds",
    }
}

/// Flags of the linker as the build info has them.
struct Recorded {
    is_there: bool,
    values: BTreeMap<String, String>,
    others: Vec<String>,
}

fn recorded(pair: &Pair<'_>, side: usize) -> Recorded {
    let info = pair.images.get(side).and_then(|image| image.build_info.as_ref());
    let flags = info.and_then(|info| info.mod_info.setting("-ldflags"));
    let mut found =
        Recorded { is_there: flags.is_some(), values: BTreeMap::new(), others: Vec::new() };
    let mut words = shlex::Shlex::new(flags.unwrap_or_default());
    while let Some(word) = words.next() {
        let stamp = match word.strip_prefix("-X").or_else(|| word.strip_prefix("--X")) {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match stamp.as_deref().and_then(|stamp| stamp.split_once('=')) {
            Some((name, value)) => {
                found.values.insert(name.to_owned(), value.to_owned());
            }
            None => found.others.push(word),
        }
    }
    found
}

/// Flags beside `-X`. Without a build info that has them nothing is known.
fn other_flags(recorded: &[Recorded; 2], has_values: bool, findings: &mut Findings) {
    let [first, second] = recorded;
    let is_known = first.is_there || second.is_there;
    let is_trimpath = findings.has(Category::Trimpath);
    if !is_known || first.others == second.others || is_trimpath {
        return;
    }
    let text = |side: &Recorded| side.others.join(" ");
    let shown = |text: String| if text.is_empty() { "(none)".to_owned() } else { text };
    let values = [text(first), text(second)];
    // Symbols that are missing say the same.
    if let Some(stripped) = findings.causes.iter_mut().find(|cause| {
        cause.category == Category::LinkFlags && !cause.title.starts_with("-X ") && !has_values
    }) {
        let [first, second] = values.map(shown);
        stripped.details.push(format!("-ldflags: {first} → {second}"));
        return;
    }
    let [first, second] = values.clone().map(shown);
    let cause = Cause::new(Category::LinkFlags, format!("-ldflags: {first} → {second}"));
    let [first, second] = values;
    findings.add(Cause { first: Some(first), second: Some(second), ..cause });
}

/// The text of each variable that the linker stamped, by name.
///
/// The linker puts the text of `X` at a symbol of its own, `X.str`. Source: `addstrdata` in
/// `cmd/link/internal/ld/data.go`, Go 1.26.
fn stamped(image: &Image<'_>) -> BTreeMap<String, String> {
    let texts: BTreeMap<&[u8], &crate::binary::symbols::Symbol<'_>> = image
        .symbols
        .iter()
        .filter_map(|symbol| Some((symbol.name.strip_suffix(b".str")?, symbol)))
        .collect();
    let mut values = BTreeMap::new();
    for variable in &image.symbols {
        let Some(text) = texts.get(variable.name) else { continue };
        let by_size = || {
            let len = usize::try_from(text.size?).ok()?;
            let bytes = super::place::bytes_at(image, text.address)?.get(..len)?;
            Some(bytes.strip_suffix(b"\0").unwrap_or(bytes))
        };
        let Some(value) = text_of(image, variable.address).or_else(by_size) else { continue };
        values.insert(String::from_utf8_lossy(variable.name).into_owned(), shown(value));
    }
    values
}
