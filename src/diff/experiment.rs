//! Undoes one cause and says which keys became equal.
//!
//! Both builds are planned here and now, all plans from an empty cache, so that they are wrong
//! about outputs in the same way. What is claimed of a cause is that the actions that have it
//! alone differ by nothing else; undone, their keys must be equal.

mod undo;

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Comparison;
use crate::diff::cause::Cause;
use crate::golang::hash_log::KeyKind;

pub use undo::{Commands, Undo, move_to};

/// What came of undoing a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The cause is gone, and every key that it alone made differ is equal.
    Proven {
        tried: String,
        equal: usize,
        /// Actions that showed the cause in an input of their own, and no longer do.
        cleared: usize,
    },
    /// Not all of that.
    Disproved {
        tried: String,
        /// Keys that became equal, of those that should have.
        equal: usize,
        predicted: usize,
        /// Names of the causes that the others still have.
        remaining: Vec<String>,
    },
    /// Says why.
    NotTried(String),
}

impl Cause {
    /// Returns the category, with what it is about where that tells it from others.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.category, self.about).trim_end().to_owned()
    }

    /// Says whether two comparisons speak of the same cause.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.category, &self.about) == (other.category, &other.about)
    }
}

/// Judges a cause by two comparisons of plans: as the builds are, and with the cause undone.
#[must_use]
pub fn judge(cause: &Cause, before: &Comparison, after: &Comparison, tried: String) -> Proof {
    let Some(index) = before.causes.iter().position(|other| other.is_same(cause)) else {
        return Proof::NotTried(NOT_SHOWN.to_owned());
    };
    let mut rows: BTreeMap<(KeyKind, &str), Row> = BTreeMap::new();
    for action in before.actions.iter().filter(|action| action.is_changed()) {
        let row = rows.entry((action.kind, &action.package)).or_default();
        match action.causes == [index] {
            true => row.predicted += 1,
            false => row.others += 1,
        }
    }
    let mut remaining = BTreeSet::new();
    for action in &after.actions {
        let Some(row) = rows.get_mut(&(action.kind, action.package.as_str())) else { continue };
        row.is_there |= action.first.is_some() && action.second.is_some();
        row.changed += usize::from(action.is_changed());
        if row.predicted > 0 && action.is_changed() {
            remaining.extend(
                action.causes.iter().filter_map(|&cause| after.causes.get(cause)).map(Cause::name),
            );
        }
    }
    let predicted = rows.values().map(|row| row.predicted).sum();
    let equal = rows.values().map(Row::equal).sum();
    let gone = !after.causes.iter().any(|other| other.is_same(cause));
    if gone && equal == predicted {
        let cleared = before.causes[index].roots.len();
        return Proof::Proven { tried, equal, cleared };
    }
    if !gone {
        remaining.insert(cause.name());
    }
    Proof::Disproved { tried, equal, predicted, remaining: remaining.into_iter().collect() }
}

/// The experiment needs the cause; without it nothing would be proven.
const NOT_SHOWN: &str =
    "a plan of the two builds in the tree as it is now does not show this difference";

/// The changed actions of one kind and package. Variants are counted, since a flag that is
/// undone can be what makes the variant.
#[derive(Default)]
struct Row {
    /// Changed before, by the cause alone.
    predicted: usize,
    /// Changed before, also by others.
    others: usize,
    /// Changed after.
    changed: usize,
    /// Whether both builds have it after.
    is_there: bool,
}

impl Row {
    fn equal(&self) -> usize {
        match self.is_there {
            true => self.predicted - self.changed.saturating_sub(self.others).min(self.predicted),
            false => 0,
        }
    }
}
