mod measure;
mod used;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use clap::{Args, Subcommand, ValueEnum};

use crate::cache::{Inventory, Portrait, advise};
use crate::capture::CaptureError;
use crate::capture::go::Go;
use crate::capture::gocache::scan::{self, ScanError};
use crate::capture::interrupt::Interrupt;
use crate::capture::tree::Source;
use crate::cli::files::read_recording;
use crate::cli::output::OutputArgs;
use crate::cli::{Error, Exit, repository};
use crate::config::SourceFile;
use crate::golang::inputs::Inputs;
use crate::report::cache::{CacheReport, html, json, markdown, text};

/// Say what fills a GOCACHE, what is in it for nothing, and what to do about it
///
/// Reads the cache and changes nothing in it, no time of a file either; go may run beside it.
/// From the bytes of each file it tells package archives, executables that `go run` and `go tool`
/// left, test results and the rest; sets by Go version, platform and instrumentation; what was
/// compiled again to the same bytes; what go will remove and when, and whether it ever does; and
/// entries that are broken. `--format html -o cache.html` is a page with a treemap by module and
/// kind, the sets side by side and when files were last used.
///
/// Ends with 0 when it could answer, 2 when DIR is not there or no cache, 3 when part of it could not be read.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    command: Option<CacheCommand>,
    /// The cache [default: what `go env GOCACHE` says here]
    dir: Option<PathBuf>,
    /// Hash every output, and name those whose bytes are not the ones that were stored
    #[arg(long)]
    verify: bool,
    /// A recording of a build that used the cache: names the inputs that tell the archives of one
    /// package apart; may be repeated
    #[arg(long = "recording", value_name = "FILE")]
    recordings: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    Measure(measure::MeasureArgs),
    Used(used::UsedArgs),
    Prune(used::PruneArgs),
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// goaudit.cache.v1
    Json,
    /// For a step summary or a comment
    Markdown,
    /// One page for a browser, without network: a treemap, the sets, ages
    Html,
}

impl CacheArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        match &self.command {
            None => self.report(out),
            Some(CacheCommand::Measure(args)) => args.run(out),
            Some(CacheCommand::Used(args)) => args.run(out),
            Some(CacheCommand::Prune(args)) => args.run(out),
        }
    }

    fn report(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        self.output.probe_beside(&self.recordings)?;
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let dir = directory(self.dir.as_deref())?;
        // The CI files are read meanwhile: git lists them.
        let (scan, files) = thread::scope(|scope| {
            let files = scope.spawn(files_here);
            (scan::scan(&dir, self.verify, &interrupt), files.join().unwrap_or_default())
        });
        let scan = scan?;
        let mut cache = Inventory::of(&scan);
        if !self.recordings.is_empty() {
            let mut inputs = Inputs::default();
            let read = |path: &PathBuf| read_recording(path, &mut inputs);
            let recordings = self.recordings.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            cache.explain(&recordings, &inputs);
        }
        let advice = advise(&cache, &files);
        let is_whole = cache.unread_total == 0;
        let report = CacheReport { dir: dir.display().to_string(), cache, advice };

        // Write.
        let text = match self.output.format {
            Format::Text => text(&report, self.output.style()),
            Format::Json => json(&report),
            Format::Markdown => markdown(&report),
            Format::Html => html(&report, &Portrait::of(&scan, &report.cache.sets)),
        };
        self.output.write(out, &text)?;
        Ok(if is_whole { Exit::Kept } else { Exit::NoVerdict })
    }
}

/// Returns the cache that is named, or that of the go command here.
pub(super) fn directory(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(dir) = named {
        return Ok(dir.to_owned());
    }
    let here = env::current_dir().map_err(|source| Error::Read { path: ".".into(), source })?;
    let go = match Go::find(&here) {
        Err(CaptureError::NoGo) => return Err(Error::NoCacheNamed),
        go => go?,
    };
    match go.setting("GOCACHE") {
        "" | "off" => Err(Error::NoCacheNamed),
        dir => Ok(dir.into()),
    }
}

/// Scripts whose lines may be what to change.
const SCRIPTS: [&str; 3] = ["Makefile", "makefile", "GNUmakefile"];

/// Returns the CI files and makefiles of the repository around, as far as they can be read.
pub(super) fn files_here() -> Vec<SourceFile> {
    let Ok(here) = env::current_dir() else { return Vec::new() };
    let Ok(source) = Source::around(&here, &here) else { return Vec::new() };
    let repository = repository::read(&repository::find(&source));
    let mut files = repository.files().to_vec();
    for name in SCRIPTS {
        let small = fs::metadata(here.join(name)).is_ok_and(|data| data.len() < 1 << 20);
        if let Some(text) = small.then(|| fs::read_to_string(here.join(name)).ok()).flatten() {
            files.push(SourceFile { path: name.to_owned(), text });
        }
    }
    files
}

impl ScanError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NoDirectory { .. } | Self::NoCache { .. } => Exit::Usage,
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => Exit::Usage,
            Self::Read { .. } => Exit::NoVerdict,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

/// Reads a size: 500MB, 2GB, 1.5GB, or bytes. A megabyte is 1,000,000 bytes.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let at = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        _ => return Err("a size is a number and B, kB, MB, GB or TB".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "a size starts with a number".to_owned())?;
    // What is larger than any disk is as good as no limit.
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let bytes = (number * factor) as u64;
    Ok(bytes)
}
