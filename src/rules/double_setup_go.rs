#![doc = include_str!("double_setup_go.md")]

use super::setup_go::{Dependencies, caching, without_cache};
use super::{Check, Rule};
use crate::config::Repository;
use crate::finding::{Edit, Finding, Level, Safety};

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
        if let Some(first) = all.iter().find(|other| is_first(other)) {
            let edit = without_cache(repository, one, first.step);
            let has_own = one.setup.dependency_paths.is_some();
            let safety = if has_own { Safety::Unsafe } else { Safety::Safe };
            findings.push(
                RULE.finding(&one.step.subject, MESSAGE)
                    .at(one.step.place.clone())
                    .with_fix("give this one `cache: false`, or drop it")
                    .with_edits(
                        edit.map(|edit| vec![Edit { safety: edit.safety.max(safety), ..edit }]),
                    ),
            );
        }
    }
    findings
}

const MESSAGE: &str = "Go was set up before in this job and its cache restored: the same archive is \
                       downloaded again and unpacked over the files of the first";
