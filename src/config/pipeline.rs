//! What the rules see of a CI system: pipelines of jobs of steps.

use std::collections::{BTreeMap, BTreeSet};

use super::classify;
use super::go_paths::GoDir;
use super::template::{Class, Part, Template, Value};
use crate::finding::Place;

/// One workflow, with the reusable workflows that it calls in place.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The file, relative to the audited root.
    pub path: String,
    /// Names of the events that start it; empty where they cannot be told.
    pub triggers: BTreeSet<String>,
    /// False for what only others call, from outside of the repository: what
    /// stands around it is not known.
    pub is_complete: bool,
    pub jobs: Vec<Job>,
}

/// One job of a pipeline, the composite actions that it uses in place.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    /// Ids of all jobs that end before this one starts.
    pub needs: BTreeSet<String>,
    pub runner: Runner,
    pub matrix: Matrix,
    pub steps: Vec<Step>,
}

/// Where a job runs.
#[derive(Debug, Clone, Default)]
pub struct Runner {
    /// `None` where it cannot be told, as for a self-hosted runner.
    pub os: Option<BTreeSet<Os>>,
    /// The image of the job's container, resolved.
    pub container: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Os {
    Linux,
    MacOs,
    Windows,
}

/// Entries of a matrix by their path, such as `go` or `target.os`.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// `None` where the values cannot be told.
    pub values: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Whether there may be entries that are not in `values`.
    pub is_open: bool,
}

/// One step of a job.
#[derive(Debug, Clone)]
pub struct Step {
    /// What a finding about the step is about: `job build, step "Cache"`.
    pub subject: String,
    /// The `id:` by which later steps of the same file name it.
    pub id: Option<String>,
    pub place: Place,
    /// Of a script: what it is run with.
    pub run: Run,
    pub kind: StepKind,
}

/// What a script is run with, and where its lines stand.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Where each line of the text begins, as far as that can be told.
    pub lines: Vec<Place>,
    /// The environment that the files give it; the names in lower case.
    pub env: BTreeMap<String, Value>,
    /// The working directory, where one is given.
    pub dir: Option<Value>,
    /// The shell, where one is named.
    pub shell: Option<Value>,
    /// What the expressions in the text are, by what stands between `${{` and `}}`.
    pub expressions: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
pub enum StepKind {
    Checkout,
    SetupGo(SetupGo),
    Cache(CacheStep),
    Script {
        text: String,
    },
    /// Any other action, as written in `uses:`.
    Other {
        uses: String,
    },
}

/// A step that installs Go, and caches GOCACHE and GOMODCACHE unless told not to.
#[derive(Debug, Clone)]
pub struct SetupGo {
    pub version: VersionSource,
    pub cache: CacheState,
}

/// Where the Go version of a step comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSource {
    Input(Value),
    File(Value),
    /// Neither is given: whatever Go is on PATH.
    Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheState {
    On,
    Off,
    /// The input is an expression, or the version of the action cannot be told.
    Unknown,
}

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    Restore,
    Save,
    Both,
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
    /// Which directory of Go it is, if any.
    pub go: Option<GoDir>,
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
        if self.pipeline.path == other.pipeline.path {
            self.job.id == other.job.id
        } else {
            self.step.place == other.step.place
        }
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

impl CacheStep {
    #[must_use]
    pub fn has_go_path(&self) -> bool {
        self.paths.iter().any(|path| path.go.is_some())
    }

    #[must_use]
    pub fn has(&self, dir: GoDir) -> bool {
        self.paths.iter().any(|path| path.go == Some(dir))
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

    /// The steps that install Go.
    pub fn setups(&self) -> impl Iterator<Item = (&Step, &SetupGo)> {
        self.steps.iter().filter_map(|step| match &step.kind {
            StepKind::SetupGo(setup) => Some((step, setup)),
            _ => None,
        })
    }
}

impl Matrix {
    /// Returns what an expression that names an entry stands for.
    pub(super) fn part(&self, path: &[String], name: &str) -> Part {
        let mut part = Part::new(path.join("."), [Class::Job]);
        let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
        if classify::names_platform(last) {
            part.classes.insert(Class::Platform);
        }
        match self.values.get(name) {
            Some(Some(values)) => {
                let mut values = values.iter();
                let is_version = values.any(|value| classify::is_go_version(value));
                part.classes.extend(is_version.then_some(Class::Toolchain));
            }
            Some(None) => {
                part.classes.insert(Class::Opaque);
            }
            // A whole object (`toJSON(matrix)`) may hold anything.
            None if self.is_open || self.holds_under(name) => {
                part.classes.insert(Class::Opaque);
            }
            // An entry that no leg has is empty.
            None => {}
        }
        part
    }

    fn holds_under(&self, name: &str) -> bool {
        let below = |entry: &String| {
            name.is_empty() || entry.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        };
        self.values.keys().any(below)
    }
}
