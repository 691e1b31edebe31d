use std::env;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::capture::check::Watch as _;
use crate::capture::interrupt::Interrupt;
use crate::capture::plan::{GoPlan, Planner};
use crate::capture::{CaptureError, verb_first};
use crate::cli::command_line::{self, CommandLine};
use crate::cli::files::read_recording;
use crate::cli::output::OutputArgs;
use crate::cli::progress::Progress;
use crate::cli::{Error, Exit};
use crate::diff::reuse::{self, Reuse};
use crate::golang::flags::GoCommand;
use crate::golang::inputs::Inputs;
use crate::golang::warm_up;
use crate::recording::shell_word;
use crate::report::reuse::{ReuseReport, WarmUp};

/// Say how much of what one go command leaves in the cache another can use
///
/// Plans both, and compiles nothing: which compiles of SECOND find what FIRST
/// stored, which do not and why, and the warm-up that would leave them all.
/// A command is one go command with what may stand before it:
/// `cd DIR && GOFLAGS=-tags=x go test -cover ./...`. It is split as a shell
/// splits it, and nothing is expanded. Those that have a plan are build,
/// install, run, test, vet and list -export. Your tree and your GOCACHE are
/// never written to.
#[derive(Debug, Args)]
pub(super) struct ReuseArgs {
    /// The go command that fills the cache, such as that of a warm-up step
    first: String,
    /// The go command that uses it
    second: String,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// goaudit.reuse.v1
    Json,
    /// For a step summary or a comment
    Markdown,
}

impl ReuseArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        // Read.
        let parse = |text: &str| {
            command_line::parse(text)
                .map_err(|source| Error::CommandLine { text: text.to_owned(), source })
        };
        let (first, second) = (parse(&self.first)?, parse(&self.second)?);
        self.output.probe()?;
        let interrupt =
            Interrupt::catch().map_err(|source| Error::Read { path: "signals".into(), source })?;
        let mut progress = Progress::new(self.output.quiet);
        let report = self.report(&first, &second, &interrupt, &mut progress);
        progress.finish();
        let report = report?;

        // Write.
        let text = match self.output.format {
            Format::Text => crate::report::reuse::text(&report),
            Format::Json => crate::report::reuse::json(&report),
            Format::Markdown => crate::report::reuse::markdown(&report),
        };
        self.output.write(out, &text)?;
        Ok(Exit::Kept)
    }

    fn report(
        &self,
        first: &CommandLine,
        second: &CommandLine,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<ReuseReport, Error> {
        let mut planner = Planner::new(&env::temp_dir(), interrupt)?;
        let mut plan = |line: &CommandLine, what: &str| {
            progress.phase(what);
            let plan = planner.sparing_the_tree(plan_of(line)?)?;
            Ok::<PathBuf, Error>(planner.record(&[plan])?)
        };
        let one = plan(first, "plan the first")?;
        let other = plan(second, "plan the second")?;
        let reuse = count(&one, &other)?;
        let goflags = second.variables.iter().rfind(|(name, _)| name == "GOFLAGS");
        let goflags = goflags
            .map_or_else(|| env::var("GOFLAGS").unwrap_or_default(), |(_, value)| value.clone());
        let command = GoCommand::parse(&verb_first(second.args.clone()), &goflags);
        let all = reuse.left == reuse.needed;
        let warm_up = match warm_up::of(&command).filter(|_| !all) {
            None => WarmUp::NotNeeded,
            Some(args) => {
                let line = CommandLine { args, ..second.clone() };
                let command = typed(&line);
                match plan(&line, "plan the warm-up") {
                    Ok(file) => {
                        WarmUp::Planned { command, left: count(&file, &other)?.left.total() }
                    }
                    Err(Error::Capture(CaptureError::Plan { output, .. })) => {
                        let why = output.lines().find(|line| !line.is_empty());
                        WarmUp::Failed { command, why: why.unwrap_or_default().to_owned() }
                    }
                    Err(err) => return Err(err),
                }
            }
        };
        Ok(ReuseReport {
            first: typed(first),
            second: typed(second),
            reuse,
            warm_up,
            ignores_the_cache: command.is_set("a"),
        })
    }
}

fn plan_of(line: &CommandLine) -> Result<GoPlan, Error> {
    let here = env::current_dir().map_err(|source| Error::Read { path: ".".into(), source })?;
    let dir = line.dir.as_deref().map_or_else(|| here.clone(), |dir| here.join(dir));
    let dir =
        dir.canonicalize().ok().filter(|dir| dir.is_dir()).ok_or_else(|| Error::NoDirectory {
            path: line.dir.clone().unwrap_or_default().into(),
        })?;
    Ok(GoPlan::of(dir, &line.variables, line.args.clone())?)
}

/// Reads two plans and counts. Inputs are shared by what is compared and by nothing else.
fn count(first: &std::path::Path, second: &std::path::Path) -> Result<Reuse, Error> {
    let mut inputs = Inputs::default();
    let first = read_recording(first, &mut inputs)?;
    let second = read_recording(second, &mut inputs)?;
    Ok(reuse::count(first, second, &inputs))
}

/// Returns a command as a person types it.
fn typed(line: &CommandLine) -> String {
    let dir = line.dir.iter().map(|dir| format!("cd {} &&", shell_word(dir)));
    let variables =
        line.variables.iter().map(|(name, value)| format!("{name}={}", shell_word(value)));
    let args = line.args.iter().map(|word| shell_word(word));
    let go = std::iter::once("go".to_owned());
    dir.chain(variables).chain(go).chain(args).collect::<Vec<_>>().join(" ")
}
