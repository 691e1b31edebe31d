#![doc = include_str!("go_version_float.md")]

use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::pipeline::{System, VersionSource};
use crate::config::template::Shortened;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "go-version-float",
    summary: "a Go version without quotes loses its last zero: 1.20 is 1.2",
    explanation: include_str!("go_version_float.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pipeline in repository.pipelines().iter().filter(|p| p.system == System::GitHub) {
        for (step, setup) in pipeline.jobs.iter().flat_map(|job| job.setups()) {
            let VersionSource::Input(version) = &setup.version else { continue };
            for Shortened { text, place } in version.iter().filter_map(|p| p.shortened.as_ref()) {
                let number = text.trim_end_matches('0').trim_end_matches('.');
                let message = format!(
                    "without quotes YAML reads {text} as the number {number}: setup-go installs Go {number}"
                );
                findings.push(
                    RULE.finding(&step.subject, message)
                        .at(place.clone())
                        .with_fix(format!("write '{text}', in quotes"))
                        .with_edits(edits::quotes(repository, place, text).map(|edit| vec![edit])),
                );
            }
        }
    }
    findings
}
