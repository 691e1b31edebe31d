//! What two files show without a look at their content: build IDs, sections, what is stripped or signed.

use std::collections::BTreeMap;

use super::{Cause, Findings, Level, Pair};
use crate::binary::image::Image;
use crate::binary_diff::Owner;
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::category::Category;

/// Lists build IDs and sections that differ. What they are echoes of is found later.
pub(super) fn differences(pair: &Pair<'_>, findings: &mut Findings) {
    let text = |image: &Image<'_>| {
        let id = &image.build_id_text;
        (!id.is_empty()).then(|| String::from_utf8_lossy(id).into_owned())
    };
    let ids = pair.images.map(text);
    if ids[0] != ids[1] {
        findings.differ(Level::BuildId, "Go build ID", ids, None);
    }
    let gnu = pair.images.map(|image| image.gnu_build_id.map(hex));
    if gnu[0] != gnu[1] {
        findings.differ(Level::BuildId, "GNU build ID", gnu, None);
    }
    let [first, second] = pair.images.map(sections);
    let names = first.keys().chain(second.keys().filter(|name| !first.contains_key(*name)));
    for name in names {
        let (one, other) = (first.get(name), second.get(name));
        if one != other {
            let size = |side: Option<&(u64, &[u8])>| side.map(|(size, _)| format!("{size} bytes"));
            findings.differ(Level::Section, name.clone(), [size(one), size(other)], None);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Size in memory and content of each section, by name; one that a file uses again has its number.
fn sections<'a>(image: &Image<'a>) -> BTreeMap<String, (u64, &'a [u8])> {
    let mut sections = BTreeMap::new();
    for region in image.regions.iter().chain(&image.unfiled).filter(|it| !it.name.is_empty()) {
        let mut name = region.name.clone();
        let mut number = 1_usize;
        while sections.contains_key(&name) {
            number = number.saturating_add(1);
            name = format!("{} #{number}", region.name);
        }
        sections.insert(name, (region.size, image.content(region)));
    }
    sections
}

/// Adds what was done to one file alone: stripped, signed, changed after its build.
pub(super) fn causes(pair: &Pair<'_>, findings: &mut Findings) {
    stripped(pair, findings);
    without_id(pair, findings);
    if pair.build_id == BuildIdMeaning::NotDeterministic {
        let title = "equal inputs gave other code: the compiler or the linker is not deterministic";
        let cause = Cause::new(Category::Nondeterminism, title);
        findings.absorber = Some(findings.add(cause));
    }
    let signature = pair.diff.bytes.get(&Owner::Signature).copied().unwrap_or_default();
    let others = pair.diff.bytes.iter().any(|(owner, bytes)| {
        *bytes > 0 && !matches!(owner, Owner::Signature | Owner::Container | Owner::Uuid)
    });
    if signature > 0 && !others && findings.causes.is_empty() {
        let title = "the signature or the checksum of the file; code and data are the same";
        let fix = "compare what is not signed, or leave it out: --ignore signature";
        findings.add(Cause {
            bytes: signature,
            fix: Some(fix.to_owned()),
            ..Cause::new(Category::Signature, title)
        });
    }
}

/// Flags of the linker take an ID away, from one file alone.
fn without_id(pair: &Pair<'_>, findings: &mut Findings) {
    let go = pair.images.map(|image| !image.build_id_text.is_empty());
    let gnu = pair.images.map(|image| image.gnu_build_id.is_some());
    let both_go = pair.images.iter().all(|image| image.build_info.is_some());
    let ids = [
        (go, "the Go build ID", "pass the same -ldflags=-buildid= to both builds, or to neither"),
        (gnu, "the GNU build ID", "pass the same -ldflags=-B to both builds, or to neither"),
    ];
    for (has, name, fix) in ids {
        let side = match has {
            [true, false] => "FIRST",
            [false, true] => "SECOND",
            _ => continue,
        };
        if both_go {
            let title = format!("{name} is in {side} only");
            let cause = Cause::new(Category::LinkFlags, title);
            findings.add(Cause { fix: Some(fix.to_owned()), ..cause });
        }
    }
}

fn stripped(pair: &Pair<'_>, findings: &mut Findings) {
    let symbols = pair.images.map(|image| !image.symbols.is_empty());
    let debug = pair.images.map(has_debug);
    let names = |side: usize| {
        let of = |has: [bool; 2], name: &'static str| {
            (has[side] && !has[1_usize.saturating_sub(side)]).then_some(name)
        };
        let both = [of(symbols, "the symbol table"), of(debug, "debug information")];
        both.into_iter().flatten().collect::<Vec<_>>()
    };
    let (only_first, only_second) = (names(0), names(1));
    for (only, side) in [(only_first, "FIRST"), (only_second, "SECOND")] {
        if only.is_empty() {
            continue;
        }
        let is_one = only.len() == 1;
        let verb = if is_one { "is" } else { "are" };
        let after = pair.build_id == BuildIdMeaning::Same;
        let how = if after { "; the build IDs are equal: stripped after the build" } else { "" };
        let title = format!("{} {verb} in {side} only{how}", only.join(" and "));
        let fix = if after {
            "strip both files by the same tool, or neither"
        } else {
            "give -ldflags='-s -w' to both builds, or to neither"
        };
        let cause = Cause::new(Category::LinkFlags, title);
        findings.add(Cause { fix: Some(fix.to_owned()), ..cause });
    }
}

fn has_debug(image: &Image<'_>) -> bool {
    image.regions.iter().any(|region| region.name.contains("debug_"))
}
