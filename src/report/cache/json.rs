//! `goaudit.cache.v1`: fields may be added to it, never changed. Times are seconds since 1970.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CacheReport;
use super::text::by_difference;
use crate::cache::{Aging, Inventory, Tally, TrimFile};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    dir: &'a str,
    /// When it was read.
    read: i64,
    /// Index entries.
    entries: u64,
    /// Of all files.
    bytes: u64,
    disk_bytes: u64,
    files: u64,
    kinds: BTreeMap<&'static str, TallyObject>,
    /// Outputs that no entry names.
    unnamed: TallyObject,
    executables: Vec<ToolObject<'a>>,
    sets: Vec<SetObject<'a>>,
    duplicates: Vec<DuplicateObject<'a>>,
    duplicates_total: DuplicatesTotal,
    trim: TrimObject,
    broken: Vec<BrokenObject<'a>>,
    /// Whether outputs were hashed.
    verified: bool,
    unread: Vec<UnreadObject<'a>>,
    unread_total: usize,
    /// Archives whose keys are in the recordings; null without any.
    recorded: Option<usize>,
    advice: Vec<AdviceObject<'a>>,
}

#[derive(Serialize)]
struct TallyObject {
    count: u64,
    bytes: u64,
    disk_bytes: u64,
}

#[derive(Serialize)]
struct ToolObject<'a> {
    name: &'a str,
    package: Option<&'a str>,
    go_versions: &'a [String],
    copies: u64,
    bytes: u64,
    disk_bytes: u64,
    oldest_use: i64,
    newest_use: i64,
}

#[derive(Serialize)]
struct SetObject<'a> {
    go_version: &'a str,
    goos: &'a str,
    goarch: &'a str,
    level: Option<&'a str>,
    instrumentation: &'a str,
    packages: usize,
    archives: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct DuplicateObject<'a> {
    /// `same-content`: all but one are spare. `same-package`: they differ.
    class: &'static str,
    package: &'a str,
    archives: u64,
    bytes: u64,
    /// What tells them apart; empty for `same-content`.
    differ_in: Vec<&'static str>,
    /// What differs in their keys, from recordings.
    inputs: &'a [String],
    /// Of how many of them recordings hold the keys.
    recorded: usize,
}

#[derive(Serialize)]
struct DuplicatesTotal {
    same_content: TallyObject,
    same_package: PackagesObject,
    differ_in: BTreeMap<&'static str, PackagesObject>,
}

#[derive(Serialize)]
struct PackagesObject {
    packages: usize,
    bytes: u64,
}

#[derive(Serialize)]
struct TrimObject {
    /// Null where trim.txt is missing or not a number.
    last: Option<i64>,
    next: i64,
    removable: TallyObject,
    /// After one to six days without use.
    removable_later: Vec<TallyObject>,
    oldest_use: Option<i64>,
    newest_use: Option<i64>,
    /// `ages`, `no-trim-file`, `survivors`, `renewed`.
    aging: &'static str,
}

#[derive(Serialize)]
struct BrokenObject<'a> {
    path: &'a str,
    fault: &'static str,
    message: String,
    package: Option<&'a str>,
}

#[derive(Serialize)]
struct UnreadObject<'a> {
    path: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct AdviceObject<'a> {
    rule: &'static str,
    subject: &'a str,
    message: &'a str,
    fix: &'a str,
    path: Option<&'a str>,
    line: Option<u32>,
    text: Option<&'a str>,
}

impl From<Tally> for TallyObject {
    fn from(tally: Tally) -> Self {
        Self { count: tally.count, bytes: tally.bytes, disk_bytes: tally.disk }
    }
}

