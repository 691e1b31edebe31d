//! Why an executable and its rebuild differ.

use crate::binary::ObjectSummary;
use crate::binary::traces::Traces;
use crate::diff::artifacts::{Differences, object_differences};
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::files::FilePair;
use crate::diff::sections::{SectionChange, SectionChangeKind};
use crate::golang::mod_info::{SettingChange, SettingKey};

/// An executable, and what it shows of its build.
#[derive(Debug, Clone)]
pub struct Executable {
    /// In lowercase hex.
    pub sha256: String,
    pub bytes: u64,
    pub object: ObjectSummary,
    pub traces: Traces,
}

/// An executable that its rebuild is not equal to.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// Most telling first, never empty.
    pub causes: Vec<Cause>,
    pub differences: Differences,
    /// The bytes of both, where they were compared.
    pub inside: Option<Box<FilePair>>,
}

/// One reason, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A stable name: `source`, `dependency`, `settings`, `go-version`, `target`, `directory`,
    /// `link-flags`, `changed-after-build`, `cgo`, `unknown`.
    pub name: &'static str,
    pub what: String,
    pub fix: Option<String>,
}

/// What a rebuild was sure of.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The flags of the linker were recorded or given.
    pub ldflags: bool,
    /// The directory of the source is not in the file, or is that of the module cache.
    pub directory: bool,
}

/// Compares an executable with its rebuild. `None` when they are equal.
///
#[must_use]
pub fn compare(binary: &Executable, rebuilt: &Executable, known: Known) -> Option<Mismatch> {
    if binary.sha256 == rebuilt.sha256 {
        return None;
    }
    let differences = object_differences(&binary.object, &rebuilt.object);
    let mut causes = Vec::new();
    if let Some(format) = &differences.format {
        let what = format!("the binary is {}, the rebuild is {}", format.first, format.second);
        causes.push(Cause { name: "target", what, fix: None });
    }
    if let Some(version) = &differences.go_version {
        let what = format!("built by {}, rebuilt by {}", version.first, version.second);
        causes.push(Cause { name: "go-version", what, fix: None });
    }
    causes.extend(differences.settings.iter().map(of_setting));
    causes.extend(directories(&binary.traces, &rebuilt.traces));
    causes.extend(of_build_id(binary, rebuilt, &differences, known, causes.is_empty()));
    if causes.is_empty() {
        let what = match differences.build_id {
            BuildIdMeaning::Unknown { why } => format!("nothing says why: {why}"),
            meaning => meaning.sentence().trim_end_matches('.').to_owned(),
        };
        causes.push(Cause { name: "unknown", what, fix: None });
    }
    Some(Mismatch { causes, differences, inside: None })
}

/// Orders mismatches: what is nearer to being equal is less.
#[must_use]
pub fn distance(mismatch: &Mismatch) -> u8 {
    match mismatch.differences.build_id {
        BuildIdMeaning::Same => 0,
        BuildIdMeaning::IdsOnly => 1,
        BuildIdMeaning::LinkerInputsOnly => 2,
        _ => 3,
    }
}

fn of_setting(change: &SettingChange) -> Cause {
    let value = |side: &Option<String>| side.clone().unwrap_or_else(|| "(none)".to_owned());
    let change_text =
        format!("{} in the binary, {} in the rebuild", value(&change.first), value(&change.second));
    let (name, subject, fix) = match &change.key {
        SettingKey::Mod if version(&change.first) == version(&change.second) => (
            "source",
            "the source of the module is another under the same version".to_owned(),
            Some(
                "the version was published again, or a proxy serves other files: compare the h1 sum with that of the checksum database",
            ),
        ),
        SettingKey::Mod => ("source", "the main module".to_owned(), None),
        SettingKey::Path => ("source", "the main package".to_owned(), None),
        SettingKey::Dep(path) => (
            "dependency",
            format!("the module {path}"),
            Some(
                "it was built inside of another module or workspace, whose go.mod chose its versions: --source DIR names that",
            ),
        ),
        SettingKey::Build(key) if key.starts_with("vcs.") => (
            "source",
            format!("the checkout: {key}"),
            Some("build from a clean checkout of the recorded commit"),
        ),
        key => ("settings", key.to_string(), None),
    };
    Cause { name, what: format!("{subject}: {change_text}"), fix: fix.map(str::to_owned) }
}

