//! Reads the files of a repository that rules look at.

use std::fs;
use std::path::Path;

use crate::capture::tree::Source;
use crate::config::{Repository, SourceFile};

/// A CI file of 1 MB is no CI file; its parser refuses it by name.
const LARGEST: u64 = 2 << 20;

/// Reads the CI files below the audited directory, or of the repository around it when it has none.
pub(super) fn read(source: &Source) -> Repository {
    let all: Vec<String> = match source.files() {
        Some(files) => files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        None => workflow_files(&source.root),
    };
    let below = source.below.to_string_lossy();
    let own: Vec<String> =
        all.iter().filter_map(|path| under(path, &below)).map(str::to_owned).collect();
    let (root, mut paths) = match own.iter().any(|path| path.starts_with(".github/")) {
        true => (source.root.join(&source.below), own),
        false => (source.root.clone(), all),
    };
    paths.sort();
    let files = paths
        .iter()
        .filter(|path| is_read(path))
        .filter_map(|path| read_file(&root, path))
        .collect();
    Repository::new(files, paths)
}

fn under<'a>(path: &'a str, below: &str) -> Option<&'a str> {
    if below.is_empty() { Some(path) } else { path.strip_prefix(below)?.strip_prefix('/') }
}

fn is_read(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let action = path.rsplit('/').next().is_some_and(|name| name.starts_with("action."));
    yaml && (path.starts_with(".github/") || action)
}

fn read_file(root: &Path, path: &str) -> Option<SourceFile> {
    let file = root.join(path);
    // A link may lead out of the tree, and a file may be anything.
    let data =
        fs::symlink_metadata(&file).ok().filter(|data| data.is_file() && data.len() <= LARGEST)?;
    let bytes = fs::read(&file).ok().filter(|_| data.is_file())?;
    Some(SourceFile { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Without git only the place where GitHub looks is listed.
fn workflow_files(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join(".github/workflows")).into_iter().flatten().flatten();
    entries
        .map(|entry| format!(".github/workflows/{}", entry.file_name().to_string_lossy()))
        .collect()
}