/// Renders a report as one JSON document.
#[must_use]
pub fn render(report: &CacheReport) -> String {
    let cache = &report.cache;
    let document = Document {
        schema: "goaudit.cache.v1",
        dir: &report.dir,
        read: cache.now,
        entries: cache.kind("entry").count,
        bytes: cache.total.bytes,
        disk_bytes: cache.total.disk,
        files: cache.total.count,
        kinds: cache.kinds.iter().map(|kind| (kind.name, kind.tally.into())).collect(),
        unnamed: cache.unnamed.into(),
        executables: executables(cache),
        sets: sets(cache),
        duplicates: duplicates(cache),
        duplicates_total: totals(cache),
        trim: trim(cache),
        broken: cache
            .broken
            .iter()
            .map(|broken| BrokenObject {
                path: &broken.path,
                fault: broken.fault.name(),
                message: broken.fault.to_string(),
                package: broken.package.as_deref(),
            })
            .collect(),
        verified: cache.is_verified,
        unread: cache.unread.iter().map(|(path, why)| UnreadObject { path, why }).collect(),
        unread_total: cache.unread_total,
        recorded: cache.recorded,
        advice: report
            .advice
            .iter()
            .map(|advice| AdviceObject {
                rule: advice.id,
                subject: &advice.subject,
                message: &advice.what,
                fix: &advice.fix,
                path: advice.place.as_ref().map(|place| place.path.as_str()),
                line: advice.place.as_ref().and_then(|place| Some(place.at?.0.get())),
                text: advice.line.as_deref(),
            })
            .collect(),
    };
    crate::report::json::pretty(&document)
}

fn executables(cache: &Inventory) -> Vec<ToolObject<'_>> {
    let tools = cache.executables.iter();
    tools
        .map(|tool| ToolObject {
            name: &tool.name,
            package: Some(tool.package.as_str()).filter(|package| !package.is_empty()),
            go_versions: &tool.go_versions,
            copies: tool.copies.count,
            bytes: tool.copies.bytes,
            disk_bytes: tool.copies.disk,
            oldest_use: tool.used.0,
            newest_use: tool.used.1,
        })
        .collect()
}

fn sets(cache: &Inventory) -> Vec<SetObject<'_>> {
    let sets = cache.sets.iter();
    sets.map(|set| SetObject {
        go_version: &set.go_version,
        goos: &set.goos,
        goarch: &set.goarch,
        level: Some(set.level.as_str()).filter(|level| !level.is_empty()),
        instrumentation: &set.instrumentation,
        packages: set.packages,
        archives: set.archives.count,
        bytes: set.archives.bytes,
    })
    .collect()
}

fn duplicates(cache: &Inventory) -> Vec<DuplicateObject<'_>> {
    let same_content = cache.recompiled.packages.iter().map(|repeated| DuplicateObject {
        class: "same-content",
        package: &repeated.package,
        archives: repeated.spare.count,
        bytes: repeated.spare.bytes,
        differ_in: Vec::new(),
        inputs: &[],
        recorded: 0,
    });
    let same_package = cache.copies.iter().map(|copies| DuplicateObject {
        class: "same-package",
        package: &copies.package,
        archives: copies.archives.count,
        bytes: copies.archives.bytes,
        differ_in: copies.differ_in.iter().map(|difference| difference.name()).collect(),
        inputs: &copies.inputs,
        recorded: copies.recorded,
    });
    same_content.chain(same_package).collect()
}

fn totals(cache: &Inventory) -> DuplicatesTotal {
    let bytes = cache.copies.iter().map(|copies| copies.archives.bytes).sum();
    let differ_in = by_difference(cache).into_iter().map(|(difference, packages, bytes)| {
        (difference.name(), PackagesObject { packages, bytes })
    });
    DuplicatesTotal {
        same_content: cache.recompiled.spare.into(),
        same_package: PackagesObject { packages: cache.copies.len(), bytes },
        differ_in: differ_in.collect(),
    }
}

fn trim(cache: &Inventory) -> TrimObject {
    let trim = &cache.trim;
    TrimObject {
        last: match trim.last {
            TrimFile::At(last) => Some(last),
            TrimFile::Missing | TrimFile::Unreadable => None,
        },
        next: trim.next,
        removable: trim.now.into(),
        removable_later: trim.later.map(TallyObject::from).into(),
        oldest_use: trim.used.map(|(oldest, _)| oldest),
        newest_use: trim.used.map(|(_, newest)| newest),
        aging: match trim.aging {
            Aging::Ages => "ages",
            Aging::NoTrimFile { .. } => "no-trim-file",
            Aging::Survivors { .. } => "survivors",
            Aging::Renewed { .. } => "renewed",
        },
    }
}
