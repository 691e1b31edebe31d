#![doc = include_str!("double_cache.md")]

use super::setup_go::{Dependencies, caching, without_cache};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{Flag, Step};
use crate::finding::{Edit, Finding, Level, Safety};

pub(super) const RULE: Rule = Rule {
    id: "double-cache",
    summary: "setup-go and another step cache the same directory",
    explanation: include_str!("double_cache.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for setup in caching(repository) {
        if setup.dependencies(repository) != Dependencies::Found {
            continue;
        }
        for (step, cache) in setup.job.caches() {
            // Two steps under conditions may well exclude each other.
            let may_exclude = step.is_conditional && setup.step.is_conditional;
            if cache.how.restores()
                && cache.has_go_path()
                && cache.lookup_only == Flag::No
                && !may_exclude
            {
                // Which of the two is the better cache only its owner knows.
                let edit = without_cache(repository, &setup, step);
                let edit = edit.map(|edit| vec![Edit { safety: Safety::Unsafe, ..edit }]);
                findings.push(finding(step, setup.step).with_edits(edit));
            }
        }
    }
    findings
}

fn finding(step: &Step, setup: &Step) -> Finding {
    RULE.finding(
        &step.subject,
        "setup-go already caches this directory: it is downloaded twice, saved twice, and the \
         second archive is unpacked over the files of the first",
    )
    .at(step.place.clone())
    .with_evidence(format!("setup-go: {}", setup.subject))
    .with_fix("give setup-go `cache: false`, or drop this step")
}
