#![doc = include_str!("cache_never_refreshed.md")]

use super::cached::{self, JobAt};
use super::setup_go::{Caching, Dependencies, caching};
use super::{Check, Rule};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CacheUse, CachedBy, Flag, Step};
use crate::config::template::Class;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "cache-never-refreshed",
    summary: "GOCACHE is saved once and stays as it was until a dependency changes",
    explanation: include_str!("cache_never_refreshed.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let setups: Vec<Caching<'_>> = caching(repository).collect();
    let mut findings = Vec::new();
    for pipeline in repository.pipelines() {
        let jobs = cached::jobs(repository).filter(|at| std::ptr::eq(at.pipeline, pipeline));
        let mut frozen: Vec<Frozen<'_>> = Vec::new();
        for at in jobs.filter(|at| at.builds(repository).next().is_some()) {
            frozen.extend(of_job(repository, &at, &setups));
        }
        let Some((step, fix)) = frozen.first() else { continue };
        let mut finding =
            RULE.finding(&step.subject, MESSAGE).at(step.place.clone()).with_fix(*fix);
        if let Some(more @ 1..) = frozen.len().checked_sub(1) {
            let steps = if more == 1 { "step" } else { "steps" };
            finding = finding.with_evidence(format!("{more} more {steps} of this file"));
        }
        findings.push(finding);
    }
    findings
}

const MESSAGE: &str = "an entry is saved once for each set of dependencies and never again: what changed \
                       since then in the sources is compiled in each run";
const FIX_SETUP: &str = "give setup-go `cache: false` and add actions/cache for `go env GOCACHE` and `go env \
                         GOMODCACHE`: in runs of the default branch save under a key that ends in \
                         ${{ github.sha }}, with the text before it as restore key; in all others only \
                         restore";
const FIX: &str = "in runs of the default branch save under a key that ends in ${{ github.sha }}, with \
                   the text before it as restore key; in all others only restore";

/// A step whose cache stays as it was, and what to do about it.
type Frozen<'r> = (&'r Step, &'static str);

/// The steps of a job whose GOCACHE follows nothing but the dependencies.
fn of_job<'r>(repository: &Repository, at: &JobAt<'r>, setups: &[Caching<'r>]) -> Vec<Frozen<'r>> {
    let own =
        setups.iter().filter(|setup| {
            // With the sources in the hash each change saves a new entry.
            let hashes_sources =
                setup.setup.dependency_paths.iter().flatten().any(|line| {
                    line.iter().any(|part| !part.is_literal || part.text.contains(".go"))
                });
            std::ptr::eq(setup.job, at.job)
                && !hashes_sources
                && setup.dependencies(repository) == Dependencies::Found
        });
    let steps = at.caches().filter(is_frozen).map(|one| (one.step, FIX));
    own.map(|setup| (setup.step, FIX_SETUP)).chain(steps).collect()
}

fn is_frozen(one: &CachedBy<'_>) -> bool {
    const CHANGES: &[Class] = &[Class::Volatile, Class::SlowVolatile, Class::Branch, Class::Opaque];
    let key = &one.cache.key;
    one.cache.how == CacheUse::Both
        && one.cache.has(GoDir::Build)
        && one.cache.lookup_only == Flag::No
        && !one.cache.store.is_mutable
        && key.has(Class::Deps)
        && !CHANGES.iter().any(|class| key.has(*class))
}
