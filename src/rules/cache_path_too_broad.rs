#![doc = include_str!("cache_path_too_broad.md")]

use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::pipeline::CachedBy;
use crate::finding::{Edit, Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-path-too-broad",
    summary: "a cache step takes in far more than Go's caches",
    explanation: include_str!("cache_path_too_broad.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

/// Homes of the images and machines that CI systems run jobs in.
const HOMES: &[&str] = &["~", "$HOME", "${HOME}", "/root", "/home/runner", "/home/circleci"];
/// Folders of a home that hold Go's caches and much else, and what to cache of them.
const FOLDERS: &[(&str, &str)] = &[
    ("", "~/go/pkg/mod and ~/.cache/go-build"),
    ("/.cache", "~/.cache/go-build"),
    ("/go", "~/go/pkg/mod"),
];

fn check(repository: &Repository) -> Vec<Finding> {
    let found = repository.caches().flat_map(|one| {
        let paths = one.cache.paths.iter();
        paths.filter_map(|path| finding(repository, &one, path.text.trim())).collect::<Vec<_>>()
    });
    found.collect()
}

/// What of Go is in a folder that is too broad.
fn what(path: &str) -> Option<&'static str> {
    let path = path.trim_end_matches(['/', '*']);
    HOMES.iter().find_map(|home| {
        let rest = path.strip_prefix(home)?;
        FOLDERS.iter().find(|(folder, _)| *folder == rest).map(|(_, narrow)| *narrow)
    })
}

/// What of Go is below the folder. A whole home holds two directories, and one line is one path.
fn edit(repository: &Repository, one: &CachedBy<'_>, path: &str) -> Option<Edit> {
    let below = match path {
        path if path.ends_with("/.cache") => "go-build",
        path if path.ends_with("/go") => "pkg/mod",
        _ => return None,
    };
    edits::change_line(repository, &one.step.place, path, &format!("{path}/{below}"))
}

fn finding(repository: &Repository, one: &CachedBy<'_>, path: &str) -> Option<Finding> {
    let narrow = what(path)?;
    // Where this step has to do with Go is told by its key or by another path.
    let is_of_go = path.ends_with("/go")
        || one.cache.has_go_path()
        || one.cache.key.parts.iter().any(|part| part.hashed.iter().any(|f| f.contains("go.")));
    is_of_go.then(|| {
        RULE.finding(
            &one.step.subject,
            format!("`{path}` holds much that is no cache of Go, and all of it is packed and unpacked each time"),
        )
        .at(one.step.place.clone())
        .with_fix(format!("cache {narrow} alone"))
        .with_edits(edit(repository, one, path).map(|edit| vec![edit]))
    })
}
