use std::io::Write;

use clap::{Args, ValueEnum};

use crate::cli::output::OutputArgs;
use crate::cli::sources::{Pair, PairArgs};
use crate::cli::{Error, Exit};
use crate::diff;
use crate::diff::why::{self, KeyLine, NotFound};
use crate::report;

/// Follow one package back to what made it compile or link
///
/// Prints the shortest chain from each action of the package to each of its
/// causes, with the old and the new key and output of every step.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// Import path, its end (internal/greet), or a path below the main module (./internal/greet)
    package: String,
    #[command(flatten)]
    pair: PairArgs,
    /// Show the inputs of both keys in full
    #[arg(long)]
    key: bool,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// goaudit.why.v1
    Json,
}

impl WhyArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        self.output.probe()?;
        let Pair { first, second, inputs } = self.pair.read()?;
        let comparison = diff::compare(&first, &second, &inputs);
        let module = second.manifest.go_mod.module.as_deref();
        let actions = why::find(&comparison, &self.package, module).map_err(|err| {
            let package = self.package.clone();
            match err {
                NotFound::None(nearest) => Error::NoPackage { package, nearest },
                NotFound::Several(packages) => Error::SeveralPackages { package, packages },
            }
        })?;
        let keys: Option<Vec<Vec<KeyLine>>> = self.key.then(|| {
            let rows = actions.iter().map(|&action| &comparison.actions[action]);
            rows.map(|row| why::key_lines(row, &first, &second, &inputs)).collect()
        });
        let text = match self.output.format {
            Format::Text => {
                report::text::why(&comparison, &actions, keys.as_deref(), self.output.style())
            }
            Format::Json => report::json::why(&comparison, &actions, keys.as_deref()),
        };
        self.output.write(out, &text)?;
        Ok(Exit::Kept)
    }
}
