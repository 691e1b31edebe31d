#![doc = include_str!("hash_log_incomplete.md")]

use super::{Builds, Check, Rule};
use crate::finding::{Finding, Level};
use crate::recording::Recording;

pub(crate) const RULE: Rule = Rule {
    id: "hash-log-incomplete",
    summary: "part of a hash log could not be read",
    explanation: include_str!("hash_log_incomplete.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let sides = [("first", builds.first), ("second", builds.second)];
    sides.into_iter().flat_map(|(side, recording)| of(side, recording)).collect()
}

fn of(side: &str, recording: &Recording) -> Vec<Finding> {
    let faulty = recording.builds().filter(|invocation| {
        let (verified, total) = invocation.log.verified();
        verified < total || invocation.log.faults_total > 0
    });
    faulty
        .map(|invocation| {
            let (verified, total) = invocation.log.verified();
            let message = format!(
                "{} of {total} keys of the {side} build are not proven by their sum; what differs in them is unknown",
                total - verified
            );
            let finding = RULE.finding(format!("{side} {}", invocation.info.line()), message);
            let faults = invocation.log.faults.iter().take(5);
            faults.fold(finding, |finding, fault| finding.with_evidence(format!("line {}: {}", fault.line, fault.what)))
        })
        .collect()
}
