#![doc = include_str!("gomodcache_without_gocache.md")]

use super::{Check, Rule, cached};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "gomodcache-without-gocache",
    summary: "modules are cached, and all packages are compiled in each run",
    explanation: include_str!("gomodcache_without_gocache.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    cached::alone(repository, GoDir::Modules)
        .map(|(_, one, command)| {
            let message = "the modules alone are cached: each run compiles all packages, those of \
                           the dependencies and of the standard library included";
            RULE.finding(&one.step.subject, message)
                .at(one.step.place.clone())
                .with_evidence(format!("compiled by {}", cached::shown(command)))
                .with_fix(format!(
                    "{}\nand the Go version to its key",
                    cached::fix(one.pipeline.system, "GOCACHE", ".go-build")
                ))
        })
        .collect()
}
