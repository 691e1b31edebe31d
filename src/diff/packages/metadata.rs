//! What differs around the contents of two packages, as causes.

use crate::diff::category::Category;
use crate::diff::executable::Cause;
use crate::packing::{
    Aspect, MetadataDifference, Package, PairedBy, Pairing, metadata_differences,
};

/// Renamed members that are named.
const NAMES: usize = 4;

/// Gathers the metadata that differs. A folder stands for what it was packed from or unpacked to, so
/// that beside an archive neither the format nor the folder around all is a difference.
pub(super) fn causes(first: &Package, second: &Package, pairing: &Pairing) -> Vec<Cause> {
    let is_unpacked = super::is_folder(first) != super::is_folder(second);
    let mut causes: Vec<Cause> = Vec::new();
    for found in metadata_differences(first, second, pairing) {
        if is_unpacked && matches!(found.aspect, Aspect::Format | Aspect::Name) {
            continue;
        }
        let cause = cause(found);
        match causes.iter_mut().find(|known| known.title == cause.title) {
            Some(known) => known.details.extend(cause.details),
            None => causes.push(cause),
        }
    }
    causes.extend(renamed(first, second, pairing));
    causes
}

/// Values that are the same in every archive of a release are part of the title, so that the cause is
/// told once for all; times and names are of each archive its own.
fn cause(found: MetadataDifference) -> Cause {
    let MetadataDifference { aspect, what, first, second, example, count, of, fix, .. } = found;
    let is_shared = matches!(aspect, Aspect::Owner | Aspect::Mode | Aspect::Format | Aspect::Kind);
    let subject = if example.is_some() { format!("{what} of members") } else { what };
    let values = format!("{first} → {second}");
    let members = example.map(|example| {
        let name = example.strip_suffix('/').unwrap_or(&example);
        if of == 1 {
            format!("`{name}`")
        } else {
            format!("{count} of {of} members, such as `{name}`")
        }
    });
    let (title, detail) = match (aspect, members) {
        // The values are two pairs of names, or say nothing.
        (Aspect::Packed, Some(members)) => (subject, Some(members)),
        (_, members) if is_shared => (format!("{subject}: {values}"), members),
        (_, Some(members)) => (subject, Some(format!("{members}: {values}"))),
        (_, None) => (subject, Some(values)),
    };
    let mut cause = Cause::new(Category::Packaging, title);
    cause.details.extend(detail);
    cause.fix = fix.map(str::to_owned);
    cause
}

fn renamed(first: &Package, second: &Package, pairing: &Pairing) -> Option<Cause> {
    let names =
        pairing.pairs.iter().filter(|pair| pair.by == PairedBy::Version).filter_map(|pair| {
            let (one, other) = (first.members.get(pair.first?)?, second.members.get(pair.second?)?);
            Some(format!("`{}` → `{}`", one.path(), other.path()))
        });
    let mut details: Vec<String> = names.collect();
    if details.is_empty() {
        return None;
    }
    if let Some(more) = details.len().checked_sub(NAMES).filter(|more| *more > 0) {
        details.truncate(NAMES);
        details.push(format!("and {more} more"));
    }
    let mut cause = Cause::new(Category::Packaging, "version in the names of members");
    cause.details = details;
    Some(cause)
}
