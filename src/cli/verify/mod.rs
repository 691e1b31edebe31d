mod attempts;
mod hint;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use clap::{Args, ValueEnum};
use sha2::{Digest as _, Sha256};

use self::attempts::Attempt;
use self::hint::hint;
use crate::binary::traces::Traces;
use crate::binary::{self, ObjectError};
use crate::capture::CaptureError;
use crate::capture::interrupt::Interrupt;
use crate::capture::rebuild::{Means, Rebuilder};
use crate::cli::output::OutputArgs;
use crate::cli::progress::Progress;
use crate::cli::{Error, Exit, files};
use crate::diff::rebuilt::Executable;
use crate::golang::build_info::BuildInfo;
use crate::golang::rebuild::{Ldflags, Origin, Rebuild};
use crate::recording::redact;
use crate::report::verify::{self, File, Outcome, Verification};

/// Build a Go binary again from what it says of itself, and compare
///
/// A Go binary holds the module, the version, the settings and the Go version that it was built
/// from. goaudit has `go install MODULE@VERSION` fetch that module and that toolchain by go's own
/// means (GOPROXY, the checksum database, GOTOOLCHAIN), builds with an empty cache, and compares the
/// bytes. What was built from a checkout needs --source.
///
/// The module is code of others, and it is compiled, not run. Recorded flags that may start a
/// program or write a file are refused. Modules and toolchains go to your module cache; nothing
/// else is written.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The binary, for any system that Go builds for
    binary: PathBuf,
    /// Build this checkout in place of a module that go fetches
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// The flags of the linker, which Go does not record with -trimpath
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true)]
    ldflags: Option<String>,
    /// Take modules and toolchains from the module cache only
    #[arg(long)]
    offline: bool,
    /// Build with your GOCACHE: faster, and no longer independent of what is in it
    #[arg(long)]
    reuse_cache: bool,
    /// Use recorded flags even where they start programs or write files
    #[arg(long)]
    trust_flags: bool,
    /// Keep the rebuilt binary
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Build here [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// goaudit.verify.v1
    Json,
}

/// Why nothing can be verified.
#[derive(Debug, thiserror::Error)]
pub(super) enum VerifyError {
    #[error("`{path}` is no Go binary")]
    NotGo { path: PathBuf, source: ObjectError },
    #[error("`{path}` does not say how it was built: {why}")]
    NoBuildInfo { path: PathBuf, why: String },
    #[error(
        "`{dir}` is at commit {found}, and the binary was built from {recorded}: check that out (git -C {dir} checkout {recorded})"
    )]
    OtherCommit { dir: PathBuf, found: String, recorded: String },
    #[error("--keep would replace `{path}`, which is what is verified: name another file")]
    KeepIsInput { path: PathBuf },
}

