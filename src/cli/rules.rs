use std::fmt::Write as _;
use std::io::Write;

use clap::Args;

use crate::cli::{Error, Exit, emit, policy};
use crate::finding::Level;
use crate::policy::{Policy, SHIPPED};
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
            None => list()?,
            Some(id) => explain(rules::by_id(id).ok_or_else(|| Error::NoRule { id: id.clone() })?)?,
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

/// The policies that come with goaudit, each with its name.
fn shipped() -> Result<Vec<(&'static str, Policy)>, Error> {
    SHIPPED.iter().map(|(name, _)| Ok((*name, policy::shipped(name)?))).collect()
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
        Level::Off => "off",
    }
}

fn explain(rule: &Rule) -> Result<String, Error> {
    let about = READS.iter().find(|(reads_, _)| *reads_ == reads(rule)).map_or("", |(_, it)| it);
    let levels = shipped()?.into_iter().map(|(name, policy)| (name, word(policy.level(rule.id))));
    let levels: Vec<String> = levels.map(|(name, level)| format!("{name}: {level}")).collect();
    Ok(format!(
        "# {}: {}\n\n{about}\npolicies say {}\n\n{}",
        rule.id,
        rule.summary,
        levels.join(", "),
        rule.explanation
    ))
}

fn list() -> Result<String, Error> {
    let policy = policy::shipped("default")?;
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (kind, title) in READS {
        let _ = writeln!(text, "{title}");
        for rule in RULES.iter().filter(|rule| reads(rule) == kind) {
            let level = word(policy.level(rule.id));
            let _ = writeln!(text, "  {level:7}  {:width$}  {}", rule.id, rule.summary);
        }
        text.push('\n');
    }
    text.push_str(
        "The levels are those of the policy `default`. `goaudit rules RULE` tells those of the others, why it \
         matters, what to do, and when to ignore it.\n",
    );
    Ok(text)
}
