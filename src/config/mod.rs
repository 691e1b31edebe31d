//! Build and CI files of the audited repository: text in, values with positions out; no I/O.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod dockerfile;
pub mod expression;
pub mod go_command;
pub mod go_paths;
pub mod goreleaser;
pub mod pipeline;
pub mod script;
pub mod template;
pub mod text;
pub mod yaml;

mod azure;
mod buildkite;
mod circleci;
mod classify;
mod cloud_build;
mod document;
mod drone;
mod follow;
mod github;
mod gitlab;
mod ignore_comment;
mod justfile;
mod kinds;
mod makefile;
mod platform;
mod scope;
mod sh;
mod shell;
mod taskfile;
mod toolchain;
mod variables;

pub use follow::DockerRun;
pub use kinds::{is_read, may_be_script};

pub use ignore_comment::IgnoreComment;

use std::iter;
use std::sync::OnceLock;

pub use platform::{PathPattern, may_take_in, taken_in};

use crate::finding::Place;
use dockerfile::Dockerfile;
use follow::Followed;
use go_command::{GoCommand, NotFollowed, OtherCommand};
use goreleaser::ReleaseBuild;
use pipeline::{CachedBy, Pipeline};

/// The files of a repository that goaudit reads, and which paths it holds.
#[derive(Debug, Default)]
pub struct Repository {
    files: Vec<SourceFile>,
    paths: Vec<String>,
    /// Files that the reader of the repository could not have.
    not_had: Vec<Unread>,
    /// Of each file the bytes at which its lines start, found when first asked for.
    lines: Vec<OnceLock<Vec<usize>>>,
    /// Made from the files when a rule first asks.
    reading: OnceLock<Reading>,
    /// Followed from the files when a rule first asks.
    followed: OnceLock<Followed>,
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
        Self {
            lines: files.iter().map(|_| OnceLock::new()).collect(),
            files,
            paths,
            not_had: Vec::new(),
            reading: OnceLock::new(),
            followed: OnceLock::new(),
        }
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

    /// A text file by its path, and the bytes at which its lines start.
    #[must_use]
    pub fn lines_of(&self, path: &str) -> Option<(&SourceFile, &[usize])> {
        let index = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        let (file, lines) = (self.files.get(index)?, self.lines.get(index)?);
        let starts = lines.get_or_init(|| {
            let ends = file.text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
            iter::once(0).chain(ends).filter(|start| *start < file.text.len()).collect()
        });
        Some((file, starts))
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
        self.not_had.iter().chain(&self.reading().unread).chain(&self.followed().unread)
    }

    /// The go commands of all files, each for every way that leads to it.
    #[must_use]
    pub fn go_commands(&self) -> &[GoCommand] {
        &self.followed().go
    }

    /// The go commands that a job runs, by the indices of its pipeline and of it.
    pub fn go_commands_of(&self, pipeline: usize, job: usize) -> impl Iterator<Item = &GoCommand> {
        let followed = self.followed();
        let own = followed.of_jobs.get(&(pipeline, job)).into_iter().flatten();
        own.filter_map(|index| followed.go.get(*index))
    }

    /// Other commands that say something about builds.
    #[must_use]
    pub fn other_commands(&self) -> &[OtherCommand] {
        &self.followed().others
    }

    #[must_use]
    pub fn dockerfiles(&self) -> &[Dockerfile] {
        &self.followed().dockerfiles
    }

    /// The `RUN` instructions of all Dockerfiles, in order.
    #[must_use]
    pub fn docker_runs(&self) -> &[DockerRun] {
        &self.followed().docker_runs
    }

    /// The builds of GoReleaser, each with the command that it runs.
    pub fn releases(&self) -> impl Iterator<Item = (&GoCommand, &ReleaseBuild)> {
        let followed = self.followed();
        let command = |index: usize| followed.go.get(index);
        followed.releases.iter().filter_map(move |(index, build)| Some((command(*index)?, build)))
    }

    /// Calls that could not be followed: what is called, and where.
    #[must_use]
    pub fn not_followed(&self) -> &[NotFollowed] {
        &self.followed().not_followed
    }

    fn followed(&self) -> &Followed {
        self.followed.get_or_init(|| follow::follow(self))
    }

    fn reading(&self) -> &Reading {
        self.reading.get_or_init(|| platform::read(&self.files))
    }
}

/// The name of a YAML file without its ending.
fn is_yaml(name: &str) -> Option<&str> {
    name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))
}

/// Says that a file cannot be read.
fn unread(path: &str, at: Option<document::At>, reason: impl Into<String>) -> Unread {
    Unread { place: Place { path: path.to_owned(), at }, reason: reason.into() }
}
