//! Finds and reads the files of a repository that rules look at.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::capture::tree::Source;
use crate::config::{Repository, SourceFile, Unread};
use crate::finding::Place;

/// A CI file of 1 MB is no CI file; its parser refuses it by name.
const LARGEST: u64 = 2 << 20;
/// Folders below each other past which none is opened, where git does not list the files.
const DEPTH: usize = 16;
/// Files past which the rest is not listed, where git does not list them.
const FILES: usize = 100_000;

/// A folder that is audited as a repository, and the files in it.
#[derive(Debug)]
pub(super) struct Audited {
    pub(super) root: PathBuf,
    /// Where the root is below the top of its git repository, with `/`; empty at the top.
    pub(super) below: String,
    /// Relative to the root, with `/`.
    pub(super) paths: Vec<String>,
}

impl Audited {
    /// The audited directory, or the repository around it when it has no CI files of its own.
    pub(super) fn of(source: &Source) -> Self {
        let own = Self::folder(source);
        if source.below.as_os_str().is_empty()
            || own.paths.iter().any(|path| path.starts_with(".github/"))
        {
            return own;
        }
        Self::top(source)
    }

    /// The whole repository.
    pub(super) fn top(source: &Source) -> Self {
        let root = source.root.clone();
        Self { paths: all(source), root, below: String::new() }
    }

    /// The audited directory, whatever is around it.
    pub(super) fn folder(source: &Source) -> Self {
        let below = source.below.to_string_lossy().into_owned();
        let all = all(source);
        let paths = all.iter().filter_map(|path| under(path, &below)).map(str::to_owned).collect();
        Self { root: source.root.join(&source.below), below, paths }
    }

    /// Reads the files that rules look at.
    pub(super) fn read(&self) -> Repository {
        let mut paths = self.paths.clone();
        paths.sort();
        paths.dedup();
        let (mut files, mut unread) = (Vec::new(), Vec::new());
        for path in paths.iter().filter(|path| is_read(path)) {
            match read_file(&self.root.join(path)) {
                Ok(Some(text)) => files.push(SourceFile { path: path.clone(), text }),
                Ok(None) => {}
                Err(reason) => {
                    unread.push(Unread { place: Place { path: path.clone(), at: None }, reason });
                }
            }
        }
        Repository::new(files, paths).with_unread(unread)
    }
}

/// Every path of the tree, relative to its root, with `/`.
fn all(source: &Source) -> Vec<String> {
    match source.files() {
        Some(files) => files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        None => walked(&source.root),
    }
}

pub(super) fn under<'a>(path: &'a str, below: &str) -> Option<&'a str> {
    if below.is_empty() { Some(path) } else { path.strip_prefix(below)?.strip_prefix('/') }
}

/// Tells whether rules look into a file of that path.
pub(super) fn is_read(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let action = path.rsplit('/').next().is_some_and(|name| name.starts_with("action."));
    yaml && (path.starts_with(".github/") || action)
}

/// `None` is no file: a link may lead out of the tree, and a listed file may be deleted.
fn read_file(file: &Path) -> Result<Option<String>, String> {
    let data = match fs::symlink_metadata(file) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        data => data.map_err(|err| err.to_string())?,
    };
    if !data.is_file() {
        return Ok(None);
    }
    if data.len() > LARGEST {
        return Err(format!("it has {} bytes, and no CI file has more than {LARGEST}", data.len()));
    }
    let bytes = fs::read(file).map_err(|err| err.to_string())?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Lists the files below a folder that is in no repository. Links are not followed.
fn walked(root: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEPTH && is_entered(&entry.file_name().to_string_lossy()) {
                folders.push((path, depth + 1));
            } else if kind.is_file() {
                paths.push(path.to_string_lossy().into_owned());
            }
            if paths.len() >= FILES {
                return paths;
            }
        }
    }
    paths
}

/// Folders with a dot are those of tools, other than those of CI systems.
fn is_entered(name: &str) -> bool {
    match name.strip_prefix('.') {
        Some(name) => {
            matches!(name, "github" | "gitlab" | "circleci" | "buildkite" | "woodpecker" | "azure")
        }
        None => name != "node_modules",
    }
}
