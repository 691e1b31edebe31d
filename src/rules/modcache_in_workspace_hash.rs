#![doc = include_str!("modcache_in_workspace_hash.md")]

use super::cached::{self, JobAt};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CacheState, CacheStep, StepKind, System};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "modcache-in-workspace-hash",
    summary: "the key hashes the go.sum files of the module cache along with that of the project",
    explanation: include_str!("modcache_in_workspace_hash.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in cached::jobs(repository).filter(|at| at.pipeline.system == System::GitHub) {
        for (index, step) in at.job.steps.iter().enumerate() {
            let Some(cache) = step.cache() else { continue };
            let dir = modules(cache).filter(|_| is_filled(repository, &at, index));
            let (Some(dir), Some(pattern)) = (dir, pattern(cache)) else { continue };
            let message = format!(
                "`{pattern}` finds the files of all modules in `{dir}` too, which a step before \
                 has filled: the key is another one than that of a run that starts without them"
            );
            findings.push(
                RULE.finding(&step.subject, message)
                    .at(cache.key.place.clone())
                    .with_evidence(&cache.key.text)
                    .with_fix(format!(
                        "hash the files of the project by name, `{}`",
                        exact(pattern)
                    )),
            );
        }
    }
    findings
}

/// The module cache, where it is in the workspace.
fn modules(cache: &CacheStep) -> Option<&str> {
    let mut paths = cache.paths.iter().filter(|path| path.go.contains(&GoDir::Modules));
    paths.find_map(|path| cached::in_workspace(&path.text))
}

/// The pattern of the key that finds files in any folder, modules of others included.
fn pattern(cache: &CacheStep) -> Option<&str> {
    // A key that another step made was hashed when that step ran.
    if !cache.key.text.to_ascii_lowercase().contains("hashfiles") {
        return None;
    }
    let hashed: Vec<&String> = cache.key.parts.iter().flat_map(|part| &part.hashed).collect();
    if hashed.iter().any(|pattern| pattern.starts_with('!')) {
        return None;
    }
    let finds = |pattern: &&&String| {
        let name = pattern.strip_prefix("./").unwrap_or(pattern).strip_prefix("**/");
        name.is_some_and(|name| {
            matches!(name, "go.sum" | "go.mod" | "go.*" | "*.go" | "*.sum" | "*.mod")
        })
    };
    hashed.iter().find(finds).map(|pattern| pattern.as_str())
}

fn exact(pattern: &str) -> &str {
    match pattern.rsplit('/').next() {
        Some("go.mod" | "*.mod") => "hashFiles('go.mod')",
        _ => "hashFiles('go.sum')",
    }
}

/// Whether the module cache has something in it when a step starts.
fn is_filled(repository: &Repository, at: &JobAt<'_>, index: usize) -> bool {
    let restores = at.job.steps.iter().take(index).any(|step| match &step.kind {
        StepKind::SetupGo(setup) => setup.cache == CacheState::On && !step.is_conditional,
        StepKind::Cache(cache) => {
            cache.how.restores() && modules(cache).is_some() && !step.is_conditional
        }
        _ => false,
    });
    let downloads = |verb: &str, first: Option<&String>| match verb {
        "mod" => first.is_some_and(|word| word == "download"),
        verb => matches!(verb, "build" | "test" | "vet" | "install" | "run"),
    };
    let has_go_sum = repository.paths().iter().any(|path| path.ends_with("go.sum"));
    restores
        || has_go_sum
            && repository.go_commands().iter().any(|command| {
                at.runs(command)
                    && !command.at.is_maybe
                    && command.at.step.is_some_and(|step| step.step < index)
                    && downloads(command.verb(), command.command.packages.first())
            })
}
