//! Workflows and composite actions of GitHub Actions.

mod actions;
mod matrix;
mod steps;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::{Reading, SourceFile, is_yaml, unread};

/// The workflows and actions of a repository, by path.
#[derive(Debug, Default)]
struct Files<'a> {
    documents: BTreeMap<&'a str, Document<'a>>,
}

/// Reads all workflows and actions. A file that cannot be read does not keep
/// the others from being read.
pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut files = Files::default();
    let mut reading = Reading::default();
    for source in
        sources.iter().filter(|source| is_workflow(&source.path) || is_action(&source.path))
    {
        match Document::parse(source) {
            Ok(Some(document)) => {
                files.documents.insert(&source.path, document);
            }
            Ok(None) => {}
            Err(unread) => reading.unread.push(unread),
        }
    }
    let mut used_actions = BTreeSet::new();
    let called = workflow::called(&files);
    for document in files.documents.values().filter(|document| is_workflow(document.path)) {
        let triggers = workflow::triggers(document);
        let only_called = triggers.iter().all(|trigger| trigger == "workflow_call");
        if !(only_called && called.contains(document.path)) {
            let (pipeline, is_cut) =
                workflow::pipeline(&files, document, triggers, &mut used_actions);
            reading.pipelines.push(pipeline);
            if is_cut {
                let reason = "it runs more jobs and steps than are followed";
                reading.unread.push(unread(document.path, None, reason));
            }
        }
    }
    for document in files.documents.values() {
        if is_action(document.path) && !used_actions.contains(document.path) {
            reading.pipelines.extend(workflow::action(&files, document));
        }
    }
    reading.pipelines.sort_by(|first, second| first.path.cmp(&second.path));
    reading.unread.sort_by(|first, second| first.place.cmp(&second.place));
    reading
}

/// Tells whether goaudit reads the file of a path as one of GitHub.
pub(super) fn is_read(path: &str) -> bool {
    is_workflow(path) || is_action(path)
}

fn is_workflow(path: &str) -> bool {
    path.strip_prefix(".github/workflows/")
        .and_then(is_yaml)
        .is_some_and(|name| !name.contains('/'))
}

/// An action may live anywhere but where files of others and inputs of tests live.
fn is_action(path: &str) -> bool {
    let mut folders = path.split('/');
    let name = folders.next_back().unwrap_or_default();
    is_yaml(name) == Some("action")
        && !folders.any(|folder| matches!(folder, "vendor" | "node_modules" | "testdata"))
}

impl<'a> Files<'a> {
    /// Finds the action that `uses: ./dir` names.
    ///
    /// Where the repository is checked out into a folder, the folder comes first.
    fn action(&self, uses: &str) -> Option<&Document<'a>> {
        let dir = relative(uses)?;
        let inner = dir.split_once('/').map_or("", |(_, inner)| inner);
        [dir.as_str(), inner].iter().find_map(|dir| {
            ["action.yml", "action.yaml"].iter().find_map(|name| {
                let path =
                    if dir.is_empty() { (*name).to_owned() } else { format!("{dir}/{name}") };
                self.documents.get(path.as_str())
            })
        })
    }

    /// Finds the workflow that `uses: ./.github/workflows/x.yml` names.
    fn workflow(&self, uses: &str) -> Option<&Document<'a>> {
        self.documents.get(relative(uses)?.as_str())
    }
}

/// Returns a path that starts with `./`, without that and without `.` and `..`.
fn relative(uses: &str) -> Option<String> {
    let mut folders = Vec::new();
    for folder in uses.strip_prefix("./")?.split('/') {
        match folder {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            folder => folders.push(folder),
        }
    }
    Some(folders.join("/"))
}

#[cfg(test)]
mod tests;
