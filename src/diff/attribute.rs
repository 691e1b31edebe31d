//! From what differs between two actions to what a person can change.
//!
//! Two tables decide. [`UMBRELLAS`] says which changes follow from another
//! change of the same action: under another Go version every tool line
//! differs, and that is one cause. [`own`] says what each other change is
//! about. The order of a table is its precedence.

use crate::diff::category::Category;
use crate::diff::changes::Change;
use crate::diff::path_map::{PathMap, Place};
use crate::diff::umbrella::{
    CGO_SETTINGS, Changed, INSTRUMENTATION_SETTINGS, TARGET_SETTINGS, UMBRELLAS, Umbrella,
};
use crate::golang::hash_input::{self, Slot};

/// What makes a cause one cause: everything with the same identity is told once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) category: Category,
    /// Tells causes of one category apart; empty where there is one at most.
    pub(super) about: String,
}

impl Identity {
    fn of(category: Category) -> Self {
        Self { category, about: String::new() }
    }

    fn about(category: Category, about: impl Into<String>) -> Self {
        Self { category, about: about.into() }
    }
}

/// Returns what a change is due to. Nothing for an edge, and for a consequence of what other
/// actions show; several for a list of flags.
pub(super) fn identify(changed: &Changed<'_>, change: &Change) -> Vec<Identity> {
    let paths = changed.builds.paths;
    if change.is_edge() {
        return Vec::new();
    }
    let umbrella = UMBRELLAS
        .iter()
        .find(|umbrella| (umbrella.applies)(changed) && (umbrella.covers)(changed, change));
    match umbrella {
        Some(umbrella) => vec![umbrella.identity(changed)],
        // What is linked follows from what is imported, which shows in other actions.
        None if change.slot == Slot::PackageFile => Vec::new(),
        None if change.slot == Slot::CCompiler => c_compiler(change, paths),
        None => vec![own(changed, change, paths)],
    }
}

impl Umbrella {
    fn identity(&self, changed: &Changed<'_>) -> Identity {
        match self.category {
            Category::Source => Identity::about(Category::Source, &changed.second.key.package),
            Category::CompileFlags => Identity::about(Category::CompileFlags, "-tags"),
            Category::Cgo => Identity::about(Category::Cgo, "CGO_ENABLED"),
            category => Identity::of(category),
        }
    }
}

/// Returns what a change is due to that no umbrella covers.
fn own(changed: &Changed<'_>, change: &Change, paths: &PathMap) -> Identity {
    let subject = change.subject.as_str();
    match change.slot {
        Slot::Salt | Slot::Constant | Slot::ToolVersion => Identity::of(Category::Toolchain),
        Slot::Module => Identity::of(Category::DependencyVersion),
        Slot::Dir => Identity::of(directory(change, paths)),
        Slot::GoDirective | Slot::DefaultGodebug => Identity::of(Category::GoDirective),
        Slot::Target | Slot::ArchLevel | Slot::Experiment => Identity::of(Category::Target),
        Slot::Command | Slot::ImportPath | Slot::ForceLibrary => {
            Identity::of(Category::CommandKind)
        }
        Slot::Trimpath => Identity::of(Category::Trimpath),
        Slot::ForcedFlags | Slot::Cover | Slot::Fuzz | Slot::BuildMode | Slot::LinkMode => {
            Identity::of(Category::Instrumentation)
        }
        Slot::UserFlags => Identity::about(
            Category::CompileFlags,
            if subject == "asm" { "-asmflags" } else { "-gcflags" },
        ),
        Slot::Magic => Identity::about(Category::CompileFlags, subject),
        Slot::CCompiler => Identity::about(Category::Cgo, subject),
        Slot::CCompilerId => Identity::of(Category::CCompiler),
        Slot::File => Identity::about(Category::Source, &changed.second.key.package),
        Slot::PgoFile => Identity::of(Category::Pgo),
        Slot::LinkFlags => Identity::of(Category::LinkFlags),
        Slot::Goroot => Identity::of(Category::Goroot),
        Slot::ExtLink => Identity::about(Category::BuildSettings, "GO_EXTLINK_ENABLED"),
        Slot::ModInfo => mod_info(change, paths),
        Slot::Import | Slot::PackageFile | Slot::PackageMain | Slot::Vet | Slot::Unknown => {
            Identity::about(Category::Unknown, format!("{} {subject}", changed.second.name()))
        }
    }
}

fn directory(change: &Change, paths: &PathMap) -> Category {
    let (first, second) =
        (change.first.as_deref().unwrap_or(""), change.second.as_deref().unwrap_or(""));
    match paths.places_between(first, second).as_deref() {
        Some([Place::Root]) => Category::Workdir,
        Some([Place::Goroot]) => Category::Goroot,
        Some(_) => Category::ModuleLocation,
        // Not the same file below another place: vendored on one side, replaced on the other.
        None if paths.place_of(first) == Some(Place::Root)
            && paths.place_of(second) == Some(Place::Root) =>
        {
            Category::ModuleLocation
        }
        None if paths.place_of(first).is_none() && paths.place_of(second).is_none() => {
            Category::Workdir
        }
        None => Category::ModuleLocation,
    }
}

