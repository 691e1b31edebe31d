#![doc = include_str!("double_setup_go.md")]

use super::setup_go::{Dependencies, caching};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::StepKind;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "double-setup-go",
    summary: "a job sets up Go and restores its cache twice",
    explanation: include_str!("double_setup_go.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let all: Vec<_> = caching(repository)
        .filter(|one| !one.step.is_conditional)
        .filter(|one| one.dependencies(repository) == Dependencies::Found)
        .collect();
    for one in &all {
        let is_first = |other: &super::setup_go::Caching<'_>| {
            std::ptr::eq(one.job, other.job) && other.before.len() < one.before.len()
        };
        if all.iter().any(is_first) {
            findings.push(
                RULE.finding(&one.step.subject, MESSAGE)
                    .at(one.step.place.clone())
                    .with_fix("give this one `cache: false`, or drop it"),
            );
        }
        // This action sets up Go itself, and has no input that turns the cache off.
        let scan = one.after.iter().find(|step| {
            matches!(&step.kind, StepKind::Other { uses } if uses.starts_with("golang/govulncheck-action"))
        });
        if let Some(step) = scan.filter(|step| !step.is_conditional) {
            findings.push(RULE.finding(&step.subject, MESSAGE).at(step.place.clone()).with_fix(
                "go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./..., or a job of its own",
            ));
        }
    }
    findings
}

const MESSAGE: &str = "Go was set up before in this job and its cache restored: the same archive is \
                       downloaded again and unpacked over the files of the first";
