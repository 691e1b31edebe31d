#![doc = include_str!("cache_key_shared.md")]

use std::collections::{BTreeMap, BTreeSet};

use super::cached::{self, JobAt};
use super::setup_go::{Caching, Dependencies, caching};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CachedBy, Flag, System, VersionSource};
use crate::config::template::{Class, Part};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-key-shared",
    summary: "legs of a matrix compile for several targets and save GOCACHE under one key",
    explanation: include_str!("cache_key_shared.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

/// Values of a variable that says what is compiled for, by the entry of the matrix.
type Targets = BTreeMap<String, BTreeSet<String>>;

fn check(repository: &Repository) -> Vec<Finding> {
    let setups: Vec<Caching<'_>> = caching(repository).collect();
    let mut findings = Vec::new();
    for at in cached::jobs(repository).filter(|at| at.pipeline.system == System::GitHub) {
        let targets = targets(repository, &at);
        if targets.is_empty() {
            continue;
        }
        for setup in setups.iter().filter(|setup| std::ptr::eq(setup.job, at.job)) {
            if is_one_key(repository, setup) {
                findings.push(of_setup(repository, setup, &targets));
            }
        }
        findings.extend(at.caches().filter(is_one_step).map(|one| of_step(&one, &targets)));
    }
    findings
}

/// The entries of the matrix that are GOOS or GOARCH of what the job compiles.
fn targets(repository: &Repository, at: &JobAt<'_>) -> Targets {
    let mut targets = Targets::new();
    for command in at.builds(repository).filter(|command| command.verb() != "run") {
        let set = ["GOOS", "GOARCH"].into_iter().filter_map(|name| command.at.env.get(name));
        for value in set {
            let shown = value.shown();
            let inner = shown.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
            let Some(entry) = inner.and_then(|text| text.trim().strip_prefix("matrix.")) else {
                continue;
            };
            let entry = entry.to_ascii_lowercase();
            if let Some(Some(values)) = at.job.matrix.values.get(&entry)
                && values.len() > 1
            {
                targets.insert(entry, values.clone());
            }
        }
    }
    targets
}

/// Whether setup-go has the same key in all legs.
fn is_one_key(repository: &Repository, setup: &Caching<'_>) -> bool {
    // The runner's system and processor are in the key, and so is the version of Go.
    let is_fixed = |value: &[Part]| value.iter().all(|part| part.is_literal);
    let version = match &setup.setup.version {
        VersionSource::Input(value) | VersionSource::File(value) => is_fixed(value),
        VersionSource::Path => false,
    };
    // A file that a step writes may tell the legs apart.
    let known = setup.setup.dependency_paths.iter().flatten().all(|value| {
        let path: String = value.iter().map(|part| part.text.as_str()).collect();
        let path = path.trim().trim_start_matches("./");
        is_fixed(value) && (path.contains('*') || repository.paths().iter().any(|own| own == path))
    });
    version
        && known
        && !setup.job.matrix.picks_runner
        && setup.dependencies(repository) == Dependencies::Found
}

/// Whether a step saves under the same key in all legs.
fn is_one_step(one: &CachedBy<'_>) -> bool {
    let key = &one.cache.key;
    let tells = |part: &Part| {
        part.is(Class::Opaque)
            || ["matrix", "strategy", "$(", "toJSON", "tojson"]
                .iter()
                .any(|name| part.text.contains(name))
            || (one.job.matrix.picks_runner && part.is(Class::Platform))
    };
    let differs = one.cache.paths.iter().any(|path| path.text.contains("matrix."));
    one.cache.how.saves()
        && one.cache.has(GoDir::Build)
        && one.cache.lookup_only == Flag::No
        && !key.parts.is_empty()
        && !key.parts.iter().any(tells)
        && !differs
}

fn message(targets: &Targets) -> String {
    let first = targets.iter().next();
    let legs = first.map_or(0, |(_, values)| values.len());
    let name = first.map_or("", |(entry, _)| entry);
    format!(
        "{legs} values of matrix.{name} compile for other targets under one key: the leg that ends \
         first saves, and all others compile everything in each run"
    )
}

fn evidence(mut finding: Finding, targets: &Targets) -> Finding {
    for (entry, values) in targets {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        finding = finding.with_evidence(format!("matrix.{entry}: {}", values.join(", ")));
    }
    finding
}

/// The entries as a part of a key.
fn part(targets: &Targets) -> String {
    let parts = targets.keys().map(|entry| format!("${{{{ matrix.{entry} }}}}"));
    parts.collect::<Vec<_>>().join("-")
}

fn of_setup(repository: &Repository, setup: &Caching<'_>, targets: &Targets) -> Finding {
    let has_go_sum = repository.paths().iter().any(|path| path == "go.sum");
    // A script of a composite action must say by which shell.
    let is_action = setup.step.subject.starts_with("action ");
    let fix = format!(
        "add a step before: run: echo '{}' > target.txt{}\n\
         and to setup-go cache-dependency-path: the lines {} and target.txt",
        part(targets),
        if is_action { ", with shell: bash" } else { "" },
        if has_go_sum { "go.sum" } else { "go.mod" }
    );
    let finding = RULE.finding(&setup.step.subject, message(targets));
    evidence(finding.at(setup.step.place.clone()), targets).with_fix(fix)
}

fn of_step(one: &CachedBy<'_>, targets: &Targets) -> Finding {
    let key = &one.cache.key;
    let before = key.text_before(Class::Deps).unwrap_or(&key.text);
    let after = key.text.get(before.len()..).unwrap_or_default();
    let separator = |text: &str| if text.is_empty() || text.ends_with('-') { "" } else { "-" };
    let mut new = format!("{before}{}{}", separator(before), part(targets));
    if !after.is_empty() {
        new.push('-');
        new.push_str(after);
    }
    let finding = RULE.finding(&one.step.subject, message(targets)).at(key.place.clone());
    let finding = evidence(finding.with_evidence(&key.text), targets);
    finding.with_fix(format!("key: {new}\nand the same in restore-keys"))
}
