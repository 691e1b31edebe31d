//! The rules. A rule is a constant and a pure function; it never sees a policy.
//!
//! To add one: write `<rule>.rs` and `<rule>.md` here and add it to [`RULES`].
//! The tests name whatever is missing.

mod action_id_differs;
mod artifact_not_parsed;
mod builds;
mod cache_clean;
mod cache_dependency_path_incomplete;
mod cache_dependency_path_missing;
mod cache_disabled;
mod cache_key_constant;
mod cache_key_hash_empty;
mod cache_key_invalid;
mod cache_key_no_deps;
mod cache_key_no_platform;
mod cache_key_no_toolchain;
mod cache_key_shared;
mod cache_key_volatile;
mod cache_missing;
mod cache_never_refreshed;
mod cache_never_trimmed;
mod cache_no_restore_keys;
mod cache_output_dir;
mod cache_path_mismatch;
mod cache_path_outside_project;
mod cache_path_too_broad;
mod cache_pr_scope_only;
mod cache_restore_without_save;
mod cache_too_large;
mod cache_version_mismatch;
mod cached;
mod cached_executables;
mod caches;
mod cgo_enabled;
mod cgo_enabled_unpinned;
mod commands;
mod docker;
mod docker_cache_mount_ephemeral;
mod docker_cache_mount_mismatch;
mod docker_copy_before_download;
mod docker_no_cache_mount;
mod double_cache;
mod double_setup_go;
mod edits;
pub(crate) mod expired_ignore;
mod file_not_read;
mod go_env_changed_after_setup_go;
mod go_get_in_ci;
mod go_run_helper;
mod go_tool_unpinned;
mod go_version_float;
mod gocache_without_gomodcache;
mod gomodcache_without_gocache;
mod goreleaser_no_mod_timestamp;
mod hash_log_incomplete;
mod installsuffix_obsolete;
mod leaked_environment;
mod leaked_goroot;
mod leaked_host;
mod leaked_path;
mod leaked_user;
mod leaking;
mod missing_trimpath;
mod mod_mod;
mod modcache_in_workspace_hash;
mod modcache_vendored;
mod no_buildvcs_control;
mod nondeterministic_output;
mod not_reproducible;
mod not_resolved;
pub(crate) mod nothing_compared;
mod poisoned_entry;
mod restore_key_dead;
mod setup_go;
mod setup_go_before_checkout;
mod setup_go_outdated;
mod spelling;
mod stray_a;
mod test_cache_defeated;
mod two_artifact_sets;
mod unpinned_toolchain;
pub(crate) mod unused_ignore;
mod volatile_gcflags;
mod volatile_ldflags;
mod volatility;
mod warm_flags_mismatch;
mod wasted_recompiles;

use std::collections::BTreeSet;

use crate::config::Repository;
use crate::finding::{Edit, Finding, Level, Place};

pub use builds::Builds;
pub use caches::Cache;
pub use not_resolved::{NotResolved, not_resolved};

