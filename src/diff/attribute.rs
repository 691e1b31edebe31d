//! From what differs between two actions to what a person can change.
//!
//! Two tables decide. [`UMBRELLAS`] says which changes follow from another
//! change of the same action: under another Go version every tool line
//! differs, and that is one cause. [`own`] says what each other change is
//! about. The order of a table is its precedence.

use crate::diff::actions::Action;
use crate::diff::category::Category;
use crate::diff::changes::Change;
use crate::diff::path_map::{PathMap, Place};
use crate::golang::flags::GoCommand;
use crate::golang::hash_input::Slot;

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

/// Two actions that are one step of two builds, and what differs between their inputs.
pub(super) struct Changed<'a> {
    pub(super) first: &'a Action<'a>,
    pub(super) second: &'a Action<'a>,
    pub(super) changes: &'a [Change],
}

impl Changed<'_> {
    fn any(&self, slots: &[Slot]) -> bool {
        self.changes.iter().any(|change| slots.contains(&change.slot))
    }

    fn mod_info(&self, keys: &[&str]) -> bool {
        self.changes
            .iter()
            .any(|change| change.slot == Slot::ModInfo && keys.contains(&change.subject.as_str()))
    }

    /// Whether a setting of Go differs between the two go commands.
    fn setting(&self, name: &str) -> bool {
        self.first.invocation.info.setting(name) != self.second.invocation.info.setting(name)
    }

    /// Whether a flag differs between the two command lines, GOFLAGS included.
    fn flag(&self, name: &str) -> bool {
        let value = |command: GoCommand| (command.is_set(name), command.value(name).to_owned());
        value(self.first.invocation.info.command()) != value(self.second.invocation.info.command())
    }

    fn is_standard(&self) -> bool {
        // The first element of a path outside the standard library holds a dot.
        !self.first.key.package.split('/').next().is_some_and(|element| element.contains('.'))
            && self.first.key.package != "command-line-arguments"
    }
}

