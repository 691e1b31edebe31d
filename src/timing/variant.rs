//! What tells actions apart that share their kind and package.

use std::collections::BTreeMap;

use crate::golang::action_graph::GraphAction;
use crate::golang::build_id::ShortId;
use crate::golang::hash_input::{self, Slot};
use crate::golang::hash_log::{HashLog, Key, KeyKind};
use crate::golang::inputs::Inputs;
use crate::timing::group::Group;
use crate::timing::order::Order;

/// One thing that makes a compile differ from the plain one of its package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trait {
    /// A copy for a main package that has a profile.
    Pgo,
    /// The package with its `_test.go` files.
    InPackageTest,
    /// The `_test` package of its directory.
    ExternalTest,
    /// The generated main package of a test.
    TestMain,
    /// The main package of `go run`.
    GoRun,
    Cover,
    Race,
}

impl Trait {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pgo => "PGO copy",
            Self::InPackageTest => "in-package test",
            Self::ExternalTest => "external test",
            Self::TestMain => "test main",
            Self::GoRun => "go run",
            Self::Cover => "cover",
            Self::Race => "race",
        }
    }
}

/// What tells an action from others of its kind and package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variant {
    pub traits: Vec<Trait>,
    /// The one executable that is linked with it, where the package was built several times;
    /// `its test` for that of the package itself.
    pub only_for: Option<String>,
    /// Which of several it is, counted from 1, and of how many; where nothing else tells.
    pub number: Option<(usize, usize)>,
}

impl Variant {
    /// Returns it in words; empty for the plain one.
    #[must_use]
    pub fn label(&self) -> String {
        let traits: Vec<&str> = self.traits.iter().map(|known| known.name()).collect();
        let user = self.only_for.as_ref().map(|user| format!("for {user}"));
        let number = self.number.map(|(number, of)| format!("{number} of {of}"));
        let words = [Some(traits.join(", ")), user, number].into_iter().flatten();
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Returns the variant of each action, and the traits that every compile has.
pub(super) fn variants(
    graph: &[GraphAction],
    order: &Order,
    log: Option<(&HashLog, &Inputs)>,
) -> (Vec<Variant>, Vec<Trait>) {
    let mut variants: Vec<Variant> = vec![Variant::default(); graph.len()];
    let shared = log.map_or_else(Vec::new, |(log, inputs)| {
        let keys: BTreeMap<ShortId, &Key> =
            log.keys.iter().map(|key| (ShortId::of(&key.sum), key)).collect();
        let mut keyed = Vec::new();
        for (index, action) in graph.iter().enumerate().filter(|(_, action)| is_compile(action)) {
            if let Some(key) = action.action_id.and_then(|id| keys.get(&id)) {
                variants[index].traits = traits(key, inputs);
                keyed.push(index);
            }
        }
        take_shared(&mut variants, &keyed)
    });
    for (variant, action) in variants.iter_mut().zip(graph).filter(|(_, action)| is_compile(action))
    {
        variant.traits.extend(by_name(&action.package));
        variant.traits.sort_unstable();
        variant.traits.dedup();
        if variant.traits.contains(&Trait::TestMain) {
            variant.traits.retain(|known| *known != Trait::GoRun);
        }
    }
    for (index, action) in graph.iter().enumerate().filter(|(_, action)| action.mode == "vet") {
        let of = |&&dep: &&usize| is_compile(&graph[dep]) && graph[dep].package == action.package;
        if let Some(&vetted) = order.deps[index].iter().find(of) {
            variants[index].traits = variants[vetted].traits.clone();
        }
    }
    tell_apart(graph, order, &mut variants);
    (variants, shared)
}

fn is_compile(action: &GraphAction) -> bool {
    matches!(action.mode.as_str(), "build" | "build-install")
}

fn by_name(package: &str) -> Option<Trait> {
    if package.ends_with(".test") {
        Some(Trait::TestMain)
    } else {
        package.ends_with("_test").then_some(Trait::ExternalTest)
    }
}

/// Takes out what every compile has, as `-race` does: it tells none apart.
fn take_shared(variants: &mut [Variant], keyed: &[usize]) -> Vec<Trait> {
    let [first, rest @ ..] = keyed else { return Vec::new() };
    if rest.is_empty() {
        return Vec::new();
    }
    let mut shared = variants[*first].traits.clone();
    shared.retain(|known| rest.iter().all(|&index| variants[index].traits.contains(known)));
    for &index in keyed {
        variants[index].traits.retain(|known| !shared.contains(known));
    }
    shared
}

fn traits(key: &Key, inputs: &Inputs) -> Vec<Trait> {
    let mut traits: Vec<Trait> =
        key.inputs.iter().filter_map(|&id| marker(inputs.quoted(id))).collect();
    traits.sort_unstable();
    traits.dedup();
    traits
}

/// `pgofile …`, `forcelibrary`, `omitdebug true …`, `cover …`, `compile … ["-race"] …`.
fn marker(quoted: &str) -> Option<Trait> {
    let start = quoted.strip_prefix('"')?;
    if start.starts_with("pgofile ") {
        Some(Trait::Pgo)
    } else if start.starts_with("forcelibrary") {
        Some(Trait::InPackageTest)
    } else if start.starts_with("omitdebug true") {
        Some(Trait::GoRun)
    } else if start.starts_with("cover ") {
        Some(Trait::Cover)
    } else if start.starts_with("compile ") && start.contains("-race") {
        let atoms = hash_input::atoms(KeyKind::Build, quoted);
        let race = atoms
            .iter()
            .any(|atom| atom.slot == Slot::ForcedFlags && atom.value.contains("\"-race\""));
        race.then_some(Trait::Race)
    } else {
        None
    }
}

/// Gives actions that share mode, package and traits what else there is to tell them apart.
fn tell_apart(graph: &[GraphAction], order: &Order, variants: &mut [Variant]) {
    let mut same: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (index, action) in graph.iter().enumerate() {
        if !action.package.is_empty() && Group::of(action) != Group::Test {
            same.entry((&action.mode, &action.package)).or_default().push(index);
        }
    }
    same.retain(|_, indices| indices.len() > 1);
    if same.is_empty() {
        return;
    }
    let users = linked_by(graph, order);
    for indices in same.values() {
        for &index in indices {
            if let Linked::One(link) = users[index] {
                let user = &graph[link].package;
                let own = user.strip_suffix(".test") == Some(graph[index].package.as_str());
                variants[index].only_for = match own {
                    true if variants[index].traits.contains(&Trait::InPackageTest) => None,
                    true => Some("its test".to_owned()),
                    false => Some(user.clone()),
                };
            }
        }
        let mut labels: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &index in indices {
            labels.entry(variants[index].label()).or_default().push(index);
        }
        for alike in labels.into_values().filter(|alike| alike.len() > 1) {
            for (at, &index) in alike.iter().enumerate() {
                variants[index].number = Some((at + 1, alike.len()));
            }
        }
    }
}

/// Which links use the output of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Linked {
    None,
    One(usize),
    Many,
}

fn linked_by(graph: &[GraphAction], order: &Order) -> Vec<Linked> {
    let mut users = vec![Linked::None; graph.len()];
    for &action in order.sequence.iter().rev() {
        let passed = match users[action] {
            _ if graph[action].mode == "link" => Linked::One(action),
            passed => passed,
        };
        for &dep in &order.deps[action] {
            users[dep] = match (users[dep], passed) {
                (Linked::None, other) | (other, Linked::None) => other,
                (one, other) if one == other => one,
                _ => Linked::Many,
            };
        }
    }
    users
}
