//! Why two files differ, as far as what is kept of them tells.

use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::category::Category;
use crate::diff::executable::settings::{self, ABSORBING, TRIMPATH};
use crate::diff::executable::{Cause, Difference, Level};
use crate::evidence::{
    Artifact, ArtifactDiff, BuildDiff, CompiledChange, Hash, Outcome, Package, PackageChange,
    PackageDiff,
};
use crate::golang::mod_info::SettingChange;

/// Packages that a cause names.
const PACKAGES: usize = 12;

/// Names why two files differ: what the build info says, then the packages that nothing in it explains.
#[must_use]
pub fn causes(diff: &ArtifactDiff, build: Option<&BuildDiff>) -> Vec<Cause> {
    if diff.outcome == Outcome::Identical {
        return Vec::new();
    }
    let mut causes = stated(diff);
    if let Some(by) = causes.iter_mut().find(|cause| ABSORBING.contains(&cause.category)) {
        let changed: Vec<_> = roots(diff).collect();
        if let Some(first) = changed.first() {
            let count = match changed.len() {
                1 => "one package".to_owned(),
                count => format!("{count} packages"),
            };
            by.details.push(format!("with it {count} may differ, the first {}", first.path));
        }
    } else {
        of_packages(diff, build, &mut causes);
    }
    let stamped: Vec<_> =
        diff.packages.iter().filter(|package| package.change == PackageChange::Stamp).collect();
    if let Some(first) = stamped.first() {
        let title = format!("values that -X sets in {}{}", first.path, more(stamped.len()));
        let fix = Some("pass the same values to both builds".to_owned());
        causes.push(Cause { fix, ..Cause::new(Category::LinkFlags, title) });
    }
    if causes.is_empty() {
        causes.push(unnamed(diff));
    }
    let (first, second) = (diff.build_ids.0.as_ref(), diff.build_ids.1.as_ref());
    if BuildIdMeaning::of(first, second) == BuildIdMeaning::Same {
        changed_after(&mut causes);
    }
    causes
}

/// Of two files of one build one was changed since, whatever it looks like.
fn changed_after(causes: &mut [Cause]) {
    for cause in causes {
        cause.category = Category::Unknown;
        cause.title = format!("changed after its build (the build IDs are equal): {}", cause.title);
        cause.fix = Some("compare both files as their builds left them".to_owned());
    }
}

/// Packages of both sides that are another; where there is none, those that one side alone has.
pub fn roots(diff: &ArtifactDiff) -> impl Iterator<Item = &PackageDiff> {
    let is_in_both =
        |package: &&PackageDiff| package.change.is_divergence() && !package.change.is_one_sided();
    let has_both = diff.packages.iter().any(|package| is_in_both(&package));
    diff.packages.iter().filter(move |package| {
        if has_both { is_in_both(package) } else { package.change.is_divergence() }
    })
}

/// What the files say of themselves.
fn stated(diff: &ArtifactDiff) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Outcome::NotComparable(why) = &diff.outcome {
        causes.push(Cause::new(Category::Target, why.clone()));
    }
    if let Some((first, second)) = &diff.go_versions {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let title = format!("Go version: {} → {}", shown(first), shown(second));
        let (first, second) = (first.clone(), second.clone());
        causes.push(Cause { first, second, ..Cause::new(Category::Toolchain, title) });
    }
    let mut groups: Vec<(Category, Vec<&SettingChange>)> = Vec::new();
    for change in &diff.build_info {
        let category = category(diff, change);
        // Each flag of these is a thing of its own.
        let is_own = matches!(
            category,
            Category::CompileFlags | Category::LinkFlags | Category::BuildSettings
        );
        match groups.iter_mut().find(|(of, _)| *of == category && !is_own) {
            Some((_, changes)) => changes.push(change),
            None => groups.push((category, vec![change])),
        }
    }
    groups.sort_by_key(|(category, _)| {
        ABSORBING.iter().position(|one| one == category).unwrap_or(ABSORBING.len())
    });
    causes.extend(groups.iter().map(|(category, changes)| settings::cause(*category, changes)));
    let is_told = causes.iter().any(|cause| cause.category == Category::Trimpath);
    if let Some((first, second)) = &diff.source_dirs
        && !is_told
        && is_absolute(first)
        && is_absolute(second)
    {
        let is_module = [first, second].iter().all(|dir| dir.contains("/pkg/mod/"));
        let category = if is_module { Category::ModuleLocation } else { Category::Workdir };
        let title = format!("directory of the main package: {first} → {second}");
        let (first, second) = (Some(first.clone()), Some(second.clone()));
        causes.push(Cause { first, second, ..Cause::new(category, title) });
    }
    if diff.sections.iter().any(|section| {
        section.name == ".symtab" && (section.first.is_none() || section.second.is_none())
    }) {
        let title = "one side has no symbol table (-s)";
        let fix = Some("give -ldflags=-s to both builds, or to neither".to_owned());
        causes.push(Cause { fix, ..Cause::new(Category::LinkFlags, title) });
    }
    causes
}

