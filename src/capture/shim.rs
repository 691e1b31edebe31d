//! goaudit under the name `go`: notes one go command, then is that command.
//!
//! A recording puts a link of this name first on PATH. Every `go` that a
//! Makefile or a script starts comes here; a command that prints hash inputs
//! is run as a child with its stderr filtered, any other is replaced by the
//! real go without a trace.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::capture::go::on_path;
use crate::capture::invocation::{self, Record};
use crate::golang::flags::GoCommand;

/// Folder that takes the records; its presence makes `go` mean this.
pub const RECORD_DIR: &str = "GOAUDIT_RECORD_DIR";
/// The go command that is stood in for.
pub const REAL_GO: &str = "GOAUDIT_REAL_GO";
/// The owner's GOCACHE, which an audited build must not write to, …
pub const OWNER_GOCACHE: &str = "GOAUDIT_OWNER_GOCACHE";
/// … and the one to use in its place.
pub const GOCACHE: &str = "GOAUDIT_GOCACHE";
/// What a ledger lets this build take, as a list …
pub const CONFIRMED: &str = "GOAUDIT_CONFIRMED";
/// … and the folder of its outputs.
pub const LEDGER_STORE: &str = "GOAUDIT_LEDGER_STORE";
/// Process that forwards signals to the whole group already.
pub const RECORDER_PID: &str = "GOAUDIT_RECORDER_PID";
/// The GODEBUG of a command, for the program that it runs.
pub(super) const OWN_GODEBUG: &str = "GOAUDIT_OWN_GODEBUG";

const TOLD: &[&str] =
    &[RECORD_DIR, REAL_GO, OWNER_GOCACHE, GOCACHE, CONFIRMED, LEDGER_STORE, RECORDER_PID];

/// Lies beside the link: what a stand-in is told when a script clears its environment.
const TOLD_FILE: &str = "stand-in.json";
/// Name of the link that `go run` starts its program through.
const EXEC_NAME: &str = "goaudit-exec";

/// What a recorder tells its stand-ins.
#[derive(Debug)]
pub struct StandIn {
    pub(super) go: OsString,
    pub(super) records: PathBuf,
    pub(super) recorder: Option<i32>,
    /// The folder of the link.
    folder: Option<PathBuf>,
    all: BTreeMap<OsString, OsString>,
}

impl StandIn {
    /// Returns what this process was told, if a build that is being recorded started it as `go`.
    #[must_use]
    pub fn of_this_process() -> Option<Self> {
        let name = env::args_os().next()?;
        if Path::new(&name).file_name() != Some(OsStr::new("go")) {
            return None;
        }
        let folder = link_folder(Path::new(&name));
        let mut all: BTreeMap<OsString, OsString> = TOLD
            .iter()
            .filter_map(|name| Some((OsString::from(name), env::var_os(name)?)))
            .collect();
        if !all.contains_key(OsStr::new(RECORD_DIR)) {
            let json = fs::read(folder.as_ref()?.join(TOLD_FILE)).ok()?;
            let told: BTreeMap<String, String> = serde_json::from_slice(&json).ok()?;
            all.extend(told.into_iter().map(|(name, value)| (name.into(), value.into())));
        }
        let get = |name: &str| all.get(OsStr::new(name)).cloned();
        let recorder = get(RECORDER_PID).and_then(|pid| pid.to_str()?.parse().ok());
        let (go, records) = (get(REAL_GO)?, get(RECORD_DIR)?.into());
        Some(Self { go, records, recorder, folder, all })
    }

    /// Runs the go command that this process was started as, and returns its exit code.
    #[must_use]
    pub fn run(self) -> i32 {
        let args: Vec<OsString> = env::args_os().skip(1).collect();
        let words: Vec<String> =
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        // Whether a verb builds does not depend on GOFLAGS, so no settings are needed yet.
        if !GoCommand::parse(&invocation::verb_first(words.clone()), "").is_build() {
            invocation::note(&self.records, &words);
            return self.become_go(&args);
        }
        match Record::start(&self, &words) {
            Ok(record) => record.run(&args),
            // The build matters more than its record: without one the recorder refuses a verdict.
            Err(err) => {
                let _ = fs::write(self.records.join("failed"), err.to_string());
                self.become_go(&args)
            }
        }
    }

