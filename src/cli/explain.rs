use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::color::Color;
use crate::cli::files::{read_recording, write_report};
use crate::cli::sides::Sides;
use crate::cli::{Error, Exit, Format};
use crate::diff;
use crate::golang::inputs::Inputs;
use crate::report;

/// Say why two builds differ: the causes, and what each made run
///
/// Takes two recordings, as `goaudit record` and `goaudit check --save` write
/// them, or two commands, which it runs and records: where you are, with your
/// environment and your GOCACHE, what they print on stderr. One of each is fine:
/// `goaudit explain main.goaudit --second 'go build ./...'`. Ends with 0 when it
/// could answer, whatever the answer.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    sides: Sides,
    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the report to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t)]
    color: Color,
    /// Show every root and every input
    #[arg(short, long)]
    verbose: bool,
}

impl ExplainArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let pair = self.sides.record()?;
        let mut inputs = Inputs::default();
        let mut read = |path: &Path| read_recording(path, &mut inputs);
        let (first, second) = (read(&pair.first)?, read(&pair.second)?);
        let comparison = diff::compare(&first, &second, &inputs);
        let text = match self.format {
            Format::Text => {
                let colored = self.output.is_none() && self.color.is_on();
                let style = report::text::Style { colored, verbose: self.verbose };
                report::text::explain(&comparison, &first, &second, style)
            }
            Format::Json => report::json::explain(&comparison, &first, &second),
        };
        write_report(out, self.output.as_deref(), &text)?;
        Ok(Exit::Kept)
    }
}
