//! What is left of a build to compare another with, without its files: an evidence file.
//!
//! Tens of kilobytes of JSON stand for the executables of a build: their build IDs and build
//! info, hashes of their sections, and of each package hashes of its functions, lines and variables
//! that do not know where the linker put them. So a second machine says which package diverged, and
//! with a recording on both sides which one did so first.
//!
//! What a hash of code does not see, where a miss is better than a package that is wrongly blamed: which variable or type an instruction refers to (another hash
//! does, where there is a symbol table), texts whose length is not next to their address, and, on
//! architectures other than amd64, 386 and arm64, anything but the size of a function. Functions of no
//! package, which compiler, linker and C make, are not in it. An instance of a generic function that
//! differs is told as another instance.
#![warn(clippy::indexing_slicing)]

mod buckets;
mod build;
mod code;
mod compare;
mod difference;
mod file;
mod hash;
mod names;
mod packages;
mod places;

use serde::{Deserialize, Serialize};

pub use buckets::Buckets;
pub use build::{Build, Compiled};
pub use compare::compare;
pub use difference::{
    ArtifactDiff, BuildDiff, CompiledChange, CompiledDiff, Diverged, EvidenceDiff, Order, Outcome,
    PackageChange, PackageDiff, SectionDiff,
};
pub use file::{EvidenceError, LIMIT, is_evidence};
pub use hash::Hash;
pub use names::{Origin, origin};
pub use packages::Package;

use crate::binary::Format;
use crate::binary::image::Image;
use crate::binary::pclntab::{PclnVersion, Pclntab};
use crate::golang::build_id::BuildId;
use crate::golang::build_info::BuildInfo;
use crate::recording::redact;

/// What this goaudit writes, and the only schema that it reads.
pub const SCHEMA: &str = "goaudit.evidence.v1";

/// What is left of a build, or of one executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`SCHEMA`].
    pub schema: String,
    /// The goaudit that wrote it.
    pub goaudit: String,
    /// The files that the build is for.
    pub artifacts: Vec<Artifact>,
    /// What was compiled; `None` where nobody watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

/// A file that a build is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// As it was named.
    pub path: String,
    pub bytes: u64,
    /// SHA-256 of the whole file, in lowercase hex.
    pub sha256: String,
    /// `None` for what is no executable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Executable>,
    /// What could not be read, one sentence fragment each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What is left of an executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executable {
    pub format: Format,
    pub build_id: Option<BuildId>,
    /// Descriptor of the GNU build ID note, in lowercase hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gnu_build_id: Option<String>,
    /// Without the credentials of URLs.
    pub build_info: Option<BuildInfo>,
    /// Directory of the main package's source, as the table of lines has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_dir: Option<String>,
    /// Whether it has a symbol table.
    pub symbols: bool,
    /// In the order of the file.
    pub sections: Vec<Section>,
    /// By path.
    pub packages: Vec<Package>,
}

/// A section of an executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// As in the file; empty for what is between sections.
    pub name: String,
    /// Size in memory, or in the file for what is between sections.
    pub bytes: u64,
    /// Of what the file holds of it; `None` for what is in memory only.
    pub hash: Option<Hash>,
}

impl Evidence {
    /// Of the files of a build, with what is known of the build itself.
    #[must_use]
    pub fn new(artifacts: Vec<Artifact>, build: Option<Build>) -> Self {
        let goaudit = env!("CARGO_PKG_VERSION").to_owned();
        Self { schema: SCHEMA.to_owned(), goaudit, artifacts, build }
    }

    /// Of one executable. `sha256` is that of the whole file, in lowercase hex.
    #[must_use]
    pub fn of_binary(image: &Image<'_>, path: &str, sha256: &str) -> Self {
        Self::new(vec![Artifact::of_binary(image, path, sha256)], None)
    }
}

impl Artifact {
    /// Of an executable. `sha256` is that of the whole file, in lowercase hex.
    #[must_use]
    pub fn of_binary(image: &Image<'_>, path: &str, sha256: &str) -> Self {
        let lines = Pclntab::read(image);
        let mut notes = Vec::new();
        match &lines {
            None => notes.push("it has no table of functions: not a Go program".to_owned()),
            Some(lines) if lines.version < PclnVersion::Go118 => {
                notes
                    .push("its packages are not read: it was built by Go 1.17 or older".to_owned());
            }
            Some(lines) if lines.functions.len() < lines.function_count => {
                let lost = lines.function_count - lines.functions.len();
                notes.push(format!("{lost} of its functions are damaged and left out"));
            }
            Some(_) => {}
        }
        let executable = Executable::of(image, lines.as_ref());
        Self {
            executable: Some(executable),
            notes,
            ..Self::of_file(image.file.len(), path, sha256)
        }
    }

    /// Of a file of so many bytes that is no executable, or that nobody looked into.
    #[must_use]
    pub fn of_file(bytes: usize, path: &str, sha256: &str) -> Self {
        Self {
            path: path.to_owned(),
            bytes: bytes as u64,
            sha256: sha256.to_owned(),
            executable: None,
            notes: Vec::new(),
        }
    }
}

impl Executable {
    fn of(image: &Image<'_>, lines: Option<&Pclntab<'_>>) -> Self {
        let mut build_info = image.build_info.clone();
        if let Some(info) = &mut build_info {
            let settings = info.mod_info.settings.iter_mut().map(|(_, value)| value);
            for value in settings.chain(&mut info.mod_info.unknown) {
                *value = redact::credentials(value).into_owned();
            }
        }
        let main = build_info.as_ref().map(|info| info.mod_info.path.as_str());
        let packages =
            lines.map(|lines| packages::read(image, lines, main.filter(|m| !m.is_empty())));
        let filed = image.regions.iter().map(|region| {
            let content = image.content(region);
            let size = if region.name.is_empty() { content.len() as u64 } else { region.size };
            Section { name: region.name.clone(), bytes: size, hash: Some(Hash::of(content)) }
        });
        let unfiled = image.unfiled.iter().map(|region| Section {
            name: region.name.clone(),
            bytes: region.size,
            hash: None,
        });
        Self {
            format: image.format.clone(),
            build_id: image.build_id,
            gnu_build_id: image
                .gnu_build_id
                .map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect()),
            source_dir: lines.and_then(source_dir),
            symbols: !image.symbols.is_empty(),
            sections: filed.chain(unfiled).collect(),
            packages: packages.unwrap_or_default(),
            build_info,
        }
    }
}

/// The directory of the file that `main.main` is in.
fn source_dir(lines: &Pclntab<'_>) -> Option<String> {
    let main = lines.functions.iter().find(|function| function.name == b"main.main")?;
    let file = String::from_utf8_lossy(main.file?).into_owned();
    file.rsplit_once(['/', '\\']).map(|(dir, _)| dir.to_owned())
}
