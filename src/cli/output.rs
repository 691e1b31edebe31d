//! How and where a report is written: the options that every report shares.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::color::Color;
use crate::cli::{Error, files};
use crate::report::text::Style;

/// How and where a report is written. `F` are the formats that it has.
#[derive(Debug, Args)]
pub(super) struct OutputArgs<F: ValueEnum + Default + Send + Sync + 'static> {
    /// How to write the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: F,
    /// Write the report to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t)]
    color: Color,
    /// Show everything, in place of what fits on a screen
    #[arg(short, long)]
    verbose: bool,
}

impl<F: ValueEnum + Default + Send + Sync + 'static> OutputArgs<F> {
    /// Fails before the work rather than after it.
    pub(super) fn probe(&self) -> Result<(), Error> {
        match &self.output {
            Some(path) => files::probe(path)
                .map_err(|source| Error::WriteFile { path: path.to_owned(), source }),
            None => Ok(()),
        }
    }

    pub(super) fn style(&self) -> Style {
        let colored = self.output.is_none() && self.color.is_on();
        Style { colored, verbose: self.verbose }
    }

    pub(super) fn write(&self, out: &mut dyn Write, text: &str) -> Result<(), Error> {
        files::write_report(out, self.output.as_deref(), text)
    }
}
