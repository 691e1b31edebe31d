//! CircleCI: the jobs of each workflow, commands and executors in place.
//!
//! Source: <https://circleci.com/docs/reference/configuration-reference/>.

mod jobs;
mod orb;
mod parameters;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::document::Document;
use super::pipeline::{CachePath, CacheUse, Job, Pipeline, StepKind, System};
use super::template::Template;
use super::{Reading, SourceFile, is_yaml, unread};

/// `config.yml`, and those that a set-up pipeline goes on with.
pub(super) fn is_root(path: &str) -> bool {
    path.strip_prefix(".circleci/").and_then(is_yaml).is_some_and(|name| !name.contains('/'))
}

pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut reading = Reading::default();
    for source in sources.iter().filter(|source| is_root(&source.path)) {
        let document = match Document::parse(source) {
            Ok(Some(document)) => document,
            Ok(None) => continue,
            Err(unread) => {
                reading.unread.push(unread);
                continue;
            }
        };
        if document.find(document.root, &["jobs"]).is_none()
            && document.find(document.root, &["workflows"]).is_none()
        {
            continue;
        }
        let (mut jobs, is_cut) = jobs::jobs(&document);
        if is_cut {
            let reason = "it runs more jobs and steps than are followed";
            reading.unread.push(unread(document.path, None, reason));
        }
        give_paths(&mut jobs);
        // A set-up pipeline goes on with jobs that it makes up.
        let is_setup = document.text(document.root, &["setup"]) == Some("true");
        reading.pipelines.push(Pipeline {
            path: document.path.to_owned(),
            system: System::CircleCi,
            triggers: BTreeSet::new(),
            is_complete: !is_setup,
            jobs,
        });
    }
    reading
}

/// Gives each step that restores the paths of the entries that it may restore,
/// since only what saves names them.
fn give_paths(jobs: &mut [Job]) {
    let caches = jobs.iter().flat_map(Job::caches);
    let saved: Vec<(Template, Vec<CachePath>)> = caches
        .filter(|(_, cache)| cache.how == CacheUse::Save)
        .map(|(_, cache)| (cache.key.clone(), cache.paths.clone()))
        .collect();
    for step in jobs.iter_mut().flat_map(|job| &mut job.steps) {
        let StepKind::Cache(cache) = &mut step.kind else { continue };
        if cache.how != CacheUse::Restore || !cache.paths.is_empty() {
            continue;
        }
        let keys = || std::iter::once(&cache.key).chain(&cache.restore_keys);
        let found = saved.iter().filter(|(key, _)| keys().any(|own| own.may_restore(key, true)));
        let mut paths: Vec<CachePath> = Vec::new();
        for path in found.flat_map(|(_, paths)| paths) {
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
        cache.paths = paths;
    }
}
