//! The two sides of a comparison: recordings that are there, or commands to record.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::capture::artifacts::Wanted;
use crate::capture::interrupt::Interrupt;
use crate::capture::record::{self, Watched};
use crate::capture::scratch::Scratch;
use crate::cli::sources::Pair;
use crate::cli::{Error, files};

/// Which two builds to compare.
#[derive(Debug, Args)]
pub(super) struct Sides {
    /// The build that is the measure, such as that of the default branch, and the build to explain:
    /// recordings, or raw GODEBUG=gocachehash=1 logs (plain, gzip or zstd; - is stdin)
    #[arg(value_names = ["FIRST", "SECOND"], num_args = 0..=2)]
    files: Vec<PathBuf>,
    /// Run this shell line and record it, in place of FIRST
    #[arg(long = "first", value_name = "CMD")]
    first_command: Option<String>,
    /// Run this shell line and record it, in place of SECOND
    #[arg(long = "second", value_name = "CMD")]
    second_command: Option<String>,
    /// Keep what was recorded, as first.goaudit and second.goaudit, in this directory
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// The -debug-actiongraph file of a raw log, which knows what ran and what it cost; given once
    /// or for both. Its action IDs say which log it belongs to
    #[arg(long = "graph", value_name = "FILE")]
    graphs: Vec<PathBuf>,
}

/// One side, as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side<'a> {
    File(&'a Path),
    Command(&'a str),
}

impl Sides {
    /// Returns the files that are read.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Runs the commands, and reads both builds.
    pub(super) fn read(&self) -> Result<Pair, Error> {
        let [first, second] = self.both()?;
        if let (Side::File(first), Side::File(second)) = (first, second) {
            return Pair::read(first, second, &self.graphs);
        }
        if let Some(dir) = &self.save {
            files::probe_folder(dir)?;
        }
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let scratch = Scratch::new(&env::temp_dir())?;
        let made = |name: &'static str, side| match side {
            Side::File(path) => Ok(path.to_owned()),
            Side::Command(line) => self.run(name, line, &scratch, &interrupt),
        };
        // A file that is not there is said before a build, not minutes after it.
        for side in [first, second] {
            if let Side::File(path) = side
                && path != Path::new("-")
            {
                path.metadata().map_err(|source| Error::Read { path: path.to_owned(), source })?;
            }
        }
        let (first, second) = (made("first", first)?, made("second", second)?);
        Pair::read(&first, &second, &self.graphs)
    }

    /// Two are asked for, each as a file or as a command.
    fn both(&self) -> Result<[Side<'_>; 2], Error> {
        let made = self.first_command.is_some() || self.second_command.is_some();
        if self.save.is_some() && !made {
            return Err(Error::Sides(
                "--save keeps what --first and --second record, and neither is given",
            ));
        }
        let mut files = self.files.iter().map(|path| Side::File(path));
        let mut side = |line: &'_ Option<String>| line.is_none().then(|| files.next()).flatten();
        let (first, second) = (side(&self.first_command), side(&self.second_command));
        let first = self.first_command.as_deref().map(Side::Command).or(first);
        let second = self.second_command.as_deref().map(Side::Command).or(second);
        match (first, second, files.next()) {
            (Some(first), Some(second), None) => Ok([first, second]),
            (_, _, Some(_)) => Err(Error::Sides(
                "two builds are compared, and more are named: --first and --second each take the place of a recording",
            )),
            _ => Err(Error::Sides(
                "two builds are compared: name two recordings, two commands (--first CMD --second CMD), or one of each",
            )),
        }
    }

    fn run(
        &self,
        name: &'static str,
        line: &str,
        scratch: &Scratch,
        interrupt: &Interrupt,
    ) -> Result<PathBuf, Error> {
        let dir = env::current_dir().map_err(|source| Error::Read { path: ".".into(), source })?;
        let file_name = format!("{name}.goaudit");
        let to = scratch.path().join(&file_name);
        // There is nobody left to tell when stderr is closed.
        let _ = writeln!(io::stderr(), "goaudit: {name}: {line}");
        let command = ["sh", "-c", line].map(str::to_owned);
        let watched = Watched {
            command: &command,
            dir: &dir,
            wanted: &Wanted::Installed,
            to_stderr: true,
            with_evidence: false,
        };
        let recorded = record::run(&watched, &to, interrupt)?;
        let status = recorded.status;
        if !status.success() {
            return Err(Error::Command { side: name, command: line.to_owned(), status });
        }
        if !recorded.has_builds {
            return Err(Error::NothingBuilt { side: name, command: line.to_owned() });
        }
        if let Some(dir) = &self.save {
            files::keep(&to, dir, &file_name)?;
        }
        Ok(to)
    }
}
