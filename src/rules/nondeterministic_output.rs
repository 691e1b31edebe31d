#![doc = include_str!("nondeterministic_output.md")]

use super::{Builds, Check, Rule};
use crate::diff::artifacts::Outcome;
use crate::diff::build_ids::BuildIdMeaning;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "nondeterministic-output",
    summary: "equal inputs gave different output",
    explanation: include_str!("nondeterministic_output.md"),
    level: Level::Error,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let fix = "build it twice with GOMAXPROCS=1 and an empty GOCACHE; if it still differs, report it with both outputs";
    let actions = builds.comparison.nondeterministic.iter().map(|action| {
        RULE.finding(
            &action.action,
            "the keys are equal and the outputs are not: a tool that it runs is not deterministic",
        )
        .with_evidence(format!("content ID {} → {}", action.first, action.second))
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
