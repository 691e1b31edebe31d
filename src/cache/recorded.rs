//! What recordings add: which inputs tell several archives of one package apart.

use std::collections::{BTreeMap, BTreeSet};

use super::Inventory;
use crate::golang::build_id::ShortId;
use crate::golang::hash_input::{self, Slot};
use crate::golang::hash_log::{Key, KeyKind};
use crate::golang::inputs::Inputs;
use crate::recording::Recording;

/// Inputs that are named of one package.
const NAMED: usize = 6;

impl Inventory {
    /// Names the inputs that differ between archives of one package, where recordings hold their keys.
    pub fn explain(&mut self, recordings: &[Recording], inputs: &Inputs) {
        let mut keys: BTreeMap<ShortId, &Key> = BTreeMap::new();
        for recording in recordings {
            let logs = recording.invocations.iter().flat_map(|invocation| &invocation.log.keys);
            let builds = logs.filter(|key| key.kind == KeyKind::Build);
            keys.extend(builds.map(|key| (ShortId::of(&key.sum), key)));
        }
        let mut known = BTreeSet::new();
        for copies in &mut self.copies {
            let found: Vec<&Key> =
                copies.actions.iter().filter_map(|action| keys.get(action).copied()).collect();
            known.extend(found.iter().map(|key| key.sum));
            if let Some((first, others)) = found.split_first() {
                copies.inputs = differing(first, others, inputs);
            }
        }
        self.recorded = Some(known.len());
    }
}

/// The names of the inputs that some key has and another has not, what no dependency explains first.
fn differing(first: &Key, others: &[&Key], inputs: &Inputs) -> Vec<String> {
    let set = |key: &Key| key.inputs.iter().copied().collect::<BTreeSet<_>>();
    let own = set(first);
    let mut found = BTreeSet::new();
    for other in others {
        let other = set(other);
        for id in own.symmetric_difference(&other) {
            for atom in hash_input::atoms(KeyKind::Build, inputs.quoted(*id)) {
                found.insert((atom.slot == Slot::Import, name(atom.slot), atom.subject));
            }
        }
    }
    let mut names: Vec<String> = Vec::new();
    for (_, slot, subject) in found {
        let name = if subject.is_empty() { slot.to_owned() } else { format!("{slot} {subject}") };
        if names.len() == NAMED {
            names.push("…".to_owned());
            break;
        }
        names.push(name);
    }
    names
}

/// The word that the hash log has, where it has one.
fn name(slot: Slot) -> &'static str {
    match slot {
        Slot::Salt | Slot::ToolVersion => "version of",
        Slot::Dir => "dir",
        Slot::Module => "module",
        Slot::GoDirective => "go line",
        Slot::Target => "target",
        Slot::Command => "command",
        Slot::Trimpath => "-trimpath",
        Slot::ForceLibrary => "test variant",
        Slot::ForcedFlags => "forced flags of",
        Slot::UserFlags => "flags of",
        Slot::CCompiler | Slot::CCompilerId => "C compiler",
        Slot::Cover => "-cover",
        Slot::Fuzz => "-fuzz",
        Slot::ModInfo => "build info",
        Slot::ArchLevel | Slot::Magic => "variable",
        Slot::Experiment => "GOEXPERIMENT",
        Slot::File => "file",
        Slot::Import => "import",
        Slot::PgoFile => "PGO profile",
        _ => "other",
    }
}
