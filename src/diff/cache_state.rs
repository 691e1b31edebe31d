//! Compiles that ran although their keys are equal: the cache did not have what the first build made.

use crate::diff::category::Category;
use crate::diff::cause::{Cause, Root, heavier};
use crate::diff::rows::{ActionRow, Outcome};
use crate::diff::{Change, Comparison};
use crate::golang::hash_input::Slot;
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;

/// Adds the cause to those of a comparison, where there are such compiles.
pub(super) fn add(comparison: &mut Comparison, first: &Recording, second: &Recording) {
    let Some(cause) = cause(comparison, first, second) else { return };
    let place = comparison.causes.partition_point(|other| heavier(other, &cause).is_le());
    comparison.causes.insert(place, cause);
    for row in &mut comparison.actions {
        let indices = row.causes.iter_mut().chain(&mut row.own);
        indices.filter(|index| **index >= place).for_each(|index| *index += 1);
        if is_lost(row) {
            (row.causes, row.own) = (vec![place], vec![place]);
        }
    }
}

/// A rebuild that starts from an empty cache by
/// design has none; the executables of `go build` and `go test` are never cached.
fn cause(comparison: &Comparison, first: &Recording, second: &Recording) -> Option<Cause> {
    if second.manifest.cold {
        return None;
    }
    let ran: Vec<&ActionRow> = comparison.actions.iter().filter(|row| is_lost(row)).collect();
    if ran.is_empty() {
        return None;
    }
    let of_kind = |row: &&ActionRow| {
        let is_equal = matches!(row.outcome, Outcome::Hit | Outcome::RanWithEqualKey);
        row.kind == KeyKind::Build && is_equal
    };
    let equal = comparison.actions.iter().filter(of_kind).count();
    let cpu = ran.iter().filter_map(|row| row.cpu_seconds()).reduce(|sum, cpu| sum + cpu);
    let root = |row: &&ActionRow| Root {
        action: row.name(),
        package: row.package.clone(),
        variant: row.variant,
        change: Change {
            slot: Slot::Constant,
            subject: "equal key".to_owned(),
            first: row.first.map(|side| side.id.to_string()),
            second: row.second.map(|side| side.id.to_string()),
        },
    };
    Some(Cause {
        category: Category::CacheState,
        title: title(ran.len(), equal, first, second),
        about: String::new(),
        roots: ran.iter().map(root).collect(),
        reach_total: ran.len(),
        share_cpu_seconds: cpu,
        alone_cpu_seconds: cpu,
        cutoff: 0,
        links: Vec::new(),
        origin: None,
        fix: Category::CacheState.fix().map(str::to_owned),
        proof: None,
        variations: None,
    })
}

fn is_lost(row: &ActionRow) -> bool {
    // One with another output has a cause already, and its seconds are counted there.
    row.kind == KeyKind::Build && row.outcome == Outcome::RanWithEqualKey && row.causes.is_empty()
}

fn title(ran: usize, equal: usize, first: &Recording, second: &Recording) -> String {
    let forced = second.builds().any(|build| build.info.command().is_set("a"));
    let caches = [first, second].map(|side| side.manifest.places.gocache.as_str());
    let why = match caches {
        _ if forced => "`-a` is given, which ignores the cache".to_owned(),
        [one, other] if ran == equal && one != other && !one.is_empty() && !other.is_empty() => {
            format!("the second build used another GOCACHE, {other} in place of {one}")
        }
        _ if ran == equal => "the second build's GOCACHE was empty, or was not restored".to_owned(),
        _ => "GOCACHE no longer had their outputs: trimmed, or restored from an older save"
            .to_owned(),
    };
    format!("{ran} of {equal} compiles with equal keys ran all the same: {why}")
}