/// A change that explains others of the same action.
struct Umbrella {
    category: Category,
    applies: fn(&Changed<'_>) -> bool,
    covers: fn(&Changed<'_>, &Change) -> bool,
}

const UMBRELLAS: &[Umbrella] = &[
    Umbrella {
        category: Category::Toolchain,
        applies: |changed| changed.any(&[Slot::Salt]),
        // Under GOROOT all comes with the toolchain; elsewhere what the tools say of themselves.
        covers: |changed, change| {
            changed.is_standard()
                || is_set_change(change)
                || matches!(
                    change.slot,
                    Slot::Salt
                        | Slot::ToolVersion
                        | Slot::DefaultGodebug
                        | Slot::Constant
                        | Slot::ArchLevel
                )
                || is_setting(change, &["build DefaultGODEBUG", "build -compiler"])
                || (change.slot == Slot::ModInfo && change.is_one_sided())
                || change.slot == Slot::Goroot
        },
    },
    Umbrella {
        category: Category::Target,
        applies: |changed| changed.any(&[Slot::Target, Slot::ArchLevel, Slot::Experiment]),
        covers: |_, change| {
            is_set_change(change)
                || matches!(
                    change.slot,
                    Slot::Target
                        | Slot::ArchLevel
                        | Slot::Experiment
                        | Slot::ToolVersion
                        | Slot::ForcedFlags
                        | Slot::CCompiler
                        | Slot::CCompilerId
                        | Slot::LinkMode
                        | Slot::BuildMode
                )
                || is_setting(change, TARGET_SETTINGS)
        },
    },
    Umbrella {
        category: Category::Instrumentation,
        applies: |changed| {
            changed.any(&[
                Slot::ForcedFlags,
                Slot::Cover,
                Slot::Fuzz,
                Slot::BuildMode,
                Slot::LinkMode,
            ]) || ["race", "msan", "asan", "cover", "buildmode"]
                .iter()
                .any(|flag| changed.flag(flag))
        },
        covers: |_, change| {
            is_set_change(change)
                || matches!(
                    change.slot,
                    Slot::ForcedFlags
                        | Slot::Cover
                        | Slot::Fuzz
                        | Slot::BuildMode
                        | Slot::LinkMode
                        | Slot::CCompiler
                        | Slot::CCompilerId
                        | Slot::ToolVersion
                )
                || is_setting(change, INSTRUMENTATION_SETTINGS)
        },
    },
    Umbrella {
        category: Category::Cgo,
        applies: |changed| {
            changed.setting("CGO_ENABLED") || changed.mod_info(&["build CGO_ENABLED"])
        },
        covers: |_, change| {
            is_set_change(change)
                || matches!(change.slot, Slot::CCompiler | Slot::CCompilerId | Slot::ToolVersion)
                || is_setting(change, CGO_SETTINGS)
        },
    },
    Umbrella {
        category: Category::Trimpath,
        applies: |changed| changed.any(&[Slot::Trimpath]) || changed.mod_info(&["build -trimpath"]),
        covers: |_, change| {
            matches!(change.slot, Slot::Trimpath | Slot::Dir | Slot::Module | Slot::Goroot)
                || is_setting(change, &["build -trimpath"])
                || (is_setting(change, CGO_SETTINGS) || is_setting(change, &["build -ldflags"]))
                    && change.is_one_sided()
        },
    },
    Umbrella {
        category: Category::CompileFlags,
        applies: |changed| changed.flag("tags") || changed.mod_info(&["build -tags"]),
        covers: |_, change| is_set_change(change) || is_setting(change, &["build -tags"]),
    },
    Umbrella {
        category: Category::LinkFlags,
        // The mode of the linker decides whether runtime/cgo is needed.
        applies: |changed| changed.flag("ldflags"),
        covers: |_, change| {
            matches!(change.slot, Slot::Import | Slot::PackageFile) && change.is_one_sided()
        },
    },
    Umbrella {
        category: Category::Source,
        applies: |changed| changed.any(&[Slot::File]),
        covers: |_, change| change.slot == Slot::Import && change.is_one_sided(),
    },
];

const TARGET_SETTINGS: &[&str] = &[
    "build GOOS",
    "build GOARCH",
    "build GOAMD64",
    "build GOARM64",
    "build GOARM",
    "build GO386",
    "build GOMIPS",
    "build GOMIPS64",
    "build GOPPC64",
    "build GORISCV64",
    "build GOWASM",
    "build GOEXPERIMENT",
    "build GOFIPS140",
];
const INSTRUMENTATION_SETTINGS: &[&str] = &[
    "build -race",
    "build -msan",
    "build -asan",
    "build -cover",
    "build -covermode",
    "build -coverpkg",
    "build -buildmode",
];
const CGO_SETTINGS: &[&str] = &[
    "build CGO_ENABLED",
    "build CGO_CFLAGS",
    "build CGO_CPPFLAGS",
    "build CGO_CXXFLAGS",
    "build CGO_FFLAGS",
    "build CGO_LDFLAGS",
];

fn is_setting(change: &Change, keys: &[&str]) -> bool {
    change.slot == Slot::ModInfo && keys.contains(&change.subject.as_str())
}

/// Whether a file or a dependency is on one side only: build constraints choose them.
fn is_set_change(change: &Change) -> bool {
    matches!(change.slot, Slot::File | Slot::Import | Slot::PackageFile) && change.is_one_sided()
}

/// Returns what a change is due to. `None` is an edge, or a consequence of what other actions show.
pub(super) fn identify(
    changed: &Changed<'_>,
    change: &Change,
    paths: &PathMap,
) -> Option<Identity> {
    if change.is_edge() {
        return None;
    }
    let umbrella = UMBRELLAS
        .iter()
        .find(|umbrella| (umbrella.applies)(changed) && (umbrella.covers)(changed, change));
    match umbrella {
        Some(umbrella) => Some(umbrella.identity(changed)),
        // What is linked follows from what is imported, which shows in other actions.
        None if change.slot == Slot::PackageFile => None,
        None => Some(own(changed, change, paths)),
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
        Slot::CCompiler => c_flags(changed, change, paths),
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

fn c_flags(changed: &Changed<'_>, change: &Change, paths: &PathMap) -> Identity {
    const VARIABLES: &[&str] =
        &["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"];
    if change.subject.len() == 2 {
        return Identity::about(Category::Cgo, "CC");
    }
    if VARIABLES.iter().any(|name| changed.setting(name)) {
        return Identity::about(Category::Cgo, "flags");
    }
    let values = change.first.as_deref().zip(change.second.as_deref());
    match values.and_then(|(first, second)| paths.places_between(first, second)) {
        Some(_) => Identity::about(Category::Cgo, "directory"),
        None => Identity::about(Category::Cgo, "flags"),
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
    (&["build -pgo"], Category::Pgo),
    (&["build DefaultGODEBUG"], Category::GoDirective),
    (INSTRUMENTATION_SETTINGS, Category::Instrumentation),
    (TARGET_SETTINGS, Category::Target),
];

fn mod_info(change: &Change, paths: &PathMap) -> Identity {
    let subject = change.subject.as_str();
    if let Some((_, category)) = SETTINGS.iter().find(|(keys, _)| keys.contains(&subject)) {
        return Identity::of(*category);
    }
    match subject {
        "build CGO_ENABLED" => Identity::about(Category::Cgo, "CGO_ENABLED"),
        _ if CGO_SETTINGS.contains(&subject) => Identity::about(Category::Cgo, "flags"),
        "build -gcflags" => Identity::about(Category::CompileFlags, "-gcflags"),
        "build -asmflags" => Identity::about(Category::CompileFlags, "-asmflags"),
        "build -tags" => Identity::about(Category::CompileFlags, "-tags"),
        _ if subject.starts_with("dep ") => {
            let values = change.first.as_deref().zip(change.second.as_deref());
            match values.and_then(|(first, second)| paths.places_between(first, second)) {
                Some(_) => Identity::of(Category::ModuleLocation),
                None => Identity::of(Category::DependencyVersion),
            }
        }
        _ => Identity::about(Category::BuildSettings, subject),
    }
}
