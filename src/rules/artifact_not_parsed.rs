#![doc = include_str!("artifact_not_parsed.md")]

use super::{Builds, Check, Rule};
use crate::diff::artifacts::Outcome;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "artifact-not-parsed",
    summary: "an artifact that differs could not be parsed",
    explanation: include_str!("artifact_not_parsed.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let pairs = builds.comparison.artifacts.iter();
    pairs
        .filter_map(|pair| match &pair.outcome {
            Outcome::Differs(differences) if !differences.unreadable.is_empty() => {
                let finding = RULE.finding(&pair.path, "it differs, and not all of it could be read, so the difference may be more than what is shown");
                Some(differences.unreadable.iter().fold(finding, |finding, note| finding.with_evidence(note)))
            }
            Outcome::Differs(_) | Outcome::Identical | Outcome::OnlyFirst | Outcome::OnlySecond => None,
        })
        .collect()
}
