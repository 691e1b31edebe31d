//! What a rule about builds reads.

use crate::diff::Comparison;
use crate::golang::inputs::Inputs;
use crate::recording::{InvocationInfo, Recording};

/// Two recordings and their comparison.
#[derive(Debug)]
pub struct Builds<'a> {
    pub first: &'a Recording,
    pub second: &'a Recording,
    pub comparison: &'a Comparison,
    /// The inputs that both were read with.
    pub inputs: &'a Inputs,
}

impl Builds<'_> {
    /// Returns what a finding about a go command is about: verb and packages, the same on every machine.
    #[must_use]
    pub fn subject(&self, info: &InvocationInfo) -> String {
        let command = info.command();
        let mut words = vec!["go".to_owned(), command.verb];
        words.extend(command.packages);
        let places = &self.first.manifest.places;
        match info.dir.strip_prefix(&places.workdir).map(|below| below.trim_start_matches('/')) {
            Some("") | None => words.join(" "),
            Some(below) => format!("{} in {below}", words.join(" ")),
        }
    }

    /// Returns a command line of the first build as a person types it, without the folders of the audit.
    #[must_use]
    pub fn command_line(&self, info: &InvocationInfo) -> String {
        self.first.manifest.shown(&info.line())
    }

    /// Returns the go commands of the first build that compile, each with its counterpart where the
    /// second build started as many of the same kind.
    #[must_use]
    pub fn commands(&self) -> Vec<(&InvocationInfo, Option<&InvocationInfo>)> {
        let first: Vec<_> = self.first.builds().map(|invocation| &invocation.info).collect();
        let second: Vec<_> = self.second.builds().map(|invocation| &invocation.info).collect();
        let verbs = |infos: &[&InvocationInfo]| {
            infos.iter().map(|info| info.command().verb).collect::<Vec<_>>()
        };
        let alike = verbs(&first) == verbs(&second);
        first
            .into_iter()
            .enumerate()
            .map(|(index, info)| (info, second.get(index).copied().filter(|_| alike)))
            .collect()
    }
}