/// Every rule, sorted by id.
pub const RULES: &[&Rule] = &[
    &action_id_differs::RULE,
    &artifact_not_parsed::RULE,
    &cache_clean::RULE,
    &cache_dependency_path_incomplete::RULE,
    &cache_dependency_path_missing::RULE,
    &cache_disabled::RULE,
    &cache_key_constant::RULE,
    &cache_key_hash_empty::RULE,
    &cache_key_invalid::RULE,
    &cache_key_no_deps::RULE,
    &cache_key_no_platform::RULE,
    &cache_key_no_toolchain::RULE,
    &cache_key_shared::RULE,
    &cache_key_volatile::RULE,
    &cache_missing::RULE,
    &cache_never_refreshed::RULE,
    &cache_never_trimmed::RULE,
    &cache_no_restore_keys::RULE,
    &cache_output_dir::RULE,
    &cache_path_mismatch::RULE,
    &cache_path_outside_project::RULE,
    &cache_path_too_broad::RULE,
    &cache_pr_scope_only::RULE,
    &cache_restore_without_save::RULE,
    &cache_too_large::RULE,
    &cache_version_mismatch::RULE,
    &cached_executables::RULE,
    &cgo_enabled::RULE,
    &cgo_enabled_unpinned::RULE,
    &docker_cache_mount_ephemeral::RULE,
    &docker_cache_mount_mismatch::RULE,
    &docker_copy_before_download::RULE,
    &docker_no_cache_mount::RULE,
    &double_cache::RULE,
    &double_setup_go::RULE,
    &expired_ignore::RULE,
    &file_not_read::RULE,
    &go_env_changed_after_setup_go::RULE,
    &go_get_in_ci::RULE,
    &go_run_helper::RULE,
    &go_tool_unpinned::RULE,
    &go_version_float::RULE,
    &gocache_without_gomodcache::RULE,
    &gomodcache_without_gocache::RULE,
    &goreleaser_no_mod_timestamp::RULE,
    &hash_log_incomplete::RULE,
    &installsuffix_obsolete::RULE,
    &leaked_environment::RULE,
    &leaked_goroot::RULE,
    &leaked_host::RULE,
    &leaked_path::RULE,
    &leaked_user::RULE,
    &missing_trimpath::RULE,
    &mod_mod::RULE,
    &modcache_in_workspace_hash::RULE,
    &modcache_vendored::RULE,
    &no_buildvcs_control::RULE,
    &nondeterministic_output::RULE,
    &not_reproducible::RULE,
    &nothing_compared::RULE,
    &poisoned_entry::RULE,
    &restore_key_dead::RULE,
    &setup_go_before_checkout::RULE,
    &setup_go_outdated::RULE,
    &stray_a::RULE,
    &test_cache_defeated::RULE,
    &two_artifact_sets::RULE,
    &unpinned_toolchain::RULE,
    &unused_ignore::RULE,
    &volatile_gcflags::RULE,
    &volatile_ldflags::RULE,
    &warm_flags_mismatch::RULE,
    &wasted_recompiles::RULE,
];

/// What a rule is called, what it reads, and how it reads it.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case name of the thing found.
    pub id: &'static str,
    /// One line, lower case, no full stop.
    pub summary: &'static str,
    /// Markdown: What it finds, Why it matters, What to do, When to ignore it, Source.
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
    /// Both: what the files say, and what a recorded build did.
    Both { builds: fn(&Builds<'_>) -> Vec<Finding>, files: fn(&Repository) -> Vec<Finding> },
    /// A GOCACHE.
    Cache(fn(&Cache) -> Vec<Finding>),
    /// Stated by the engine itself (a policy's ignores, files that could not be read).
    Engine,
}

impl Rule {
    /// Says whether the rule reads files alone, so that it runs at every depth.
    #[must_use]
    pub const fn is_about_files(&self) -> bool {
        matches!(self.check, Check::Files(_) | Check::Both { .. })
    }

    /// Tells whether it is run in full by an audit that always reads files, and
    /// builds and a cache or not.
    #[must_use]
    pub const fn is_run_with(&self, builds: bool, cache: bool) -> bool {
        match self.check {
            Check::Files(_) | Check::Engine => true,
            Check::Builds(_) | Check::Both { .. } => builds,
            Check::Cache(_) => cache,
        }
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
            edits: Vec::new(),
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

    /// Says how the files are to be changed; no change where that cannot be told.
    #[must_use]
    pub fn with_edits(mut self, edits: Option<Vec<Edit>>) -> Self {
        self.edits = edits.unwrap_or_default();
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
        Check::Builds(check) | Check::Both { builds: check, .. } => check(builds),
        Check::Files(_) | Check::Cache(_) | Check::Engine => Vec::new(),
    }))
}

/// Runs every rule about caches. The findings come back sorted.
#[must_use]
pub fn check_cache(cache: &Cache) -> Vec<Finding> {
    sorted(RULES.iter().flat_map(|rule| match rule.check {
        Check::Cache(check) => check(cache),
        Check::Builds(_) | Check::Files(_) | Check::Both { .. } | Check::Engine => Vec::new(),
    }))
}

/// Runs every rule about files. The findings come back sorted.
///
/// What is written once and used by several jobs (an anchor, an action, a
/// reusable workflow) is told once.
#[must_use]
pub fn check_files(repository: &Repository) -> Vec<Finding> {
    let mut findings = sorted(RULES.iter().flat_map(|rule| match rule.check {
        Check::Files(check) | Check::Both { files: check, .. } => check(repository),
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
