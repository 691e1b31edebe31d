//! Copies of the audited tree: git's view of it, with uncommitted changes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};

use crate::binary;
use crate::capture::CaptureError;
use crate::capture::check::read_go_mod;
use crate::capture::git_dir;
use crate::capture::interrupt::Interrupt;

/// The tree that is audited. It is only ever read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Top of the git work tree; without git, the folder of the module or workspace.
    pub root: PathBuf,
    /// The audited directory below it, empty where it is the root.
    pub below: PathBuf,
    /// Whether git says what belongs to the tree.
    pub in_git: bool,
    /// Folder of the go.mod or go.work, relative to the root.
    module: PathBuf,
}

/// What came of a copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub files: u64,
    /// What was left out, one sentence each.
    pub notes: Vec<String>,
}

impl Source {
    /// Finds the tree around `dir`. `module` is the folder of its go.mod or go.work.
    ///
    /// # Errors
    ///
    /// Fails when `dir` or `module` cannot be resolved.
    pub fn around(dir: &Path, module: &Path) -> Result<Self, CaptureError> {
        let resolve = |path: &Path| {
            fs::canonicalize(path)
                .map_err(|source| CaptureError::Read { path: path.to_owned(), source })
        };
        let (dir, module) = (resolve(dir)?, resolve(module)?);
        let top = git(&dir, ["rev-parse", "--show-toplevel"])
            .map(|top| PathBuf::from(top.trim_end_matches('\n')));
        // A module outside the repository of `dir` belongs to the tree all the same.
        let (root, in_git) = match top.and_then(|top| fs::canonicalize(top).ok()) {
            Some(top) if module.starts_with(&top) => (top, true),
            _ => (module.clone(), false),
        };
        let inside = |path: &Path| path.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        let (below, module) = (inside(&dir), inside(&module));
        Ok(Self { root, below, in_git, module })
    }

    /// Returns the files of the tree, relative to its root. Folders stand for all they hold.
    #[must_use]
    pub fn files(&self) -> Option<Vec<PathBuf>> {
        if !self.in_git {
            return None;
        }
        let listing =
            git(&self.root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut files: Vec<PathBuf> =
            listing.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
        // A file in conflict is listed once a side.
        files.sort();
        files.dedup();
        // Often ignored, and yet they decide what go builds.
        for name in ["go.work", "go.work.sum", "vendor"] {
            let path = self.module.join(name);
            let listed = files.iter().any(|file| file.starts_with(&path));
            if !listed && self.root.join(&path).exists() {
                files.push(path);
            }
        }
        Some(files)
    }

    /// Returns the audited directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        // Joined with an empty path it would end in `/`.
        if self.below.as_os_str().is_empty() {
            self.root.clone()
        } else {
            self.root.join(&self.below)
        }
    }

    /// Names some of the files that git ignores.
    pub(super) fn ignored(&self) -> Option<String> {
        let args = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
        let listing = self.in_git.then(|| git(&self.root, args)).flatten()?;
        let names: Vec<&str> = listing.split_terminator('\0').collect();
        let more = if names.len() > 5 { ", …" } else { "" };
        let some = names.get(..5).unwrap_or(&names).join(", ");
        (!some.is_empty()).then(|| format!("{some}{more}"))
    }

    /// Returns the files that git does not track.
    fn untracked(&self) -> BTreeSet<PathBuf> {
        git(&self.root, ["ls-files", "-z", "--others", "--exclude-standard"])
            .map(|names| names.split_terminator('\0').map(PathBuf::from).collect())
            .unwrap_or_default()
    }

    /// Copies the tree to `to`, with times, modes, links and `.git`.
    ///
    /// # Errors
    ///
    /// Fails when a file cannot be read or written, naming it, and when interrupted.
    pub fn copy(&self, to: &Path, interrupt: &Interrupt) -> Result<Copied, CaptureError> {
        let mut copy = Copy { interrupt, copied: Copied::default(), makes: None };
        let makes = read_go_mod(&self.dir()).module;
        match self.files() {
            Some(files) => {
                let untracked = self.untracked();
                for file in &files {
                    copy.makes = makes.clone().filter(|_| untracked.contains(file));
                    copy.entry(&self.root.join(file), &to.join(file))?;
                }
                git_dir::copy(&self.root, to, &mut copy)?;
            }
            None => {
                copy.makes = makes;
                copy.entry(&self.root, to)?;
            }
        }
        Ok(copy.copied)
    }
}

