//! An edge: arguments, files, the terminal and the exit code.
#![expect(clippy::disallowed_methods, reason = "cli is an edge; see clippy.toml")]

mod archives;
mod artifacts;
mod audit;
mod cache;
mod cacheprog;
mod check;
mod color;
mod command_line;
mod describe;
mod diff;
mod diff_evidence;
mod explain;
mod files;
pub mod folder;
mod gates;
mod graph;
mod init;
mod lint;
mod output;
mod policy;
mod progress;
mod prove;
mod record;
mod repository;
mod reuse;
mod rules;
mod sides;
mod sources;
mod verify;
mod why;

use std::error::Error as _;
use std::io::{self, Write};
use std::iter;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::binary::ObjectError;
use crate::capture::CaptureError;
use crate::capture::cacheprog::CacheProgError;
use crate::capture::gocache::scan::ScanError;
use crate::evidence::EvidenceError;
use crate::policy::Problem;
use crate::recording::ReadError;
use crate::variation::SelectionError;

/// Says why two builds of one Go commit differ, why a cache missed, and holds both against a policy
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
struct App {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    the policy is kept
  1    the policy is broken
  2    usage, policy or input is wrong
  3    no verdict: the audited build failed, something could not be read, or nothing was compared
  130  interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check::CheckArgs>),
    Lint(lint::LintArgs),
    Explain(explain::ExplainArgs),
    Why(why::WhyArgs),
    Diff(diff::DiffArgs),
    Graph(graph::GraphArgs),
    Record(record::RecordArgs),
    Reuse(reuse::ReuseArgs),
    Cache(cache::CacheArgs),
    #[command(name = "cacheprog")]
    CacheProg(cacheprog::CacheProgArgs),
    Verify(verify::VerifyArgs),
    Rules(rules::RulesArgs),
    Init(init::InitArgs),
    Schema(describe::SchemaArgs),
    Completions(describe::CompletionsArgs),
    Man(describe::ManArgs),
}

