#![doc = include_str!("cache_dependency_path_incomplete.md")]

use std::collections::BTreeSet;

use super::cached::{self, JobAt};
use super::setup_go::{Caching, Dependencies, caching};
use super::{Check, Rule};
use crate::config::pipeline::{DependencyFile, StepKind};
use crate::config::{PathPattern, Repository};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-dependency-path-incomplete",
    summary: "the key of setup-go does not follow the go.sum of a module that the job builds",
    explanation: include_str!("cache_dependency_path_incomplete.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for setup in caching(repository) {
        let Some(at) = cached::jobs(repository).find(|at| std::ptr::eq(at.job, setup.job)) else {
            continue;
        };
        let is_elsewhere = setup.before.iter().any(|step| match &step.kind {
            StepKind::Checkout(checkout) => checkout.path.is_some() || checkout.is_other,
            _ => false,
        });
        let Some(patterns) = patterns(&setup).filter(|_| !is_elsewhere) else { continue };
        if setup.dependencies(repository) != Dependencies::Found {
            continue;
        }
        let missed: Vec<&str> = modules(repository, &at)
            .into_iter()
            .filter(|dir| !patterns.iter().any(|pattern| covers(pattern, dir)))
            .collect();
        let Some(first) = missed.first() else { continue };
        let message = format!(
            "the job builds the module in `{first}`, and its go.sum is not in the key of setup-go: \
             when it changes the old entry still hits, and what is new is never saved"
        );
        findings.push(
            RULE.finding(&setup.step.subject, message)
                .at(setup.step.place.clone())
                .with_evidence(format!("built: {}", missed.join(", ")))
                .with_fix("cache-dependency-path: '**/go.sum'"),
        );
    }
    findings
}

/// What setup-go hashes; `None` where it cannot be told.
fn patterns(setup: &Caching<'_>) -> Option<Vec<PathPattern>> {
    let Some(lines) = &setup.setup.dependency_paths else {
        let files: &[&str] = match setup.setup.dependency_file {
            DependencyFile::GoSum => &["go.sum"],
            DependencyFile::GoMod => &["go.mod"],
            DependencyFile::Either => &["go.mod", "go.sum"],
        };
        return Some(files.iter().map(|file| PathPattern::new(file)).collect());
    };
    let mut patterns = Vec::new();
    for line in lines {
        let [part] = line.as_slice() else { return None };
        let path = part.text.trim().trim_start_matches("./");
        if !part.is_literal || path.is_empty() {
            return None;
        }
        patterns.push(PathPattern::new(path));
    }
    Some(patterns)
}

/// Whether a pattern takes in what a module depends on. A go.work.sum stands for all modules.
fn covers(pattern: &PathPattern, dir: &str) -> bool {
    let names = ["go.sum", "go.mod", "go.work.sum"];
    names.iter().any(|name| pattern.is_match(&format!("{dir}/{name}")))
        || pattern.is_match("go.work.sum")
}

/// The folders of the modules with dependencies that a job builds, but for the root.
fn modules<'r>(repository: &'r Repository, at: &JobAt<'r>) -> BTreeSet<&'r str> {
    let has = |path: String| repository.paths().binary_search(&path).is_ok();
    let mut modules = BTreeSet::new();
    for command in at.builds(repository).filter(|command| !command.at.is_maybe) {
        let Some(mut dir) = command.at.dir.as_deref() else { continue };
        while !dir.is_empty() && !has(format!("{dir}/go.mod")) {
            dir = dir.rsplit_once('/').map_or("", |(above, _)| above);
        }
        let is_own = !dir.is_empty() && command.flag("C").is_none();
        if is_own && has(format!("{dir}/go.sum")) && !has(format!("{dir}/vendor/modules.txt")) {
            modules.insert(dir);
        }
    }
    modules
}
