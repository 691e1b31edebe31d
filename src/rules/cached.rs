//! What rules about cache steps and the commands of their jobs share.

use super::commands;
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand, StepAt};
use crate::config::go_paths::GoDir;
use crate::config::pipeline::{CacheState, CachedBy, Flag, Job, Pipeline, StepKind, System};

/// A job with its indices in [`Repository::pipelines`].
#[derive(Clone, Copy)]
pub(super) struct JobAt<'r> {
    pub pipeline: &'r Pipeline,
    pub job: &'r Job,
    numbers: (usize, usize),
}

/// The jobs of all pipelines.
pub(super) fn jobs(repository: &Repository) -> impl Iterator<Item = JobAt<'_>> {
    repository.pipelines().iter().enumerate().flat_map(|(number, pipeline)| {
        let jobs = pipeline.jobs.iter().enumerate();
        jobs.map(move |(index, job)| JobAt { pipeline, job, numbers: (number, index) })
    })
}

impl<'r> JobAt<'r> {
    /// Whether a command is run by the job itself, and not in an image that it builds.
    pub(super) fn runs(&self, command: &GoCommand) -> bool {
        let is_own = |at: StepAt| (at.pipeline, at.job) == self.numbers;
        command.at.step.is_some_and(is_own) && command.at.context != Context::Dockerfile
    }

    /// The commands of the job that compile packages of the repository.
    pub(super) fn builds(
        &self,
        repository: &'r Repository,
    ) -> impl Iterator<Item = &'r GoCommand> + use<'r> {
        let own = *self;
        let (pipeline, job) = self.numbers;
        let commands = repository.go_commands_of(pipeline, job);
        commands.filter(move |command| commands::compiles(command) && own.runs(command))
    }

    /// Whether the job runs on a machine that starts empty.
    pub(super) fn is_hosted(&self) -> bool {
        self.job.runner.os.is_some() && !self.job.runner.is_own
    }

    /// The cache steps of the job.
    pub(super) fn caches(&self) -> impl Iterator<Item = CachedBy<'r>> + use<'r> {
        let (pipeline, job) = (self.pipeline, self.job);
        job.caches().map(move |(step, cache)| CachedBy { pipeline, job, step, cache })
    }

    /// Whether the job may have a cache of Go that its cache steps do not show.
    pub(super) fn may_cache_otherwise(&self) -> bool {
        self.job.steps.iter().any(|step| match &step.kind {
            StepKind::SetupGo(setup) => setup.cache != CacheState::Off,
            StepKind::Other { uses } => {
                let uses = uses.to_ascii_lowercase();
                // The steps of an action of the repository are steps of the job.
                !uses.starts_with("./")
                    && ["cache", "setup-go", "restore"].iter().any(|word| uses.contains(word))
            }
            StepKind::Cache(cache) => {
                let mut others = cache.paths.iter().filter(|path| path.go.is_empty());
                cache.paths.is_empty() || others.any(|path| may_be_go(&path.text))
            }
            StepKind::Script { .. } | StepKind::Checkout(_) => false,
        })
    }
}

/// The path below the workspace that a cached path is; `None` where it is not there for certain.
pub(super) fn in_workspace(text: &str) -> Option<&str> {
    const ROOTS: &[&str] =
        &["github.workspace/", "$GITHUB_WORKSPACE/", "$CI_PROJECT_DIR/", "${CI_PROJECT_DIR}/"];
    let text = text.trim().trim_end_matches(['/', '*']);
    if let Some(inside) = ROOTS.iter().find_map(|root| text.strip_prefix(*root)) {
        return Some(inside.trim_start_matches('/'));
    }
    let inside = text.strip_prefix("./").unwrap_or(text);
    (!is_unclear(inside) && !inside.starts_with(['/', '~', '!']) && !inside.contains(".."))
        .then_some(inside)
        .filter(|inside| !matches!(*inside, "" | "."))
}

/// Whether a path may be a directory of Go that a script names, or hold one.
fn may_be_go(text: &str) -> bool {
    let path = text.trim_end_matches('/').to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    is_unclear(text) || last.contains("cache") || matches!(last, "go" | ".go" | "gopath" | "~")
}

/// Whether a path may be any: it holds a variable or an expression that is not known.
fn is_unclear(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    // `steps.go.outputs.cache` is an expression, `.go` a folder.
    let is_expression = first.contains('.') && !first.starts_with('.');
    is_expression || text.contains(['$', '%', '(', '{', ':', '\\', '*'])
}

/// Jobs that save one directory of Go, not the other one, and compile; each with the step that saves.
pub(super) fn alone(
    repository: &Repository,
    dir: GoDir,
) -> impl Iterator<Item = (JobAt<'_>, CachedBy<'_>, &GoCommand)> {
    let other = if dir == GoDir::Build { GoDir::Modules } else { GoDir::Build };
    jobs(repository).filter_map(move |at| {
        // What Buildkite's own machines and volumes keep besides cannot be told.
        let is_fresh = match at.pipeline.system {
            System::GitHub => at.is_hosted(),
            System::GitLab | System::CircleCi | System::Azure => true,
            System::Buildkite | System::Woodpecker | System::Drone | System::CloudBuild => false,
        };
        let saves = |one: &CachedBy<'_>| {
            one.cache.how.saves() && one.cache.has(dir) && one.cache.lookup_only == Flag::No
        };
        let one = at.caches().find(saves)?;
        let has_other = at.caches().any(|one| one.cache.has(other));
        if !is_fresh || !at.pipeline.is_complete || has_other || at.may_cache_otherwise() {
            return None;
        }
        Some((at, one, at.builds(repository).next()?))
    })
}

/// Whether a job makes what is published: an entry that others may write has no place in it.
pub(super) fn is_release(at: &JobAt<'_>) -> bool {
    let publishes = |uses: &str| {
        let uses = uses.to_ascii_lowercase();
        ["goreleaser", "release", "attest", "cosign"].iter().any(|word| uses.contains(word))
    };
    let file = at.pipeline.path.rsplit('/').next().unwrap_or_default();
    says_release(file)
        || says_release(&at.job.id)
        || at.pipeline.triggers.contains("release")
        || at.job.steps.iter().any(|step| match &step.kind {
            StepKind::Other { uses } => publishes(uses),
            _ => false,
        })
}

/// Whether a job may make what another one of its workflow publishes.
pub(super) fn may_be_released(at: &JobAt<'_>) -> bool {
    is_release(at) || at.pipeline.jobs.iter().any(|job| says_release(&job.id))
}

fn says_release(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["release", "publish", "deploy", "nightly", "sign"].iter().any(|word| name.contains(word))
}

/// Whether a module of the repository carries its dependencies with it.
pub(super) fn has_vendor(repository: &Repository) -> bool {
    let is_list =
        |path: &String| path == "vendor/modules.txt" || path.ends_with("/vendor/modules.txt");
    repository.paths().iter().any(is_list)
}

/// Where a command stands, in a line of evidence: `go build ./... (Makefile:12)`.
pub(super) fn shown(command: &GoCommand) -> String {
    let place = &command.at.place;
    let line = place.at.map(|(line, _)| format!(":{line}")).unwrap_or_default();
    format!("{} ({}{line})", command.line(), place.path)
}

/// How a step comes to cache another directory of Go, too.
pub(super) fn fix(system: System, variable: &str, folder: &str) -> String {
    match system {
        System::GitLab => format!(
            "variables: {variable}: $CI_PROJECT_DIR/{folder}\nand `{folder}` in the paths of this cache"
        ),
        _ => format!("add the directory that `go env {variable}` says to the paths of this step"),
    }
}
