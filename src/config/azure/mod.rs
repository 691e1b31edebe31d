//! Azure Pipelines: stages, jobs and steps, the templates of the repository in place.
//!
//! Source: <https://learn.microsoft.com/en-us/azure/devops/pipelines/yaml-schema/>.

mod frame;
mod jobs;
mod key;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::pipeline::{Pipeline, System};
use super::template::Class;
use super::yaml::NodeKind;
use super::{Reading, SourceFile, is_yaml, unread};

type Files<'a> = BTreeMap<&'a str, Document<'a>>;

/// Folders that hold pipelines by convention.
const FOLDERS: &[&str] =
    &[".azure-pipelines", "azure-pipelines", ".azuredevops", ".azdo", ".pipelines"];

pub(super) fn is_root(path: &str) -> bool {
    let Some(name) = is_yaml(path) else { return false };
    let (folder, name) = name.rsplit_once('/').unwrap_or(("", name));
    let name = name.to_ascii_lowercase();
    name.contains("azure-pipeline")
        || name.contains("azure_pipeline")
        || folder.split('/').any(|folder| FOLDERS.contains(&folder))
}

pub(super) fn read(sources: &[SourceFile]) -> Reading {
    let mut reading = Reading::default();
    let mut files = Files::new();
    let mut waiting: Vec<&SourceFile> =
        sources.iter().filter(|source| is_root(&source.path)).collect();
    let mut seen = BTreeSet::new();
    let mut templates = BTreeSet::new();
    while let Some(source) = waiting.pop() {
        if !seen.insert(source.path.as_str()) {
            continue;
        }
        match Document::parse(source) {
            Ok(Some(document)) => {
                for path in wanted(&document) {
                    waiting.extend(sources.iter().filter(|source| source.path == path));
                    templates.insert(path);
                }
                files.insert(&source.path, document);
            }
            Ok(None) => {}
            Err(unread) => reading.unread.push(unread),
        }
    }
    for document in files.values().filter(|document| !templates.contains(document.path)) {
        let has = |key| document.find(document.root, &[key]).is_some();
        if !["steps", "jobs", "stages", "extends"].into_iter().any(has) {
            continue;
        }
        let (jobs, is_cut) = jobs::jobs(&files, document);
        if is_cut {
            let reason = "it runs more jobs and steps than are followed";
            reading.unread.push(unread(document.path, None, reason));
        }
        // A template that others use, from another repository perhaps, declares parameters
        // and starts by nothing.
        let is_template = has("parameters") && !has("trigger") && !has("pr") && !has("pool");
        let triggers = ["trigger", "pr", "schedules"].into_iter().filter(|key| has(key));
        reading.pipelines.push(Pipeline {
            path: document.path.to_owned(),
            system: System::Azure,
            triggers: triggers.map(str::to_owned).collect(),
            is_complete: !is_template,
            jobs,
        });
    }
    reading
}

/// The templates of the repository that a file uses.
pub(super) fn wanted(document: &Document<'_>) -> Vec<String> {
    let mut wanted = Vec::new();
    for (_, node) in document.tree.nodes() {
        let NodeKind::Mapping(pairs) = &node.kind else { continue };
        for (key, value) in pairs {
            if document.tree.text(*key) == Some("template")
                && let Some(name) = document.tree.text(*value)
            {
                wanted.extend(template_path(document.path, name));
            }
        }
    }
    wanted
}

/// The path of a template: from the root after a slash, else from the folder of
/// the file that names it. `@self` is this repository.
fn template_path(from: &str, name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_suffix("@self").unwrap_or(name);
    if name.contains('@') || name.contains("${{") {
        return None;
    }
    let name = name.replace('\\', "/");
    let mut folders: Vec<&str> = Vec::new();
    if !name.starts_with('/') {
        folders.extend(from.split('/'));
        folders.pop();
    }
    for folder in name.split('/') {
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

/// The class of a variable that Azure sets.
///
/// Source: <https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables>.
fn predefined(name: &str) -> Option<Class> {
    Some(match name {
        "build.buildid"
        | "build.buildnumber"
        | "build.sourceversion"
        | "build.builduri"
        | "system.jobid"
        | "system.timelineid"
        | "system.pipelinestarttime" => Class::Volatile,
        "build.sourcebranch"
        | "build.sourcebranchname"
        | "system.pullrequest.pullrequestid"
        | "system.pullrequest.pullrequestnumber"
        | "system.pullrequest.sourcebranch" => Class::Branch,
        "agent.os" | "agent.osarchitecture" | "imageos" | "imageversion" => Class::Platform,
        "agent.jobname"
        | "system.jobname"
        | "system.jobdisplayname"
        | "system.stagename"
        | "build.definitionname"
        | "system.definitionid"
        | "build.repository.name"
        | "pipeline.workspace"
        | "build.sourcesdirectory"
        | "system.defaultworkingdirectory"
        | "agent.tempdirectory"
        | "agent.builddirectory"
        | "build.reason"
        | "system.teamproject" => Class::Job,
        _ => return None,
    })
}
