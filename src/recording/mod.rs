//! A recording: everything one build left behind that goaudit reads.
//!
//! It is the seam between the edge that runs builds and all the stages after
//! it: they can be tested from files, and a bug report is a recording.

pub mod cache_use;
mod file;
mod places;
pub mod redact;
mod source;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::binary::ObjectSummary;
use crate::golang::action_graph::GraphAction;
use crate::golang::flags::GoCommand;
use crate::golang::go_mod::GoMod;
use crate::golang::hash_log::HashLog;
use crate::leaks::Leaks;

use cache_use::CacheUse;

pub use file::{FORMAT, JSON_LIMIT, ReadError, read, tar_entries};
pub use source::{Unpacked, open, open_graph};

/// Everything one build left behind that goaudit reads.
#[derive(Debug)]
pub struct Recording {
    pub manifest: Manifest,
    /// The go commands of the build, in the order in which they started.
    pub invocations: Vec<Invocation>,
}

/// What is known of the build as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format, [`FORMAT`].
    pub format: u32,
    /// The goaudit that recorded.
    pub goaudit: String,
    pub depth: Depth,
    /// Whether the build started from an empty GOCACHE by design.
    #[serde(default)]
    pub cold: bool,
    /// The command that was audited. Values of `NAME=value` words are left out.
    pub command: Vec<String>,
    pub places: Places,
    /// Names of the environment variables, sorted; no values.
    pub environment: Vec<String>,
    pub go_mod: GoMod,
    pub variations: Vec<Varied>,
    pub artifacts: Vec<Artifact>,
    /// Patterns that named artifacts and matched none.
    pub unmatched_artifacts: Vec<String>,
    /// What capture left out or could not do, one sentence each.
    pub notes: Vec<String>,
    /// Where the artifacts hold values of this build; `None` where nothing was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaks: Option<Leaks>,
}

/// How much of a build was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// `go build -n`: hash inputs without a build.
    Plan,
    /// The whole build.
    Build,
}

/// Directories of a build: a difference between two builds in these alone is a difference of path only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Where the command ran.
    pub workdir: String,
    /// Root of the tree that was copied: the workdir or a directory above it.
    pub root: String,
    pub goroot: String,
    pub gomodcache: String,
    pub gocache: String,
    pub home: String,
    pub tmpdir: String,
    /// Folder of the default build's artifacts; empty for any other build.
    #[serde(default)]
    pub output: String,
}

/// What became of one selected variation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Varied {
    pub name: String,
    /// Says what was done, or why it could not be.
    pub how: Result<String, String>,
}

/// A file that the build is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative to the output folder or the workdir, with `/`.
    pub path: String,
    /// SHA-256 of the whole file, in lowercase hex.
    pub sha256: String,
    pub bytes: u64,
    /// What the file says of itself, or why that could not be read.
    pub object: Result<ObjectSummary, String>,
}

/// One start of the go command, and what it printed and left.
#[derive(Debug)]
pub struct Invocation {
    pub info: InvocationInfo,
    pub log: HashLog,
    /// Empty where the command has no graph, or left none.
    pub graph: Vec<GraphAction>,
    /// What it looked up in its cache and stored; `None` where that was not observed.
    pub cache: Option<Vec<CacheUse>>,
}

/// One start of the go command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvocationInfo {
    /// Arguments after `go`, as they were given.
    pub args: Vec<String>,
    /// Directory, absolute.
    pub dir: String,
    /// Go's own build settings, as `go env` gives them there.
    pub settings: BTreeMap<String, String>,
    /// `None` for a command that was not waited for because it prints no hash inputs.
    pub exit_code: Option<i32>,
    pub wall_ms: u64,
    /// Bytes of the hash log, uncompressed.
    pub hash_log_bytes: u64,
    /// Why the record of this command is not whole.
    pub incomplete: Option<String>,
}

impl InvocationInfo {
    /// Returns the command line, split as the go command splits it.
    #[must_use]
    pub fn command(&self) -> GoCommand {
        GoCommand::parse(&self.args, self.setting("GOFLAGS"))
    }

    /// Returns one of Go's settings, empty where it is not set.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// Returns the command as a person types it.
    #[must_use]
    pub fn line(&self) -> String {
        let words = std::iter::once("go").chain(self.args.iter().map(String::as_str));
        words.map(shell_word).collect::<Vec<_>>().join(" ")
    }
}

/// Returns a word as a shell takes it.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_=./:@,+%^~".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl Manifest {
    /// Returns a command line without the folders of an audit.
    #[must_use]
    pub fn shown(&self, line: &str) -> String {
        let places = [(&self.places.output, "$OUT"), (&self.places.root, "$TREE")];
        places
            .into_iter()
            .filter(|(path, _)| !path.is_empty())
            .fold(line.to_owned(), |line, (path, name)| line.replace(path.as_str(), name))
    }
}

impl Recording {
    /// Returns the go commands that compile or link.
    pub fn builds(&self) -> impl Iterator<Item = &Invocation> {
        self.invocations.iter().filter(|invocation| invocation.info.command().is_build())
    }

    /// Returns the Go version of the build, of its first command that says one.
    #[must_use]
    pub fn go_version(&self) -> Option<&str> {
        self.invocations
            .iter()
            .map(|i| i.info.setting("GOVERSION"))
            .find(|version| !version.is_empty())
    }
}
