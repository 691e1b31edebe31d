#![doc = include_str!("docker_copy_before_download.md")]

use super::docker::{self, InStage};
use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::config::dockerfile::What;
use crate::finding::{Edit, Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "docker-copy-before-download",
    summary: "each change of a source downloads all modules again",
    explanation: include_str!("docker_copy_before_download.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let all: Vec<InStage<'_>> = docker::runs(repository).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for run in &all {
        let Some(command) = run.builds().next() else { continue };
        if downloads(repository, &run.file.path)
            && is_first_of_stage(run, &all)
            && !has_modules(run, &all)
            && let Some(copy) = copies_sources(run)
        {
            let place = run.before().get(copy).map(|instruction| instruction.spot.place());
            let message = "all sources are copied before the modules are downloaded: whichever file changes, the \
                           image downloads all of them again";
            let finding = run.finding(&RULE, command, place.as_ref(), message);
            let edit = edit(repository, run, copy).map(|edit| vec![edit]);
            findings.push(finding.with_edits(edit).with_fix(
                "before it: COPY go.mod go.sum ./\nRUN go mod download\nwith `replace x => ./x` in go.mod that folder is needed, too\nor mount: RUN --mount=type=cache,target=/go/pkg/mod …",
            ));
        }
    }
    findings
}

/// A layer for the modules, where the build context is the module and nothing else is needed.
fn edit(repository: &Repository, run: &InStage<'_>, copy: usize) -> Option<Edit> {
    let folder = run.file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let has = |name: &str| {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        repository.paths().contains(&path)
    };
    // A module that is replaced by a folder, or one of a workspace, needs that folder as well.
    let is_one = repository.paths().iter().filter(|path| path.ends_with("go.mod")).count() == 1;
    // A build that may not run, as one that is handed the executables, may have no module.
    let needs_more = run.run.mounts.iter().any(|mount| mount.kind != "cache")
        || run.builds().all(|command| command.at.is_maybe);
    if !has("go.mod") || !has("go.sum") || has("go.work") || !is_one || needs_more {
        return None;
    }
    edits::download_before(repository, run.before().get(copy)?)
}

/// Whether the module around a Dockerfile has dependencies and no copy of them.
fn downloads(repository: &Repository, path: &str) -> bool {
    let has =
        |path: &str| repository.paths().binary_search_by(|other| other.as_str().cmp(path)).is_ok();
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        let in_folder = |name: &str| {
            if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
        };
        if has(&in_folder("go.mod")) {
            return has(&in_folder("go.sum")) && !has(&in_folder("vendor/modules.txt"));
        }
        if folder.is_empty() {
            return false;
        }
    }
}

/// Whether no other `RUN` of the stage before it compiles.
fn is_first_of_stage(run: &InStage<'_>, all: &[InStage<'_>]) -> bool {
    !all.iter().any(|other| {
        other.at.file == run.at.file
            && other.at.stage == run.at.stage
            && other.at.instruction < run.at.instruction
            && other.builds().next().is_some()
    })
}

/// The instruction that copies the sources of the build context.
fn copies_sources(run: &InStage<'_>) -> Option<usize> {
    run.before().iter().position(|instruction| match &instruction.what {
        What::Copy(copy) => copy.from.is_none() && docker::is_whole(copy),
        _ => false,
    })
}

/// Whether the modules come from a layer of their own, from a mount or from another image.
fn has_modules(run: &InStage<'_>, all: &[InStage<'_>]) -> bool {
    let mounts = run.run.mounts.iter().any(|mount| {
        let target = mount.target.as_deref().unwrap_or_default();
        mount.kind == "cache"
            && (target.contains("/pkg")
                || target.contains("mod")
                || target.ends_with("/go")
                || target.contains('$'))
            || mount.kind == "bind"
    });
    let sources = copies_sources(run).unwrap_or(usize::MAX);
    let downloads = all.iter().any(|other| {
        let is_download = |command: &crate::config::go_command::GoCommand| {
            matches!(command.verb(), "mod" | "get" | "build" | "install" | "list")
        };
        other.at.file == run.at.file
            && other.at.stage == run.at.stage
            && other.at.instruction < sources
            && other.commands.iter().any(is_download)
    });
    let copied = run.before().iter().take(sources).any(|instruction| match &instruction.what {
        What::Copy(copy) => {
            copy.sources.iter().any(|source| source.contains("go.mod") || source.contains("go.sum"))
        }
        _ => false,
    });
    // A stage that starts from another one of the file, or from an image that is no image of Go, may have them.
    let is_own =
        run.file.stages.iter().any(|stage| {
            stage.name.as_deref() == Some(run.stage.base.to_ascii_lowercase().as_str())
        });
    let sets_vendor = run.commands.iter().any(|command| command.command.value("mod") == "vendor");
    mounts
        || downloads
        || copied
        || is_own
        || sets_vendor
        || !docker::is_golang_image(&run.stage.base)
}
