//! The one folder that a check works in, removed however the check ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fs::{FlockOperation, flock};

use crate::capture::CaptureError;

/// A temporary folder that is removed with all it holds when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    dir: tempfile::TempDir,
    /// Resolved, because the go command resolves it, and two spellings would be a difference.
    path: PathBuf,
    /// Held for as long as the folder is in use; the system lets go of it with the process.
    _lock: File,
}

const PREFIX: &str = "goaudit-";
/// Letters and digits at the end of the name: one name in 62^8.
const RANDOM: usize = 8;
const LOCK: &str = "in-use.lock";

impl Scratch {
    /// Text in the name of the folder that no other folder has.
    #[must_use]
    pub fn mark(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix(PREFIX).unwrap_or(&name).to_owned()
    }

    /// Makes the folder in `parent`.
    ///
    /// # Errors
    ///
    /// Fails when `parent` cannot be written to.
    pub fn new(parent: &Path) -> Result<Self, CaptureError> {
        let error = |source| CaptureError::Scratch { path: parent.to_owned(), source };
        remove_abandoned(parent);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(RANDOM)
            .tempdir_in(parent)
            .map_err(error)?;
        let path = fs::canonicalize(dir.path()).map_err(error)?;
        let lock = File::create(path.join(LOCK)).map_err(error)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|err| error(err.into()))?;
        Ok(Self { dir, path, _lock: lock })
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder inside.
    ///
    /// # Errors
    ///
    /// Fails when the disk is full.
    pub fn folder(&self, name: impl AsRef<Path>) -> Result<PathBuf, CaptureError> {
        let path = self.path.join(name);
        fs::create_dir_all(&path)
            .map_err(|source| CaptureError::Scratch { path: path.clone(), source })?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(self.dir.path());
    }
}

/// A build may leave what its owner may not delete: the go command makes the
/// folders of a module cache read-only.
fn remove(dir: &Path) {
    if fs::remove_dir_all(dir).is_err() {
        make_writable(dir);
        let _ = fs::remove_dir_all(dir);
    }
}

/// Removes the folders of processes that were killed: those whose lock nobody holds.
fn remove_abandoned(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().filter_map(io::Result::ok);
    for entry in entries {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        // Without a lock it is another's, or is being made at this moment.
        let Some(lock) = ours.then(|| File::open(entry.path().join(LOCK)).ok()).flatten() else {
            continue;
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            remove(&entry.path());
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
    fn what_a_killed_process_left_is_removed_and_what_is_in_use_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let names = ["goaudit-abandoned", "goaudit-without-a-lock", "other"];
        for name in names {
            fs::create_dir_all(parent.path().join(name).join("first")).unwrap();
        }
        for name in ["goaudit-abandoned", "other"] {
            fs::write(parent.path().join(name).join(LOCK), "").unwrap();
        }
        let in_use = Scratch::new(parent.path()).unwrap();
        let another = Scratch::new(parent.path()).unwrap();
        let left = |name: &str| parent.path().join(name).exists();
        assert_eq!(names.map(left), [false, true, true]);
        assert!(in_use.path().exists() && another.path().exists());
    }

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
