//! Canaries: where an artifact holds a value of the machine that built it.
//!
//! One pass of a multi-pattern search over all that an artifact holds, unpacked. What it finds in one
//! build is found whether or not the other build holds the same.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod labels;
mod needles;
mod scan;

use serde::{Deserialize, Serialize};

pub use needles::{Needle, Needles};
pub use scan::scan;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The directory of the tree that is built.
    Workdir,
    Home,
    Tmpdir,
    Gomodcache,
    Gocache,
    Goroot,
    User,
    Host,
    /// The value of a variable that no build reads.
    Environment,
}

impl Kind {
    /// The kinds that are directories.
    pub const DIRECTORIES: &'static [Self] =
        &[Self::Workdir, Self::Home, Self::Tmpdir, Self::Gomodcache, Self::Gocache, Self::Goroot];

    /// What stands for the value wherever it is shown.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Workdir => "$WORKDIR",
            Self::Home => "$HOME",
            Self::Tmpdir => "$TMPDIR",
            Self::Gomodcache => "$GOMODCACHE",
            Self::Gocache => "$GOCACHE",
            Self::Goroot => "$GOROOT",
            Self::User => "$USER",
            Self::Host => "$HOSTNAME",
            Self::Environment => "$GOAUDIT_CANARY",
        }
    }

    /// Says whether it is a directory.
    #[must_use]
    pub const fn is_directory(self) -> bool {
        !matches!(self, Self::User | Self::Host | Self::Environment)
    }
}

/// Who writes such a value there, as far as the place tells; it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Compiler and linker: line tables, debug information.
    Paths,
    /// The settings of the build that the go command embeds.
    BuildInfo,
    /// Names and owners of the members of an archive.
    Metadata,
    /// The program itself: a stamp, a generated or embedded file, a string of C.
    Content,
}

/// One place of an artifact that holds a value, however often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    pub kind: Kind,
    pub origin: Origin,
    /// Relative to the output folder or the workdir, with `/`.
    pub artifact: String,
    /// Path inside of an archive, and of an archive in that, with `/`; empty for the artifact itself.
    pub member: String,
    /// As in the file; empty for what has no sections.
    pub section: String,
    /// The variable or function, the part of Go's line table, or the setting of the build info.
    pub symbol: Option<String>,
    /// Of the first one, in bytes: in the member or, of a compressed section, in its content unpacked.
    pub offset: u64,
    pub count: u64,
    /// The first one, the value as its [`Kind::placeholder`]. Of a directory with the rest of the path,
    /// and never with what is around: that may be another value.
    pub example: String,
    /// Whether the value was made for this build, so that nothing else can be equal to it.
    pub is_certain: bool,
}

/// What a search for the values of one build found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaks {
    pub searched: Vec<Searched>,
    pub not_searched: Vec<NotSearched>,
    /// In the order of artifacts, then of members, kinds and sections.
    pub found: Vec<Leak>,
    /// What could not be looked into, one sentence fragment each.
    pub notes: Vec<String>,
    /// Finds beyond the places that are listed of one artifact.
    pub omitted: u64,
}

/// A kind of value that was searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searched {
    pub kind: Kind,
    /// As in [`Leak::is_certain`].
    pub is_certain: bool,
}

/// A value that was not searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSearched {
    pub kind: Kind,
    /// A sentence fragment that goes on after the kind.
    pub why: String,
}

impl Leaks {
    /// Says whether a kind was searched for by a value that nothing else can be equal to.
    #[must_use]
    pub fn is_certain_of(&self, kind: Kind) -> bool {
        self.searched.iter().any(|searched| searched.kind == kind && searched.is_certain)
    }
}
