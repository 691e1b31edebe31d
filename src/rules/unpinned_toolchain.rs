#![doc = include_str!("unpinned_toolchain.md")]

use super::{Builds, Check, Rule};
use crate::config::Repository;
use crate::config::pipeline::{Image, Job, System, VersionSource};
use crate::config::template::Part;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "unpinned-toolchain",
    summary: "nothing pins the Go version of the build",
    explanation: include_str!("unpinned_toolchain.md"),
    level: Level::Warning,
    check: Check::Both { builds: check_builds, files: check_files },
};

fn check_builds(builds: &Builds<'_>) -> Vec<Finding> {
    let manifest = &builds.first.manifest;
    let Some(version) = builds.first.go_version() else { return Vec::new() };
    let setting = builds
        .first
        .invocations
        .iter()
        .map(|i| i.info.setting("GOTOOLCHAIN"))
        .find(|s| !s.is_empty());
    let is_exact = |name: &str| name.starts_with("go1.") && name.matches('.').count() >= 2;
    // `go1.25.5+auto` still takes a newer one that go.mod asks for, which go.mod then pins.
    let by_environment =
        setting.is_some_and(|name| is_exact(name.split('+').next().unwrap_or(name)));
    let by_toolchain_line = manifest.go_mod.toolchain.as_deref() == Some(version);
    let by_go_line = manifest.go_mod.go.as_deref().is_some_and(|go| format!("go{go}") == version);
    if by_environment || by_toolchain_line || by_go_line {
        return Vec::new();
    }
    let asks = match (&manifest.go_mod.toolchain, &manifest.go_mod.go) {
        (Some(toolchain), _) => format!("go.mod asks for {toolchain} or newer"),
        (None, Some(go)) => format!("go.mod asks for go {go} or newer"),
        (None, None) => "no go.mod asks for a version".to_owned(),
    };
    let message = format!(
        "built with {version}, the go that was on PATH; {asks}, so another machine may take another"
    );
    let fix = format!(
        "go mod edit -toolchain={version}, and let CI install the version that go.mod names; or set GOTOOLCHAIN={version}"
    );
    vec![RULE.finding("go", message).with_fix(fix)]
}

/// Names of images that hold Go and little else, up to their tag.
const IMAGES: &[&str] = &["golang", "cimg/go", "circleci/golang", "cloud-builders/go"];

/// Images and versions in CI files that are another Go every few weeks.
///
/// A value that cannot be told is not found, nor is one of a matrix: it is there
/// to try the newest Go.
fn check_files(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let jobs = repository.pipelines().iter();
    for (system, job) in jobs.flat_map(|one| one.jobs.iter().map(|job| (one.system, job))) {
        let owner = job.steps.first().map_or(job.id.as_str(), |step| {
            step.subject.split_once(", ").map_or(step.subject.as_str(), |(owner, _)| owner)
        });
        findings.extend(job.runner.container.iter().filter_map(|image| of_image(image, owner)));
        for step in &job.steps {
            findings.extend(step.image.iter().filter_map(|image| of_image(image, &step.subject)));
        }
        findings.extend(of_setup(job, system));
    }
    findings
}

/// What the last step that installs Go asks for. One before it only reads a file
/// of versions or builds a tool.
fn of_setup(job: &Job, system: System) -> Option<Finding> {
    let (step, setup) = job.setups().last()?;
    let VersionSource::Input(version) = &setup.version else { return None };
    let version = literal(version).filter(|version| floats(version))?;
    let message = format!(
        "`{version}` is another Go version after each release, so all caches of it are cold then \
         and the next build may give other bytes"
    );
    let fix = match system {
        System::GitHub => "go-version-file: go.mod, or the whole version that go.mod asks for",
        _ => "name the whole version that go.mod asks for",
    };
    Some(RULE.finding(&step.subject, message).at(step.place.clone()).with_fix(fix))
}

fn of_image(image: &Image, subject: &str) -> Option<Finding> {
    let name = literal(&image.name)?;
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name.as_str(), ""),
    };
    let is_of_go = IMAGES.iter().any(|go| {
        path.strip_suffix(go).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    });
    // `1.25`, `go1.25`, `tip-20250101`; a digest says it all.
    let is_pinned = tag.contains("1.") || tag.contains("tip") || name.contains("@sha256:");
    if !is_of_go || is_pinned {
        return None;
    }
    // This one has ended, and has no new versions.
    let has_ended = path.ends_with("circleci/golang");
    let message = if has_ended {
        format!(
            "the image `{name}` does not say which Go version it holds, and has had none since \
             cimg/go took its place"
        )
    } else {
        format!(
            "the image `{name}` holds another Go version after each release, so all caches of it are \
         cold then and the next build may give other bytes"
        )
    };
    let path = path.replace("circleci/golang", "cimg/go");
    let fix = format!("{path}:1.N.P, with the version that go.mod asks for");
    Some(RULE.finding(subject, message).at(image.place.clone()).with_fix(fix))
}

fn literal(value: &[Part]) -> Option<String> {
    let texts: Option<String> =
        value.iter().map(|part| part.is_literal.then_some(part.text.as_str())).collect();
    texts.filter(|text| !text.is_empty())
}

/// Tells whether a version of setup-go and its kin is that of the day.
fn floats(version: &str) -> bool {
    let version = version.trim();
    matches!(version, "stable" | "oldstable" | "latest" | "1" | "1.x" | "1.*" | "x" | "*")
        || version.starts_with(['^', '>'])
}
