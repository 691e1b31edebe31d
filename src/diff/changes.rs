//! What differs between the inputs of two actions.

use std::collections::BTreeMap;

use crate::diff::actions::Action;
use crate::diff::matching::difference;
use crate::golang::hash_input::{self, Slot};
use crate::golang::inputs::Inputs;

/// One input that two actions do not share. `None` is an input that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub slot: Slot,
    pub subject: String,
    pub first: Option<String>,
    pub second: Option<String>,
}

impl Change {
    /// Says whether it carries the output of another action, on both sides.
    #[must_use]
    pub fn is_edge(&self) -> bool {
        self.slot.is_edge() && self.first.is_some() && self.second.is_some()
    }

    /// Says whether the input is on one side only.
    #[must_use]
    pub fn is_one_sided(&self) -> bool {
        self.first.is_none() || self.second.is_none()
    }
}

/// Compares the inputs of two actions as sets, by what they are about.
pub(super) fn between(first: &Action<'_>, second: &Action<'_>, inputs: &Inputs) -> Vec<Change> {
    let (gone, come) = difference(&first.key.inputs, &second.key.inputs);
    let mut sides: BTreeMap<(Slot, String), (Option<String>, Option<String>)> = BTreeMap::new();
    for id in gone {
        for atom in hash_input::atoms(first.key.kind, inputs.quoted(id)) {
            sides.entry((atom.slot, atom.subject)).or_default().0 = Some(atom.value);
        }
    }
    for id in come {
        for atom in hash_input::atoms(second.key.kind, inputs.quoted(id)) {
            sides.entry((atom.slot, atom.subject)).or_default().1 = Some(atom.value);
        }
    }
    sides
        .into_iter()
        // A line of several facts differs as a line while most of its facts are equal.
        .filter(|(_, (first, second))| first != second)
        .map(|((slot, subject), (first, second))| Change { slot, subject, first, second })
        .collect()
}
