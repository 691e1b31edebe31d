//! `goaudit.diff.v1`: fields may be added to it, never changed.
//!
//! The structs here are the format; they are copies, so that the model can change.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Report;
use crate::diff::executable::{Bytes, Cause, Difference, ExecutableDiff, Functions, PackageChange};
use crate::diff::files::{FilePair, FileSide, Outcome};
use crate::diff::packages::PackageDiff;
use crate::diff::packages::lines::{LineChange, TextDiff};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    first: Option<SideObject<'a>>,
    second: Option<SideObject<'a>>,
    identical: bool,
    #[serde(flatten)]
    content: ContentObject<'a>,
}

#[derive(Serialize)]
struct SideObject<'a> {
    path: &'a str,
    /// Null for a folder, and for a member that could not be read.
    sha256: Option<&'a str>,
    bytes: u64,
    format: &'a str,
    go_version: Option<&'a str>,
}

#[derive(Serialize)]
pub(in crate::report) struct ContentObject<'a> {
    /// `identical`, `executable`, `evidence`, `parts`, `content`, `follows`, `only-first`, `only-second` or
    /// `unread`.
    outcome: &'static str,
    /// Why it differs, for `follows`: because others do.
    follows: Option<&'static str>,
    /// Null but for `content`.
    differs_at: Option<DiffersAt<'a>>,
    /// Null but for archives and folders.
    members: Option<MembersObject>,
    /// Null where bytes were not accounted for.
    bytes: Option<BytesObject>,
    causes: Vec<CauseObject<'a>>,
    differences: Vec<DifferenceObject<'a>>,
    functions: Option<FunctionsObject<'a>>,
    unexplained: Vec<LeftoverObject<'a>>,
    /// Members of archives, architectures of universal files.
    parts: Vec<PartObject<'a>>,
    /// What could not be compared.
    not_compared: Vec<&'a str>,
}

#[derive(Serialize)]
struct PartObject<'a> {
    name: &'a str,
    first: Option<SideObject<'a>>,
    second: Option<SideObject<'a>>,
    #[serde(flatten)]
    content: ContentObject<'a>,
}

#[derive(Serialize)]
struct DiffersAt<'a> {
    /// Of the first byte that differs, from 0 on.
    offset: usize,
    /// The first lines that differ; empty where they are no small texts.
    lines: Vec<LineObject<'a>>,
    /// Lines that differ besides.
    more_lines: usize,
    line_ends_only: bool,
}

#[derive(Serialize)]
struct LineObject<'a> {
    /// From 1 on: in FIRST, or in SECOND for a line that FIRST does not have.
    line: usize,
    first: Option<&'a str>,
    second: Option<&'a str>,
}

/// Files of archives and folders, by what became of them; those in archives inside are not counted.
#[derive(Serialize, Default)]
struct MembersObject {
    identical: usize,
    differing: usize,
    following: usize,
    only_first: usize,
    only_second: usize,
    unread: usize,
}

#[derive(Serialize)]
struct BytesObject {
    differing: u64,
    explained: u64,
    /// Whether FIRST and the differences give SECOND; null where bytes were not compared.
    proven: Option<bool>,
    owners: BTreeMap<&'static str, u64>,
    unpacked: u64,
}

#[derive(Serialize)]
pub(super) struct CauseObject<'a> {
    category: &'static str,
    title: &'a str,
    first: Option<&'a str>,
    second: Option<&'a str>,
    /// Of all of `files` together.
    bytes: u64,
    details: &'a [String],
    fix: Option<&'a str>,
    /// The files of archives or folders that have it; in a part empty.
    files: Vec<&'a str>,
}

#[derive(Serialize)]
pub(super) struct DifferenceObject<'a> {
    level: &'static str,
    name: &'a str,
    first: Option<&'a str>,
    second: Option<&'a str>,
    category: Option<&'static str>,
}

#[derive(Serialize)]
struct FunctionsObject<'a> {
    identical: usize,
    moved: usize,
    changed: usize,
    only_first: usize,
    only_second: usize,
    not_compared: usize,
    packages: Vec<PackageObject<'a>>,
}

#[derive(Serialize)]
struct PackageObject<'a> {
    package: &'a str,
    functions: Vec<&'a str>,
}

#[derive(Serialize)]
struct LeftoverObject<'a> {
    offset: usize,
    section: &'a str,
    symbol: &'a str,
    first: &'a str,
    second: &'a str,
    looks_like: Option<String>,
}

