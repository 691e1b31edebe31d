//! Runs a command with a GOCACHE of its own, again and again where its time is asked for.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::capture::CaptureError;
use crate::capture::interrupt::Interrupt;
use crate::capture::process::{self, Job, Output};

/// A command that has a cache of its own.
#[derive(Debug)]
pub struct Measured {
    pub command: Vec<String>,
    pub dir: PathBuf,
    pub cache: PathBuf,
    /// Where go makes its temporary folders, unless the owner says.
    pub temporary: PathBuf,
    /// Where its output goes; what it prints in a repetition is of no use.
    pub output: Option<PathBuf>,
}

impl Measured {
    /// Runs it once and says how long it took. The command gets this process's environment
    /// with another GOCACHE, and its stdout goes to stderr.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be started, and when a signal asks this process to end.
    pub fn run(
        &self,
        interrupt: &Interrupt,
        quiet: bool,
        tick: impl FnMut(),
    ) -> Result<(ExitStatus, Duration), CaptureError> {
        let mut env: BTreeMap<OsString, OsString> = env::vars_os().collect();
        env.insert("GOCACHE".into(), self.cache.clone().into());
        // What a go command that is stopped leaves goes away with the cache.
        env.entry("GOTMPDIR".into()).or_insert_with(|| self.temporary.clone().into());
        // A cache program would take what is to be measured elsewhere.
        env.remove(&OsString::from("GOCACHEPROG"));
        let output = match &self.output {
            Some(file) if quiet => Output::File(file.clone()),
            _ => Output::ToStderr,
        };
        let job = Job {
            command: self.command.iter().map(OsString::from).collect(),
            dir: self.dir.clone(),
            env,
            umask: None,
            output,
        };
        let started = Instant::now();
        let status = process::run(&job, interrupt, tick)
            .map_err(|source| CaptureError::Start { command: self.command.join(" "), source })?
            .ok_or(CaptureError::Interrupted)?;
        Ok((status, started.elapsed()))
    }
}

/// A file of a copied tree that is made another one before each run.
#[derive(Debug)]
pub struct Changed {
    path: PathBuf,
    before: Vec<u8>,
}

impl Changed {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be read.
    pub fn new(path: &Path) -> std::io::Result<Self> {
        Ok(Self { path: path.to_owned(), before: std::fs::read(path)? })
    }

    /// Appends a function that nobody calls: the package and all that import it are others to go,
    /// and do the same. A constant would leave the compiled package as it was.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be written.
    pub fn change(&self, number: usize) -> std::io::Result<()> {
        let addition = format!("\nfunc goauditMeasure() int {{ return {number} }}\n");
        std::fs::write(&self.path, [self.before.as_slice(), addition.as_bytes()].concat())
    }

    /// Makes it what it was.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be written.
    pub fn restore(&self) -> std::io::Result<()> {
        std::fs::write(&self.path, &self.before)
    }
}
