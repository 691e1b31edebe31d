//! Reads the files of a repository that rules look at.

use std::path::Path;
use std::{fs, io};

use crate::capture::tree::Source;
use crate::config::{Repository, SourceFile, Unread, is_build_file, may_be_script};
use crate::finding::Place;

/// A CI or build file of 1 MB is none; its parser refuses it by name.
const LARGEST: u64 = 2 << 20;

/// Reads the CI files below the audited directory, or of the repository around it when it has none.
pub(super) fn read(source: &Source) -> Repository {
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
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for path in paths.iter().filter(|path| is_read(path) || may_be_script(path)) {
        match read_file(&root.join(path)) {
            // A file without an ending is a script if its first line says so.
            Ok(Some(text)) if !is_read(path) && !text.starts_with("#!") => {}
            Ok(Some(text)) => files.push(SourceFile { path: path.clone(), text }),
            Err(_) if !is_read(path) => {}
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

fn is_read(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let action = path.rsplit('/').next().is_some_and(|name| name.starts_with("action."));
    (yaml && (path.starts_with(".github/") || action)) || is_build_file(path)
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
        return Err(format!(
            "it has {} bytes, and no CI or build file has more than {LARGEST}",
            data.len()
        ));
    }
    let bytes = fs::read(file).map_err(|err| err.to_string())?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("byte {at} is NUL: it is no text"));
    }
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|err| {
        format!("byte {} begins no character of UTF-8", err.utf8_error().valid_up_to())
    })
}

/// Without git only the places where CI files and build files usually stand are listed.
fn usual_files(root: &Path) -> Vec<String> {
    let folders = ["", ".github/workflows/", "build/", "ci/", "hack/", "scripts/"];
    let files = folders.iter().flat_map(|folder| {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        entries.map(move |entry| format!("{folder}{}", entry.file_name().to_string_lossy()))
    });
    files.collect()
}
