//! `goaudit.diff.v1` where a side is evidence: the fields of any comparison, and those of packages.

use serde::Serialize;

use super::evidence::{EvidenceReport, EvidenceSide};
use super::json::{CauseObject, DifferenceObject, cause, difference};
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::evidence::{causes, differences, not_told};
use crate::diff::executable::{Cause, Difference};
use crate::evidence::{
    Artifact, ArtifactDiff, BuildDiff, Diverged, Outcome, PackageChange, PackageDiff,
};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    first: SideObject<'a>,
    second: SideObject<'a>,
    identical: bool,
    #[serde(flatten)]
    content: ContentObject<'a>,
    first_diverged: Option<DivergedObject<'a>>,
    /// What both builds compiled; null unless both were watched.
    compiled: Option<CompiledObject<'a>>,
}

#[derive(Serialize)]
struct SideObject<'a> {
    /// As the caller named it.
    path: &'a str,
    /// Of the file that the evidence is of; empty where it is of none or several.
    sha256: &'a str,
    bytes: u64,
    format: String,
    go_version: Option<&'a str>,
    /// Whether it is an evidence file, and the file that it is of.
    evidence: bool,
    of: Option<&'a str>,
}

#[derive(Serialize)]
struct ContentObject<'a> {
    /// `evidence`.
    outcome: &'static str,
    bytes: Option<()>,
    causes: Vec<CauseObject<'a>>,
    differences: Vec<DifferenceObject<'a>>,
    functions: Option<()>,
    unexplained: [(); 0],
    /// The files of a build of several.
    parts: Vec<PartObject<'a>>,
    build_ids: Option<&'static str>,
    packages: Vec<PackageObject<'a>>,
    same_packages: usize,
    /// Of `packages`: `dependencies` or `names`.
    order: Option<&'static str>,
    not_compared: Vec<String>,
}

#[derive(Serialize)]
struct PartObject<'a> {
    name: &'a str,
    first: Option<SideObject<'a>>,
    second: Option<SideObject<'a>>,
    identical: bool,
    #[serde(flatten)]
    content: ContentObject<'a>,
}

#[derive(Serialize)]
struct PackageObject<'a> {
    package: &'a str,
    module: Option<&'a str>,
    /// `std`, `dependency` or `main`.
    origin: &'static str,
    /// `code`, `data`, `lines`, `stamp`, `linked`, `only-first` or `only-second`.
    change: &'static str,
    /// The changed ones are among these.
    functions: &'a [String],
}

#[derive(Serialize)]
struct DivergedObject<'a> {
    package: &'a str,
    module: Option<&'a str>,
    order: &'static str,
    /// As in `packages`; null where it is not linked.
    change: Option<&'static str>,
    functions: &'a [String],
    /// `inputs` or `not-deterministic`; null unless both builds were watched.
    compiled: Option<&'static str>,
}

#[derive(Serialize)]
struct CompiledObject<'a> {
    same: usize,
    packages: Vec<CompiledPackage<'a>>,
    only_first: &'a [String],
    only_second: &'a [String],
}

#[derive(Serialize)]
struct CompiledPackage<'a> {
    package: &'a str,
    change: &'static str,
}

/// What is borrowed by the document.
struct Told<'a> {
    diff: &'a ArtifactDiff,
    sides: Option<(&'a Artifact, &'a Artifact)>,
    causes: Vec<Cause>,
    differences: Vec<Difference>,
    not_told: Vec<String>,
}

/// Renders a report as one JSON document.
#[must_use]
pub fn render(report: &EvidenceReport) -> String {
    let build = report.diff.build.as_ref();
    let told: Vec<_> = report.diff.artifacts.iter().map(|diff| tell(report, diff, build)).collect();
    let document = Document {
        schema: "goaudit.diff.v1",
        first: whole(&report.first),
        second: whole(&report.second),
        identical: report.is_same(),
        content: match told.as_slice() {
            [one] if report.is_of_one_file() => content(one),
            several => ContentObject { parts: parts(report, several), ..plain() },
        },
        first_diverged: report.diff.first_diverged.as_ref().map(|one| diverged(report, one)),
        compiled: build.map(compiled),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn tell<'a>(
    report: &'a EvidenceReport,
    diff: &'a ArtifactDiff,
    build: Option<&BuildDiff>,
) -> Told<'a> {
    let causes = causes(diff, build);
    let sides = report.sides(diff);
    let (differences, not_told) = match sides {
        Some((one, other)) => (differences(diff, one, other, &causes), not_told(diff, one, other)),
        None => (Vec::new(), diff.notes.clone()),
    };
    Told { diff, sides, causes, differences, not_told }
}

