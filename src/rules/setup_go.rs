//! What rules about setup-go's own cache share.

use crate::config::pipeline::{CacheState, Checkout, DependencyFile, Job, SetupGo, Step, StepKind};
use crate::config::template::Part;
use crate::config::{PathPattern, Repository};
use crate::finding::{Edit, Safety};

use super::edits;

/// A setup-go step that caches unless something keeps it from it.
#[derive(Clone, Copy)]
pub(super) struct Caching<'a> {
    pub job: &'a Job,
    pub step: &'a Step,
    pub setup: &'a SetupGo,
    /// Steps of the job before this one.
    pub before: &'a [Step],
    /// Steps of the job after this one.
    pub after: &'a [Step],
}

/// The steps of all jobs that ask setup-go for its cache.
///
/// An action of the repository that no workflow uses is left out: what its
/// caller did before is not known.
pub(super) fn caching(repository: &Repository) -> impl Iterator<Item = Caching<'_>> {
    in_state(repository, CacheState::On)
}

/// The same of those steps of which the files do not tell whether they cache.
pub(super) fn unknown(repository: &Repository) -> impl Iterator<Item = Caching<'_>> {
    in_state(repository, CacheState::Unknown)
}

fn in_state(repository: &Repository, state: CacheState) -> impl Iterator<Item = Caching<'_>> {
    let jobs = repository.pipelines().iter().flat_map(|pipeline| {
        let is_action = pipeline.path.rsplit('/').next().is_some_and(|n| n.starts_with("action."));
        pipeline.jobs.iter().filter(move |_| !is_action)
    });
    jobs.flat_map(move |job| {
        job.steps.iter().enumerate().filter_map(move |(index, step)| {
            let StepKind::SetupGo(setup) = &step.kind else { return None };
            let before = job.steps.get(..index)?;
            let after = job.steps.get(index.saturating_add(1)..)?;
            (setup.cache == state).then_some(Caching { job, step, setup, before, after })
        })
    })
}

/// Turns the cache of a setup-go step off for what another step of the job does.
///
/// Only where both are written in one list of steps: whoever uses one of them uses the other.
pub(super) fn without_cache(
    repository: &Repository,
    one: &Caching<'_>,
    other: &Step,
) -> Option<Edit> {
    let place = &one.step.place;
    if other.place.path != place.path {
        return None;
    }
    edits::add_input(repository, place, "cache", "false", Safety::Safe).or_else(|| {
        edits::change_input(repository, place, "cache", "true", "false", Safety::Unsafe)
    })
}

/// Whether the file that the cache is keyed by is there when setup-go looks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dependencies {
    Found,
    /// The repository is checked out after the step.
    NotYet,
    /// Nothing is where the action looks; what that is.
    Missing(String),
    Unknown,
}

impl Caching<'_> {
    pub(super) fn dependencies(&self, repository: &Repository) -> Dependencies {
        if self.before.iter().any(may_bring_files) {
            return Dependencies::Unknown;
        }
        let checkouts: Vec<&Checkout> = self.before.iter().filter_map(checkout).collect();
        let [checkout] = checkouts.as_slice() else {
            let is_later = checkouts.is_empty() && self.after.iter().any(|s| checkout(s).is_some());
            return if is_later { Dependencies::NotYet } else { Dependencies::Unknown };
        };
        let folder = match checkout.path.as_deref().map(literal) {
            None => String::new(),
            Some(Some(path)) => format!("{}/", normal(&path)),
            Some(None) => return Dependencies::Unknown,
        };
        // Without a list of the repository nothing is known to be missing.
        let has_module = |path: &String| path == "go.mod" || path.ends_with("/go.mod");
        if checkout.is_other || !repository.paths().iter().any(has_module) {
            return Dependencies::Unknown;
        }
        let exists = |pattern: &str| {
            let pattern = normal(pattern);
            // `**/go.sum` looks into every folder.
            let inside = pattern
                .strip_prefix(&folder)
                .or_else(|| pattern.starts_with("**/").then_some(pattern.as_str()));
            let Some(inside) = inside.map(PathPattern::new) else { return false };
            repository.paths().iter().any(|path| inside.is_match(path))
        };
        let Some(lines) = &self.setup.dependency_paths else {
            let files: &[&str] = match self.setup.dependency_file {
                DependencyFile::GoSum => &["go.sum"],
                DependencyFile::GoMod => &["go.mod"],
                DependencyFile::Either => &["go.mod", "go.sum"],
            };
            return match files.iter().any(|file| exists(file)) {
                true => Dependencies::Found,
                false => Dependencies::Missing((*files.first().unwrap_or(&"go.mod")).to_owned()),
            };
        };
        let lines: Option<Vec<String>> = lines.iter().map(|line| literal(line)).collect();
        match lines {
            None => Dependencies::Unknown,
            // A line of nothing is the default, which the action looks for itself.
            Some(lines) if lines.iter().all(|line| line.trim().is_empty()) => Dependencies::Unknown,
            Some(lines) if lines.iter().any(|line| exists(line)) => Dependencies::Found,
            Some(lines) => Dependencies::Missing(lines.join(", ")),
        }
    }
}

fn checkout(step: &Step) -> Option<&Checkout> {
    match &step.kind {
        StepKind::Checkout(checkout) => Some(checkout),
        _ => None,
    }
}

/// Whether a step may put files into the workspace other than by a checkout that is known.
pub(super) fn may_bring_files(step: &Step) -> bool {
    match &step.kind {
        StepKind::Script { text } => {
            ["git ", "gh ", "tar ", "unzip", "go mod ", "go work ", "curl", "wget", "cp ", "mv "]
                .iter()
                .any(|word| text.contains(word))
        }
        StepKind::Other { uses } => {
            ["checkout", "download", "clone", "fetch"].iter().any(|word| uses.contains(word))
        }
        _ => false,
    }
}

fn literal(value: &[Part]) -> Option<String> {
    value.iter().map(|part| part.is_literal.then_some(part.text.as_str())).collect()
}

fn normal(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}
