//! What recordings add: which inputs tell several archives of one package apart.

use std::collections::{BTreeMap, BTreeSet};

use super::Inventory;
use crate::golang::build_id::ShortId;
use crate::golang::hash_input::{self, Slot};
use crate::golang::hash_log::{Key, KeyKind};
use crate::golang::inputs::{InputId, Inputs};
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
            copies.recorded = found.len();
            copies.inputs = differing(&found, inputs);
        }
        self.recorded = Some(known.len());
    }
}

/// What is hashed into some keys and not into others: that of no dependency first.
fn differing(keys: &[&Key], inputs: &Inputs) -> Vec<String> {
    let mut lines: BTreeMap<InputId, BTreeSet<usize>> = BTreeMap::new();
    for (index, key) in keys.iter().enumerate() {
        for id in key.inputs.iter() {
            lines.entry(*id).or_default().insert(index);
        }
    }
    lines.retain(|_, keys_of| keys_of.len() < keys.len());
    let mut facts: BTreeMap<(bool, Slot, String), Values> = BTreeMap::new();
    for (id, keys_of) in &lines {
        for atom in hash_input::atoms(KeyKind::Build, inputs.quoted(*id)) {
            let fact = facts.entry((atom.slot.is_edge(), atom.slot, atom.subject)).or_default();
            keys_of.iter().for_each(|key| fact.add(*key, &atom.value));
        }
    }
    facts.retain(|_, values| values.differ(keys.len()));
    let has = |slot| facts.keys().any(|(_, other, _)| *other == slot);
    let (version, cover, trimpath) = (has(Slot::Salt), has(Slot::Cover), has(Slot::Trimpath));
    // What goes with another difference, and says no more than it.
    facts.retain(|(_, slot, subject), _| match slot {
        Slot::ToolVersion => !(version || cover && subject == "cover"),
        Slot::Dir | Slot::Module => !trimpath,
        _ => true,
    });
    let all = facts.len();
    let mut named: Vec<String> = facts
        .iter()
        .take(NAMED)
        .map(|((_, slot, subject), values)| named(*slot, subject, values, keys.len()))
        .collect();
    if all > NAMED {
        named.push(format!("{} more", all - NAMED));
    }
    named
}

/// What keys have in one place: by the number of the key, as the hash log prints it.
#[derive(Default)]
struct Values(BTreeMap<usize, BTreeSet<String>>);

impl Values {
    fn add(&mut self, key: usize, value: &str) {
        self.0.entry(key).or_default().insert(value.to_owned());
    }

    fn differ(&self, keys: usize) -> bool {
        let mut values = self.0.values();
        let first = values.next();
        self.0.len() < keys || values.any(|other| Some(other) != first)
    }

    /// All of them, each once; what some keys have nothing of is `none`.
    fn text(&self, keys: usize) -> String {
        let mut all: BTreeSet<String> = BTreeSet::new();
        for value in self.0.values().flatten() {
            let value = value.replace('"', "");
            all.insert(if value.is_empty() { "none".to_owned() } else { value });
        }
        if self.0.len() < keys {
            all.insert("none".to_owned());
        }
        all.into_iter().collect::<Vec<_>>().join(" | ")
    }
}

fn named(slot: Slot, subject: &str, values: &Values, keys: usize) -> String {
    let name = match (slot, subject) {
        (Slot::UserFlags, "compile") => "-gcflags".to_owned(),
        (Slot::UserFlags, "asm") => "-asmflags".to_owned(),
        _ if subject.is_empty() => name(slot).to_owned(),
        _ => format!("{} {subject}", name(slot)),
    };
    match slot {
        Slot::Salt
        | Slot::Dir
        | Slot::GoDirective
        | Slot::Target
        | Slot::ForcedFlags
        | Slot::UserFlags
        | Slot::CCompiler
        | Slot::ArchLevel
        | Slot::Experiment
        | Slot::Magic => format!("{name}: {}", values.text(keys)),
        Slot::File if values.0.len() < keys => format!("{name}, not in all"),
        _ => name,
    }
}

/// The word that the hash log has, where it has one.
fn name(slot: Slot) -> &'static str {
    match slot {
        Slot::Salt => "Go",
        Slot::ToolVersion => "version of",
        Slot::Dir => "directory",
        Slot::Module => "module",
        Slot::GoDirective => "go line",
        Slot::Target => "target",
        Slot::Command => "command",
        Slot::Trimpath => "-trimpath",
        Slot::ForceLibrary => "test variant",
        Slot::ForcedFlags => "flags of",
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
