//! The cases of `fixtures/rules`: small repositories, each in RULE/fires/CASE or RULE/quiet/CASE.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads fixtures, may panic, and uses its own part of this"
)]

use std::fs;
use std::path::{Path, PathBuf};

use goaudit::config::{Repository, SourceFile};

/// The folder of a case, or of several: `cache-key-volatile/fires`.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules").join(name)
}

/// What is in a folder, by name.
pub(crate) fn children(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The folders of all cases, by name.
pub(crate) fn all() -> Vec<PathBuf> {
    let folders = |dir: PathBuf| children(&dir).into_iter().filter(|path| path.is_dir());
    folders(path("")).flat_map(folders).flat_map(folders).collect()
}

/// Those on which the rule that they are named for fires.
pub(crate) fn firing() -> Vec<PathBuf> {
    let mut cases = all();
    cases.retain(|case| case.parent().unwrap().ends_with("fires"));
    cases
}

/// The files of a case by their paths in it.
pub(crate) fn files(case: &Path) -> Vec<String> {
    let (mut files, mut waiting) = (Vec::new(), vec![case.to_owned()]);
    while let Some(path) = waiting.pop() {
        match path.is_dir() {
            true => waiting.extend(children(&path)),
            false => files.push(path.strip_prefix(case).unwrap().to_str().unwrap().to_owned()),
        }
    }
    files
}

/// A case as goaudit reads it.
pub(crate) fn repository(case: &Path) -> Repository {
    let paths = files(case);
    let read = |path: &String| SourceFile {
        path: path.clone(),
        text: fs::read_to_string(case.join(path)).unwrap(),
    };
    Repository::new(paths.iter().map(read).collect(), paths)
}