impl VerifyArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        let binary = read(&self.binary)?;
        let info = build_info(&self.binary, &binary)?;
        self.output.probe_beside(std::slice::from_ref(&self.binary))?;
        self.probe_keep()?;

        // Work.
        let mut report = unverified(&self.binary, &binary, info);
        match Rebuild::plan(info, self.trust_flags) {
            Err(why) => report.outcome = unknown(why.to_string(), None),
            Ok(mut plan) => {
                if self.source.is_some() {
                    plan.from_a_directory();
                }
                let progress = Progress::new(self.output.quiet);
                let done = self.rebuild(&binary, &plan, &mut report, progress);
                done?;
            }
        }

        // Write.
        let text = match self.output.format {
            Format::Text => verify::text(&report, self.output.style()),
            Format::Json => verify::json(&report),
        };
        self.output.write(out, &redact::credentials(&text))?;
        Ok(match report.outcome {
            Outcome::Verified => Exit::Kept,
            Outcome::Differs(_) => Exit::Broken,
            Outcome::Unknown { .. } => Exit::NoVerdict,
        })
    }

    fn rebuild(
        &self,
        binary: &Executable,
        plan: &Rebuild,
        report: &mut Verification,
        mut progress: Progress,
    ) -> Result<(), Error> {
        report.not_recorded.clone_from(&plan.not_recorded);
        if let Some(outcome) = self.lacks_source(plan) {
            report.outcome = outcome;
            return Ok(());
        }
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let work_dir = self.work_dir.clone().unwrap_or_else(env::temp_dir);
        let mut rebuilder = Rebuilder::new(&work_dir, self.means()?, &interrupt)?;
        self.check_commit(plan, &rebuilder)?;
        let done = self.attempt(binary, plan, &mut rebuilder, &mut progress);
        progress.finish();
        match done {
            Ok(mut best) => {
                if let Some(mismatch) = &mut best.mismatch {
                    mismatch.inside = Some(Box::new(self.inside(&best.path)?));
                }
                self.conclude(binary, plan, best, report)
            }
            Err(Error::Capture(CaptureError::Rebuild { command, status, output })) => {
                report.command = command;
                report.outcome = Outcome::Unknown {
                    why: format!("`go install` ended with {status}:"),
                    fix: hint(&output, self.offline).map(str::to_owned),
                    output,
                };
                Ok(())
            }
            Err(err) => Err(err),
        }
    }

    fn conclude(
        &self,
        binary: &Executable,
        plan: &Rebuild,
        best: Attempt,
        report: &mut Verification,
    ) -> Result<(), Error> {
        if let Some(to) = &self.keep {
            files::copy(&best.path, to)
                .map_err(|source| Error::WriteFile { path: to.clone(), source })?;
        }
        let unsure = plan.ldflags == Ldflags::NotRecorded && self.ldflags.is_none();
        if unsure && !best.ldflags.is_empty() {
            let missing = if binary.traces.symbols { "debug information" } else { "symbol table" };
            let proof = match best.mismatch {
                None => "; the same bytes prove it",
                Some(_) => "",
            };
            report.inferred.push(format!(
                "-ldflags='{}', as the binary has no {missing}{proof}",
                best.ldflags
            ));
        }
        report.rebuilt = Some(best.file);
        report.command = best.command;
        let Some(mismatch) = best.mismatch else {
            // Whatever it was, it is the same.
            report.not_recorded.clear();
            report.outcome = Outcome::Verified;
            return Ok(());
        };
        if unsure {
            report.not_recorded.push(
                "-ldflags: Go leaves them out with -trimpath; --ldflags supplies them".to_owned(),
            );
        }
        if binary.traces.cgo {
            report.not_recorded.push("the C compiler, its flags beside CGO_*FLAGS, and the C libraries: cgo is in the binary".to_owned());
        }
        if !plan.trimpath {
            report.not_recorded.push("directories: without -trimpath those of Go, of the module cache and of the checkout are in the file".to_owned());
        }
        report.outcome = Outcome::Differs(Box::new(mismatch));
        Ok(())
    }

    fn means(&self) -> Result<Means, Error> {
        let resolve = |dir: &PathBuf| {
            fs::canonicalize(dir)
                .ok()
                .filter(|dir| dir.is_dir())
                .ok_or_else(|| Error::NoDirectory { path: dir.clone() })
        };
        Ok(Means {
            offline: self.offline,
            reuse_cache: self.reuse_cache,
            source: self.source.as_ref().map(resolve).transpose()?,
        })
    }

    fn lacks_source(&self, plan: &Rebuild) -> Option<Outcome> {
        let Origin::Checkout { revision, modified } = &plan.origin else { return None };
        if self.source.is_some() {
            return None;
        }
        let at = revision.as_ref().map(|id| format!(" at commit {id}")).unwrap_or_default();
        let changed = if *modified { ", with changes that are in no commit" } else { "" };
        Some(unknown(
            format!("it was built from a checkout{at}{changed}, not from a module that go fetches"),
            Some("--source DIR names a checkout of it".to_owned()),
        ))
    }

    fn check_commit(&self, plan: &Rebuild, rebuilder: &Rebuilder<'_>) -> Result<(), Error> {
        let Origin::Checkout { revision: Some(recorded), .. } = &plan.origin else { return Ok(()) };
        match rebuilder.revision() {
            Some(found) if found == *recorded => Ok(()),
            found => Err(VerifyError::OtherCommit {
                dir: self.source.clone().unwrap_or_default(),
                found: found.unwrap_or_else(|| "(none)".to_owned()),
                recorded: recorded.clone(),
            }
            .into()),
        }
    }

    fn probe_keep(&self) -> Result<(), Error> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let real = |path: &Path| fs::canonicalize(path).ok();
        if real(keep).is_some_and(|there| Some(there) == real(&self.binary)) {
            return Err(VerifyError::KeepIsInput { path: keep.clone() }.into());
        }
        files::probe(keep).map_err(|source| Error::WriteFile { path: keep.clone(), source })
    }
}

fn read(path: &Path) -> Result<Executable, Error> {
    let error = |source| Error::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(error)?.is_dir() {
        return Err(error(io::ErrorKind::IsADirectory.into()));
    }
    let data = fs::read(path).map_err(error)?;
    let object = binary::summarize(&data)
        .map_err(|source| VerifyError::NotGo { path: path.to_owned(), source })?;
    let traces = Traces::of(&data, &object);
    let sha256 = Sha256::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Executable { sha256, bytes: data.len() as u64, object, traces })
}

fn build_info<'a>(path: &Path, binary: &'a Executable) -> Result<&'a BuildInfo, Error> {
    binary.object.build_info.as_ref().ok_or_else(|| {
        let why = binary.object.notes.join("; ");
        VerifyError::NoBuildInfo { path: path.to_owned(), why }.into()
    })
}

fn unverified(path: &Path, binary: &Executable, info: &BuildInfo) -> Verification {
    let setting = |name: &str| info.mod_info.setting(name).unwrap_or_default();
    Verification {
        path: path.to_owned(),
        binary: file(binary),
        package: info.mod_info.path.clone(),
        version: info.mod_info.main.as_ref().map(|main| main.version.clone()).unwrap_or_default(),
        go_version: info.go_version.clone(),
        target: [setting("GOOS"), setting("GOARCH")].join("/"),
        rebuilt: None,
        command: String::new(),
        outcome: unknown(String::new(), None),
        not_recorded: Vec::new(),
        inferred: Vec::new(),
    }
}

fn unknown(why: String, fix: Option<String>) -> Outcome {
    Outcome::Unknown { why, fix, output: String::new() }
}

fn file(executable: &Executable) -> File {
    File { sha256: executable.sha256.clone(), bytes: executable.bytes }
}
