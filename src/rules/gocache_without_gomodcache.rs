#![doc = include_str!("gocache_without_gomodcache.md")]

use super::{Check, Rule, cached};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "gocache-without-gomodcache",
    summary: "GOCACHE is cached, and the modules are downloaded in each run",
    explanation: include_str!("gocache_without_gomodcache.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let has_go_sum = repository.paths().iter().any(|path| path.ends_with("go.sum"));
    if !has_go_sum || cached::has_vendor(repository) {
        return Vec::new();
    }
    cached::alone(repository, GoDir::Build)
        .filter(|(_, _, command)| command.command.value("mod") != "vendor")
        .map(|(_, one, command)| {
            let message = "GOCACHE alone is cached: each run downloads all modules before it can \
                           use a package of it";
            RULE.finding(&one.step.subject, message)
                .at(one.step.place.clone())
                .with_evidence(format!("used by {}", cached::shown(command)))
                .with_fix(cached::fix(one.pipeline.system, "GOMODCACHE", ".go/pkg/mod"))
        })
        .collect()
}
