//! Lists a release folder without leaving it.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::diff::packages::Members;
use crate::packing::{Digest, FolderEntry, Limits, MemberKind, Package, PackingError, folder};

/// Folders below each other past which none is opened.
const DEPTH: usize = 32;

/// Why a folder cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("failed to read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` holds more than {limit} files: name the folder of the release alone")]
    TooMany { path: PathBuf, limit: usize },
    #[error("`{path}` is more than {limit} folders deep: name the folder of the release alone")]
    TooDeep { path: PathBuf, limit: usize },
}

/// A folder as a package, and its files.
pub struct Folder {
    pub package: Package,
    pub files: Files,
}

/// Reads the files of a folder, one when it is asked for.
pub struct Files {
    root: PathBuf,
    /// Relative path and SHA-256, by the index of the member.
    listed: Vec<(Vec<u8>, Option<Digest>)>,
    /// In bytes, of one file.
    limit: u64,
}

impl Folder {
    /// Lists a folder.
    ///
    /// # Errors
    ///
    /// Fails as [`list`] does.
    pub fn open(root: &Path, limits: Limits) -> Result<Self, FolderError> {
        let entries = list(root, limits.members)?;
        let listed = entries.iter().map(|entry| (entry.path.clone(), entry.digest)).collect();
        let files = Files { root: root.to_owned(), listed, limit: limits.member };
        Ok(Self { package: folder(entries), files })
    }
}

impl Members for Files {
    fn content(&mut self, index: usize) -> Result<Cow<'_, [u8]>, PackingError> {
        let Some((path, digest)) = self.listed.get(index) else { return Ok(Cow::Borrowed(&[])) };
        let unread = |why: String| PackingError::Unread {
            member: String::from_utf8_lossy(path).into_owned(),
            why,
        };
        let mut bytes = Vec::new();
        File::open(self.root.join(OsStr::from_bytes(path)))
            .and_then(|file| file.take(self.limit.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(|error| unread(error.to_string()))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > self.limit {
            return Err(unread(format!("it is larger than {} bytes", self.limit)));
        }
        if digest.is_some_and(|digest| digest != Digest::of(&bytes)) {
            return Err(unread("it changed while it was read".to_owned()));
        }
        Ok(Cow::Owned(bytes))
    }
}

/// Lists all below a folder, with the SHA-256 of each file. Links are listed and not followed.
///
/// # Errors
///
/// Fails when a folder cannot be read, and past `limit` entries or 32 folders
/// below each other. A file that cannot be read is an entry that says so.
pub fn list(root: &Path, limit: usize) -> Result<Vec<FolderEntry>, FolderError> {
    let mut entries = Vec::new();
    // Folders yet to be read, relative to the root, and how deep each is.
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let path = root.join(&folder);
        if depth > DEPTH {
            return Err(FolderError::TooDeep { path, limit: DEPTH });
        }
        let read = |source| FolderError::Read { path: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(read)? {
            let relative = folder.join(entry.map_err(read)?.file_name());
            if entries.len() >= limit {
                return Err(FolderError::TooMany { path: root.to_owned(), limit });
            }
            let entry = describe(root, &relative)?;
            if entry.kind == MemberKind::Directory {
                folders.push((relative, depth + 1));
            }
            entries.push(entry);
        }
    }
    // The order of a folder is that of its file system.
    entries.sort_by(|first, second| first.path.cmp(&second.path));
    Ok(entries)
}

fn describe(root: &Path, relative: &Path) -> Result<FolderEntry, FolderError> {
    let path = root.join(relative);
    let read = |source| FolderError::Read { path: path.clone(), source };
    let data = fs::symlink_metadata(&path).map_err(read)?;
    let kind = if data.is_dir() {
        MemberKind::Directory
    } else if data.is_symlink() {
        let target = fs::read_link(&path).map_err(read)?.into_os_string().into_vec();
        MemberKind::symlink(&target)
    } else if data.is_file() {
        MemberKind::File
    } else {
        // Opening a pipe would wait for who writes to it.
        MemberKind::Other("a device, pipe or socket".into())
    };
    let content = (kind == MemberKind::File).then(|| digest(&path));
    let (digest, unread) = match content {
        None => (None, None),
        Some(Ok(digest)) => (Some(digest), None),
        Some(Err(error)) => (None, Some(error.to_string())),
    };
    Ok(FolderEntry {
        path: relative.as_os_str().as_bytes().to_vec(),
        size: if kind == MemberKind::File { data.len() } else { 0 },
        kind,
        mode: data.mode(),
        digest,
        unread,
    })
}

fn digest(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut sum = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest(sum.finalize().into())),
            Ok(read) => sum.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_is_listed_and_never_left() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("dist");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("sub/app"), "app").unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        symlink("../secret", root.join("link")).unwrap();
        symlink(".", root.join("loop")).unwrap();
        let entries = list(&root, 10).unwrap();
        let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_slice()).collect();
        assert_eq!(paths, [&b"link"[..], b"loop", b"sub", b"sub/app"]);
        assert_eq!(entries[0].kind, MemberKind::Symlink("../secret".into()));
        assert_eq!(entries[0].digest, None);
        assert_eq!(entries[3].digest, Some(Digest::of(b"app")));
        assert!(matches!(list(&root, 3), Err(FolderError::TooMany { limit: 3, .. })));
    }
}
