//! Reads the files of a repository that rules look at.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use crate::capture::tree::Source;
use crate::config::{self, PathPattern, Repository, SourceFile, Unread};
use crate::finding::Place;

/// A CI file of 1 MB is no CI file; its parser refuses it by name.
const LARGEST: u64 = 2 << 20;
/// Files that other files take in, and no more.
const MAX_TAKEN_IN: usize = 1024;
/// Where CI systems look, below the root, for a tree that git does not list.
const FOLDERS: &[&str] = &[
    "",
    ".github/workflows",
    ".circleci",
    ".buildkite",
    ".woodpecker",
    ".azure-pipelines",
    ".azuredevops",
    ".pipelines",
];

/// Reads the CI files below the audited directory, or of the repository around it when it has none.
pub(super) fn read(source: &Source) -> Repository {
    let all: Vec<String> = match source.files() {
        Some(files) => files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        None => unlisted(&source.root),
    };
    let below = source.below.to_string_lossy();
    let own: Vec<String> =
        all.iter().filter_map(|path| under(path, &below)).map(str::to_owned).collect();
    let (root, mut paths) = match own.iter().any(|path| is_own(path)) {
        true => (source.root.join(&source.below), own),
        false => (source.root.clone(), all),
    };
    paths.sort();
    let mut reader = Reader { root: &root, files: Vec::new(), unread: Vec::new() };
    for path in paths.iter().filter(|path| is_read(path)) {
        reader.read(path);
    }
    reader.read_taken_in(&paths);
    let Reader { files, unread, .. } = reader;
    Repository::new(files, paths).with_unread(unread)
}

struct Reader<'a> {
    root: &'a Path,
    files: Vec<SourceFile>,
    unread: Vec<Unread>,
}

impl Reader<'_> {
    fn read(&mut self, path: &str) {
        match read_file(&self.root.join(path)) {
            Ok(Some(text)) => self.files.push(SourceFile { path: path.to_owned(), text }),
            Ok(None) => {}
            Err(reason) => {
                let place = Place { path: path.to_owned(), at: None };
                self.unread.push(Unread { place, reason });
            }
        }
    }

    /// Reads what the files read so far include, and what these include.
    fn read_taken_in(&mut self, paths: &[String]) {
        let of_file = |file: &SourceFile| file.path.clone();
        let of_unread = |unread: &Unread| unread.place.path.clone();
        let mut seen: BTreeSet<String> = self.files.iter().map(of_file).collect();
        seen.extend(self.unread.iter().map(of_unread));
        let mut next = 0;
        while let Some(file) = self.files.get(next) {
            next += 1;
            let wanted = config::taken_in(file);
            let wanted: Vec<PathPattern> = wanted.iter().map(|p| PathPattern::new(p)).collect();
            let found =
                paths.iter().filter(|path| wanted.iter().any(|pattern| pattern.is_match(path)));
            let found: Vec<&String> = found.collect();
            for path in found {
                if seen.len() < MAX_TAKEN_IN && seen.insert(path.clone()) {
                    self.read(path);
                }
            }
        }
    }
}

/// Tells whether a path shows that a folder has CI of its own.
fn is_own(path: &str) -> bool {
    let folder = path.split('/').next().unwrap_or_default();
    folder == ".github" || (folder.starts_with('.') && config::is_read(path))
}

fn under<'a>(path: &'a str, below: &str) -> Option<&'a str> {
    if below.is_empty() { Some(path) } else { path.strip_prefix(below)?.strip_prefix('/') }
}

fn is_read(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    (yaml && path.starts_with(".github/")) || config::is_read(path)
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

/// Without git only the places where CI systems look are listed.
fn unlisted(root: &Path) -> Vec<String> {
    let files = FOLDERS.iter().flat_map(|folder| {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        entries.map(move |entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            if folder.is_empty() { name } else { format!("{folder}/{name}") }
        })
    });
    files.filter(|path| is_read(path)).collect()
}
