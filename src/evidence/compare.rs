//! Compares two pieces of evidence: their files, packages and builds.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, Compiled};
use super::difference::{
    ArtifactDiff, BuildDiff, CompiledChange, CompiledDiff, Diverged, EvidenceDiff, Order, Outcome,
    PackageChange, PackageDiff, SectionDiff,
};
use super::names::origin;
use super::{Artifact, Evidence, Executable, Package, Section};
use crate::golang::build_id::ShortId;
use crate::golang::mod_info::{self, ModInfo};

/// Compares two pieces of evidence.
#[must_use]
pub fn compare(first: &Evidence, second: &Evidence) -> EvidenceDiff {
    // Each side knows its own order; of a package that only one of them knows that one counts.
    let order = Positions::in_order_of(second.build.as_ref().or(first.build.as_ref()));
    let (pairs, only_first, only_second) = paired(&first.artifacts, &second.artifacts);
    let artifacts: Vec<_> =
        pairs.into_iter().map(|(one, other)| artifact(one, other, &order)).collect();
    let build = first.build.as_ref().zip(second.build.as_ref()).map(|(one, two)| builds(one, two));
    let first_diverged = first_diverged(&artifacts, build.as_ref());
    EvidenceDiff { artifacts, only_first, only_second, build, first_diverged }
}

fn first_diverged(artifacts: &[ArtifactDiff], build: Option<&BuildDiff>) -> Option<Diverged> {
    let linked = |path: &str| {
        let mut all = artifacts.iter().flat_map(|artifact| &artifact.packages);
        all.find(|package| package.path == path).map(|package| package.change.clone())
    };
    if let Some(first) = build.and_then(|build| build.packages.first()) {
        return Some(Diverged {
            package: first.path.clone(),
            order: Order::Dependencies,
            compiled: Some(first.change),
            linked: linked(&first.path),
        });
    }
    let of = |artifact: &ArtifactDiff| {
        let mut all = artifact.packages.iter().filter(|package| package.change.is_divergence());
        // What one side alone links is there because another package imports it.
        let is_in_both = |package: &&PackageDiff| !package.change.is_one_sided();
        let package = all.clone().find(is_in_both).or_else(|| all.next())?;
        Some(Diverged {
            package: package.path.clone(),
            order: artifact.order,
            compiled: None,
            linked: Some(package.change.clone()),
        })
    };
    artifacts.iter().find_map(of)
}

type Pairs<'a> = (Vec<(&'a Artifact, &'a Artifact)>, Vec<String>, Vec<String>);

/// By path, or the one file of each side.
fn paired<'a>(first: &'a [Artifact], second: &'a [Artifact]) -> Pairs<'a> {
    if let ([one], [other]) = (first, second) {
        return (vec![(one, other)], Vec::new(), Vec::new());
    }
    // A binary on its own is compared with the one of its name.
    let name = |artifact: &Artifact| match first.len() == 1 || second.len() == 1 {
        true => artifact.path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        false => artifact.path.clone(),
    };
    let mut of_name: BTreeMap<String, Vec<&Artifact>> = BTreeMap::new();
    for artifact in first.iter().rev() {
        of_name.entry(name(artifact)).or_default().push(artifact);
    }
    let (mut pairs, mut only_second) = (Vec::new(), Vec::new());
    for artifact in second {
        match of_name.get_mut(&name(artifact)).and_then(Vec::pop) {
            Some(one) => pairs.push((one, artifact)),
            None => only_second.push(artifact.path.clone()),
        }
    }
    let mut only_first: Vec<_> =
        of_name.into_values().flatten().map(|artifact| artifact.path.clone()).collect();
    only_first.sort();
    (pairs, only_first, only_second)
}