/// The text is `PATH VERSION SUM`.
fn version(main: &Option<String>) -> Option<&str> {
    main.as_deref()?.rsplit_once(" h1:").map(|(version, _)| version)
}

fn directories(binary: &Traces, rebuilt: &Traces) -> Vec<Cause> {
    let pairs = [
        ("GOROOT", &binary.goroot, &rebuilt.goroot, "have Go at that path"),
        (
            "the module cache",
            &binary.module_cache,
            &rebuilt.module_cache,
            "set GOMODCACHE to that path",
        ),
    ];
    let differing = pairs.into_iter().filter_map(|(name, first, second, fix)| {
        let (first, second) = (first.as_ref()?, second.as_ref()?);
        (first != second).then(|| Cause {
            name: "directory",
            what: format!(
                "{name} was {first}, here it is {second}; without -trimpath the path is in the file"
            ),
            fix: Some(format!("{fix} and verify again, or release what is built with -trimpath")),
        })
    });
    differing.collect()
}

/// What the build IDs tell where nothing plainer was found, and in any case what came after the build.
fn of_build_id(
    binary: &Executable,
    rebuilt: &Executable,
    differences: &Differences,
    known: Known,
    nothing_else: bool,
) -> Option<Cause> {
    let cgo = binary.traces.cgo;
    match differences.build_id {
        BuildIdMeaning::Same => Some(changed_after(binary, rebuilt, &differences.sections)),
        BuildIdMeaning::LinkerInputsOnly | BuildIdMeaning::IdsOnly if nothing_else && !known.ldflags => {
            Some(Cause {
                name: "link-flags",
                what: "only inputs of the linker differ, and Go does not record -ldflags of a build with -trimpath".to_owned(),
                fix: Some("--ldflags supplies them; the release script of the project has them, such as -s -w -X main.version=…".to_owned()),
            })
        }
        BuildIdMeaning::NotDeterministic | BuildIdMeaning::MainChanged | BuildIdMeaning::LinkerInputsOnly if nothing_else && cgo => {
            Some(Cause {
                name: "cgo",
                what: "the C parts of the program may differ: neither compiler nor C libraries are recorded".to_owned(),
                fix: Some("verify where it was built, or in the same image".to_owned()),
            })
        }
        BuildIdMeaning::MainChanged if nothing_else && !known.directory => Some(Cause {
            name: "directory",
            what: "built without -trimpath in a checkout, whose directory is in the file and not recorded; the source may be the same".to_owned(),
            fix: Some("have the checkout where it was built and name that with --source, or release what is built with -trimpath".to_owned()),
        }),
        BuildIdMeaning::MainChanged if nothing_else => Some(Cause {
            name: "source",
            what: "the code of the main package or of one that it imports is another, although all that is recorded is the same".to_owned(),
            fix: None,
        }),
        _ => None,
    }
}

/// Equal inputs, other bytes: something rewrote the file.
fn changed_after(binary: &Executable, rebuilt: &Executable, sections: &[SectionChange]) -> Cause {
    let is_stripping = |change: &&SectionChange| {
        let names = [".symtab", ".strtab", ".shstrtab", "debug_", "outside of sections"];
        names.iter().any(|name| change.name.contains(name))
    };
    let gone = rebuilt.traces.symbols && !binary.traces.symbols;
    let others: Vec<&str> =
        sections.iter().filter(|it| !is_stripping(it)).map(|it| it.name.as_str()).collect();
    let outside_only = sections.iter().all(|change| change.name == "outside of sections");
    let added = sections.iter().any(|it| it.kind == SectionChangeKind::OnlyFirst);
    let what = if others.is_empty() && gone {
        "stripped after the build: the build ID is that of the rebuild, symbols and debug information are gone, and every other section is the same".to_owned()
    } else if outside_only {
        "changed after the build, outside of its sections only: signed, or something was appended; code and data are the same".to_owned()
    } else {
        let how = if added { "packed, signed or added to" } else { "patched or packed" };
        format!(
            "changed after the build ({how}): the build ID is that of the rebuild, and other bytes are in {}",
            others.join(", ")
        )
    };
    Cause {
        name: "changed-after-build",
        what,
        fix: Some("verify the file as the build left it".to_owned()),
    }
}