/// What the process says to its caller.
///
/// "The build differs" and "goaudit could not tell" never share a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// The policy is kept.
    Kept = 0,
    /// The policy is broken; the report says how.
    Broken = 1,
    /// Usage, policy or input is wrong. clap uses the same code.
    Usage = 2,
    /// There is no verdict.
    NoVerdict = 3,
    Interrupted = 130,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("`{path}` is not a directory")]
    NoDirectory { path: PathBuf },
    #[error("there is no file or folder `{path}`")]
    NoPath { path: PathBuf },
    #[error("`{first}` and `{second}` are of two repositories: lint one after the other")]
    TwoRoots { first: PathBuf, second: PathBuf },
    #[error("failed to read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to read `{path}`")]
    Recording { path: PathBuf, source: ReadError },
    #[error(
        "`{path}` holds no compile and no link: its command started no `go build`, or one by an absolute path or under another PATH, which goaudit does not see"
    )]
    NoBuild { path: PathBuf },
    #[error("both builds are to come from stdin: name a file for one of them")]
    TwiceStdin,
    #[error(
        "the action graph `{path}` is of another build, or its log is cut: of its {actions} compiles and links no more than {known} are in one log"
    )]
    OtherGraph { path: PathBuf, actions: usize, known: usize },
    #[error("the build that the action graph `{path}` belongs to has one already")]
    SpareGraph { path: PathBuf },
    #[error("--fail-on: there is no quantity `{quantity}` here; there is {names}")]
    NoQuantity { quantity: String, names: String },
    #[error(
        "--fail-on: `{quantity}` is not known: it takes recordings of real builds, or the action graphs of the logs (--graph)"
    )]
    NotKnown { quantity: String },
    #[error("there is no package `{package}` in either build{}", or_these(nearest))]
    NoPackage { package: String, nearest: Vec<String> },
    #[error("several packages end in `{package}`: {}", packages.join(", "))]
    SeveralPackages { package: String, packages: Vec<String> },
    #[error("--fail-on: no limit is broken, and there is no verdict: {why}")]
    NotWhole { why: String },
    #[error("`{path}` is one of the builds to compare: write the report to another file")]
    OutputIsInput { path: PathBuf },
    #[error("the {other} and the evidence are both to be `{path}`: name another file for one")]
    TwiceWritten { other: &'static str, path: PathBuf },
    #[error("failed to read `{path}`")]
    Evidence { path: PathBuf, source: EvidenceError },
    #[error("failed to read `{path}`")]
    Object { path: PathBuf, source: ObjectError },
    #[error("{option} {why}")]
    NotOfEvidence { option: &'static str, why: &'static str },
    #[error("`{path}` holds no file and no build: there is nothing to compare")]
    NoArtifact { path: PathBuf },
    #[error(
        "`{path}` is of several files, none of them named `{name}`: name the file as one of {artifacts}"
    )]
    OtherArtifacts { path: PathBuf, name: String, artifacts: String },
    #[error("there is no policy `{name}`: give the path of a file, or one of {shipped}")]
    NoPolicy { name: String, shipped: String },
    #[error("policy `{path}` is not valid:\n{}", lines(path, problems))]
    Policy { path: String, problems: Vec<Problem> },
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error("`{pattern}` is no valid artifact pattern")]
    Pattern { pattern: String },
    #[error(
        "`{command}` has no plan: --depth plan takes `go build`, `go install` or `go test`, such as -- go build ./..."
    )]
    NoPlan { command: String },
    #[error("`{text}`: {source}")]
    CommandLine { text: String, source: command_line::NoGoCommand },
    #[error("{0}")]
    Sides(&'static str),
    #[error(
        "the {side} command `{command}` started no go command that compiles: there is nothing to compare"
    )]
    NothingBuilt { side: &'static str, command: String },
    #[error("the {side} command failed: `{command}` ended with {status}")]
    Command { side: &'static str, command: String, status: std::process::ExitStatus },
    #[error("`{path}` is not in the tree around this directory: --change takes a file of it")]
    NotInTree { path: PathBuf },
    #[error(
        "none of the {recorded} recorded keys has an output in `{dir}`: the recordings are of builds with another GOCACHE, or it was cleaned since"
    )]
    OtherCache { dir: PathBuf, recorded: usize },
    #[error("a tar is no text for a terminal: name a file with --output, or pipe it on")]
    TarToTerminal,
    #[error("failed to delete `{path}`")]
    Remove { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error(transparent)]
    CacheProg(#[from] CacheProgError),
    #[error(
        "which cache? go is not on PATH, or its GOCACHE is off: name the directory, such as goaudit cache ~/.cache/go-build"
    )]
    NoCacheNamed,
    #[error(transparent)]
    Folder(#[from] folder::FolderError),
    #[error(transparent)]
    Graph(#[from] graph::GraphError),
    #[error(transparent)]
    Verify(#[from] verify::VerifyError),
    #[error("there is no command `{name}`; `goaudit help` lists them")]
    NoCommand { name: String },
    #[error("there is a policy already, and it stays as it is: `{path}`")]
    PolicyExists { path: PathBuf },
    #[error("there is no rule `{id}`; `goaudit rules` lists them")]
    NoRule { id: String },
    #[error("`{path}` was not mended: it is not UTF-8, or has changed since it was read")]
    NotAsRead { path: PathBuf },
    #[error("failed to write `{path}`")]
    WriteFile { path: PathBuf, source: io::Error },
    #[error("failed to write the report")]
    Write(#[source] io::Error),
}

impl Error {
    /// Returns the exit code that goes with this error.
    fn exit(&self) -> Exit {
        match self {
            Self::Capture(CaptureError::Interrupted) => Exit::Interrupted,
            Self::Capture(
                CaptureError::NoModule { .. }
                | CaptureError::NoLedger { .. }
                | CaptureError::LedgerInTree { .. },
            )
            | Self::NoDirectory { .. }
            | Self::NoPath { .. }
            | Self::TwoRoots { .. }
            | Self::NoPolicy { .. }
            | Self::Policy { .. }
            | Self::Selection(_)
            | Self::Pattern { .. }
            | Self::NoPlan { .. }
            | Self::CommandLine { .. }
            | Self::Sides(_)
            | Self::Recording {
                source:
                    ReadError::NoHashes { .. } | ReadError::NoKeys { .. } | ReadError::NoManifest,
                ..
            }
            | Self::TwiceStdin
            | Self::NoCacheNamed
            | Self::OtherCache { .. }
            | Self::TarToTerminal
            | Self::NotInTree { .. }
            | Self::OtherGraph { .. }
            | Self::SpareGraph { .. }
            | Self::NoPackage { .. }
            | Self::SeveralPackages { .. }
            | Self::OutputIsInput { .. }
            | Self::TwiceWritten { .. }
            | Self::Evidence {
                source:
                    EvidenceError::OtherSchema { .. }
                    | EvidenceError::NoSchema
                    | EvidenceError::TooNew { .. },
                ..
            }
            | Self::NotOfEvidence { .. }
            | Self::OtherArtifacts { .. }
            | Self::NoQuantity { .. }
            | Self::Verify(_)
            | Self::NoCommand { .. }
            | Self::PolicyExists { .. }
            | Self::NoRule { .. } => Exit::Usage,
            Self::Graph(err) => err.exit(),
            Self::Scan(err) => err.exit(),
            Self::CacheProg(err) => err.exit(),
            Self::Capture(_)
            | Self::Folder(_)
            | Self::NotKnown { .. }
            | Self::NotWhole { .. }
            | Self::NoBuild { .. }
            | Self::Evidence { .. }
            | Self::Object { .. }
            | Self::NoArtifact { .. }
            | Self::Read { .. }
            | Self::Recording { .. }
            | Self::Command { .. }
            | Self::NothingBuilt { .. }
            | Self::NotAsRead { .. }
            | Self::WriteFile { .. }
            | Self::Remove { .. }
            | Self::Write(_) => Exit::NoVerdict,
        }
    }
}

fn or_these(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        nearest => format!("; there is {}", nearest.join(", ")),
    }
}

/// One line a problem, each with the place as editors and terminals take it: `FILE:LINE:COLUMN`.
fn lines(path: &str, problems: &[Problem]) -> String {
    let line = |problem: &Problem| match problem.at {
        Some(_) => format!("  {path}:{problem}"),
        None => format!("  {path}: {problem}"),
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Runs goaudit on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let app = App::parse();
    let out = &mut io::stdout().lock();
    let exit = match &app.command {
        Command::Check(args) => args.run(out),
        Command::Lint(args) => args.run(out),
        Command::Explain(args) => args.run(out),
        Command::Why(args) => args.run(out),
        Command::Diff(args) => args.run(out),
        Command::Graph(args) => args.run(out),
        Command::Record(args) => return args.run().unwrap_or_else(|err| complain(&err).into()),
        Command::Reuse(args) => args.run(out),
        Command::Cache(args) => args.run(out),
        Command::CacheProg(args) => args.run(),
        Command::Verify(args) => args.run(out),
        Command::Rules(args) => args.run(out),
        Command::Init(args) => args.run(out),
        Command::Schema(args) => args.run(out),
        Command::Completions(args) => args.run(out),
        Command::Man(args) => args.run(out),
    };
    exit.unwrap_or_else(|err| complain(&err)).into()
}

/// Prints an error and its causes to stderr, and returns its exit code.
fn complain(err: &Error) -> Exit {
    let mut stderr = io::stderr().lock();
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(stderr, "goaudit: {err}");
    for cause in iter::successors(err.source(), |&cause| cause.source()) {
        let _ = writeln!(stderr, "  because: {cause}");
    }
    if let Error::Capture(CaptureError::Build { output, .. } | CaptureError::Plan { output, .. }) =
        err
        && !output.is_empty()
    {
        let _ = writeln!(stderr, "\n{output}");
    }
    err.exit()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Writes a report.
///
/// A reader that has seen enough (`goaudit … | head`) is not an error: the
/// verdict stands, and it is the exit code.
fn emit(out: &mut dyn Write, report: &str) -> Result<(), Error> {
    match out.write_all(report.as_bytes()).and_then(|()| out.flush()) {
        Err(err) if err.kind() != io::ErrorKind::BrokenPipe => Err(Error::Write(err)),
        _ => Ok(()),
    }
}
