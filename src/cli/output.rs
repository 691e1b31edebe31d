//! How and where a report is written: the options that every report shares.

use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::color::Color;
use crate::cli::{Error, files};
use crate::report;
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
    /// Say nothing of the progress; `lint` then says nothing where it finds nothing
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
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

    /// As [`Self::probe`], and fails when the report would take the place of what is read.
    pub(super) fn probe_beside(&self, inputs: &[PathBuf]) -> Result<(), Error> {
        let real = |path: &PathBuf| fs::canonicalize(path).ok();
        if let Some(output) = &self.output
            && let Some(there) = real(output)
            && inputs.iter().any(|input| real(input).as_ref() == Some(&there))
        {
            return Err(Error::OutputIsInput { path: output.clone() });
        }
        self.probe()
    }

    /// The file that the report is written to, if any.
    pub(super) fn path(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    pub(super) fn style(&self) -> Style {
        let colored = self.output.is_none() && self.color.is_on();
        Style { colored, verbose: self.verbose }
    }

    /// Writes a patch: byte for byte, unless a person sees it.
    pub(super) fn write_patch(&self, out: &mut dyn Write, text: &str) -> Result<(), Error> {
        if self.output.is_none() && io::stdout().is_terminal() {
            return self.write(out, text);
        }
        files::write_report(out, self.output.as_deref(), text)
    }

    pub(super) fn write(&self, out: &mut dyn Write, text: &str) -> Result<(), Error> {
        files::write_report(out, self.output.as_deref(), &report::text::printable(text))
    }
}
