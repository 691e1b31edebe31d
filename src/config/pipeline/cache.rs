//! Steps that restore and save files under a key, and what one of them may find of another.

use super::{Job, Pipeline, Step, StepKind};
use crate::config::go_paths::GoDir;
use crate::config::template::Template;

/// A step that restores or saves files under a key.
#[derive(Debug, Clone)]
pub struct CacheStep {
    pub how: CacheUse,
    pub key: Template,
    pub paths: Vec<CachePath>,
    pub restore_keys: Vec<Template>,
    /// Asks whether an entry exists and restores nothing.
    pub lookup_only: Flag,
    /// The step fails where the exact key is not found.
    pub fail_on_miss: Flag,
    pub store: Store,
}

impl CacheStep {
    #[must_use]
    pub fn has_go_path(&self) -> bool {
        self.paths.iter().any(|path| !path.go.is_empty())
    }

    #[must_use]
    pub fn has(&self, dir: GoDir) -> bool {
        self.paths.iter().any(|path| path.go.contains(&dir))
    }
}

/// How the store behind a cache step finds and keeps entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Store {
    /// Whether the key itself is looked up as a prefix too.
    pub key: Lookup,
    pub restore_keys: Lookup,
    /// Whether saving replaces an entry that is there.
    pub is_mutable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Prefix,
    Whole,
}

impl Store {
    /// Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching>.
    pub const GITHUB: Self =
        Self { key: Lookup::Prefix, restore_keys: Lookup::Prefix, is_mutable: false };
    /// Source: <https://circleci.com/docs/guides/optimize/caching/>.
    pub const CIRCLECI: Self = Self::GITHUB;
    /// Source: <https://learn.microsoft.com/en-us/azure/devops/pipelines/release/caching>.
    pub const AZURE: Self =
        Self { key: Lookup::Whole, restore_keys: Lookup::Prefix, is_mutable: false };
    /// Source: <https://docs.gitlab.com/ci/caching/>.
    pub const GITLAB: Self =
        Self { key: Lookup::Whole, restore_keys: Lookup::Whole, is_mutable: true };
    /// A folder or a bucket under one name.
    pub const FOLDER: Self = Self::GITLAB;
    /// Source: <https://github.com/buildkite-plugins/cache-buildkite-plugin>.
    pub const BUILDKITE: Self =
        Self { key: Lookup::Whole, restore_keys: Lookup::Whole, is_mutable: false };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    Restore,
    Save,
    Both,
}

impl CacheUse {
    #[must_use]
    pub fn restores(self) -> bool {
        matches!(self, Self::Restore | Self::Both)
    }

    #[must_use]
    pub fn saves(self) -> bool {
        matches!(self, Self::Save | Self::Both)
    }
}

/// An input that is true or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    Yes,
    No,
    /// An expression that cannot be resolved.
    Unknown,
}

/// One path of a cache step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePath {
    /// Resolved; expressions that could not be resolved as they are spelt.
    pub text: String,
    /// The directories of Go that it is or holds.
    pub go: Vec<GoDir>,
}

/// A cache step with what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct CachedBy<'a> {
    pub pipeline: &'a Pipeline,
    pub job: &'a Job,
    pub step: &'a Step,
    pub cache: &'a CacheStep,
}

impl CachedBy<'_> {
    /// Whether two steps are of one job. A reusable workflow that two workflows
    /// call is one job here: the two do not run together.
    #[must_use]
    pub fn is_same_job(&self, other: &Self) -> bool {
        self.step.place == other.step.place
            || (self.pipeline.path == other.pipeline.path && self.job.id == other.job.id)
    }

    /// Tells whether this step may restore what `writer` saves, in its run or in another.
    ///
    /// `false` is certain.
    #[must_use]
    pub fn may_restore(&self, writer: &Self) -> bool {
        // A lookup counts as a reader: it tells a job that the work is done.
        if self.pipeline.system != writer.pipeline.system
            || !self.cache.how.restores()
            || !writer.cache.how.saves()
        {
            return false;
        }
        let same_run = !self.is_same_job(writer);
        let reaches = |key: &Template, lookup| match lookup {
            Lookup::Prefix => key.may_restore(&writer.cache.key, same_run),
            Lookup::Whole => key.may_be(&writer.cache.key, same_run),
        };
        let store = self.cache.store;
        reaches(&self.cache.key, store.key)
            || self.cache.restore_keys.iter().any(|key| reaches(key, store.restore_keys))
    }
}

impl Step {
    #[must_use]
    pub fn cache(&self) -> Option<&CacheStep> {
        match &self.kind {
            StepKind::Cache(cache) => Some(cache),
            _ => None,
        }
    }
}

impl Job {
    /// The cache steps of the job, with the step that each is.
    pub fn caches(&self) -> impl Iterator<Item = (&Step, &CacheStep)> {
        self.steps.iter().filter_map(|step| Some((step, step.cache()?)))
    }
}

impl Pipeline {
    /// The cache steps of all jobs.
    pub fn caches(&self) -> impl Iterator<Item = CachedBy<'_>> {
        self.jobs.iter().flat_map(move |job| {
            job.caches().map(move |(step, cache)| CachedBy { pipeline: self, job, step, cache })
        })
    }
}
