//! What goaudit says of itself: the schema of a policy, completions, manual pages.

use std::io::Write;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::policy::known;
use crate::cli::{App, Error, Exit, emit};
use crate::policy;

/// Print the JSON Schema of goaudit.yaml
///
/// For editors: put `# yaml-language-server: $schema=FILE` at the top of the
/// policy.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {}

impl SchemaArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let schema = known(policy::schema);
        emit(out, &format!("{schema:#}\n"))?;
        Ok(Exit::Kept)
    }
}

/// Print completions for a shell
///
/// bash: `source <(goaudit completions bash)`; zsh: into a file `_goaudit` on
/// fpath; fish: into ~/.config/fish/completions/goaudit.fish.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut App::command(), "goaudit", &mut script);
        emit(out, &String::from_utf8_lossy(&script))?;
        Ok(Exit::Kept)
    }
}

/// Print a manual page
///
/// `goaudit man check | man -l -` shows that of a command.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command to describe [default: goaudit itself]
    command: Option<String>,
}

impl ManArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let mut app = App::command();
        app.build();
        let page = match &self.command {
            None => app,
            Some(name) => {
                let found = app.get_subcommands().find(|command| command.get_name() == name);
                found.cloned().ok_or_else(|| Error::NoCommand { name: name.clone() })?
            }
        };
        let mut roff = Vec::new();
        clap_mangen::Man::new(page).render(&mut roff).map_err(Error::Write)?;
        emit(out, &String::from_utf8_lossy(&roff))?;
        Ok(Exit::Kept)
    }
}