/// Runs git for its answer. `None` where there is no git, no repository, or git refuses.
pub(super) fn git<'a>(dir: &Path, args: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(args)
        // Without this `git status` and its kin rewrite the owner's index.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    // Go's own file names are UTF-8; a name that is not cannot be built.
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Copies an already copied tree once more, so that both sides hold the same even while the owner edits.
///
/// # Errors
///
/// As [`Source::copy`].
pub fn duplicate(from: &Path, to: &Path, interrupt: &Interrupt) -> Result<(), CaptureError> {
    Copy { interrupt, copied: Copied::default(), makes: None }.entry(from, to)
}

/// Dates every file and folder below `dir` earlier by the same time: their order stays.
///
/// # Errors
///
/// Fails when a file cannot be dated.
pub fn date_earlier(dir: &Path, by: Duration) -> io::Result<()> {
    let data = fs::symlink_metadata(dir)?;
    if data.is_dir() {
        for entry in fs::read_dir(dir)? {
            date_earlier(&entry?.path(), by)?;
        }
    }
    let modified = data.modified()?;
    set_mtime(dir, modified.checked_sub(by).unwrap_or(modified))
}

fn set_mtime(path: &Path, time: SystemTime) -> io::Result<()> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let at = Timespec {
        tv_sec: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: since.subsec_nanos().into(),
    };
    let times = Timestamps { last_access: at, last_modification: at };
    Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// A copy in the making.
pub(super) struct Copy<'a> {
    interrupt: &'a Interrupt,
    pub(super) copied: Copied,
    /// Module whose executables are left out: a build that finds its own output from before may
    /// leave it as it is, and both sides would hold that one file.
    makes: Option<String>,
}

impl Copy<'_> {
    /// Copies a file, a link or a folder with all it holds.
    pub(super) fn entry(&mut self, from: &Path, to: &Path) -> Result<(), CaptureError> {
        self.interrupt.check()?;
        let read = |source| CaptureError::Read { path: from.to_owned(), source };
        let write = |source| CaptureError::Copy { path: to.to_owned(), source };
        let data = match fs::symlink_metadata(from) {
            // Deleted in the work tree and not yet in the index: a change like any other.
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
            data => data.map_err(read)?,
        };
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(write)?;
        }
        let kind = data.file_type();
        if kind.is_symlink() {
            let target = fs::read_link(from).map_err(read)?;
            std::os::unix::fs::symlink(target, to).map_err(write)?;
        } else if kind.is_dir() {
            fs::create_dir_all(to).map_err(write)?;
            let mut entries: Vec<_> =
                fs::read_dir(from).and_then(Iterator::collect::<io::Result<_>>).map_err(read)?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                self.entry(&entry.path(), &to.join(entry.file_name()))?;
            }
        } else if kind.is_file() {
            // Opened first, so that a file that may not be read is told from a disk that is full.
            let file = fs::File::open(from).map_err(read)?;
            if self.makes.is_some() && self.is_old_output(&data, file).map_err(read)? {
                let name = from.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
                self.copied.notes.push(format!(
                    "the `{name}` that lies in the tree: an earlier build of this module made it, so the copies are without it"
                ));
                return Ok(());
            }
            fs::copy(from, to).map_err(write)?;
        } else {
            let name = from.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
            self.copied
                .notes
                .push(format!("`{name}` is neither file nor folder nor link and was not copied"));
            return Ok(());
        }
        self.copied.files += 1;
        if kind.is_dir() {
            // A build writes into its copy even where the owner's tree cannot be written to.
            let mode = data.permissions().mode() | 0o700;
            fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(write)?;
        }
        set_mtime(to, data.modified().map_err(read)?).map_err(write)
    }

    fn is_old_output(&self, data: &fs::Metadata, mut file: fs::File) -> io::Result<bool> {
        if data.permissions().mode() & 0o111 == 0 {
            return Ok(false);
        }
        let mut bytes = vec![0; 4];
        if file.read_exact(&mut bytes).is_err() || bytes.starts_with(b"#!") {
            return Ok(false);
        }
        file.read_to_end(&mut bytes)?;
        let info = binary::summarize(&bytes).ok().and_then(|object| object.build_info);
        let main = info.and_then(|info| info.mod_info.main).map(|module| module.path);
        Ok(main.is_some() && main == self.makes)
    }
}
