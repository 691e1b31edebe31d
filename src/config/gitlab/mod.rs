//! GitLab CI: `.gitlab-ci.yml` and the files of the repository that it includes.
//!
//! Source: <https://docs.gitlab.com/ci/yaml/>.

mod cache;
mod config;
mod jobs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::pipeline::{Pipeline, System};
use super::platform::PathPattern;
use super::template::Class;
use super::{Reading, SourceFile, unread};
use config::{Config, Include};

const ROOT: &str = ".gitlab-ci.yml";
/// GitLab follows no more includes.
const MAX_INCLUDES: usize = 150;

pub(super) fn is_root(path: &str) -> bool {
    path == ROOT
}

/// Reads the pipeline of a repository, and those that its jobs start.
pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut reading = Reading::default();
    let mut documents: BTreeMap<&str, Document<'_>> = BTreeMap::new();
    let mut waiting: Vec<&SourceFile> =
        sources.iter().filter(|source| is_root(&source.path)).collect();
    let mut seen = BTreeSet::new();
    while let Some(source) = waiting.pop() {
        if !seen.insert(source.path.as_str()) || seen.len() > MAX_INCLUDES {
            continue;
        }
        match Document::parse(source) {
            Ok(Some(mut document)) => {
                document.skip_header("spec");
                let wanted = config::includes(&document).into_iter().chain(children(&document));
                for wanted in wanted.filter_map(Include::pattern) {
                    let wanted = PathPattern::new(&wanted);
                    waiting.extend(sources.iter().filter(|s| wanted.is_match(&s.path)));
                }
                documents.insert(&source.path, document);
            }
            Ok(None) => {}
            Err(unread) => reading.unread.push(unread),
        }
    }
    let mut roots = vec![ROOT.to_owned()];
    let started = documents.values().flat_map(children).filter_map(Include::pattern);
    roots.extend(started.filter(|path| documents.contains_key(path.as_str())));
    roots.sort();
    roots.dedup();
    for root in roots {
        let Some(config) = Config::new(&documents, &root) else { continue };
        let (jobs, is_cut) = jobs::jobs(&config);
        if is_cut {
            let reason = "it runs more jobs and steps than are followed";
            reading.unread.push(unread(&root, None, reason));
        }
        let is_complete = config.is_complete && root == ROOT;
        let triggers = BTreeSet::new();
        reading.pipelines.push(Pipeline {
            path: root,
            system: System::GitLab,
            triggers,
            is_complete,
            jobs,
        });
    }
    reading
}

/// The files of the repository that a file takes in, as paths or patterns.
pub(super) fn wanted(document: &mut Document<'_>) -> Vec<String> {
    document.skip_header("spec");
    let document = &*document;
    let all = config::includes(document).into_iter().chain(children(document));
    all.filter_map(Include::pattern).collect()
}

/// The configurations that jobs of a file start as pipelines of their own.
fn children(document: &Document<'_>) -> Vec<Include> {
    let jobs = document.entries(document.root, &[]).into_iter();
    jobs.filter_map(|(_, job)| document.find(job, &["trigger", "include"]))
        .flat_map(|node| config::include(document, node))
        .collect()
}

/// The class of a variable that GitLab sets.
///
/// Source: <https://docs.gitlab.com/ci/variables/predefined_variables/>.
fn predefined(name: &str) -> Option<Class> {
    Some(match name {
        "ci_commit_sha"
        | "ci_commit_short_sha"
        | "ci_commit_before_sha"
        | "ci_commit_timestamp"
        | "ci_pipeline_id"
        | "ci_pipeline_iid"
        | "ci_pipeline_created_at"
        | "ci_pipeline_url"
        | "ci_job_id"
        | "ci_job_started_at"
        | "ci_job_url"
        | "ci_build_id"
        | "ci_build_ref" => Class::Volatile,
        "ci_commit_ref_slug"
        | "ci_commit_ref_name"
        | "ci_commit_branch"
        | "ci_commit_tag"
        | "ci_build_ref_slug"
        | "ci_build_ref_name"
        | "ci_merge_request_id"
        | "ci_merge_request_iid"
        | "ci_merge_request_source_branch_name" => Class::Branch,
        "ci_runner_executable_arch" => Class::Platform,
        "ci_default_branch" | "ci_node_index" | "ci_node_total" | "ci_concurrent_id"
        | "ci_pipeline_source" | "ci_project_dir" => Class::Job,
        _ if name.starts_with("ci_job_") || name.starts_with("ci_project_") => Class::Job,
        _ => return None,
    })
}
