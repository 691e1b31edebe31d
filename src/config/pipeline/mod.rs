//! What the rules see of a CI system: pipelines of jobs of steps.

mod cache;

use std::collections::{BTreeMap, BTreeSet};

pub use cache::{CachePath, CacheStep, CacheUse, CachedBy, Flag, Lookup, Store};

use super::classify;
use super::script::Lines;
use super::template::{Class, Part, Shortened, Value};
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

impl SetupGo {
    /// What installs Go and caches nothing.
    #[must_use]
    pub fn without_cache(version: VersionSource) -> Self {
        let (cache, dependency_file) = (CacheState::Off, DependencyFile::Either);
        Self { version, release: None, cache, dependency_paths: None, dependency_file }
    }
}

impl Step {
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