/// CC itself, or one of its lists of flags.
fn c_compiler(change: &Change, paths: &PathMap) -> Vec<Identity> {
    if !change.subject.contains(' ') {
        return vec![Identity::about(Category::Cgo, &change.subject)];
    }
    let words = |side: &Option<String>| hash_input::list_words(side.as_deref().unwrap_or(""));
    let (mut first, mut second) = (words(&change.first), words(&change.second));
    first.retain(|word| {
        let same = second.iter().position(|other| other == word);
        same.map(|at| second.remove(at)).is_none()
    });
    let mut causes = Vec::new();
    first.retain(|word| {
        let places = second.iter().map(|other| paths.places_between(word, other));
        let moved = places.enumerate().find_map(|(at, places)| Some((at, places?)));
        let Some((at, places)) = moved else { return true };
        second.remove(at);
        causes.push(c_directory(&places));
        false
    });
    causes.sort();
    causes.dedup();
    // The same words in another order are other flags, too.
    if !first.is_empty() || !second.is_empty() || causes.is_empty() {
        causes.push(Identity::about(Category::Cgo, "flags"));
    }
    causes
}

/// A flag of the C compiler that holds a directory. What is below GOROOT the owner cannot change.
fn c_directory(places: &[Place]) -> Identity {
    match places {
        [Place::Goroot] => Identity::of(Category::Goroot),
        _ => Identity::about(Category::Cgo, "directory"),
    }
}

/// The keys of the build info, by what they are about.
const SETTINGS: &[(&[&str], Category)] = &[
    (&["path"], Category::CommandKind),
    (&["mod"], Category::VcsStamp),
    (
        &["build vcs", "build vcs.revision", "build vcs.time", "build vcs.modified"],
        Category::VcsStamp,
    ),
    (&["build -ldflags"], Category::LinkFlags),
    (&["build -trimpath"], Category::Trimpath),
    (&["build -compiler"], Category::Toolchain),
    (&["build DefaultGODEBUG"], Category::GoDirective),
    (INSTRUMENTATION_SETTINGS, Category::Instrumentation),
    (TARGET_SETTINGS, Category::Target),
];

/// The category of a key of the build info, by its name alone.
pub(super) fn category_of_setting(key: &str) -> Category {
    if let Some((_, category)) = SETTINGS.iter().find(|(keys, _)| keys.contains(&key)) {
        return *category;
    }
    match key {
        _ if CGO_SETTINGS.contains(&key) => Category::Cgo,
        "build -pgo" => Category::Pgo,
        "build -gcflags" | "build -asmflags" | "build -tags" => Category::CompileFlags,
        _ if key.starts_with("dep ") => Category::DependencyVersion,
        _ => Category::BuildSettings,
    }
}

fn mod_info(change: &Change, paths: &PathMap) -> Identity {
    let subject = change.subject.as_str();
    if let Some((_, category)) = SETTINGS.iter().find(|(keys, _)| keys.contains(&subject)) {
        return Identity::of(*category);
    }
    match subject {
        "build CGO_ENABLED" => Identity::about(Category::Cgo, "CGO_ENABLED"),
        _ if CGO_SETTINGS.contains(&subject) => match paths.places_of_change(change) {
            Some(places) => c_directory(&places),
            None => Identity::about(Category::Cgo, "flags"),
        },
        // The profile of a main package is named by its path, beside the hash of its content.
        "build -pgo" => match paths.places_of_change(change).as_deref() {
            Some([Place::Root]) => Identity::of(Category::Workdir),
            Some([Place::Goroot]) => Identity::of(Category::Goroot),
            Some(_) => Identity::of(Category::ModuleLocation),
            None => Identity::of(Category::Pgo),
        },
        "build -gcflags" => Identity::about(Category::CompileFlags, "-gcflags"),
        "build -asmflags" => Identity::about(Category::CompileFlags, "-asmflags"),
        "build -tags" => Identity::about(Category::CompileFlags, "-tags"),
        _ if subject.starts_with("dep ") => Identity::of(dependency(change, paths)),
        _ => Identity::about(Category::BuildSettings, subject),
    }
}

/// A line such as `v1.0.0 h1:…` or `v1.0.0 => ../dir`.
pub(super) fn dependency(change: &Change, paths: &PathMap) -> Category {
    let (Some(first), Some(second)) = (change.first.as_deref(), change.second.as_deref()) else {
        return Category::DependencyVersion;
    };
    if paths.places_between(first, second).is_some() {
        return Category::ModuleLocation;
    }
    let (one, replacement) = first.split_once(" => ").unwrap_or((first, ""));
    let (other, replacement_too) = second.split_once(" => ").unwrap_or((second, ""));
    let version = |line: &str| line.split(' ').next().map(str::to_owned);
    let has_sum = |line: &str| line.contains(" h1:");
    // A directory has no version: only where it lies can differ. A vendored module has no sum.
    let is_dir = |target: &str| target.is_empty() || !target.contains(" v");
    let moved = replacement != replacement_too && is_dir(replacement) && is_dir(replacement_too);
    let vendored = has_sum(first) != has_sum(second) && replacement == replacement_too;
    if version(one) == version(other) && (moved || vendored) {
        Category::ModuleLocation
    } else {
        Category::DependencyVersion
    }
}
