use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;

use crate::cli::gates::GateArgs;
use crate::cli::output::OutputArgs;
use crate::cli::sides::Sides;
use crate::cli::sources::Pair;
use crate::cli::{Error, Exit, prove};
use crate::diff::category::Category;
use crate::diff::tests::{TestDifference, TestReason};
use crate::diff::{self, Comparison, misses};
use crate::report;

/// Say why a build compiled what it did: the causes, and what each made run
///
/// Takes two recordings, as `goaudit record` and `goaudit check --save` write
/// them, or what two go commands wrote to stderr under GODEBUG=gocachehash=1, or
/// two commands, which it runs and records: where you are, with your environment
/// and your GOCACHE, what they print on stderr. One of each is fine:
/// `goaudit explain main.goaudit --second 'go build ./...'`.
/// Ends with 0 when it could answer, whatever the answer, unless --fail-on says
/// what is too much: misses (actions that the cache of the first build does not
/// serve), miss-cpu (their CPU seconds), causes, unexplained, wasted-cpu (CPU
/// seconds of actions that ran to the same output), tests (packages whose tests
/// ran).
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    sides: Sides,
    #[command(flatten)]
    gates: GateArgs,
    /// Do not count what only causes of this category made run, such as vcs-stamp; may be repeated
    #[arg(long, value_name = "CATEGORY", value_parser = category)]
    allow: Vec<Category>,
    /// Undo each cause, plan both builds again here, and say which keys became equal
    #[arg(long)]
    prove: bool,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// The quantities of --fail-on.
const QUANTITIES: [&str; 6] =
    ["misses", "miss-cpu", "causes", "unexplained", "wasted-cpu", "tests"];

fn category(name: &str) -> Result<Category, String> {
    Category::deserialize(name.into_deserializer())
        .map_err(|err: serde::de::value::Error| err.to_string())
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// goaudit.explain.v1
    Json,
    /// For a step summary or a comment
    Markdown,
    /// One page for a browser, without network
    Html,
}

impl ExplainArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        self.gates.check(&QUANTITIES)?;
        self.output.probe_beside(self.sides.files())?;
        let Pair { first, second, inputs } = self.sides.read()?;
        let mut comparison = diff::compare(&first, &second, &inputs);
        if self.prove {
            prove::recorded(&mut comparison, &first, &second, self.output.quiet)?;
        }
        let text = match self.output.format {
            Format::Text => {
                report::text::explain(&comparison, &first, &second, self.output.style())
            }
            Format::Json => report::json::explain(&comparison, &first, &second),
            Format::Markdown => report::markdown::explain(&comparison, &first, &second),
            Format::Html => report::html::explain(&comparison, &first, &second),
        };
        self.output.write(out, &text)?;
        let exit = self.judge(&comparison)?;
        // What is missing cannot be beyond a limit.
        match report::gaps(&comparison, &first, &second).into_iter().next() {
            Some(why) if exit == Exit::Kept && self.gates.is_given() => {
                Err(Error::NotWhole { why })
            }
            _ => Ok(exit),
        }
    }

    fn judge(&self, comparison: &Comparison) -> Result<Exit, Error> {
        #[expect(clippy::cast_precision_loss, reason = "no build has 2^53 actions")]
        let number = |count: usize| Some(count as f64);
        let missed = misses::count(comparison, &self.allow);
        // Without both outputs of an action nobody knows whether they are the same.
        let outputs_known =
            comparison.actions.iter().filter(|row| row.is_changed()).all(|row| {
                [row.first, row.second].iter().flatten().all(|side| side.content.is_some())
            });
        let wasted = comparison.counts.cutoff_cpu_seconds.or(Some(0.0));
        let is_allowed = |test: &TestDifference| {
            self.allow.contains(&Category::TestInput)
                && test.why.iter().all(|why| matches!(why, TestReason::Input(_)))
        };
        let tests = comparison.tests.ran.iter().filter(|test| !is_allowed(test)).count();
        let values = [
            number(missed.actions),
            missed.cpu_seconds,
            number(missed.causes),
            number(comparison.unexplained.len()),
            wasted.filter(|_| outputs_known),
            number(tests),
        ];
        let quantities: Vec<_> = QUANTITIES.into_iter().zip(values).collect();
        self.gates.judge(&quantities)
    }
}