fn artifact(first: &Artifact, second: &Artifact, order: &Positions<'_>) -> ArtifactDiff {
    let mut diff = ArtifactDiff {
        first: first.path.clone(),
        second: second.path.clone(),
        outcome: Outcome::Identical,
        build_ids: (None, None),
        go_versions: None,
        build_info: Vec::new(),
        source_dirs: None,
        one_is_stripped: false,
        sections: Vec::new(),
        packages: Vec::new(),
        same_packages: 0,
        order: order.order(),
        notes: Vec::new(),
    };
    let noted = |side: &Artifact| -> Vec<String> {
        side.notes.iter().map(|note| format!("{}: {note}", side.path)).collect()
    };
    diff.notes = [noted(first), noted(second)].concat();
    let one_and_other = first.executable.as_ref().zip(second.executable.as_ref());
    diff.outcome = match one_and_other {
        _ if (&first.sha256, first.bytes) == (&second.sha256, second.bytes) => Outcome::Identical,
        Some((one, other)) if one.format == other.format => Outcome::Differs,
        Some((one, other)) => {
            Outcome::NotComparable(format!("one is {}, the other {}", one.format, other.format))
        }
        None => Outcome::NotComparable("they are not two executables".to_owned()),
    };
    if let Some((one, other)) = one_and_other {
        diff.of_executables(one, other, order);
    }
    diff
}

impl ArtifactDiff {
    fn of_executables(&mut self, one: &Executable, other: &Executable, order: &Positions<'_>) {
        self.build_ids = (one.build_id, other.build_id);
        let version =
            |side: &Executable| side.build_info.as_ref().map(|info| info.go_version.clone());
        let versions = (version(one), version(other));
        self.go_versions = (versions.0 != versions.1).then_some(versions);
        let empty = ModInfo::default();
        let modules = |side: &'_ Executable| {
            side.build_info.as_ref().map_or_else(|| empty.clone(), |info| info.mod_info.clone())
        };
        let (first_modules, second_modules) = (modules(one), modules(other));
        self.build_info = mod_info::diff(&first_modules, &second_modules);
        let dirs = one.source_dir.clone().zip(other.source_dir.clone());
        self.source_dirs = dirs.filter(|(one, other)| one != other);
        self.one_is_stripped = !one.symbols || !other.symbols;
        if self.outcome != Outcome::Differs {
            return;
        }
        self.sections = sections(&one.sections, &other.sections);
        let (mut packages, same) = packages(one, other, &first_modules, &second_modules);
        packages.sort_by_cached_key(|package| {
            (order.of(&package.path), package.origin, package.path.clone())
        });
        (self.packages, self.same_packages) = (packages, same);
    }
}

/// Sections by name, the n-th of a name with the n-th; in the order of the second file.
fn sections(first: &[Section], second: &[Section]) -> Vec<SectionDiff> {
    let mut of_name: BTreeMap<&str, Vec<&Section>> = BTreeMap::new();
    for section in first.iter().rev() {
        of_name.entry(&section.name).or_default().push(section);
    }
    let mut differing = Vec::new();
    for section in second {
        let one = of_name.get_mut(section.name.as_str()).and_then(Vec::pop);
        if one != Some(section) {
            let (name, second) = (section.name.clone(), Some(section.bytes));
            differing.push(SectionDiff { name, first: one.map(|one| one.bytes), second });
        }
    }
    let gone = of_name.into_values().flatten();
    differing.extend(gone.map(|section| SectionDiff {
        name: section.name.clone(),
        first: Some(section.bytes),
        second: None,
    }));
    differing
}

fn packages(
    one: &Executable,
    other: &Executable,
    first_modules: &ModInfo,
    second_modules: &ModInfo,
) -> (Vec<PackageDiff>, usize) {
    let first: BTreeMap<&str, &Package> =
        one.packages.iter().map(|package| (package.path.as_str(), package)).collect();
    let second: BTreeMap<&str, &Package> =
        other.packages.iter().map(|package| (package.path.as_str(), package)).collect();
    let paths: BTreeSet<&str> = first.keys().chain(second.keys()).copied().collect();
    let (mut differing, mut same) = (Vec::new(), 0);
    for path in paths {
        let (change, modules) = match (first.get(path), second.get(path)) {
            (Some(one), Some(other)) => (change(one, other), second_modules),
            (Some(_), None) => (Some(PackageChange::OnlyFirst), first_modules),
            _ => (Some(PackageChange::OnlySecond), second_modules),
        };
        let (origin, module) = origin(path, Some(modules));
        match change {
            None => same += 1,
            Some(change) => differing.push(PackageDiff {
                path: path.to_owned(),
                module: module.map(str::to_owned),
                origin,
                change,
            }),
        }
    }
    (differing, same)
}

