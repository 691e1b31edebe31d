//! Watches one command of the owner's, where and as the owner runs it.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::capture::CaptureError;
use crate::capture::artifacts::{self, Wanted};
use crate::capture::canary;
use crate::capture::check::read_go_mod;
use crate::capture::evidence;
use crate::capture::go::Go;
use crate::capture::interrupt::Interrupt;
use crate::capture::pack;
use crate::capture::process::{self, Job, Output};
use crate::capture::scratch::Scratch;
use crate::capture::side::{stand_in, text};
use crate::evidence::Evidence;
use crate::recording::{Depth, FORMAT, Manifest, Places, redact};

/// A command to watch: everything that decides its recording, as data.
#[derive(Debug)]
pub struct Watched<'a> {
    pub command: &'a [String],
    /// Where it runs.
    pub dir: &'a Path,
    pub wanted: &'a Wanted,
    /// Sends its stdout to stderr, where a report has stdout for itself.
    pub to_stderr: bool,
    /// Whether to look into what it made, for [`Recorded::evidence`].
    pub with_evidence: bool,
}

/// What became of a command that was watched.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub status: ExitStatus,
    /// Whether it started a go command that compiles or links.
    pub has_builds: bool,
    /// What the files that it made are compared by without them; `None` unless asked for.
    pub evidence: Option<Evidence>,
}

/// Runs a command and writes its recording to `to`. The command gets this
/// process's environment, output and, where it is no terminal, input.
///
/// # Errors
///
/// Fails when there is no go, when the command cannot be started or is
/// interrupted, and when the recording cannot be written. A command that fails
/// is no error: its status is returned, and it is recorded.
pub fn run(
    watched: &Watched<'_>,
    to: &Path,
    interrupt: &Interrupt,
) -> Result<Recorded, CaptureError> {
    let Watched { command, dir, wanted, to_stderr, with_evidence } = *watched;
    let go = Go::find(dir)?;
    // A build of minutes is not worth much without its recording.
    pack::probe(to)?;
    let scratch = Scratch::new(&env::temp_dir())?;
    let records = scratch.folder("records")?;
    let mut env: BTreeMap<OsString, OsString> = env::vars_os().collect();
    let names: Vec<String> = env.keys().map(text).collect();
    stand_in(&mut env, &scratch.path().join("bin"), &go.program, &records)?;
    let places = places(&env, dir, &go);
    let needles = canary::needles(&env, &places, None);
    let job = Job {
        command: command.iter().map(OsString::from).collect(),
        dir: dir.to_owned(),
        env,
        umask: None,
        output: if to_stderr { Output::ToStderr } else { Output::Inherited },
    };
    let status = process::run(&job, interrupt, || {})
        .map_err(|source| CaptureError::Start { command: command.join(" "), source })?
        .ok_or(CaptureError::Interrupted)?;
    let found = artifacts::collect(wanted, dir, &records, &needles)?;
    let evidence = with_evidence.then(|| evidence::of(&found, &records)).transpose()?;
    let manifest = Manifest {
        format: FORMAT,
        goaudit: env!("CARGO_PKG_VERSION").to_owned(),
        depth: Depth::Build,
        cold: false,
        command: command.iter().map(|word| redact::command_word(word)).collect(),
        places,
        environment: names,
        go_mod: read_go_mod(dir),
        variations: Vec::new(),
        artifacts: found.artifacts,
        unmatched_artifacts: found.unmatched,
        notes: Vec::new(),
        leaks: Some(found.leaks),
    };
    pack::pack(&manifest, &records, to)?;
    Ok(Recorded { status, has_builds: pack::has_hash_log(&records), evidence })
}

fn places(env: &BTreeMap<OsString, OsString>, dir: &Path, go: &Go) -> Places {
    let variable = |name: &str, default: &str| {
        env.get(OsStr::new(name)).map_or_else(|| default.to_owned(), text)
    };
    let root = PathBuf::from(go.setting("GOMOD"));
    Places {
        workdir: text(dir),
        root: text(root.parent().filter(|root| !root.as_os_str().is_empty()).unwrap_or(dir)),
        goroot: go.setting("GOROOT").to_owned(),
        gomodcache: go.setting("GOMODCACHE").to_owned(),
        gocache: go.setting("GOCACHE").to_owned(),
        home: variable("HOME", ""),
        tmpdir: variable("TMPDIR", "/tmp"),
        output: String::new(),
    }
}
