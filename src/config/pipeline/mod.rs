//! What the rules see of a CI system: pipelines of jobs of steps.

use std::collections::{BTreeMap, BTreeSet};

use super::classify;
use super::go_paths::GoDir;
use super::script::Lines;
use super::template::{Class, Part, Shortened, Template, Value};
use crate::finding::Place;

/// One workflow, with the reusable workflows that it calls in place.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The file, relative to the audited root.
    pub path: String,
    pub system: System,
    /// Names of the events that start it; empty where they cannot be told.
    pub triggers: BTreeSet<String>,
    /// False for what only others call, from outside of the repository: what
    /// stands around it is not known.
    pub is_complete: bool,
    pub jobs: Vec<Job>,
}

/// The CI system that runs a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    GitHub,
    GitLab,
    CircleCi,
    Azure,
    Buildkite,
    Woodpecker,
    Drone,
    CloudBuild,
}

/// One job of a pipeline, the composite actions that it uses in place.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    /// Ids of all jobs that end before this one starts.
    pub needs: BTreeSet<String>,
    pub runner: Runner,
    pub matrix: Matrix,
    /// Variables of all steps, resolved; the names in lower case.
    pub env: BTreeMap<String, Value>,
    pub steps: Vec<Step>,
}

/// Where a job runs.
#[derive(Debug, Clone, Default)]
pub struct Runner {
    /// `None` where it cannot be told, as for a self-hosted runner.
    pub os: Option<BTreeSet<Os>>,
    /// The image of the job's container.
    pub container: Option<Image>,
    /// Whether it is a machine of one's own, which may keep files from run to run.
    pub is_own: bool,
}

/// A container image where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Resolved.
    pub name: Value,
    pub place: Place,
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
    /// Values that YAML reads as shorter numbers, by the path of their entry.
    pub shortened: BTreeMap<String, Shortened>,
    /// Whether an entry says on which runner a leg runs.
    pub picks_runner: bool,
}

/// One step of a job.
#[derive(Debug, Clone)]
pub struct Step {
    /// What a finding about the step is about: `job build, step "Cache"`.
    pub subject: String,
    /// The `id:` by which later steps of the same file name it.
    pub id: Option<String>,
    pub place: Place,
    /// Whether the step may be left out: it has an `if:` or its like.
    pub is_conditional: bool,
    /// What it is run with.
    pub run: Run,
    /// The image of the step where it is not that of the job.
    pub image: Option<Image>,
    pub kind: StepKind,
}

/// What a script or an action is run with, and where its lines stand.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Where each piece of the text stands.
    pub lines: Lines,
    /// The environment that the files give it; the names in lower case.
    pub env: BTreeMap<String, Value>,
    /// The working directory, where one is given.
    pub dir: Option<Value>,
    /// The shell, where one is named.
    pub shell: Option<Value>,
    /// What the expressions in the text are, by what stands between `${{` and `}}`.
    pub expressions: BTreeMap<String, Value>,
    /// Of an action: its inputs; the names in lower case.
    pub inputs: BTreeMap<String, Value>,
    /// Variables that it sets for all steps after it; the names in lower case.
    pub exports: BTreeMap<String, Value>,
}

impl From<Lines> for Run {
    fn from(lines: Lines) -> Self {
        Self { lines, ..Self::default() }
    }
}

#[derive(Debug, Clone)]
pub enum StepKind {
    Checkout(Checkout),
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

/// A step that puts a repository into the workspace.
#[derive(Debug, Clone, Default)]
pub struct Checkout {
    /// The folder of the workspace, where it is not the workspace itself.
    pub path: Option<Value>,
    /// Whether it may be another repository than that of the pipeline.
    pub is_other: bool,
}

/// A step that installs Go, and caches GOCACHE and GOMODCACHE unless told not to.
#[derive(Debug, Clone)]
pub struct SetupGo {
    pub version: VersionSource,
    /// Major and minor version of the action; `None` where they cannot be told.
    /// A minor version that is not there is the newest one.
    pub release: Option<(u32, Option<u32>)>,
    pub cache: CacheState,
    /// Lines of `cache-dependency-path`, in place of the default file.
    pub dependency_paths: Option<Vec<Value>>,
    pub dependency_file: DependencyFile,
}

/// The file of the workspace whose hash is in the key of setup-go's own cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependencyFile {
    GoSum,
    GoMod,
    /// The version of the action cannot be told.
    Either,
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
    pub store: Store,
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

impl SetupGo {
    /// What installs Go and caches nothing.
    #[must_use]
    pub fn without_cache(version: VersionSource) -> Self {
        let (cache, dependency_file) = (CacheState::Off, DependencyFile::Either);
        Self { version, release: None, cache, dependency_paths: None, dependency_file }
    }
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

impl Step {
    #[must_use]
    pub fn cache(&self) -> Option<&CacheStep> {
        match &self.kind {
            StepKind::Cache(cache) => Some(cache),
            _ => None,
        }
    }

    /// The place of a byte of the step's script; that of the step where it has none.
    #[must_use]
    pub fn place_in_script(&self, offset: usize) -> Place {
        let text = match &self.kind {
            StepKind::Script { text } => text,
            _ => "",
        };
        self.run.lines.place(text, offset).unwrap_or_else(|| self.place.clone())
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

/// All jobs that end before a job starts, from those that each names itself.
pub(super) fn all_needs(direct: &BTreeMap<String, BTreeSet<String>>, id: &str) -> BTreeSet<String> {
    let mut needs = BTreeSet::new();
    let mut waiting: Vec<&String> = direct.get(id).into_iter().flatten().collect();
    while let Some(name) = waiting.pop() {
        if needs.insert(name.clone()) {
            waiting.extend(direct.get(name).into_iter().flatten());
        }
    }
    needs
}

impl Matrix {
    /// Returns what an expression that names an entry stands for.
    pub(super) fn part(&self, path: &[String], name: &str) -> Part {
        let mut part = Part::new(path.join("."), [Class::Job]);
        let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
        if classify::names_platform(last) {
            part.classes.insert(Class::Platform);
        }
        part.shortened = self.shortened.get(name).cloned();
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
