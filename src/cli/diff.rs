use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Args, ValueEnum};

use crate::cli::diff_evidence::{self, Files};
use crate::cli::output::OutputArgs;
use crate::cli::{Error, Exit};
use crate::diff::executable::Options;
use crate::diff::files::{self, Outcome};
use crate::recording::redact;
use crate::report::diff::{self, EvidenceReport, Report};

/// Say why two Go binaries differ
///
/// Names the causes: another value of -X, another commit, directory, Go version or flag, the packages
/// and functions whose code changed. Then it accounts for every differing byte: which belong to a
/// cause, which merely follow from it, and which nothing explains. ELF, Mach-O (universal files by
/// their architectures) and PE, from any machine.
///
/// Either side may be an evidence file, which `goaudit record --evidence` or `--evidence` wrote on
/// another machine: then the first package that diverged is named, and what the build info says. What
/// bytes, values and lines differ takes both files.
///
/// Exits with 1 when the two differ.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    first: PathBuf,
    second: PathBuf,
    /// Leave this out of the comparison
    #[arg(long, value_enum, value_name = "WHAT")]
    ignore: Vec<Ignored>,
    /// End with 3 unless FIRST and the differences found give SECOND, byte for byte
    #[arg(long)]
    prove: bool,
    /// Also write the evidence of SECOND to this file, for another machine to compare with
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// goaudit.diff.v1
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ignored {
    /// Code signatures, and checksums of the file
    Signature,
}

impl DiffArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        [&self.first, &self.second].into_iter().try_for_each(|path| diff_evidence::limit(path))?;
        let (first, second) = (read(&self.first)?, read(&self.second)?);
        self.output.probe_beside(&[self.first.clone(), self.second.clone()])?;
        let files = Files {
            paths: [&self.first, &self.second],
            contents: [&first, &second],
            kept: self.evidence.as_deref(),
            output: self.output.path(),
        };
        let evidence = files.evidence_of_second()?;
        if let Some(report) = files.report()? {
            return self.tell(out, &report, evidence.as_deref());
        }

        // Work.
        let options = Options { ignore_signature: self.ignore.contains(&Ignored::Signature) };
        let name = self.second.display().to_string();
        let report = Report {
            pair: files::compare(&name, &first, &second, options),
            first: self.first.display().to_string(),
            second: name,
            ignores_signature: options.ignore_signature,
        };

        // Write.
        let text = match self.output.format {
            Format::Text => diff::text(&report, self.output.style()),
            Format::Json => diff::json(&report),
        };
        self.output.write(out, &redact::credentials(&text))?;
        diff_evidence::keep(self.evidence.as_deref(), evidence.as_deref())?;
        Ok(match &report.pair.outcome {
            _ if report.pair.is_same() => Exit::Kept,
            Outcome::Unread { .. } => Exit::NoVerdict,
            Outcome::Executable(diff) if self.prove && diff.bytes.is_proven != Some(true) => {
                Exit::NoVerdict
            }
            _ => Exit::Broken,
        })
    }

    /// Reports what evidence tells.
    fn tell(
        &self,
        out: &mut dyn Write,
        report: &EvidenceReport,
        evidence: Option<&str>,
    ) -> Result<Exit, Error> {
        let refuse = |option, why| Err(Error::NotOfEvidence { option, why });
        if self.prove {
            return refuse("--prove", "takes the two files: evidence does not hold their bytes");
        }
        if !self.ignore.is_empty() {
            return refuse("--ignore", "takes the two files: evidence is compared as a whole");
        }
        let text = match self.output.format {
            Format::Text => diff::evidence_text(report, self.output.style()),
            Format::Json => diff::evidence_json(report),
        };
        self.output.write(out, &redact::credentials(&text))?;
        diff_evidence::keep(self.evidence.as_deref(), evidence)?;
        Ok(if report.is_same() { Exit::Kept } else { Exit::Broken })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let error = |source| Error::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(error)?.is_dir() {
        return Err(error(io::ErrorKind::IsADirectory.into()));
    }
    fs::read(path).map_err(error)
}
