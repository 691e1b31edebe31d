//! The rules. A rule is a constant and a pure function; it never sees a policy.
//!
//! To add one: write `<rule>.rs` and `<rule>.md` here and add it to [`RULES`].
//! The tests name whatever is missing.

mod action_id_differs;
mod artifact_not_parsed;
mod builds;
mod cache_key_no_toolchain;
mod cache_key_volatile;
mod cache_never_trimmed;
mod cache_no_restore_keys;
mod cache_too_large;
mod cached_executables;
mod caches;
mod cgo_enabled;
pub(crate) mod expired_ignore;
mod file_not_read;
mod hash_log_incomplete;
mod leaked_environment;
mod leaked_goroot;
mod leaked_host;
mod leaked_path;
mod leaked_user;
mod leaking;
mod missing_trimpath;
mod nondeterministic_output;
mod not_reproducible;
pub(crate) mod nothing_compared;
mod poisoned_entry;
mod stray_a;
mod two_artifact_sets;
mod unpinned_toolchain;
pub(crate) mod unused_ignore;
mod volatile_gcflags;
mod volatile_ldflags;
mod wasted_recompiles;

use std::collections::BTreeSet;

use crate::config::Repository;
use crate::finding::{Finding, Level, Place};

pub use builds::Builds;
pub use caches::Cache;

/// Every rule, sorted by id.
pub const RULES: &[&Rule] = &[
    &action_id_differs::RULE,
    &artifact_not_parsed::RULE,
    &cache_key_no_toolchain::RULE,
    &cache_key_volatile::RULE,
    &cache_never_trimmed::RULE,
    &cache_no_restore_keys::RULE,
    &cache_too_large::RULE,
    &cached_executables::RULE,
    &cgo_enabled::RULE,
    &expired_ignore::RULE,
    &file_not_read::RULE,
    &hash_log_incomplete::RULE,
    &leaked_environment::RULE,
    &leaked_goroot::RULE,
    &leaked_host::RULE,
    &leaked_path::RULE,
    &leaked_user::RULE,
    &missing_trimpath::RULE,
    &nondeterministic_output::RULE,
    &not_reproducible::RULE,
    &nothing_compared::RULE,
    &poisoned_entry::RULE,
    &stray_a::RULE,
    &two_artifact_sets::RULE,
    &unpinned_toolchain::RULE,
    &unused_ignore::RULE,
    &volatile_gcflags::RULE,
    &volatile_ldflags::RULE,
    &wasted_recompiles::RULE,
];

/// What a rule is called, what it reads, and how it reads it.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case name of the thing found.
    pub id: &'static str,
    /// One line, lower case, no full stop.
    pub summary: &'static str,
    /// Markdown: What it finds, Why it matters, What to do, Source.
    pub explanation: &'static str,
    /// Level of its findings where no policy names the rule.
    pub level: Level,
    /// What the rule reads, and the function that reads it.
    pub check: Check,
}

/// What a rule reads. The variant is the whole contract between rule and engine.
#[derive(Debug)]
pub enum Check {
    /// Two recordings and what the comparison made of them.
    Builds(fn(&Builds<'_>) -> Vec<Finding>),
    /// The build and CI files of the repository.
    Files(fn(&Repository) -> Vec<Finding>),
    /// A GOCACHE.
    Cache(fn(&Cache) -> Vec<Finding>),
    /// Stated by the engine itself (a policy's ignores, files that could not be read).
    Engine,
}

impl Rule {
    /// Says whether the rule reads files alone, so that it runs at every depth.
    #[must_use]
    pub const fn is_about_files(&self) -> bool {
        matches!(self.check, Check::Files(_))
    }

    /// Says whether the rule reads a cache.
    #[must_use]
    pub const fn is_about_caches(&self) -> bool {
        matches!(self.check, Check::Cache(_))
    }

    /// Starts a finding of this rule.
    #[must_use]
    pub fn finding(&self, subject: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            rule: self.id,
            subject: subject.into(),
            message: message.into(),
            place: None,
            evidence: Vec::new(),
            fix: None,
        }
    }
}

impl Finding {
    /// Says where in the repository the finding is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds a line to look at.
    #[must_use]
    pub fn with_evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// Returns the rule of that id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Runs every rule about builds. The findings come back sorted.
#[must_use]
pub fn check_builds(builds: &Builds<'_>) -> Vec<Finding> {
    sorted(RULES.iter().flat_map(|rule| match rule.check {
        Check::Builds(check) => check(builds),
        Check::Files(_) | Check::Cache(_) | Check::Engine => Vec::new(),
    }))
}

/// Runs every rule about caches. The findings come back sorted.
#[must_use]
pub fn check_cache(cache: &Cache) -> Vec<Finding> {
    sorted(RULES.iter().flat_map(|rule| match rule.check {
        Check::Cache(check) => check(cache),
        Check::Builds(_) | Check::Files(_) | Check::Engine => Vec::new(),
    }))
}

/// Runs every rule about files. The findings come back sorted.
///
/// What is written once and used by several jobs (an anchor, an action, a
/// reusable workflow) is told once.
#[must_use]
pub fn check_files(repository: &Repository) -> Vec<Finding> {
    let mut findings = sorted(RULES.iter().flat_map(|rule| match rule.check {
        Check::Files(check) => check(repository),
        Check::Builds(_) | Check::Cache(_) | Check::Engine => Vec::new(),
    }));
    let mut told = BTreeSet::new();
    findings.retain(|finding| {
        told.insert((finding.rule, finding.place.clone(), finding.message.clone()))
    });
    findings
}

fn sorted(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = findings.collect();
    findings.sort();
    findings
}
