//! `goaudit lint` as a user runs it: what it reads, how it ends, and every form of its report.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit in folders")]

#[path = "../cases/mod.rs"]
mod cases;
mod comments;
mod fix;
mod formats;
mod not_resolved;
mod paths;
mod refusals;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A folder that is a repository of its own.
pub(crate) struct Room(tempfile::TempDir);

impl Room {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let room = Self::without_git(files);
        let mut git = Command::new("git");
        assert!(git.args(["init", "-q"]).current_dir(room.path()).status().unwrap().success());
        room
    }

    pub(crate) fn without_git(files: &[(&str, &str)]) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            room.write(path, text);
        }
        room
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn lint(&self, args: &[&str]) -> Output {
        self.goaudit(self.path(), &[&["lint"], args].concat())
    }

    pub(crate) fn goaudit(&self, dir: &Path, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_goaudit"));
        command.args(args).current_dir(dir).env_remove("NO_COLOR");
        command.output().unwrap()
    }
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

pub(crate) const WORKFLOW: &str = ".github/workflows/ci.yml";

/// A cache that no run restores (an error) in line 9, and one without restore keys (a warning) in
/// line 13.
pub(crate) const TWO: &str = "\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@v4
        with:
          path: ~/go/pkg/mod
          key: mod-${{ github.run_id }}
      - uses: actions/cache@v4
        with:
          path: ~/go/pkg/mod
          key: go-${{ hashFiles('go.sum') }}
";
