#![doc = include_str!("docker_cache_mount_mismatch.md")]

use super::{Check, Rule, docker, edits};
use crate::config::Repository;
use crate::config::dockerfile::Mount;
use crate::config::go_paths::GoDir;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "docker-cache-mount-mismatch",
    summary: "a cache is mounted where Go does not write",
    explanation: include_str!("docker_cache_mount_mismatch.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in docker::runs(repository).filter(|run| !run.commands.is_empty()) {
        for mount in run.cache_mounts() {
            let Some((kind, target)) = meant(mount) else { continue };
            let names: &[&str] = match kind {
                GoDir::Build => &["GOCACHE", "HOME"],
                GoDir::Modules => &["GOMODCACHE", "GOPATH", "HOME"],
            };
            let Some(actual) = run.dir(kind).filter(|_| !run.sets(names)) else { continue };
            if covers(target, &actual) {
                continue;
            }
            let name = match kind {
                GoDir::Build => "GOCACHE",
                GoDir::Modules => "GOMODCACHE",
            };
            let subject = format!(
                "{}, stage {}",
                run.file.path,
                run.stage.name.as_deref().unwrap_or(&run.stage.base)
            );
            let message = format!(
                "the cache is mounted on {target}, and {name} is {actual} here: it stays empty"
            );
            let edit = edits::mount_target(repository, mount, &actual);
            let fix = mount.text.replace(target, &actual);
            findings.push(
                RULE.finding(subject, message)
                    .at(mount.spot.place())
                    .with_evidence(&mount.text)
                    .with_fix(fix)
                    .with_edits(edit.map(|edit| vec![edit])),
            );
        }
    }
    findings
}

/// The directory of Go that a target is spelt like.
fn meant(mount: &Mount) -> Option<(GoDir, &str)> {
    let target = mount.target.as_deref().map(docker::plain)?;
    if target.contains('$') {
        return None;
    }
    if target.ends_with("/go-build") {
        Some((GoDir::Build, target))
    } else if target.ends_with("/pkg/mod") || target.ends_with("/go/pkg") {
        Some((GoDir::Modules, target))
    } else {
        None
    }
}

/// A parent holds the directory too.
fn covers(target: &str, actual: &str) -> bool {
    let actual = docker::plain(actual);
    actual == target || actual.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
}
