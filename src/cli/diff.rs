use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::diff_evidence::{self, Files};
use crate::cli::folder::Folder;
use crate::cli::output::OutputArgs;
use crate::cli::{Error, Exit};
use crate::diff::executable::Options;
use crate::diff::files::Verdict;
use crate::diff::packages::{self, Side};
use crate::packing::Limits;
use crate::recording::redact;
use crate::report::diff::{self, EvidenceReport, Report};

/// Say why two Go binaries differ
///
/// Names the causes: another value of -X, another commit, directory, Go version or flag, the packages
/// and functions whose code changed. Then it accounts for every differing byte: which belong to a
/// cause, which merely follow from it, and which nothing explains. ELF, Mach-O (universal files by
/// their architectures) and PE, from any machine.
///
/// Either side may be an archive (tar, tar.gz, tar.zst, zip) or a folder of a release: members are
/// compared by name, a cause that several have is told once, and what else differs of the archives
/// (times, owners, modes, order) is told after. An archive beside a plain executable stands for the
/// one executable in it.
///
/// Either side may be an evidence file, which `goaudit record --evidence` or `--evidence` wrote on
/// another machine: then the first package that diverged is named, and what the build info says. What
/// bytes, values and lines differ takes both files.
///
/// Exits with 1 when the two differ, with 3 when no difference was found and not all could be read.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A binary, an archive, a folder or an evidence file
    first: PathBuf,
    /// What to compare with it
    second: PathBuf,
    /// Leave this out of the comparison
    #[arg(long, value_enum, value_name = "WHAT")]
    ignore: Vec<Ignored>,
    /// End with 3 unless FIRST and the differences found give SECOND, byte for byte; of archives,
    /// each executable
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
        let (mut first, mut second) = (Input::read(&self.first)?, Input::read(&self.second)?);
        self.output.probe_beside(&[self.first.clone(), self.second.clone()])?;
        let files = Files {
            paths: [&self.first, &self.second],
            contents: [first.bytes(), second.bytes()],
            kept: self.evidence.as_deref(),
            output: self.output.path(),
        };
        let evidence = files.evidence_of_second()?;
        if let Some(report) = files.report()? {
            return self.tell(out, &report, evidence.as_deref());
        }

        // Work.
        let options = Options { ignore_signature: self.ignore.contains(&Ignored::Signature) };
        let names = [self.first.display().to_string(), self.second.display().to_string()];
        let pair = packages::compare(
            names.each_ref().map(String::as_str),
            first.side(),
            second.side(),
            options,
        );
        let [first, second] = names;
        let report = Report { pair, first, second, ignores_signature: options.ignore_signature };

        // Write.
        let text = match self.output.format {
            Format::Text => diff::text(&report, self.output.style()),
            Format::Json => diff::json(&report),
        };
        self.output.write(out, &redact::credentials(&text))?;
        diff_evidence::keep(self.evidence.as_deref(), evidence.as_deref())?;
        Ok(match report.pair.verdict() {
            Verdict::Same => Exit::Kept,
            Verdict::Unknown => Exit::NoVerdict,
            Verdict::Differs if self.prove && !report.pair.is_proven() => Exit::NoVerdict,
            Verdict::Differs => Exit::Broken,
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

/// What a side is.
enum Input {
    File(Vec<u8>),
    Folder(Box<Folder>),
}

/// A larger file is not read: all of it is held.
const LARGEST: u64 = 4 << 30;

impl Input {
    fn read(path: &Path) -> Result<Self, Error> {
        let error = |source| Error::Read { path: path.to_owned(), source };
        let kind = fs::metadata(path).map_err(error)?.file_type();
        if kind.is_dir() {
            return Ok(Self::Folder(Box::new(Folder::open(path, Limits::default())?)));
        }
        if kind.is_char_device() || kind.is_block_device() || kind.is_socket() {
            let why = "a device or socket, and no file, archive or folder";
            return Err(error(io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(error)?;
        file.take(LARGEST.saturating_add(1)).read_to_end(&mut bytes).map_err(error)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
            let why = format!("larger than {LARGEST} bytes");
            return Err(error(io::Error::new(io::ErrorKind::FileTooLarge, why)));
        }
        Ok(Self::File(bytes))
    }

    /// `None` for a folder.
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::File(bytes) => Some(bytes),
            Self::Folder(_) => None,
        }
    }

    fn side(&mut self) -> Side<'_> {
        match self {
            Self::File(bytes) => Side::File(bytes),
            Self::Folder(folder) => {
                let Folder { package, files } = folder.as_mut();
                Side::Folder { package, members: files }
            }
        }
    }
}
