#![doc = include_str!("nondeterministic_output.md")]

use super::{Builds, Check, Rule};
use crate::diff::artifacts::Outcome;
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::divergence::Divergence;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "nondeterministic-output",
    summary: "equal inputs gave different output",
    explanation: include_str!("nondeterministic_output.md"),
    level: Level::Error,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let fix = "build it twice with GOMAXPROCS=1 and an empty GOCACHE; if it still differs, report it with both outputs, which --keep-archives DIR keeps";
    let actions = builds.comparison.nondeterministic.iter().map(|action| {
        let roots = &builds.comparison.divergences.roots;
        // Variants of a package share its name.
        let is_its = |root: &&Divergence| {
            let row = builds.comparison.actions.get(root.row);
            let content = row.and_then(|row| row.first).and_then(|side| side.content);
            root.action == action.action
                && content.is_some_and(|content| content.as_str() == action.first)
        };
        let root = roots.iter().find(is_its);
        let mut finding = RULE.finding(&action.action, message(root));
        if let Some(Divergence { archives: Some(Err(why)), .. }) = root {
            finding = finding.with_evidence(format!("its archives could not be compared: {why}"));
        }
        if let Some(folder) = root.and_then(|root| root.kept.as_ref()) {
            finding = finding.with_evidence(format!("both archives are kept in {folder}"));
        }
        finding.with_evidence(format!("content ID {} → {}", action.first, action.second))
    });
    let artifacts = builds.comparison.artifacts.iter().filter(|pair| match &pair.outcome {
        Outcome::Differs(differences) => differences.build_id == BuildIdMeaning::NotDeterministic,
        Outcome::Identical | Outcome::OnlyFirst | Outcome::OnlySecond => false,
    });
    let artifacts = artifacts.map(|pair| {
        RULE.finding(
            &pair.path,
            BuildIdMeaning::NotDeterministic.sentence().trim_end_matches('.').to_lowercase(),
        )
    });
    actions.chain(artifacts).map(|finding| finding.with_fix(fix)).collect()
}

/// Says what the outputs differ by, where somebody looked.
fn message(root: Option<&Divergence>) -> String {
    let difference = match root.and_then(|root| root.archives.as_ref()) {
        Some(Ok(difference)) => format!("; {}", difference.summary()),
        Some(Err(_)) | None => String::new(),
    };
    format!(
        "the keys are equal and the outputs are not: a tool that it runs is not deterministic{difference}"
    )
}
