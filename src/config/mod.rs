//! Build and CI files of the audited repository: text in, values with positions out; no I/O.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod expression;
pub mod go_paths;
pub mod pipeline;
pub mod template;
pub mod yaml;

mod classify;
mod github;
mod ignore_comment;
mod scope;
mod shell;
mod toolchain;

pub use ignore_comment::IgnoreComment;

use std::sync::OnceLock;

use crate::finding::Place;
use pipeline::{CachedBy, Pipeline};

/// The files of a repository that goaudit reads, and which paths it holds.
#[derive(Debug, Default)]
pub struct Repository {
    files: Vec<SourceFile>,
    paths: Vec<String>,
    /// Files that the reader of the repository could not have.
    not_had: Vec<Unread>,
    /// Made from the files when a rule first asks.
    reading: OnceLock<Reading>,
}

/// One text file of the repository.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the audited root, with `/`.
    pub path: String,
    pub text: String,
}

/// What was made of the CI files.
#[derive(Debug, Default)]
struct Reading {
    pipelines: Vec<Pipeline>,
    unread: Vec<Unread>,
}

/// A file that could not be read, and why.
#[derive(Debug, Clone)]
pub struct Unread {
    pub place: Place,
    /// A fragment that reads after "failed to read".
    pub reason: String,
}

impl Repository {
    /// Takes the files to audit, and every path that git tracks or would track,
    /// relative to the root, with `/`.
    #[must_use]
    pub fn new(mut files: Vec<SourceFile>, mut paths: Vec<String>) -> Self {
        files.sort_by(|first, second| first.path.cmp(&second.path));
        paths.sort();
        Self { files, paths, not_had: Vec::new(), reading: OnceLock::new() }
    }

    /// Adds files that are there and could not be had: unreadable, too large.
    #[must_use]
    pub fn with_unread(mut self, files: Vec<Unread>) -> Self {
        self.not_had = files;
        self
    }

    /// The same repository with other texts in its files.
    #[must_use]
    pub fn with_files(&self, files: Vec<SourceFile>) -> Self {
        Self::new(files, self.paths.clone()).with_unread(self.not_had.clone())
    }

    /// The text files, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Every path of the repository, sorted.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The pipelines of all CI systems, sorted by path.
    #[must_use]
    pub fn pipelines(&self) -> &[Pipeline] {
        &self.reading().pipelines
    }

    /// The cache steps of all pipelines.
    pub fn caches(&self) -> impl Iterator<Item = CachedBy<'_>> {
        self.pipelines().iter().flat_map(Pipeline::caches)
    }

    /// The comments of all files that ask for findings to be let pass, in the order of the files.
    #[must_use]
    pub fn ignore_comments(&self) -> Vec<IgnoreComment> {
        self.files.iter().flat_map(ignore_comment::read).collect()
    }

    /// The files that could not be read.
    pub fn unread(&self) -> impl Iterator<Item = &Unread> {
        self.not_had.iter().chain(&self.reading().unread)
    }

    fn reading(&self) -> &Reading {
        self.reading.get_or_init(|| github::read(&self.files))
    }
}
