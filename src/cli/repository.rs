//! Reads the files of a repository that rules look at.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::capture::tree::Source;
use crate::config::{Repository, SourceFile, Unread};
use crate::finding::Place;

/// A CI file of 1 MB is no CI file; its parser refuses it by name.
const LARGEST: u64 = 2 << 20;

/// A folder that is audited as a repository, and the files in it.
#[derive(Debug)]
pub(super) struct Audited {
    pub(super) root: PathBuf,
    /// Where the root is below the top of its git repository, with `/`; empty at the top.
    pub(super) below: String,
    /// Relative to the root, with `/`.
    pub(super) paths: Vec<String>,
}

/// Finds the CI files below the audited directory, or of the repository around it when it has none.
pub(super) fn find(source: &Source) -> Audited {
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
    let top = source.root.as_path();
    let inside = root.strip_prefix(top).unwrap_or(Path::new("")).to_string_lossy().into_owned();
    Audited { below: inside, root, paths }
}

/// Reads the files that rules look at.
pub(super) fn read(audited: &Audited) -> Repository {
    let (root, paths) = (&audited.root, audited.paths.clone());
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for path in paths.iter().filter(|path| is_read(path)) {
        match read_file(&root.join(path)) {
            Ok(Some(text)) => files.push(SourceFile { path: path.clone(), text }),
            Ok(None) => {}
            Err(reason) => {
                unread.push(Unread { place: Place { path: path.clone(), at: None }, reason })
            }
        }
    }
    Repository::new(files, paths).with_unread(unread)
}

fn under<'a>(path: &'a str, below: &str) -> Option<&'a str> {
    if below.is_empty() { Some(path) } else { path.strip_prefix(below)?.strip_prefix('/') }
}

/// Tells whether rules look into a file of that path.
pub(super) fn looks_into(path: &str) -> bool {
    is_read(path)
}

fn is_read(path: &str) -> bool {
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

/// Without git only the place where GitHub looks is listed.
fn workflow_files(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join(".github/workflows")).into_iter().flatten().flatten();
    entries
        .map(|entry| format!(".github/workflows/{}", entry.file_name().to_string_lossy()))
        .collect()
}
