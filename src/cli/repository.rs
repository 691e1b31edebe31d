//! Reads the files of a repository that rules look at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::capture::tree::Source;
use crate::config::{self, PathPattern, Repository, SourceFile, Unread};
use crate::finding::Place;
use crate::units::{ColumnNumber, LineNumber};

/// A CI or build file of 1 MB is none; its parser refuses it by name.
const LARGEST: u64 = 2 << 20;
/// Files that other files take in, and no more.
const MAX_TAKEN_IN: usize = 1024;
/// Where CI and build files usually stand, below the root, for a tree that git does not list.
const FOLDERS: &[&str] = &[
    "",
    ".azure-pipelines",
    ".azuredevops",
    ".buildkite",
    ".circleci",
    ".github/workflows",
    ".pipelines",
    ".woodpecker",
    "build",
    "ci",
    "hack",
    "scripts",
];

/// A folder that is audited as a repository, and the files in it.
#[derive(Debug)]
pub(super) struct Audited {
    pub(super) root: PathBuf,
    /// Where the root is below the top of its git repository, with `/`; empty at the top.
    pub(super) below: String,
    /// Relative to the root, with `/`.
    pub(super) paths: Vec<String>,
}

/// Finds the files below the audited directory, or of the repository around it
/// when it has no workflows of its own.
pub(super) fn find(source: &Source) -> Audited {
    let all: Vec<String> = match source.files() {
        Some(files) => files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        None => usual_files(&source.root),
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
    let mut reader = Reader { root: &audited.root, files: Vec::new(), unread: Vec::new() };
    for path in &audited.paths {
        if config::is_read(path) {
            reader.read(path);
        } else if config::may_be_script(path) {
            reader.read_script(path);
        }
    }
    reader.read_taken_in(&audited.paths);
    let Reader { files, unread, .. } = reader;
    Repository::new(files, audited.paths.clone()).with_unread(unread)
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
            Err(Refused { at, reason }) => {
                let place = Place { path: path.to_owned(), at };
                self.unread.push(Unread { place, reason });
            }
        }
    }

    /// A file without an ending is a script if its first line says so; what
    /// cannot be read as text is none.
    fn read_script(&mut self, path: &str) {
        if let Ok(Some(text)) = read_file(&self.root.join(path))
            && text.starts_with("#!")
        {
            self.files.push(SourceFile { path: path.to_owned(), text });
        }
    }

    /// Reads what the files read so far take in, and what these take in.
    fn read_taken_in(&mut self, paths: &[String]) {
        let of_file = |file: &SourceFile| file.path.clone();
        let of_unread = |unread: &Unread| unread.place.path.clone();
        let mut seen: BTreeSet<String> = self.files.iter().map(of_file).collect();
        seen.extend(self.unread.iter().map(of_unread));
        let most = seen.len().saturating_add(MAX_TAKEN_IN);
        let files = self.files.iter().enumerate();
        let mut waiting: Vec<usize> =
            files.filter(|(_, file)| config::may_take_in(&file.path)).map(|(at, _)| at).collect();
        while let Some(file) = waiting.pop().and_then(|at| self.files.get(at)) {
            let wanted = config::taken_in(file);
            let wanted: Vec<PathPattern> = wanted.iter().map(|p| PathPattern::new(p)).collect();
            let found =
                paths.iter().filter(|path| wanted.iter().any(|pattern| pattern.is_match(path)));
            let found: Vec<&String> = found.collect();
            for path in found {
                if seen.len() < most && seen.insert(path.clone()) {
                    let before = self.files.len();
                    self.read(path);
                    waiting.extend(before..self.files.len());
                }
            }
        }
    }
}

fn under<'a>(path: &'a str, below: &str) -> Option<&'a str> {
    if below.is_empty() { Some(path) } else { path.strip_prefix(below)?.strip_prefix('/') }
}

/// Tells whether rules look into a file of that path.
pub(super) fn looks_into(path: &str) -> bool {
    config::is_read(path) || config::may_be_script(path)
}

/// Why a file was not taken, and where in it the reason is.
struct Refused {
    at: Option<(LineNumber, ColumnNumber)>,
    reason: String,
}

impl Refused {
    fn whole(reason: impl ToString) -> Self {
        Self { at: None, reason: reason.to_string() }
    }

    fn behind(before: &[u8], reason: &str) -> Self {
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count();
        let at = (LineNumber::from_index(line), ColumnNumber::from_index(column));
        Self { at: Some(at), reason: reason.to_owned() }
    }
}

/// `None` is no file: a link may lead out of the tree, and a listed file may be deleted.
fn read_file(file: &Path) -> Result<Option<String>, Refused> {
    let data = match fs::symlink_metadata(file) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        data => data.map_err(Refused::whole)?,
    };
    if !data.is_file() {
        return Ok(None);
    }
    if data.len() > LARGEST {
        return Err(Refused::whole(format!(
            "it has {} bytes, and no CI or build file has more than {LARGEST}",
            data.len()
        )));
    }
    let bytes = fs::read(file).map_err(Refused::whole)?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Refused::behind(&bytes[..at], "there is a NUL byte: it is no text"));
    }
    String::from_utf8(bytes).map(Some).map_err(|err| {
        let (valid, bytes) = (err.utf8_error().valid_up_to(), err.as_bytes());
        Refused::behind(&bytes[..valid], "the next character is not of UTF-8")
    })
}

/// Without git only the places where CI files and build files usually stand are listed.
fn usual_files(root: &Path) -> Vec<String> {
    let files = FOLDERS.iter().flat_map(|folder| {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        entries.map(move |entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            if folder.is_empty() { name } else { format!("{folder}/{name}") }
        })
    });
    files.collect()
}
