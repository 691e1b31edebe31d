#![doc = include_str!("go_env_changed_after_setup_go.md")]

use std::collections::BTreeMap;

use super::setup_go::{Caching, Dependencies, caching};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{Step, StepKind};
use crate::config::template::{Part, Value};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "go-env-changed-after-setup-go",
    summary: "Go's directories are moved after setup-go has restored its cache",
    explanation: include_str!("go_env_changed_after_setup_go.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

/// Variables that say where GOCACHE and GOMODCACHE are.
const NAMES: &[&str] = &["gocache", "gomodcache", "gopath"];

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for setup in caching(repository).filter(|setup| !setup.step.is_conditional) {
        if matches!(setup.dependencies(repository), Dependencies::NotYet | Dependencies::Missing(_))
        {
            continue;
        }
        for step in setup.after.iter().filter(|step| !step.is_conditional) {
            let moved = NAMES.iter().find_map(|name| Some((*name, step.run.exports.get(*name)?)));
            let Some((name, value)) = moved.filter(|(name, value)| is_moved(&setup, name, value))
            else {
                continue;
            };
            findings.push(finding(step, &setup, name, value));
        }
    }
    findings
}

/// Whether a variable names another directory than when setup-go ran.
fn is_moved(setup: &Caching<'_>, name: &str, value: &Value) -> bool {
    let new = text(value);
    // A value that Go gave is the one that it has; one that is not known may be.
    let is_known = !["go env", "env.", "$GO", "$(", "steps.", "inputs."]
        .iter()
        .any(|unknown| new.contains(unknown));
    let of_job = |env: &BTreeMap<String, Value>, name: &str| env.get(name).map(|old| text(old));
    let old = setup.before.iter().rev().find_map(|step| of_job(&step.run.exports, name));
    let old = old.or_else(|| of_job(&setup.job.env, name));
    // GOMODCACHE goes before GOPATH.
    let is_unused = name == "gopath" && setup.job.env.contains_key("gomodcache");
    is_known && !new.is_empty() && old.as_ref() != Some(&new) && !is_unused && !is_default(&new)
}

/// A directory that Go uses by itself on one of the systems of GitHub.
fn is_default(dir: &str) -> bool {
    let dir = dir.trim_end_matches('/');
    let below = ["~/", "$HOME/", "/home/runner/", "/root/", "/Users/runner/"]
        .iter()
        .find_map(|home| dir.strip_prefix(home));
    dir == "/go"
        || dir == "/go/pkg/mod"
        || below.is_some_and(|below| {
            matches!(below, "go" | "go/pkg/mod" | ".cache/go-build" | "Library/Caches/go-build")
        })
}

fn text(value: &[Part]) -> String {
    value.iter().map(|part| part.text.as_str()).collect()
}

fn finding(step: &Step, setup: &Caching<'_>, name: &str, value: &Value) -> Finding {
    let name = name.to_ascii_uppercase();
    let message = format!(
        "this moves {name} after setup-go has restored its cache: at the end of the job other paths \
         are saved than those that the next run looks for, so nothing is found again"
    );
    let script = match &step.kind {
        StepKind::Script { text } => text.as_str(),
        _ => "",
    };
    let place = match script.find(&format!("{name}=")) {
        Some(offset) => step.place_in_script(offset),
        None => step.place.clone(),
    };
    RULE.finding(&step.subject, message)
        .at(place)
        .with_evidence(format!("{name}={}", text(value)))
        .with_evidence(format!("after {}", setup.step.subject))
        .with_fix(format!("set {name} in `env:` of the job, or in a step before setup-go"))
}
