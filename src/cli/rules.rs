use std::fmt::Write as _;
use std::io::Write;

use clap::Args;

use crate::cli::{Error, Exit, emit};
use crate::rules::{self, RULES};

/// List the rules, or explain one
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// The rule to explain
    id: Option<String>,
}

impl RulesArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<Exit, Error> {
        let text = match &self.id {
            None => list(),
            Some(id) => {
                let rule = rules::by_id(id).ok_or_else(|| Error::NoRule { id: id.clone() })?;
                format!("# {}: {}\n\n{}", rule.id, rule.summary, rule.explanation)
            }
        };
        emit(out, &text)?;
        Ok(Exit::Kept)
    }
}

fn list() -> String {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for rule in RULES {
        let _ = writeln!(text, "{:width$}  {}", rule.id, rule.summary);
    }
    text
}
