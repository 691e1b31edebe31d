//! What one go command leaves in the cache for another, from the plans of both.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::actions::{self, Action};
use crate::diff::cause::Cause;
use crate::diff::{compare, matching};
use crate::golang::build_id::ShortId;
use crate::golang::hash_input::{self, Slot};
use crate::golang::hash_log::KeyKind;
use crate::golang::inputs::Inputs;
use crate::recording::{Manifest, Recording};

/// How much of what the first command compiles the second can use.
#[derive(Debug)]
pub struct Reuse {
    /// Compiles of the second command, by where the package comes from.
    pub needed: ByOrigin,
    /// Those of them that the first leaves in the cache.
    pub left: ByOrigin,
    /// Compiles of the first command.
    pub stored: usize,
    /// Why packages that both compile have other keys, heaviest first. `reach_total` counts compiles.
    pub causes: Vec<Cause>,
    /// Compiles that the first command has no counterpart of, by package.
    pub not_built: NotBuilt,
    /// Links of the second command, none of which is cached.
    pub links: usize,
    /// Results of vet that the second command needs and that the first leaves, where the go
    /// command caches all of them: since Go 1.26.
    pub vet: Option<(usize, usize)>,
}

/// Compiles by where the package comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByOrigin {
    pub standard: usize,
    pub dependencies: usize,
    pub module: usize,
}

impl ByOrigin {
    #[must_use]
    pub fn total(&self) -> usize {
        self.standard + self.dependencies + self.module
    }
}

/// Compiles of the second command that the first command does not do in any form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotBuilt {
    /// Test packages, test mains, and packages compiled again with the tests in them.
    pub tests: Vec<String>,
    /// Packages that the first command compiles too, and less often.
    pub again: Vec<String>,
    /// Packages that the first command does not know.
    pub packages: Vec<String>,
}

/// Counts what the first of two plans leaves for the second.
#[must_use]
pub fn count(mut first: Recording, mut second: Recording, inputs: &Inputs) -> Reuse {
    // Since Go 1.24 it caches what `go run` links.
    let is_run = second.builds().any(|invocation| invocation.info.command().verb == "run");
    let links = if is_run { 0 } else { keys(&second, KeyKind::Link).len() };
    let vet = vet_is_cached(&second).then(|| {
        let (stored, needed) = (keys(&first, KeyKind::Vet), keys(&second, KeyKind::Vet));
        (needed.len(), needed.intersection(&stored).count())
    });
    keep_compiles(&mut first);
    keep_compiles(&mut second);
    let causes = compare(&first, &second, inputs).causes;
    let (ours, theirs) = (actions::collect(&first, inputs), actions::collect(&second, inputs));
    let matching = matching::match_actions(&ours.all, &theirs.all);
    let mut reuse = Reuse {
        needed: ByOrigin::default(),
        left: ByOrigin::default(),
        stored: ours.all.len(),
        causes,
        not_built: NotBuilt::default(),
        links,
        vet,
    };
    for action in &theirs.all {
        origin(action, &second.manifest, inputs).add_to(&mut reuse.needed);
    }
    for pair in &matching.pairs {
        let action = &theirs.all[pair.second];
        if ours.all[pair.first].key.sum == action.key.sum {
            origin(action, &second.manifest, inputs).add_to(&mut reuse.left);
        }
    }
    let known: BTreeSet<&str> = ours.all.iter().map(|action| action.key.package.as_str()).collect();
    for &index in &matching.only_second {
        let action = &theirs.all[index];
        let package = action.key.package.clone();
        match () {
            () if is_of_tests(action, inputs) => reuse.not_built.tests.push(package),
            () if known.contains(package.as_str()) => reuse.not_built.again.push(package),
            () => reuse.not_built.packages.push(package),
        }
    }
    let NotBuilt { tests, again, packages } = &mut reuse.not_built;
    for names in [tests, again, packages] {
        names.sort();
    }
    reuse
}

/// Returns the distinct keys of one kind.
fn keys(recording: &Recording, kind: KeyKind) -> BTreeSet<[u8; 32]> {
    let all = recording.invocations.iter().flat_map(|invocation| &invocation.log.keys);
    all.filter(|key| key.kind == kind).map(|key| key.sum).collect()
}

/// Up to Go 1.25 the packages that a command names are vetted on every run.
fn vet_is_cached(recording: &Recording) -> bool {
    let minor = recording.go_version().and_then(|version| {
        let number = version.strip_prefix("go1.")?;
        number.split(|char: char| !char.is_ascii_digit()).next()?.parse::<u32>().ok()
    });
    // A development version is a new one.
    minor.is_none_or(|minor| minor >= 26) && !keys(recording, KeyKind::Vet).is_empty()
}

/// Leaves the keys of what is compiled: a go command knows more than it compiles.
fn keep_compiles(recording: &mut Recording) {
    for invocation in &mut recording.invocations {
        let compiled: BTreeMap<ShortId, bool> = invocation
            .graph
            .iter()
            .filter(|node| node.mode == "build")
            .filter_map(|node| Some((node.action_id?, node.need_build)))
            .collect();
        let is_compiled = |id: &ShortId| compiled.get(id).is_some_and(|&needed| needed);
        let log = &mut invocation.log;
        log.keys.retain(|key| key.kind == KeyKind::Build && is_compiled(&ShortId::of(&key.sum)));
    }
}

#[derive(Debug, Clone, Copy)]
enum Origin {
    Standard,
    Dependency,
    Module,
}

impl Origin {
    fn add_to(self, counts: &mut ByOrigin) {
        match self {
            Self::Standard => counts.standard += 1,
            Self::Dependency => counts.dependencies += 1,
            Self::Module => counts.module += 1,
        }
    }
}

fn origin(action: &Action<'_>, manifest: &Manifest, inputs: &Inputs) -> Origin {
    let key = action.key;
    let lines = || key.inputs.iter().map(|&id| inputs.quoted(id));
    // The go command says so itself; a module may have any name.
    if lines().any(|line| line.contains(" standard true ")) {
        return Origin::Standard;
    }
    let package = key.package.as_str();
    let is_below = |module: &str| {
        package
            .strip_prefix(module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', '_']))
    };
    let own = manifest.go_mod.module.as_deref().is_some_and(is_below);
    if own || package == "command-line-arguments" || lines().any(|line| is_local(line, manifest)) {
        Origin::Module
    } else {
        Origin::Dependency
    }
}

/// Whether an input says that the package is of the tree: of another module of a workspace, say.
fn is_local(line: &str, manifest: &Manifest) -> bool {
    if !line.starts_with("\"dir ") && !line.starts_with("\"module ") {
        return false;
    }
    hash_input::atoms(KeyKind::Build, line).iter().any(|atom| match atom.slot {
        Slot::Module => atom.value.ends_with('@'),
        Slot::Dir => {
            let root = manifest.places.root.as_str();
            let below = atom.value.strip_prefix(root);
            !root.is_empty()
                && below.is_some_and(|below| {
                    (below.is_empty() || below.starts_with('/')) && !below.contains("/vendor/")
                })
        }
        _ => false,
    })
}

fn is_of_tests(action: &Action<'_>, inputs: &Inputs) -> bool {
    let package = action.key.package.as_str();
    package.ends_with(".test")
        || package.ends_with("_test")
        || action.key.inputs.iter().any(|&id| inputs.quoted(id).starts_with("\"forcelibrary"))
}
