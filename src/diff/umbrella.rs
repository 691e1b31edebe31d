//! Which differences follow from another difference of the same action.

use std::collections::BTreeSet;

use crate::diff::actions::Action;
use crate::diff::category::Category;
use crate::diff::changes::Change;
use crate::diff::path_map::PathMap;
use crate::golang::flags::GoCommand;
use crate::golang::hash_input::Slot;

/// What is known of the two builds as a whole.
pub(super) struct Builds<'a> {
    pub(super) paths: &'a PathMap,
    /// Paths of the modules that the build info gives another version.
    pub(super) other_versions: BTreeSet<&'a str>,
}

/// Two actions that are one step of two builds, and what differs between their inputs.
pub(super) struct Changed<'a> {
    pub(super) first: &'a Action<'a>,
    pub(super) second: &'a Action<'a>,
    pub(super) changes: &'a [Change],
    /// Whether the package is of the standard library.
    pub(super) is_standard: bool,
    pub(super) builds: &'a Builds<'a>,
}

impl Changed<'_> {
    /// Whether an input of these kinds differs and is there on both sides.
    fn any(&self, slots: &[Slot]) -> bool {
        self.changes.iter().any(|change| slots.contains(&change.slot))
    }

    fn both(&self, slots: &[Slot]) -> bool {
        let is = |change: &Change| slots.contains(&change.slot) && !change.is_one_sided();
        self.changes.iter().any(is)
    }

    fn mod_info(&self, keys: &[&str]) -> bool {
        self.changes.iter().any(|change| is_setting(change, keys))
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

    /// Whether what is imported may follow from an edit: a file has another text, and the files
    /// are the same ones. No tag and no platform changes the imports of a file.
    fn is_edited_only(&self) -> bool {
        let mut files = self.changes.iter().filter(|change| change.slot == Slot::File).peekable();
        files.peek().is_some() && files.all(|change| !change.is_one_sided())
    }

    fn is_other_platform(&self) -> bool {
        self.any(&[Slot::Target]) || self.mod_info(&["build GOOS", "build GOARCH"])
    }

    /// Whether the package is of a dependency that has another version.
    fn is_other_version(&self) -> bool {
        let package = self.second.key.package.as_str();
        let is_of = |module: &&str| {
            package
                .strip_prefix(*module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.builds.other_versions.iter().any(is_of) || self.changes.iter().any(is_version_change)
    }
}

/// A change that explains others of the same action.
pub(super) struct Umbrella {
    pub(super) category: Category,
    pub(super) applies: fn(&Changed<'_>) -> bool,
    pub(super) covers: fn(&Changed<'_>, &Change) -> bool,
}

pub(super) const UMBRELLAS: &[Umbrella] = &[
    Umbrella {
        category: Category::Toolchain,
        applies: |changed| changed.any(&[Slot::Salt]),
        // Under GOROOT all comes with the toolchain; elsewhere what the tools say of themselves.
        covers: |changed, change| {
            changed.is_standard
                || is_set_change(change)
                || matches!(
                    change.slot,
                    Slot::Salt
                        | Slot::ToolVersion
                        | Slot::DefaultGodebug
                        | Slot::Constant
                        | Slot::ArchLevel
                        | Slot::Goroot
                )
                || is_setting(change, &["build DefaultGODEBUG", "build -compiler"])
                || is_stamp_of_version(changed, change)
        },
    },
    Umbrella {
        category: Category::CommandKind,
        // A main package that is not linked has no build info at all.
        applies: |changed| {
            changed
                .changes
                .iter()
                .any(|change| is_setting(change, &["path"]) && change.is_one_sided())
                && !changed.any(&[Slot::Salt])
        },
        covers: |_, change| {
            matches!(change.slot, Slot::ModInfo | Slot::Command | Slot::ForceLibrary)
        },
    },
    Umbrella {
        category: Category::Target,
        applies: |changed| {
            changed.any(&[Slot::Target, Slot::ArchLevel, Slot::Experiment])
                || changed.mod_info(TARGET_SETTINGS)
                || changed.setting("GOFIPS140")
        },
        covers: |changed, change| {
            is_set_change(change) && !changed.is_edited_only()
                || matches!(
                    change.slot,
                    Slot::Target
                        | Slot::ArchLevel
                        | Slot::Experiment
                        | Slot::ToolVersion
                        | Slot::ForcedFlags
                        | Slot::LinkMode
                        | Slot::BuildMode
                )
                || is_setting(change, TARGET_SETTINGS)
                || changed.is_other_platform() && is_of_platform(change)
                // The FIPS module is switched on by a GODEBUG default.
                || changed.setting("GOFIPS140")
                    && (change.slot == Slot::DefaultGodebug
                        || is_setting(change, &["build DefaultGODEBUG"]))
        },
    },
    Umbrella {
        category: Category::Instrumentation,
        applies: |changed| {
            changed.both(&[Slot::ForcedFlags])
                || changed.any(&[Slot::Cover, Slot::Fuzz, Slot::BuildMode, Slot::LinkMode])
                || ["race", "msan", "asan", "cover", "buildmode"]
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
        covers: |changed, change| {
            is_set_change(change) && !changed.is_edited_only() || is_cgo_switch(change)
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
                || is_setting(change, &["build -pgo"]) && has_equal_file_name(change)
        },
    },
    Umbrella {
        category: Category::CompileFlags,
        applies: |changed| changed.flag("tags") || changed.mod_info(&["build -tags"]),
        covers: |changed, change| {
            is_set_change(change) && !changed.is_edited_only()
                || is_setting(change, &["build -tags"])
        },
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
        category: Category::DependencyVersion,
        applies: |changed| changed.is_other_version(),
        // All that a module brings with it: its files, their imports and `#cgo` lines, its go line.
        covers: |_, change| {
            is_set_change(change)
                || is_version_change(change)
                || matches!(
                    change.slot,
                    Slot::File | Slot::Dir | Slot::Module | Slot::GoDirective | Slot::CCompiler
                )
        },
    },
    Umbrella {
        category: Category::Source,
        applies: |changed| changed.any(&[Slot::File]),
        covers: |changed, change| {
            is_set_change(change)
                // A `#cgo` line.
                || change.slot == Slot::CCompiler
                    && change.subject.contains(' ')
                    && !CGO_VARIABLES.iter().any(|name| changed.setting(name))
                    && changed.builds.paths.places_of_change(change).is_none()
        },
    },
];

pub(super) const TARGET_SETTINGS: &[&str] = &[
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
pub(super) const INSTRUMENTATION_SETTINGS: &[&str] = &[
    "build -race",
    "build -msan",
    "build -asan",
    "build -cover",
    "build -covermode",
    "build -coverpkg",
    "build -buildmode",
];
pub(super) const CGO_SETTINGS: &[&str] = &[
    "build CGO_ENABLED",
    "build CGO_CFLAGS",
    "build CGO_CPPFLAGS",
    "build CGO_CXXFLAGS",
    "build CGO_FFLAGS",
    "build CGO_LDFLAGS",
];

pub(super) const CGO_VARIABLES: &[&str] =
    &["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"];

fn is_setting(change: &Change, keys: &[&str]) -> bool {
    change.slot == Slot::ModInfo && keys.contains(&change.subject.as_str())
}

/// Whether something that follows from which files are built is on one side
/// only: the files, what they import, and the tools that they need.
fn is_set_change(change: &Change) -> bool {
    let follows = match change.slot {
        Slot::File | Slot::Import | Slot::PackageFile | Slot::CCompiler | Slot::CCompilerId => true,
        Slot::ToolVersion | Slot::ForcedFlags | Slot::UserFlags => {
            matches!(change.subject.as_str(), "asm" | "cgo")
        }
        Slot::ModInfo => change.subject.starts_with("dep "),
        _ => false,
    };
    follows && change.is_one_sided()
}

/// CGO_ENABLED, and the settings that are stamped only where it is 1.
fn is_cgo_switch(change: &Change) -> bool {
    is_setting(change, &["build CGO_ENABLED"])
        || is_setting(change, CGO_SETTINGS) && change.is_one_sided()
}

/// What has a default of its own on each platform.
fn is_of_platform(change: &Change) -> bool {
    is_cgo_switch(change)
        || is_setting(change, &["build -buildmode"])
        || matches!(change.slot, Slot::CCompiler | Slot::CCompilerId | Slot::ExtLink)
}

/// Whether a line of the build info is one that only one of two Go versions writes.
fn is_stamp_of_version(changed: &Changed<'_>, change: &Change) -> bool {
    let is_devel =
        |side: &Option<String>| side.as_deref().is_some_and(|module| module.ends_with(" (devel)"));
    match change.slot {
        // Since Go 1.24 the version of the main module comes from git, …
        Slot::ModInfo if change.subject == "mod" => {
            is_devel(&change.first) != is_devel(&change.second)
        }
        // … and test mains have build info.
        Slot::ModInfo => {
            let is_path = |change: &Change| change.subject == "path" && change.is_one_sided();
            let is_known = |keys| is_setting(change, keys);
            change.is_one_sided()
                && (is_known(TARGET_SETTINGS)
                    || is_known(INSTRUMENTATION_SETTINGS)
                    || changed.changes.iter().any(is_path))
        }
        _ => false,
    }
}

fn has_equal_file_name(change: &Change) -> bool {
    let name = |side: &Option<String>| {
        side.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned)
    };
    name(&change.first) == name(&change.second)
}

/// Whether a directory or a module differs in its version alone: `…/x@v1.0.0/y` and `…/x@v1.1.0/y`.
pub(super) fn is_version_change(change: &Change) -> bool {
    let (Some(first), Some(second)) = (&change.first, &change.second) else { return false };
    match change.slot {
        Slot::Module => first.split('@').next() == second.split('@').next(),
        Slot::Dir => match (without_version(first), without_version(second)) {
            (Some((_, one, below)), Some((_, other, also_below))) => {
                one != other && below == also_below
            }
            _ => false,
        },
        _ => false,
    }
}

/// Splits `…/x@v1.0.0/y` into what is before the version, the version, and what is after it.
fn without_version(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.rsplit_once('@')?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (version, below) = rest.split_at(end);
    Some((before, version, below))
}