fn plain<'a>() -> ContentObject<'a> {
    ContentObject {
        outcome: "evidence",
        bytes: None,
        causes: Vec::new(),
        differences: Vec::new(),
        functions: None,
        unexplained: [],
        parts: Vec::new(),
        build_ids: None,
        packages: Vec::new(),
        same_packages: 0,
        order: None,
        not_compared: Vec::new(),
    }
}

fn content<'a>(told: &'a Told<'a>) -> ContentObject<'a> {
    let diff = told.diff;
    let ids = BuildIdMeaning::of(diff.build_ids.0.as_ref(), diff.build_ids.1.as_ref());
    ContentObject {
        causes: told.causes.iter().map(cause).collect(),
        differences: told.differences.iter().map(difference).collect(),
        build_ids: Some(ids.sentence()),
        packages: diff.packages.iter().map(package).collect(),
        same_packages: diff.same_packages,
        order: Some(diff.order.name()),
        not_compared: told.not_told.clone(),
        ..plain()
    }
}

fn parts<'a>(report: &'a EvidenceReport, told: &'a [Told<'a>]) -> Vec<PartObject<'a>> {
    let mut parts: Vec<_> = told
        .iter()
        .map(|one| PartObject {
            name: &one.diff.second,
            first: one.sides.map(|(first, _)| side(&first.path, first, report.first.is_kept)),
            second: one.sides.map(|(_, second)| side(&second.path, second, report.second.is_kept)),
            identical: one.diff.outcome == Outcome::Identical,
            content: content(one),
        })
        .collect();
    let of = |side: &'a EvidenceSide, path: &str| {
        side.evidence.artifacts.iter().find(|artifact| artifact.path == path)
    };
    let alone = |name, outcome| PartObject {
        name,
        first: None,
        second: None,
        identical: false,
        content: ContentObject { outcome, ..plain() },
    };
    for path in &report.diff.only_first {
        let first = of(&report.first, path).map(|one| side(path, one, report.first.is_kept));
        parts.push(PartObject { first, ..alone(path, "only-first") });
    }
    for path in &report.diff.only_second {
        let second = of(&report.second, path).map(|one| side(path, one, report.second.is_kept));
        parts.push(PartObject { second, ..alone(path, "only-second") });
    }
    parts
}

fn whole(of: &EvidenceSide) -> SideObject<'_> {
    match of.evidence.artifacts.as_slice() {
        [one] => side(&of.name, one, of.is_kept),
        all => SideObject {
            path: &of.name,
            sha256: "",
            bytes: all.iter().map(|one| one.bytes).sum(),
            format: format!("evidence of {} files", all.len()),
            go_version: None,
            evidence: of.is_kept,
            of: None,
        },
    }
}

fn side<'a>(path: &'a str, artifact: &'a Artifact, is_kept: bool) -> SideObject<'a> {
    let executable = artifact.executable.as_ref();
    let info = executable.and_then(|one| one.build_info.as_ref());
    SideObject {
        path,
        sha256: &artifact.sha256,
        bytes: artifact.bytes,
        format: executable.map(|one| one.format.to_string()).unwrap_or_default(),
        go_version: info.map(|info| info.go_version.as_str()).filter(|one| !one.is_empty()),
        evidence: is_kept,
        of: is_kept.then_some(artifact.path.as_str()),
    }
}

fn functions(change: &PackageChange) -> &[String] {
    match change {
        PackageChange::Code { functions } => functions,
        _ => &[],
    }
}

fn package(package: &PackageDiff) -> PackageObject<'_> {
    PackageObject {
        package: &package.path,
        module: package.module.as_deref(),
        origin: package.origin.name(),
        change: package.change.name(),
        functions: functions(&package.change),
    }
}

fn diverged<'a>(report: &'a EvidenceReport, first: &'a Diverged) -> DivergedObject<'a> {
    let mut packages = report.diff.artifacts.iter().flat_map(|artifact| &artifact.packages);
    let package = packages.find(|package| package.path == first.package);
    DivergedObject {
        package: &first.package,
        module: package.and_then(|package| package.module.as_deref()),
        order: first.order.name(),
        change: first.linked.as_ref().map(PackageChange::name),
        functions: first.linked.as_ref().map(functions).unwrap_or_default(),
        compiled: first.compiled.map(|change| change.name()),
    }
}

fn compiled(build: &BuildDiff) -> CompiledObject<'_> {
    CompiledObject {
        same: build.same,
        packages: build
            .packages
            .iter()
            .map(|one| CompiledPackage { package: &one.path, change: one.change.name() })
            .collect(),
        only_first: &build.only_first,
        only_second: &build.only_second,
    }
}