fn change(first: &Package, second: &Package) -> Option<PackageChange> {
    let differ = |one: Option<super::Hash>, other: Option<super::Hash>| {
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    let table = first.table.diff(&second.table);
    if !table.changed.is_empty() {
        let names = if second.names.is_empty() { &first.names } else { &second.names };
        let mut functions: Vec<_> = names
            .iter()
            .filter(|(key, _)| table.may_be(*key))
            .map(|(_, name)| name.clone())
            .collect();
        functions.sort();
        functions.dedup();
        return Some(PackageChange::Code { functions });
    }
    if first.code != second.code {
        // Names that are the same in sum, and another code: the sums of two codes are the same.
        return Some(match table.other_names {
            true => PackageChange::Linked,
            false => PackageChange::Code { functions: Vec::new() },
        });
    }
    // Other variables are linked where others use them; then nothing is known of their contents.
    if first.variables == second.variables && differ(first.data, second.data) {
        return Some(PackageChange::Data);
    }
    if first.lines != second.lines {
        return Some(PackageChange::Lines);
    }
    let both_tell = first.data.is_some() && second.data.is_some();
    (both_tell && first.stamps != second.stamps).then_some(PackageChange::Stamp)
}

/// Where each package is in the order of dependencies.
struct Positions<'a>(BTreeMap<&'a str, usize>);

impl<'a> Positions<'a> {
    fn in_order_of(build: Option<&'a Build>) -> Self {
        let packages = build.map_or(&[][..], |build| &build.packages);
        // A package that is compiled again for a test comes first as what it is.
        let mut positions = BTreeMap::new();
        for (position, package) in packages.iter().enumerate() {
            positions.entry(package.path.as_str()).or_insert(position);
        }
        Self(positions)
    }

    fn order(&self) -> Order {
        if self.0.is_empty() { Order::Names } else { Order::Dependencies }
    }

    /// What the build does not know comes last.
    fn of(&self, path: &str) -> usize {
        self.0.get(path).copied().unwrap_or(usize::MAX)
    }
}

/// Compares packages by path, the n-th of a path with the n-th unless their inputs are equal.
fn builds(first: &Build, second: &Build) -> BuildDiff {
    let mut of_path: BTreeMap<&str, Vec<&Compiled>> = BTreeMap::new();
    for package in first.packages.iter().rev() {
        of_path.entry(&package.path).or_default().push(package);
    }
    let (mut packages, mut same, mut only_second) = (Vec::new(), 0, Vec::new());
    for package in &second.packages {
        let Some(one) =
            of_path.get_mut(package.path.as_str()).and_then(|all| take(all, package.action))
        else {
            only_second.push(package.path.clone());
            continue;
        };
        if one.content == package.content {
            same += 1;
            continue;
        }
        let change = match one.action == package.action {
            true => CompiledChange::NotDeterministic,
            false => CompiledChange::Inputs,
        };
        packages.push(CompiledDiff { path: package.path.clone(), change });
    }
    let only_first = of_path.into_values().flatten().map(|package| package.path.clone()).collect();
    BuildDiff { packages, same, only_first, only_second }
}

fn take<'a>(all: &mut Vec<&'a Compiled>, action: ShortId) -> Option<&'a Compiled> {
    match all.iter().position(|one| one.action == action) {
        Some(at) => Some(all.remove(at)),
        None => all.pop(),
    }
}
