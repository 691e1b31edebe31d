//! What two pieces of evidence differ in.

use super::names::Origin;
use crate::golang::build_id::BuildId;
use crate::golang::mod_info::SettingChange;

/// What two pieces of evidence differ in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceDiff {
    /// Files of both, in the order of the second.
    pub artifacts: Vec<ArtifactDiff>,
    /// Paths of files that only one side has.
    pub only_first: Vec<String>,
    pub only_second: Vec<String>,
    /// `None` unless both builds were watched.
    pub build: Option<BuildDiff>,
    /// The package that the others may have followed.
    pub first_diverged: Option<Diverged>,
}

/// A file of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactDiff {
    /// As it was named on either side.
    pub first: String,
    pub second: String,
    pub outcome: Outcome,
    /// What both files say of themselves, for a reader to compare.
    pub build_ids: (Option<BuildId>, Option<BuildId>),
    /// `None` where they are equal, or unknown on both sides.
    pub go_versions: Option<(Option<String>, Option<String>)>,
    /// Lines of the build info that differ.
    pub build_info: Vec<SettingChange>,
    /// Directories of the main package, where these differ.
    pub source_dirs: Option<(String, String)>,
    /// Whether one of the files has no symbol table, so that variables are not compared.
    pub one_is_stripped: bool,
    /// Sections that differ: names, and bytes on either side.
    pub sections: Vec<SectionDiff>,
    /// In [`Self::order`].
    pub packages: Vec<PackageDiff>,
    /// Packages that are the same as far as both are linked.
    pub same_packages: usize,
    pub order: Order,
    /// What could not be read on either side.
    pub notes: Vec<String>,
}

/// How far two files were compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Equal SHA-256.
    Identical,
    Differs,
    /// They differ, and no more can be said: a fragment why.
    NotComparable(String),
}

/// A section that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionDiff {
    /// Empty for what is between sections.
    pub name: String,
    /// Bytes in memory; `None` where there is no such section.
    pub first: Option<u64>,
    pub second: Option<u64>,
}

/// A package that differs, or of which other functions are linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageDiff {
    pub path: String,
    /// Its module, where the build info has one.
    pub module: Option<String>,
    pub origin: Origin,
    pub change: PackageChange,
}

/// What differs in a package. The first that holds counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageChange {
    OnlyFirst,
    OnlySecond,
    /// Functions that both have.
    Code {
        /// The changed ones are among these, mostly they are these. Empty where neither side came with
        /// names, or the table does not tell.
        functions: Vec<String>,
    },
    /// What its variables start with, or which ones its functions use.
    Data,
    /// Names of source files or numbers of lines.
    Lines,
    /// Values that `-ldflags=-X` set: not the package, but what was linked into it.
    Stamp,
    /// Other functions of it are linked, because others use them; what both have is the same.
    Linked,
}

impl PackageChange {
    /// Whether the package itself is another, and not just what is linked of it or into it.
    #[must_use]
    pub fn is_divergence(&self) -> bool {
        !matches!(self, Self::Stamp | Self::Linked)
    }

    /// Whether the other side does not have the package.
    #[must_use]
    pub fn is_one_sided(&self) -> bool {
        matches!(self, Self::OnlyFirst | Self::OnlySecond)
    }

    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OnlyFirst => "only-first",
            Self::OnlySecond => "only-second",
            Self::Code { .. } => "code",
            Self::Data => "data",
            Self::Lines => "lines",
            Self::Stamp => "stamp",
            Self::Linked => "linked",
        }
    }
}

/// In which order packages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A package comes after those that it imports.
    Dependencies,
    /// The standard library, other modules, the main module; each by name.
    Names,
}

impl Order {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dependencies => "dependencies",
            Self::Names => "names",
        }
    }
}

/// What two watched builds compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildDiff {
    /// Those whose archives differ, each after those that it imports.
    pub packages: Vec<CompiledDiff>,
    /// How many have equal archives.
    pub same: usize,
    pub only_first: Vec<String>,
    pub only_second: Vec<String>,
}

/// A package whose archives differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledDiff {
    pub path: String,
    pub change: CompiledChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompiledChange {
    /// Equal inputs gave other archives.
    NotDeterministic,
    /// The inputs differ.
    Inputs,
}

impl CompiledChange {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotDeterministic => "not-deterministic",
            Self::Inputs => "inputs",
        }
    }
}

/// The first package that diverged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diverged {
    pub package: String,
    pub order: Order,
    /// What the archives tell, where both builds were watched.
    pub compiled: Option<CompiledChange>,
    /// What the executables tell.
    pub linked: Option<PackageChange>,
}
