//! A recording: everything one build left behind that goaudit reads.

use serde::{Deserialize, Serialize};

use crate::binary::ObjectSummary;

/// Everything one build left behind that goaudit reads.
#[derive(Debug, Default)]
pub struct Recording {
    pub artifacts: Vec<Artifact>,
}

/// A file that the build is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative to the output folder or the audited root, with `/`.
    pub path: String,
    /// SHA-256 of the whole file, in lowercase hex.
    pub sha256: String,
    pub bytes: u64,
    /// What the file says of itself, or why that could not be read.
    pub object: Result<ObjectSummary, String>,
}