    fn become_go(&self, args: &[OsString]) -> i32 {
        use std::os::unix::process::CommandExt as _;
        let mut command = self.command();
        let err = command.args(args).exec();
        complain(&format!("failed to start `{}`: {err}", self.go.display()))
    }

    /// Returns the real go, under what it must be told.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.go);
        command.envs(&self.all);
        self.spare_the_owners_cache(&mut command);
        command
    }

    /// A script that sets GOCACHE back to the owner's gets the audit's all the same.
    fn spare_the_owners_cache(&self, command: &mut Command) {
        let (Some(owner), Some(ours)) = (self.told(OWNER_GOCACHE), self.told(GOCACHE)) else {
            return;
        };
        let is_owners = |cache: &OsStr| {
            let resolved = |path: &OsStr| fs::canonicalize(path).ok();
            cache == owner
                || resolved(cache).is_some_and(|cache| Some(cache) == resolved(owner))
                // Not there yet, and so in no form but its own.
                || Path::new(cache) == Path::new(owner)
        };
        if env::var_os("GOCACHE").is_none_or(|cache| cache.is_empty() || is_owners(&cache)) {
            command.env("GOCACHE", ours);
        }
    }

    pub(super) fn told(&self, name: &str) -> Option<&OsStr> {
        self.all.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Returns the value of an `-exec` flag that gives a program back what was taken from it: its
    /// GODEBUG, and the stand-in, which the go command hides behind the bin folder of its GOROOT.
    pub(super) fn exec_flag(&self) -> Option<OsString> {
        let program = self.folder.as_ref()?.join(EXEC_NAME);
        let path = program.to_str().filter(|path| !path.contains(['\'', '"']))?;
        program.exists().then(|| format!("-exec='{path}'").into())
    }
}

fn link_folder(name: &Path) -> Option<PathBuf> {
    match name.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => Some(parent.to_owned()),
        None => on_path("go", &env::var_os("PATH")?)?.parent().map(Path::to_owned),
    }
}

/// Writes what a stand-in needs beside its link.
pub(super) fn equip(
    folder: &Path,
    program: &Path,
    env: &BTreeMap<OsString, OsString>,
) -> io::Result<()> {
    for name in ["go", EXEC_NAME] {
        match std::os::unix::fs::symlink(program, folder.join(name)) {
            Err(err) if err.kind() != io::ErrorKind::AlreadyExists => return Err(err),
            _ => {}
        }
    }
    let told: BTreeMap<&str, String> = TOLD
        .iter()
        .filter_map(|name| Some((*name, env.get(OsStr::new(name))?.to_string_lossy().into_owned())))
        .collect();
    fs::write(folder.join(TOLD_FILE), serde_json::to_vec(&told)?)
}

/// Becomes the program of `go run`, if this process was started for that.
#[must_use]
pub fn become_program() -> Option<i32> {
    use std::os::unix::process::CommandExt as _;
    let mut args = env::args_os();
    let name = PathBuf::from(args.next()?);
    if name.file_name() != Some(OsStr::new(EXEC_NAME)) {
        return None;
    }
    let mut command = Command::new(args.next()?);
    command.args(args);
    match env::var_os(OWN_GODEBUG) {
        Some(own) => command.env("GODEBUG", own),
        None => command.env_remove("GODEBUG"),
    };
    command.env_remove(OWN_GODEBUG);
    let path = env::var_os("PATH").unwrap_or_default();
    let folder = name.parent().map(Path::to_owned);
    if let Ok(path) = env::join_paths(folder.into_iter().chain(env::split_paths(&path))) {
        command.env("PATH", path);
    }
    let err = command.exec();
    Some(complain(&format!("fork/exec {}: {err}", command.get_program().display())))
}

pub(super) fn complain(message: &str) -> i32 {
    let _ = writeln!(io::stderr(), "{message}");
    2
}
