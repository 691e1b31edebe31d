//! Whether an executable is what its build info says: as text, as JSON.

mod json;
mod text;

use std::path::PathBuf;

use crate::diff::rebuilt::Mismatch;

pub use json::render as json;
pub use text::render as text;

/// Everything that a report of `goaudit verify` says.
#[derive(Debug)]
pub struct Verification {
    pub path: PathBuf,
    pub binary: File,
    /// Import path of the main package, and what the build info says of its module.
    pub package: String,
    pub version: String,
    pub go_version: String,
    /// `linux/amd64`.
    pub target: String,
    pub rebuilt: Option<File>,
    /// The rebuild as a person types it; empty where none was tried.
    pub command: String,
    pub outcome: Outcome,
    /// What decides bytes and is in no build info, one sentence each.
    pub not_recorded: Vec<String>,
    /// What was not recorded and taken from elsewhere, one sentence each.
    pub inferred: Vec<String>,
}

/// A file by its content.
#[derive(Debug, Clone)]
pub struct File {
    /// In lowercase hex.
    pub sha256: String,
    pub bytes: u64,
}

/// What came of a verification.
#[derive(Debug)]
pub enum Outcome {
    /// The rebuild gave the same bytes.
    Verified,
    Differs(Box<Mismatch>),
    /// There is no rebuild.
    Unknown {
        why: String,
        /// What to do, where that is known.
        fix: Option<String>,
        /// The last lines of what go said; empty where it was not asked.
        output: String,
    },
}

impl Verification {
    fn verdict(&self) -> &'static str {
        match self.outcome {
            Outcome::Verified => "verified",
            Outcome::Differs(_) => "differs",
            Outcome::Unknown { .. } => "unknown",
        }
    }
}
