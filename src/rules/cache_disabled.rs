#![doc = include_str!("cache_disabled.md")]

use super::{Check, Rule, cached};
use crate::config::Repository;
use crate::config::go_command::GoCommand;
use crate::config::pipeline::{CacheState, SetupGo, System};
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-disabled",
    summary: "setup-go is told not to cache, and nothing else does",
    explanation: include_str!("cache_disabled.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    if cached::has_vendor(repository) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for at in cached::jobs(repository) {
        let is_hosted = at.pipeline.system == System::GitHub && at.is_hosted();
        let caches = at.caches().any(|one| one.cache.has_go_path()) || at.may_cache_otherwise();
        if !is_hosted || !at.pipeline.is_complete || caches || cached::may_be_released(&at) {
            continue;
        }
        let mut setups =
            at.job.setups().filter(|(step, setup)| !step.is_conditional && is_told(setup));
        let Some((step, _)) = setups.next() else { continue };
        let is_test = |command: &&GoCommand| matches!(command.verb(), "build" | "test" | "vet");
        let Some(command) = at.builds(repository).find(is_test) else { continue };
        findings.push(
            RULE.finding(
                &step.subject,
                "the cache of setup-go is off, and no other step caches: each run downloads all \
                 modules and compiles all packages",
            )
            .at(step.place.clone())
            .with_evidence(format!("compiled by {}", cached::shown(command)))
            .with_fix("drop `cache: false`, or add a step with actions/cache"),
        );
    }
    findings
}

/// Whether `cache: false` is written, and not the default of an old version.
fn is_told(setup: &SetupGo) -> bool {
    setup.cache == CacheState::Off && setup.release.is_none_or(|(major, _)| major > 3)
}
