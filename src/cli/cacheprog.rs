use std::env;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::capture::cacheprog::{self, CacheProgError, Layers, Served, Source};
use crate::cli::cache::directory;
use crate::cli::{Error, Exit};

/// Serve a GOCACHE as a GOCACHEPROG, and record what go looked up and stored
///
/// For Go 1.24 and later: `GOCACHEPROG='goaudit cacheprog --record lookups.jsonl' go build ./...`
///
/// Without PROGRAM it serves the plain GOCACHE directory, as go itself would. With PROGRAM it stands
/// between go and another cache program. A store that is broken, and a program that hangs, dies or
/// talks nonsense, costs hits and never the build: that is said on stderr.
#[derive(Debug, Args)]
pub(super) struct CacheProgArgs {
    /// The directory to serve [default: GOCACHE]
    #[arg(long, value_name = "DIR", conflicts_with = "program")]
    dir: Option<PathBuf>,
    /// Append a line of JSON to this file for each lookup and each output that is stored: outcome,
    /// action ID, output, bytes and microseconds
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Hash each output before it is served: one with other bytes than its name says is a miss. And
    /// say when an action is given other bytes than it had: `go build -a` holds a cache against a rebuild
    #[arg(long)]
    verify: bool,
    /// Take no outputs, and change nothing in the directory. `go list -export` and `-test` need a
    /// cache that does
    #[arg(long)]
    read_only: bool,
    /// How many seconds PROGRAM may take for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    patience: u64,
    /// Say at the end what was found and what was stored
    #[arg(short, long)]
    verbose: bool,
    /// Serve, too, what this list of confirmed actions names
    #[arg(long, hide = true, value_name = "FILE", requires = "store", conflicts_with = "program")]
    confirmed: Option<PathBuf>,
    /// The folder of their outputs
    #[arg(long, hide = true, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Another cache program, with its arguments, after `--`
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

impl CacheProgArgs {
    pub(super) fn run(&self) -> Result<Exit, Error> {
        let source = match self.program.as_slice() {
            [] => Source::Directory { dir: self.dir()?, ledger: self.ledger() },
            command => Source::Program { command: command.to_vec(), patience: self.patience },
        };
        let served = Served {
            source,
            record: self.record.clone(),
            verify: self.verify,
            read_only: self.read_only,
            summary: self.verbose,
        };
        Ok(cacheprog::run(&served).map(|()| Exit::Kept)?)
    }

    /// The go command sets GOCACHE for what it starts.
    fn dir(&self) -> Result<PathBuf, Error> {
        let named = self.dir.clone().or_else(|| {
            let dir = env::var_os("GOCACHE").map(PathBuf::from);
            dir.filter(|dir| dir.is_absolute())
        });
        let dir = directory(named.as_deref())?;
        let dir = std::path::absolute(&dir)
            .map_err(|source| Error::Read { path: dir.clone(), source })?;
        match dir.to_str() {
            // The protocol has paths in JSON.
            None => Err(Error::Read {
                path: dir,
                source: std::io::Error::other(
                    "its path is not UTF-8, and the protocol takes no other",
                ),
            }),
            Some(_) => Ok(dir),
        }
    }

    /// What cannot be read proves nothing, and everything is built then.
    fn ledger(&self) -> Option<Layers> {
        let store = self.store.as_deref().unwrap_or(Path::new(""));
        Layers::read(self.confirmed.as_deref()?, store).ok()
    }
}

impl CacheProgError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Terminal | Self::Request { .. } | Self::TooLong { .. } | Self::Body { .. } => {
                Exit::Usage
            }
            Self::Read(_) | Self::Write(_) => Exit::NoVerdict,
        }
    }
}
