use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use clap::Args;

use crate::capture::artifacts::Wanted;
use crate::capture::interrupt::Interrupt;
use crate::capture::record::{self, Watched};
use crate::cli::{Error, files};

/// Watch any build and keep a recording of it
///
/// Runs COMMAND where you are, with your environment and your GOCACHE, and
/// notes every `go` that it starts: arguments, directory, Go settings, hash
/// inputs and action graph. goaudit ends with COMMAND's own exit code.
///
/// A recording holds the names of your environment variables, and the values
/// of Go's own build settings only. The flags of go commands are such settings:
/// what `-ldflags=-X` stamps is in the recording, as it is in the executable.
/// Of a variable that a cached test read, it holds the name and 12 bits of the
/// hash of its value, which tell that the value is another one and not which;
/// of a file, its path, size, time and SHA-256.
/// `tar --zstd -xf FILE` opens it.
///
/// What `--evidence` writes is JSON, of 100 to 150 KB for a program of 24 MB.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// Write the recording to this file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A file that the build is for, by pattern; may be repeated [default: what `go build` and
    /// `go install` wrote]
    #[arg(long = "artifact", value_name = "GLOB")]
    artifacts: Vec<String>,
    /// Also write what another machine compares its build with, without the files: hashes of sections
    /// and packages, build info, and what each package was compiled to
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// The build to watch
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl RecordArgs {
    pub(super) fn run(&self) -> Result<ExitCode, Error> {
        let dir = env::current_dir().map_err(|source| Error::Read { path: ".".into(), source })?;
        let wanted = match self.artifacts.as_slice() {
            [] => Wanted::Installed,
            patterns => Wanted::Patterns(super::check::checked_patterns(patterns)?),
        };
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        self.probe_evidence()?;
        let watched = Watched {
            command: &self.command,
            dir: &dir,
            wanted: &wanted,
            to_stderr: false,
            with_evidence: self.evidence.is_some(),
        };
        let recorded = record::run(&watched, &self.output, &interrupt)?;
        if let Some((path, evidence)) = self.evidence.as_ref().zip(recorded.evidence) {
            let write = |source| Error::WriteFile { path: path.clone(), source };
            files::write(path, &evidence.to_json()).map_err(write)?;
            if evidence.artifacts.is_empty() {
                let _ = writeln!(io::stderr(), "{NO_ARTIFACT}");
            }
        }
        if !recorded.has_builds {
            let _ = writeln!(io::stderr(), "{NO_BUILD}");
        }
        Ok(ExitCode::from(u8::try_from(code(recorded.status)).unwrap_or(1)))
    }

    /// A build of minutes is not worth much without what was asked of it.
    fn probe_evidence(&self) -> Result<(), Error> {
        let Some(path) = &self.evidence else { return Ok(()) };
        if files::is_same_file(path, &self.output) {
            return Err(Error::TwiceWritten { other: "recording", path: path.clone() });
        }
        files::probe(path).map_err(|source| Error::WriteFile { path: path.clone(), source })
    }
}

/// The evidence is kept: it holds what was compiled.
const NO_ARTIFACT: &str = "goaudit: the evidence is of no file: the command installed no executable; name what it made with --artifact";

/// The recording is kept: it is a true one.
const NO_BUILD: &str = "goaudit: nothing to compare was recorded: the command started no `go build`, or one by an absolute path or under another PATH, which goaudit does not see";

/// As a shell gives it: 128 and the number of the signal for a command that a signal ended.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}
