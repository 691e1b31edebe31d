//! One of the two builds: where it runs, under what, and what it leaves.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::capture::CaptureError;
use crate::capture::go::Go;
use crate::capture::scratch::Scratch;
use crate::capture::shim;
use crate::recording::{Places, tar_entries};

/// One of the two builds.
#[derive(Debug)]
pub(super) struct Side {
    /// `first` or `second`.
    pub(super) name: &'static str,
    /// The copy of the tree.
    pub(super) root: PathBuf,
    /// The audited directory below the root.
    pub(super) below: PathBuf,
    /// The go command that the stand-in becomes.
    pub(super) go: PathBuf,
    /// The whole environment of the build.
    pub(super) env: BTreeMap<OsString, OsString>,
    pub(super) umask: Option<u32>,
    /// Names of the variations that it is under.
    pub(super) varied: Vec<String>,
    /// Words before the command: a namespace of its own.
    pub(super) wrapper: Vec<OsString>,
    /// Whether the tree is the owner's own, reached by another path.
    pub(super) in_place: bool,
    /// Text that is in each value that was made for this check, and in no other.
    pub(super) mark: String,
    /// Takes the artifacts of the default build.
    pub(super) output: PathBuf,
    /// Takes the records of the stand-ins.
    pub(super) records: PathBuf,
}

impl Side {
    /// Sets up a side whose tree is at `root`, with a GOCACHE of its own and goaudit as `go` on PATH.
    pub(super) fn new(
        name: &'static str,
        root: PathBuf,
        below: &Path,
        go: &Go,
        scratch: &Scratch,
    ) -> Result<Self, CaptureError> {
        let folder = |part: &str| scratch.folder(Path::new(name).join(part));
        let records = folder("records")?;
        make(&records.join("invocations"))?;
        let mut side = Self {
            name,
            root,
            below: below.to_owned(),
            go: go.program.clone(),
            env: env::vars_os().collect(),
            umask: None,
            varied: Vec::new(),
            wrapper: Vec::new(),
            in_place: false,
            mark: scratch.mark(),
            output: folder("out")?,
            records,
        };
        let cache = folder("gocache")?;
        let temporary = folder("gotmp")?;
        // A GOTMPDIR is no hash input; here it goes away even when go is killed.
        side.set("GOTMPDIR", temporary);
        side.set(shim::OWNER_GOCACHE, go.setting("GOCACHE"));
        side.set(shim::GOCACHE, &cache);
        side.set("GOCACHE", cache);
        Ok(side)
    }

    pub(super) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.env.insert(name.into(), value.as_ref().to_owned());
    }

    /// Leaves the build nothing but the module cache.
    ///
    /// Not `GOPROXY=off`: under it the go command takes the version of the main
    /// module from the module cache where it finds one, and stamps that
    /// (`cmd/go/internal/modfetch/cache.go`, Go 1.25 to 1.27).
    pub(super) fn without_network(&mut self) {
        self.set("GOPROXY", "file:///no-network-under-goaudit");
        // What GOPRIVATE names would be fetched from its origin.
        self.set("GONOPROXY", "none");
    }

    /// Says whether the tree is the owner's own.
    pub(super) fn reads_in_place(&mut self, in_place: bool) {
        self.in_place = in_place;
        if in_place {
            // The go command asks `git status`, which would rewrite the owner's index.
            self.set("GIT_OPTIONAL_LOCKS", "0");
        }
    }

    /// Returns where the command runs.
    pub(super) fn workdir(&self) -> PathBuf {
        if self.below.as_os_str().is_empty() {
            self.root.clone()
        } else {
            self.root.join(&self.below)
        }
    }

    /// Puts the stand-in first on PATH, after all variations have had their say.
    pub(super) fn stand_in(&mut self, folder: &Path) -> Result<(), CaptureError> {
        stand_in(&mut self.env, folder, &self.go, &self.records)?;
        let workdir = self.workdir();
        // The go command believes PWD when it names the directory it is in.
        self.set("PWD", workdir);
        Ok(())
    }

    /// Returns the directories that the build may have hashed.
    pub(super) fn places(&self, go: &Go) -> Places {
        let variable = |name: &str, default: &str| {
            self.env.get(OsStr::new(name)).map_or_else(|| default.to_owned(), text)
        };
        Places {
            workdir: text(self.workdir()),
            root: text(&self.root),
            goroot: variable("GOROOT", go.setting("GOROOT")),
            gomodcache: variable("GOMODCACHE", go.setting("GOMODCACHE")),
            gocache: variable("GOCACHE", ""),
            home: variable("HOME", ""),
            tmpdir: variable("TMPDIR", "/tmp"),
            output: text(&self.output),
        }
    }
}

pub(super) fn text(path: impl AsRef<OsStr>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

fn make(folder: &Path) -> Result<(), CaptureError> {
    fs::create_dir_all(folder)
        .map_err(|source| CaptureError::Scratch { path: folder.to_owned(), source })
}

/// Makes `folder/go` a link to this program, puts the folder first on PATH, and tells the
/// stand-in what it needs.
pub(super) fn stand_in(
    env: &mut BTreeMap<OsString, OsString>,
    folder: &Path,
    go: &Path,
    records: &Path,
) -> Result<(), CaptureError> {
    make(folder)?;
    make(&records.join("invocations"))?;
    let path = env.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let entries = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    let path = env::join_paths(entries).map_err(|err| CaptureError::Scratch {
        path: folder.to_owned(),
        source: io::Error::other(err),
    })?;
    env.insert("PATH".into(), path);
    env.insert(shim::REAL_GO.into(), go.into());
    env.insert(shim::RECORD_DIR.into(), records.into());
    env.insert(shim::RECORDER_PID.into(), std::process::id().to_string().into());
    env::current_exe()
        .and_then(|program| shim::equip(folder, &program, env))
        .map_err(|source| CaptureError::Scratch { path: folder.to_owned(), source })
}

/// Returns the folder of the n-th invocation of a build that is under way.
pub(super) fn invocation_folder(records: &Path, number: usize) -> PathBuf {
    records.join(tar_entries::folder(number))
}
