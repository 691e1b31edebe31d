//! An edge: the only code that starts processes, copies the audited tree, and writes recordings.
#![expect(clippy::disallowed_methods, reason = "capture is an edge; see clippy.toml")]

pub mod artifacts;
mod cache_program;
pub mod cacheprog;
mod canary;
pub mod check;
mod evidence;
mod git_dir;
pub mod go;
pub mod gocache;
mod hash_filter;
pub mod interrupt;
mod invocation;
mod job;
mod ledger;
mod pack;
pub mod plan;
mod process;
pub mod rebuild;
pub mod record;
mod replan;
pub mod scratch;
mod settings;
pub mod shim;
mod side;
mod strays;
mod test_files;
pub mod tree;
mod trees;
mod vary;

pub use vary::Effect;

pub(crate) use invocation::verb_first;

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a build gave no recording.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error("go is not on PATH: install it from https://go.dev/dl/ or add its bin folder to PATH")]
    NoGo,
    #[error("{version} is too old: goaudit reads Go 1.21 and later; see https://go.dev/dl/")]
    GoTooOld { version: String },
    #[error("failed to ask `go env` for its settings in `{dir}`")]
    GoEnv { dir: PathBuf, source: io::Error },
    #[error(
        "`{dir}` is in no Go module: there is no go.mod there or above; name the module's directory"
    )]
    NoModule { dir: PathBuf },
    #[error("failed to read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to copy the tree to `{path}`; --work-dir names another place for the copies")]
    Copy { path: PathBuf, source: io::Error },
    #[error("failed to set up `{path}`; --work-dir names another place to work in")]
    Scratch { path: PathBuf, source: io::Error },
    #[error("failed to start `{command}`")]
    Start { command: String, source: io::Error },
    #[error("the {side} build failed: `{command}` ended with {status}{under}")]
    Build {
        side: &'static str,
        command: String,
        status: ExitStatus,
        /// Empty, or the variations that the build ran under.
        under: String,
        output: String,
    },
    #[error("what was recorded is not here: {what}")]
    NotHere { what: String },
    #[error("the plan of `{command}` failed: {status}")]
    Plan { command: String, status: ExitStatus, output: String },
    #[error("the rebuild failed: `{command}` ended with {status}")]
    Rebuild { command: String, status: ExitStatus, output: String },
    #[error(
        "`{dir}` holds no main package, so `go build` makes no file to compare: use --depth plan, or name a build after `--` (such as `go test -c -o OUT/ ./...`) and its files with --artifact"
    )]
    NoMainPackage { dir: PathBuf },
    #[error("the record of `{command}` is not whole: {why}")]
    Incomplete { command: String, why: String },
    #[error("failed to write the recording `{path}`")]
    Record { path: PathBuf, source: io::Error },
    #[error(
        "`{path}` holds other files and no ledger: name a folder that is empty or not there yet, nothing of others is to be lost in it"
    )]
    NoLedger { path: PathBuf },
    #[error(
        "`{path}` is in the tree that is audited, so its content would be an input of the build: name a folder outside"
    )]
    LedgerInTree { path: PathBuf },
    #[error("failed to keep the ledger `{path}`")]
    Ledger { path: PathBuf, source: io::Error },
    #[error("interrupted")]
    Interrupted,
}