fn category(diff: &ArtifactDiff, change: &SettingChange) -> Category {
    let trimpath = diff.build_info.iter().any(|change| change.key.to_string() == TRIMPATH);
    settings::category(change, trimpath)
}

fn is_absolute(dir: &str) -> bool {
    dir.starts_with('/') || dir.get(1..3).is_some_and(|drive| matches!(drive, ":/" | ":\\"))
}

/// Adds causes for packages, of which the build info says nothing.
fn of_packages(diff: &ArtifactDiff, build: Option<&BuildDiff>, causes: &mut Vec<Cause>) {
    let is_odd = |path: &str| {
        build.is_some_and(|build| {
            build.packages.iter().any(|package| {
                package.path == path && package.change == CompiledChange::NotDeterministic
            })
        })
    };
    let upgraded = |package: &PackageDiff| {
        diff.build_info.iter().any(|change| {
            let key = change.key.to_string();
            package.module.as_deref().is_some_and(|module| key.strip_prefix("dep ") == Some(module))
        })
    };
    let (mut odd, mut of_modules, mut edited) = (Vec::new(), Vec::new(), Vec::new());
    for package in roots(diff) {
        match () {
            () if is_odd(&package.path) => odd.push(package),
            () if upgraded(package) => of_modules.push(package),
            () => edited.push(package),
        }
    }
    if let Some(cause) =
        causes.iter_mut().find(|cause| cause.category == Category::DependencyVersion)
    {
        cause.details.extend(listed(&of_modules));
    }
    if let Some(first) = odd.first() {
        let title = format!("equal inputs, another archive: {}{}", first.path, more(odd.len()));
        let details = listed(&odd);
        causes.push(Cause { details, ..Cause::new(Category::Nondeterminism, title) });
    }
    if let Some(first) = edited.first() {
        let what = phrase(&first.change);
        let title = match edited.len() {
            1 => format!("{} differs: {what}", first.path),
            _ => format!("{}{} differ", first.path, more(edited.len())),
        };
        let details = if edited.len() > 1 { listed(&edited) } else { Vec::new() };
        causes.push(Cause { details, ..Cause::new(Category::Source, title) });
    }
}

fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        2 => " and one more package".to_owned(),
        count => format!(" and {} more packages", count - 1),
    }
}

fn listed(packages: &[&PackageDiff]) -> Vec<String> {
    let line = |package: &&PackageDiff| format!("{}: {}", package.path, phrase(&package.change));
    let mut lines: Vec<_> = packages.iter().take(PACKAGES).map(line).collect();
    if packages.len() > PACKAGES {
        lines.push(format!("and {} more", packages.len() - PACKAGES));
    }
    lines
}

/// What is left to say where neither the build info nor a package differs.
fn unnamed(diff: &ArtifactDiff) -> Cause {
    match BuildIdMeaning::of(diff.build_ids.0.as_ref(), diff.build_ids.1.as_ref()) {
        BuildIdMeaning::NotDeterministic => Cause::new(
            Category::Nondeterminism,
            "equal inputs by the build IDs, and no package differs in what is kept of them",
        ),
        _ => Cause::new(
            Category::Unknown,
            "neither the build info nor a package differs in what is kept of them",
        ),
    }
}

/// Says what differs in a package: a fragment.
#[must_use]
pub fn phrase(change: &PackageChange) -> String {
    const FUNCTIONS: usize = 4;
    match change {
        PackageChange::OnlyFirst => "in FIRST only".to_owned(),
        PackageChange::OnlySecond => "in SECOND only".to_owned(),
        PackageChange::Code { functions } => {
            let names: Vec<_> =
                functions.iter().take(FUNCTIONS).map(|name| in_package(name)).collect();
            let names = names.join(", ");
            match functions.len() {
                0 => "the code of a function".to_owned(),
                1 => format!("the code of {names}"),
                count if count <= FUNCTIONS => format!("the code of some of {names}"),
                count => format!("the code of some of {names} and {} more", count - FUNCTIONS),
            }
        }
        PackageChange::Data => "what its variables start with".to_owned(),
        PackageChange::Lines => "line numbers or names of source files, not the code".to_owned(),
        PackageChange::Stamp => "a value that -X sets".to_owned(),
        PackageChange::Linked => "other functions of it are linked".to_owned(),
    }
}

