//! A program for GOCACHEPROG: serves a GOCACHE directory or stands before another such program,
//! and writes down what go looked up and stored.
//!
//! Whatever happens to a store, the build goes on: what cannot be read is a miss, and what cannot
//! be kept is kept in a folder of its own until the go command ends.

mod body;
mod directory;
mod exchange;
mod journal;
mod layers;
mod peer;
mod relay;
mod requests;
mod serve;
mod spool;
mod trim;
pub(super) mod verify;

use std::io;
use std::path::PathBuf;

use crate::golang::cache_entry::{self, Hash};

pub use layers::Layers;

/// What to serve and how: everything that decides it, as data.
#[derive(Debug)]
pub struct Served {
    pub source: Source,
    /// Takes a line for each lookup and each output that is stored.
    pub record: Option<PathBuf>,
    /// Hash every output before it is served.
    pub verify: bool,
    /// Take no outputs, and leave the times of those that are served as they are.
    pub read_only: bool,
    /// Say at the end what was found and what was not.
    pub summary: bool,
}

/// Where outputs come from.
#[derive(Debug)]
pub enum Source {
    /// A GOCACHE directory, and under it what an earlier check confirmed.
    Directory { dir: PathBuf, ledger: Option<Layers> },
    /// Another program of the protocol, with its arguments, and how many seconds it may take to answer.
    Program { command: Vec<String>, patience: u64 },
}

/// Talks to the go command on stdin and stdout until it ends.
///
/// # Errors
///
/// Fails when stdin or stdout break, and when stdin holds what no go command writes.
pub fn run(served: &Served) -> Result<(), CacheProgError> {
    if io::IsTerminal::is_terminal(&io::stdin()) {
        return Err(CacheProgError::Terminal);
    }
    endure_signals();
    let journal = journal::Journal::open(served.record.as_deref());
    match &served.source {
        Source::Directory { dir, ledger } => serve::run(served, dir, ledger.as_ref(), journal),
        Source::Program { command, patience } => relay::run(served, command, *patience, journal),
    }
}

/// Why the protocol ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum CacheProgError {
    #[error(
        "this is for the go command to talk to: GOCACHEPROG='goaudit cacheprog' go build ./..."
    )]
    Terminal,
    #[error("failed to read a request of the go command")]
    Read(#[source] io::Error),
    #[error("failed to answer the go command")]
    Write(#[source] io::Error),
    #[error("line {line} of stdin is no request of a go command")]
    Request { line: u64, source: crate::golang::cache_protocol::ProtocolError },
    #[error("line {line} of stdin has more than {limit} bytes, which no request of a go command has", limit = crate::golang::cache_protocol::LINE_LIMIT)]
    TooLong { line: u64 },
    #[error("the body of the put in line {line} of stdin is not {size} bytes of base64")]
    Body { line: u64, size: u64 },
}

/// Returns where a cache has an output.
pub(super) fn output_file(dir: &std::path::Path, output: &Hash) -> PathBuf {
    directory::file(dir, output, 'd')
}

/// Gives an action of a cache an output that is in a file.
///
/// # Errors
///
/// Fails when the file cannot be read or the cache not be written to.
pub(super) fn adopt(
    cache: &std::path::Path,
    action: &Hash,
    output: (&Hash, u64),
    from: &std::path::Path,
) -> io::Result<()> {
    let mut file = std::fs::File::open(from)?;
    let cache = directory::Directory::new(cache, false);
    cache.put(action, output, &mut file, &mut spool::Spool::default()).map(drop)
}

/// Ctrl-C goes to the whole group: the go command decides when it is done, and closes stdin then.
fn endure_signals() {
    use signal_hook::consts::{SIGINT, SIGQUIT};
    for signal in [SIGINT, SIGQUIT] {
        let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
    }
}

/// Says something to the person who watches the go command, whose stderr this is.
fn say(message: &str) {
    use std::io::Write as _;
    let _ = writeln!(io::stderr(), "goaudit cacheprog: {message}");
}

/// What is said of an output that is not what its name says.
fn not_served(path: &std::path::Path, output: &Hash, action: &Hash) -> String {
    format!(
        "not served: `{}` does not have the SHA-256 {}, so it is damaged or was put there by another; go makes the output of action {} anew",
        path.display(),
        cache_entry::hex(output),
        cache_entry::hex(action)
    )
}

/// What is said where equal inputs gave another output.
fn other_bytes(action: &Hash, output: &Hash, before: &Hash) -> String {
    let [action, output, before] = [action, output, before].map(cache_entry::hex);
    format!(
        "action {action} had output {before} and was given {output}: equal inputs gave two outputs, or one of them was put there by another"
    )
}