/// Renders a report as one JSON document.
#[must_use]
pub fn render(report: &Report) -> String {
    let pair = &report.pair;
    let document = Document {
        schema: "goaudit.diff.v1",
        first: pair.first.as_ref().map(|file| side(&report.first, file)),
        second: pair.second.as_ref().map(|file| side(&report.second, file)),
        identical: pair.outcome == Outcome::Identical,
        content: content(pair),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn side<'a>(path: &'a str, file: &'a FileSide) -> SideObject<'a> {
    SideObject {
        path,
        sha256: Some(file.sha256.as_str()).filter(|sum| !sum.is_empty()),
        bytes: file.bytes,
        format: &file.format,
        go_version: Some(file.go_version.as_str()).filter(|version| !version.is_empty()),
    }
}

pub(in crate::report) fn content(pair: &FilePair) -> ContentObject<'_> {
    let plain = |outcome| ContentObject {
        outcome,
        follows: None,
        differs_at: None,
        members: None,
        bytes: None,
        causes: Vec::new(),
        differences: Vec::new(),
        functions: None,
        unexplained: Vec::new(),
        parts: Vec::new(),
        not_compared: Vec::new(),
    };
    match &pair.outcome {
        Outcome::Identical => plain("identical"),
        Outcome::OnlyFirst => plain("only-first"),
        Outcome::OnlySecond => plain("only-second"),
        Outcome::Content { offset, text } => ContentObject {
            differs_at: Some(differs_at(*offset, text.as_ref())),
            ..plain("content")
        },
        Outcome::Follows { why } => ContentObject { follows: Some(why), ..plain("follows") },
        Outcome::Package(package) => ContentObject {
            parts: package.parts.iter().map(part).collect(),
            causes: shared(pair),
            members: Some(members(package)),
            not_compared: package.notes.iter().map(String::as_str).collect(),
            ..plain("parts")
        },
        Outcome::Unread { why } => ContentObject { not_compared: vec![why], ..plain("unread") },
        Outcome::Executable(diff) => executable(diff, plain("executable")),
        Outcome::Parts(parts) => {
            let parts = parts.iter().map(part).collect();
            ContentObject { parts, causes: shared(pair), ..plain("parts") }
        }
    }
}

fn differs_at(offset: usize, text: Option<&TextDiff>) -> DiffersAt<'_> {
    DiffersAt {
        offset,
        lines: text.map(|text| text.changes.iter().map(line).collect()).unwrap_or_default(),
        more_lines: text.map_or(0, |text| text.more),
        line_ends_only: text.is_some_and(|text| text.is_line_ends),
    }
}

fn line(change: &LineChange) -> LineObject<'_> {
    LineObject {
        line: change.line,
        first: change.first.as_deref(),
        second: change.second.as_deref(),
    }
}

fn members(package: &PackageDiff) -> MembersObject {
    let mut members = MembersObject { identical: package.identical, ..MembersObject::default() };
    for part in &package.parts {
        let count = match &part.outcome {
            _ if part.is_same() => &mut members.identical,
            Outcome::Follows { .. } => &mut members.following,
            Outcome::OnlyFirst => &mut members.only_first,
            Outcome::OnlySecond => &mut members.only_second,
            Outcome::Unread { .. } => &mut members.unread,
            _ => &mut members.differing,
        };
        *count += 1;
    }
    members
}

fn shared(pair: &FilePair) -> Vec<CauseObject<'_>> {
    pair.causes()
        .into_iter()
        .map(|found| CauseObject { bytes: found.bytes, files: found.files, ..cause(found.cause) })
        .collect()
}

fn part(pair: &FilePair) -> PartObject<'_> {
    let first_name = pair.first_name.as_deref().unwrap_or(&pair.name);
    PartObject {
        name: &pair.name,
        first: pair.first.as_ref().map(|file| side(first_name, file)),
        second: pair.second.as_ref().map(|file| side(&pair.name, file)),
        content: content(pair),
    }
}

fn executable<'a>(diff: &'a ExecutableDiff, plain: ContentObject<'a>) -> ContentObject<'a> {
    ContentObject {
        bytes: diff.bytes.is_proven.map(|_| bytes(&diff.bytes)),
        causes: diff.causes.iter().map(cause).collect(),
        differences: diff.differences.iter().map(difference).collect(),
        functions: Some(functions(&diff.functions)),
        unexplained: diff
            .unexplained
            .iter()
            .map(|left| LeftoverObject {
                offset: left.offset,
                section: &left.section,
                symbol: &left.symbol,
                first: &left.first,
                second: &left.second,
                looks_like: left.look.map(|look| look.to_string()),
            })
            .collect(),
        not_compared: diff.notes.iter().map(String::as_str).collect(),
        ..plain
    }
}

fn bytes(bytes: &Bytes) -> BytesObject {
    BytesObject {
        differing: bytes.differing,
        explained: bytes.explained,
        proven: bytes.is_proven,
        owners: bytes.owners.iter().map(|(owner, bytes)| (owner.name(), *bytes)).collect(),
        unpacked: bytes.unpacked,
    }
}

pub(super) fn cause(cause: &Cause) -> CauseObject<'_> {
    CauseObject {
        category: cause.category.name(),
        title: &cause.title,
        first: cause.first.as_deref(),
        second: cause.second.as_deref(),
        bytes: cause.bytes,
        details: &cause.details,
        fix: cause.fix.as_deref(),
        files: Vec::new(),
    }
}

pub(super) fn difference(difference: &Difference) -> DifferenceObject<'_> {
    DifferenceObject {
        level: difference.level.name(),
        name: &difference.name,
        first: difference.first.as_deref(),
        second: difference.second.as_deref(),
        category: difference.category.map(|category| category.name()),
    }
}

fn functions(functions: &Functions) -> FunctionsObject<'_> {
    FunctionsObject {
        identical: functions.identical,
        moved: functions.moved,
        changed: functions.changed,
        only_first: functions.only_first,
        only_second: functions.only_second,
        not_compared: functions.not_compared,
        packages: functions.packages.iter().map(package).collect(),
    }
}

fn package(change: &PackageChange) -> PackageObject<'_> {
    let functions = change.functions.iter().map(|(name, _)| name.as_str()).collect();
    PackageObject { package: &change.package, functions }
}
