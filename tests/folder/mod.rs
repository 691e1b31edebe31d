//! A folder that a test writes, goaudit run in it, and what it said.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the world, may panic, and uses its own part of this"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A folder with the files of a test in it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// One that git takes for a repository of its own.
    pub(crate) fn repository(files: &[(&str, &str)]) -> Self {
        let folder = Self::new(files);
        let mut git = Command::new("git");
        assert!(git.args(["init", "-q"]).current_dir(folder.path()).status().unwrap().success());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(crate) fn goaudit(&self, args: &[&str]) -> Output {
        goaudit(self.path(), args)
    }

    pub(crate) fn lint(&self, args: &[&str]) -> Output {
        self.goaudit(&[&["lint"], args].concat())
    }
}

/// Runs goaudit in a folder.
pub(crate) fn goaudit(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goaudit"));
    command.args(args).current_dir(dir).env_remove("NO_COLOR");
    command.output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}
