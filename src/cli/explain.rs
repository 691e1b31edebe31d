use std::io::Write;

use clap::{Args, ValueEnum};

use crate::cli::output::OutputArgs;
use crate::cli::sources::{Pair, PairArgs};
use crate::cli::{Error, Exit};
use crate::diff;
use crate::report;

/// Say why a build compiled what it did: the causes, and what each made run
///
/// Takes two recordings, as `goaudit record` and `goaudit check --save` write
/// them, or what two go commands wrote to stderr under GODEBUG=gocachehash=1.
/// Ends with 0 when it could answer, whatever the answer.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    pair: PairArgs,
    #[command(flatten)]
    output: OutputArgs<Format>,
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
}

impl ExplainArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        self.output.probe()?;
        let Pair { first, second, inputs } = self.pair.read()?;
        let comparison = diff::compare(&first, &second, &inputs);
        let text = match self.output.format {
            Format::Text => {
                report::text::explain(&comparison, &first, &second, self.output.style())
            }
            Format::Json => report::json::explain(&comparison, &first, &second),
            Format::Markdown => report::markdown::explain(&comparison, &first, &second),
        };
        self.output.write(out, &text)?;
        Ok(Exit::Kept)
    }
}
