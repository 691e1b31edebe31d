use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cache::Inventory;
use crate::capture::check::Watch as _;
use crate::capture::gocache::measure::{Changed, Measured};
use crate::capture::gocache::scan;
use crate::capture::interrupt::Interrupt;
use crate::capture::scratch::Scratch;
use crate::capture::tree::Source;
use crate::cli::output::OutputArgs;
use crate::cli::progress::Progress;
use crate::cli::{Error, Exit};
use crate::recording::shell_word;
use crate::report::cache::measure::{
    Growth, MeasureReport, SideReport, Times, json, markdown, text,
};

/// Run a command with a GOCACHE of its own and say what that left in it
///
/// The cache starts empty and is removed at the end; yours is not touched. With --against the same
/// for a second command, side by side, such as `go run ./tool` against a tool that is built to a file.
/// With --runs each is repeated and timed. The commands run where you are, unless --change names a
/// file: then in a copy of your tree as git sees it, in which that file is another one before each of
/// the timed runs.
///
/// Ends with 3 when a command fails.
#[derive(Debug, Args)]
pub(super) struct MeasureArgs {
    /// A shell line to compare with
    #[arg(long, value_name = "COMMAND")]
    against: Option<String>,
    /// Repeat each command N times, and say how long it took
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1000))]
    runs: u16,
    /// A Go file to change before each of N more runs
    #[arg(long, value_name = "FILE", requires = "runs")]
    change: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<TableFormat>,
    /// The command to measure
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// How the table is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    #[default]
    Text,
    /// goaudit.cache-measure.v1
    Json,
    /// For a step summary or a comment
    Markdown,
}

impl MeasureArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        self.output.probe()?;
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let mut progress = Progress::new(self.output.quiet);
        let report = self.measure(&interrupt, &mut progress);
        progress.finish();
        let report = report?;

        // Write.
        let text = match self.output.format {
            TableFormat::Text => text(&report),
            TableFormat::Json => json(&report),
            TableFormat::Markdown => markdown(&report),
        };
        self.output.write(out, &text)?;
        Ok(Exit::Kept)
    }

    fn measure(
        &self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<MeasureReport, Error> {
        let here = env::current_dir().map_err(|source| Error::Read { path: ".".into(), source })?;
        let scratch = Scratch::new(&env::temp_dir())?;
        let (dir, changed) = match &self.change {
            None => (here, None),
            Some(file) => {
                let read = |source| Error::Read { path: file.clone(), source };
                progress.phase("copy the tree");
                let source = Source::around(&here, &here)?;
                let copy = scratch.folder("tree")?;
                source.copy(&copy, interrupt)?;
                let dir = copy.join(&source.below);
                // A path out of the copy would be one of the owner's own files.
                let inside = here.join(file).canonicalize().map_err(read)?;
                let inside = inside
                    .strip_prefix(&source.root)
                    .map_err(|_| Error::NotInTree { path: file.clone() })?;
                (dir, Some(Changed::new(&copy.join(inside)).map_err(read)?))
            }
        };
        let line = self.command.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
        let side = |name: &'static str, shown: String, command: Vec<String>| {
            let one = Side { name, shown, runs: self.runs.into(), changed: changed.as_ref() };
            let cache = scratch.folder(format!("{name}-gocache"))?;
            let output = self.output.quiet.then(|| scratch.path().join("output"));
            let temporary = scratch.folder("gotmp")?;
            let measured = Measured { command, dir: dir.clone(), cache, temporary, output };
            Ok::<_, Error>((one, measured))
        };
        let mut sides = vec![side("first", line, self.command.clone())?];
        if let Some(against) = &self.against {
            let shell = ["sh", "-c", against].map(str::to_owned).to_vec();
            sides.push(side("second", against.clone(), shell)?);
        }
        let sides: Vec<SideReport> = sides
            .iter()
            .map(|(one, measured)| one.measure(measured, interrupt, progress))
            .collect::<Result<_, _>>()?;
        Ok(MeasureReport { runs: self.runs.into(), is_changed: self.change.is_some(), sides })
    }
}

/// One command to measure.
struct Side<'a> {
    name: &'static str,
    shown: String,
    runs: usize,
    changed: Option<&'a Changed>,
}

impl Side<'_> {
    fn measure(
        &self,
        measured: &Measured,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<SideReport, Error> {
        let mut once = |what: &str, quiet: bool| {
            progress.phase(&format!("{}: {what}", self.name));
            let (status, time) = measured.run(interrupt, quiet, || {})?;
            match status.success() {
                true => Ok(time.as_secs_f64()),
                false => {
                    Err(Error::Command { side: self.name, command: self.shown.clone(), status })
                }
            }
        };
        let first = once("into an empty cache", false)?;
        let after_first = growth(&measured.cache, interrupt)?;
        let mut repeated = Vec::new();
        for run in 1..=self.runs {
            repeated.push(once(&format!("repeat {run} of {}", self.runs), true)?);
        }
        let mut changes = Vec::new();
        if let Some(file) = self.changed {
            let write =
                |source| Error::WriteFile { path: "the copy of the file to change".into(), source };
            for run in 1..=self.runs {
                file.change(run).map_err(write)?;
                changes.push(once(&format!("change {run} of {}", self.runs), true)?);
            }
            file.restore().map_err(write)?;
        }
        Ok(SideReport {
            command: self.shown.clone(),
            first,
            after_first,
            after_changes: if changes.is_empty() {
                None
            } else {
                Some(growth(&measured.cache, interrupt)?)
            },
            repeated: Times::of(repeated),
            changed: Times::of(changes),
        })
    }
}

/// What is in a cache that was empty.
fn growth(cache: &Path, interrupt: &Interrupt) -> Result<Growth, Error> {
    let cache = Inventory::of(&scan::scan(cache, false, interrupt)?);
    Ok(Growth {
        total: cache.total,
        archives: cache.kind("archive"),
        executables: cache.kind("executable"),
    })
}
