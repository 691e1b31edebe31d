//! Commands of the orb `circleci/go`. All other orbs are opaque.
//!
//! Source: `src/commands` of <https://github.com/CircleCI-Public/go-orb>.

use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachePath, CacheStep, CacheUse, Flag, Store};
use crate::config::template::{Class, Part, Template};
use crate::finding::Place;

/// What a command of the orb does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Cache(CacheUse, GoDir),
    Install,
    /// Downloads modules between restoring and saving them.
    DownloadCached,
    /// Runs the given steps between restoring and saving.
    WithCache,
    Other,
}

pub(super) fn command(name: &str) -> Command {
    match name {
        "load-cache" | "load-mod-cache" => Command::Cache(CacheUse::Restore, GoDir::Modules),
        "save-cache" | "save-mod-cache" => Command::Cache(CacheUse::Save, GoDir::Modules),
        "load-build-cache" => Command::Cache(CacheUse::Restore, GoDir::Build),
        "save-build-cache" => Command::Cache(CacheUse::Save, GoDir::Build),
        "install" => Command::Install,
        "mod-download-cached" => Command::DownloadCached,
        "with-cache" => Command::WithCache,
        _ => Command::Other,
    }
}

/// A cache of the orb. Its key is the orb's business, and differs by its version.
pub(super) fn cache(how: CacheUse, dir: GoDir, place: &Place) -> CacheStep {
    let text = match dir {
        GoDir::Build => "~/.cache/go-build",
        GoDir::Modules => "/home/circleci/go/pkg/mod",
    };
    CacheStep {
        how,
        key: Template {
            text: "circleci/go".to_owned(),
            place: place.clone(),
            parts: vec![Part::new("circleci/go", [Class::Opaque])],
        },
        paths: vec![CachePath { text: text.to_owned(), go: vec![dir] }],
        restore_keys: Vec::new(),
        lookup_only: Flag::No,
        fail_on_miss: Flag::No,
        store: Store::CIRCLECI,
    }
}