/// A symbol without the package that it starts with.
fn in_package(symbol: &str) -> &str {
    let end = symbol.find(['(', '[', '{', ' ']).unwrap_or(symbol.len());
    let head = symbol.get(..end).unwrap_or(symbol);
    let element = head.rfind('/').map_or(0, |slash| slash + 1);
    let dot = symbol.get(element..).and_then(|rest| rest.find('.'));
    dot.and_then(|dot| symbol.get(element + dot + 1..)).unwrap_or(symbol)
}

/// Lists what differs of two files; the values of a section are its bytes, of a package its hashes.
#[must_use]
pub fn differences(
    diff: &ArtifactDiff,
    first: &Artifact,
    second: &Artifact,
    causes: &[Cause],
) -> Vec<Difference> {
    let mut all = Vec::new();
    if let Some((one, other)) = diff.go_versions.clone() {
        let category = Some(Category::Toolchain);
        all.push(difference(Level::BuildInfo, "go", [one, other], category));
    }
    for change in &diff.build_info {
        let values = [change.first.clone(), change.second.clone()];
        let category = Some(category(diff, change));
        all.push(difference(Level::BuildInfo, &change.key.to_string(), values, category));
    }
    if let Some((one, other)) = diff.source_dirs.clone() {
        all.push(difference(Level::Path, "main package", [Some(one), Some(other)], None));
    }
    for section in &diff.sections {
        let values = [section.first, section.second].map(|bytes| bytes.map(|b| b.to_string()));
        all.push(difference(Level::Section, &section.name, values, None));
    }
    let of = |artifact: &Artifact, package: &PackageDiff| {
        let mut packages = artifact.executable.iter().flat_map(|one| &one.packages);
        packages.find(|one| one.path == package.path).and_then(|one| hash(one, &package.change))
    };
    let absorber = causes.iter().map(|cause| cause.category);
    let absorber = absorber.clone().find(|category| ABSORBING.contains(category));
    for package in &diff.packages {
        let values = [first, second].map(|side| of(side, package).map(|hash| hash.to_string()));
        let category = match package.change {
            PackageChange::Linked => None,
            PackageChange::Stamp => Some(Category::LinkFlags),
            _ => absorber.or(Some(Category::Source)),
        };
        all.push(difference(Level::Symbol, &package.path, values, category));
    }
    all
}

fn hash(package: &Package, change: &PackageChange) -> Option<Hash> {
    match change {
        PackageChange::Data => package.data,
        PackageChange::Lines => Some(package.lines),
        PackageChange::Stamp => package.stamps,
        _ => Some(package.code),
    }
}

fn difference(
    level: Level,
    name: &str,
    [first, second]: [Option<String>; 2],
    category: Option<Category>,
) -> Difference {
    Difference { level, name: name.to_owned(), first, second, category }
}

/// What the comparison does not tell, one fragment each.
#[must_use]
pub fn not_told(diff: &ArtifactDiff, first: &Artifact, second: &Artifact) -> Vec<String> {
    let mut all = diff.notes.clone();
    if diff.outcome == Outcome::Identical {
        return all;
    }
    let has = |is: fn(&PackageChange) -> bool| diff.packages.iter().any(|one| is(&one.change));
    if has(|change| matches!(change, PackageChange::Stamp)) {
        all.push("the values that -X sets".to_owned());
    }
    if has(|change| matches!(change, PackageChange::Code { functions } if functions.is_empty())) {
        all.push("which functions changed: neither side is the file itself".to_owned());
    }
    if has(|change| matches!(change, PackageChange::Code { functions } if functions.len() > 1)) {
        all.push("which of the functions named together changed".to_owned());
    }
    if has(|change| matches!(change, PackageChange::Data | PackageChange::Lines)) {
        all.push("which variables or lines".to_owned());
    }
    let both = || [first, second].into_iter().filter_map(|side| side.executable.as_ref());
    if diff.one_is_stripped && diff.outcome == Outcome::Differs {
        all.push("variables and what -X sets: a side has no symbol table".to_owned());
    }
    let is_read = |arch: &str| matches!(arch, "amd64" | "386" | "arm64");
    if let Some(one) = both().find(|one| !one.format.arch.as_deref().is_some_and(is_read)) {
        let arch = one.format.arch.as_deref().unwrap_or("an unknown machine");
        all.push(format!("code of {arch}: functions are compared by size"));
    }
    all
}
