use std::fmt::Write as _;
use std::io::Write;

use clap::Args;

use crate::cli::{Error, Exit, emit};
use crate::finding::Level;
use crate::rules::{self, Check, RULES, Rule};

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
            Some(id) => explain(rules::by_id(id).ok_or_else(|| Error::NoRule { id: id.clone() })?),
        };
        emit(out, &text)?;
        Ok(Exit::Kept)
    }
}

/// What a rule reads, and with it the commands that run it.
const READS: [(Reads, &str); 5] = [
    (Reads::Files, "about CI and build files: lint and check"),
    (Reads::Both, "about CI and build files: lint and check; and about two builds: check"),
    (Reads::Builds, "about two builds: check"),
    (Reads::Cache, "about a GOCACHE: check --cache DIR"),
    (Reads::Audit, "about the audit itself: lint and check"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Files,
    Both,
    Builds,
    Cache,
    Audit,
}

fn reads(rule: &Rule) -> Reads {
    match rule.check {
        Check::Files(_) => Reads::Files,
        Check::Both { .. } => Reads::Both,
        Check::Builds(_) => Reads::Builds,
        Check::Cache(_) => Reads::Cache,
        Check::Engine => Reads::Audit,
    }
}

fn level(rule: &Rule) -> &'static str {
    match rule.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
        Level::Off => "off",
    }
}

fn explain(rule: &Rule) -> String {
    let about = READS.iter().find(|(reads_, _)| *reads_ == reads(rule)).map_or("", |(_, it)| it);
    format!(
        "# {}: {}\n\n{about}; {} unless a policy says otherwise\n\n{}",
        rule.id,
        rule.summary,
        level(rule),
        rule.explanation
    )
}

fn list() -> String {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (kind, title) in READS {
        let _ = writeln!(text, "{title}");
        for rule in RULES.iter().filter(|rule| reads(rule) == kind) {
            let _ = writeln!(text, "  {:7}  {:width$}  {}", level(rule), rule.id, rule.summary);
        }
        text.push('\n');
    }
    text.push_str("`goaudit rules RULE` says why it matters, what to do, and when to ignore it.\n");
    text
}
