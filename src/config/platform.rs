//! Which files are those of which CI system, and all of them read.

use globset::{GlobBuilder, GlobMatcher};

use super::document::Document;
use super::follow::is_of_others;
use super::{Reading, SourceFile};
use super::{azure, buildkite, circleci, cloud_build, drone, github, gitlab};

/// Reads the CI files of all systems. A file that cannot be read does not keep
/// the others from being read.
pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let readers = [
        github::read,
        gitlab::read,
        circleci::read,
        azure::read,
        buildkite::read,
        drone::read,
        cloud_build::read,
    ];
    let mut all = Reading::default();
    for read in readers {
        let Reading { pipelines, unread } = read(sources);
        all.pipelines.extend(pipelines);
        all.unread.extend(unread);
    }
    all.pipelines.sort_by(|first, second| first.path.cmp(&second.path));
    all.unread.sort_by(|first, second| first.place.cmp(&second.place));
    // A file may be read as that of two systems.
    all.unread.dedup_by(|second, first| first.place.path == second.place.path);
    all
}

/// Tells whether the file of a path is one of a CI system, whatever else names it.
pub(super) fn is_ci_file(path: &str) -> bool {
    !is_of_others(path)
        && (github::is_read(path)
            || gitlab::is_root(path)
            || circleci::is_root(path)
            || azure::is_root(path)
            || buildkite::is_root(path)
            || drone::system(path).is_some()
            || cloud_build::is_root(path))
}

/// Tells whether a file may take in others, whatever it says: one of GitLab or Azure Pipelines.
#[must_use]
pub fn may_take_in(path: &str) -> bool {
    gitlab::is_root(path) || azure::is_root(path)
}

/// The other files of the repository that such a file takes in: paths, or patterns
/// with `*` within a folder and `**` for any folders.
#[must_use]
pub fn taken_in(file: &SourceFile) -> Vec<String> {
    if !file.text.contains("include") && !file.text.contains("template") {
        return Vec::new();
    }
    let Ok(Some(mut document)) = Document::parse(file) else { return Vec::new() };
    let mut paths = azure::wanted(&document);
    paths.extend(gitlab::wanted(&mut document));
    paths
}

/// A path of the repository, or one with `*` within a folder and `**` for any folders.
#[derive(Debug, Clone)]
pub enum PathPattern {
    Path(String),
    Glob(GlobMatcher),
}

impl PathPattern {
    /// A pattern that cannot be read is a path that nothing has.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        // `**` is the only star that passes a folder.
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        match glob {
            Ok(glob) if pattern.contains(['*', '?', '[']) => Self::Glob(glob.compile_matcher()),
            _ => Self::Path(pattern.to_owned()),
        }
    }

    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        match self {
            Self::Path(own) => own == path,
            Self::Glob(glob) => glob.is_match(path),
        }
    }
}
