//! Build and CI files of the audited repository: text in, values with positions out; no I/O.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod yaml;

/// The files of a repository that goaudit reads, and which paths it holds.
#[derive(Debug, Default)]
pub struct Repository {
    /// Text files, sorted by path.
    pub files: Vec<SourceFile>,
    /// Every path that git tracks or would track, relative to the root, with `/`, sorted.
    pub paths: Vec<String>,
}

/// One text file of the repository.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the audited root, with `/`.
    pub path: String,
    pub text: String,
}
