//! The one folder that a check works in, removed however the check ends.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::capture::CaptureError;

/// A temporary folder that is removed with all it holds when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    dir: tempfile::TempDir,
    /// Resolved, because the go command resolves it, and two spellings would be a difference.
    path: PathBuf,
}

impl Scratch {
    /// Makes the folder in `parent`.
    ///
    /// # Errors
    ///
    /// Fails when `parent` cannot be written to.
    pub(super) fn new(parent: &Path) -> Result<Self, CaptureError> {
        let error = |source| CaptureError::Scratch { path: parent.to_owned(), source };
        let dir = tempfile::Builder::new().prefix("goaudit-").tempdir_in(parent).map_err(error)?;
        let path = fs::canonicalize(dir.path()).map_err(error)?;
        Ok(Self { dir, path })
    }

    #[must_use]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder inside.
    ///
    /// # Errors
    ///
    /// Fails when the disk is full.
    pub(super) fn folder(&self, name: impl AsRef<Path>) -> Result<PathBuf, CaptureError> {
        let path = self.path.join(name);
        fs::create_dir_all(&path)
            .map_err(|source| CaptureError::Scratch { path: path.clone(), source })?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A build may leave what its owner may not delete: the go command makes
        // the folders of a module cache read-only.
        if fs::remove_dir_all(self.dir.path()).is_err() {
            make_writable(self.dir.path());
            let _ = fs::remove_dir_all(self.dir.path());
        }
    }
}

fn make_writable(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(io::Result::ok);
    for entry in entries {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_read_only_folder_is_removed_and_what_a_link_names_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("kept"), "").unwrap();
        let scratch = Scratch::new(parent.path()).unwrap();
        let dir = scratch.folder("a/b").unwrap();
        std::os::unix::fs::symlink(parent.path(), dir.join("link")).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
        drop(scratch);
        let left: Vec<_> =
            fs::read_dir(parent.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["kept"]);
    }
}
