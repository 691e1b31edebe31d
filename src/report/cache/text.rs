use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{CacheReport, ago, forecast, grouped, percent, place, size, title, tool_name};
use crate::cache::{Difference, Inventory, PackageCopies, Tally};
use crate::report::text::{Paint, Style, number};

/// Rows of each list, so that the whole is a screen.
const ROWS: usize = 8;

/// Renders a report for a person at a terminal or in a CI log.
#[must_use]
pub fn render(report: &CacheReport, style: Style) -> String {
    let paint = Paint(style.colored);
    let cache = &report.cache;
    let rows = if style.verbose { usize::MAX } else { ROWS };
    let mut text = format!("{}  {}\n", report.dir, paint.bold(&totals(cache)));
    if cache.is_empty() && cache.broken.is_empty() {
        text.push_str("  nothing is cached: no build has used it yet, or it was cleaned\n");
        return text;
    }
    let _ = writeln!(text, "\n  {:<18}  {:>9}  {:>9}  {:>9}", "", "size", "on disk", "files");
    for kind in cache.kinds.iter().filter(|kind| kind.tally.count > 0 || style.verbose) {
        let Tally { count, bytes, disk } = kind.tally;
        let _ = writeln!(
            text,
            "  {:<18}  {:>9}  {:>9}  {:>9}",
            title(kind.name),
            size(bytes),
            size(disk),
            grouped(count)
        );
    }
    if cache.unnamed.count > 0 {
        let _ = writeln!(
            text,
            "  {} of them in {} no entry names: nothing finds them",
            size(cache.unnamed.bytes),
            files(cache.unnamed.count)
        );
    }
    text.push_str(&executables(cache, paint, rows));
    text.push_str(&sets(cache, paint, rows));
    text.push_str(&recompiled(cache, paint, rows.min(4)));
    text.push_str(&copies(cache, paint, rows.min(4)));
    let _ = writeln!(text, "\n{}", paint.bold("trim"));
    for line in forecast(cache) {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str(&broken(cache, paint, rows));
    text.push_str(&advice(report, paint, rows));
    text
}

fn totals(cache: &Inventory) -> String {
    let Tally { count, bytes, disk } = cache.total;
    let used = cache.trim.used.map(|(oldest, newest)| {
        format!("; used {}, oldest use {}", ago(cache, newest), ago(cache, oldest))
    });
    format!(
        "{} in {} ({} on disk){}",
        size(bytes),
        files(count),
        size(disk),
        used.unwrap_or_default()
    )
}

fn files(count: u64) -> String {
    format!("{} file{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn more(text: &mut String, all: usize, rows: usize) {
    if all > rows {
        let _ = writeln!(text, "  and {} more (-v shows them)", all - rows);
    }
}

fn executables(cache: &Inventory, paint: Paint, rows: usize) -> String {
    let tools = &cache.executables;
    if tools.is_empty() {
        return String::new();
    }
    let mut all = Tally::default();
    tools.iter().for_each(|tool| all.merge(tool.copies));
    let copies = if all.count == 1 { "copy" } else { "copies" };
    let head = format!(
        "cached executables: {} of {} in {} {copies}",
        size(all.bytes),
        number(tools.len(), "tool"),
        all.count
    );
    let mut text = format!("\n{}\n", paint.bold(&head));
    for tool in tools.iter().take(rows) {
        let (oldest, newest) = tool.used;
        let oldest = if tool.copies.count > 1 {
            format!(", oldest {}", ago(cache, oldest))
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "  {:>9}  {:>3} ×  {}  used {}{oldest}  {}",
            size(tool.copies.bytes),
            tool.copies.count,
            tool_name(tool),
            ago(cache, newest),
            tool.go_versions.join(", ")
        );
    }
    more(&mut text, tools.len(), rows);
    text
}

fn sets(cache: &Inventory, paint: Paint, rows: usize) -> String {
    if cache.sets.is_empty() {
        return String::new();
    }
    let head = match cache.sets.len() {
        1 => "1 set of archives".to_owned(),
        count => {
            let all: u64 = cache.sets.iter().map(|set| set.archives.bytes).sum();
            let first = cache.sets.first().map_or(0, |set| set.archives.bytes);
            format!("{count} sets of archives: {} beside the largest", size(all - first))
        }
    };
    let mut text = format!("\n{}\n", paint.bold(&head));
    for set in cache.sets.iter().take(rows) {
        let level = if set.level.is_empty() { String::new() } else { format!(" {}", set.level) };
        let _ = writeln!(
            text,
            "  {:>9}  {:>14}  {} {}/{}{level} {}",
            size(set.archives.bytes),
            number(set.packages, "package"),
            set.go_version,
            set.goos,
            set.goarch,
            set.instrumentation
        );
    }
    more(&mut text, cache.sets.len(), rows);
    text
}

fn recompiled(cache: &Inventory, paint: Paint, rows: usize) -> String {
    let spare = cache.recompiled.spare;
    if spare.count == 0 {
        return String::new();
    }
    let head = format!(
        "same content, other key: {} archives, {}, {} of all archives: compiled again for nothing",
        grouped(spare.count),
        size(spare.bytes),
        percent(spare.bytes, cache.kind("archive").bytes)
    );
    let mut text = format!("\n{}\n", paint.bold(&head));
    for repeated in cache.recompiled.packages.iter().take(rows) {
        let _ = writeln!(
            text,
            "  {:>9}  {:>3} ×  {}",
            size(repeated.spare.bytes),
            repeated.spare.count,
            repeated.package
        );
    }
    more(&mut text, cache.recompiled.packages.len(), rows);
    text
}

/// Returns for each difference the packages whose archives it tells apart, and their bytes.
pub(super) fn by_difference(cache: &Inventory) -> Vec<(Difference, usize, u64)> {
    let mut sums: BTreeMap<Difference, (usize, u64)> = BTreeMap::new();
    for copies in &cache.copies {
        for difference in &copies.differ_in {
            let sum = sums.entry(*difference).or_default();
            sum.0 += 1;
            sum.1 += copies.archives.bytes;
        }
    }
    sums.into_iter().map(|(difference, (packages, bytes))| (difference, packages, bytes)).collect()
}

pub(super) fn words(difference: Difference) -> &'static str {
    match difference {
        Difference::GoVersion => "Go version",
        Difference::Platform => "platform",
        Difference::Instrumentation => "instrumentation",
        Difference::Flags => "compiler flags",
        Difference::Directory => "directory",
        Difference::Tests => "test files",
        Difference::Sources => "not told: sources, tags, PGO or imports",
    }
}

fn copies(cache: &Inventory, paint: Paint, rows: usize) -> String {
    if cache.copies.is_empty() {
        return String::new();
    }
    let bytes: u64 = cache.copies.iter().map(|copies| copies.archives.bytes).sum();
    let head =
        format!("several archives: {}, {}", number(cache.copies.len(), "package"), size(bytes));
    let mut text = format!("\n{}\n  they differ in\n", paint.bold(&head));
    for (difference, packages, bytes) in by_difference(cache) {
        let _ = writeln!(
            text,
            "    {:<40}  {:>12}  {:>9}",
            words(difference),
            number(packages, "package"),
            size(bytes)
        );
    }
    if let Some(recorded) = cache.recorded {
        let _ = writeln!(
            text,
            "  {} of these archives are in the recordings",
            grouped(recorded as u64)
        );
    }
    let untold = cache.copies.iter().any(|one| one.differ_in.contains(&Difference::Sources));
    if untold && cache.recorded.is_none() {
        text.push_str("  what an archive does not tell, --recording FILE names exactly\n");
    }
    for copies in cache.copies.iter().take(rows) {
        let what = told_apart_by(cache, copies);
        let _ = writeln!(
            text,
            "  {:>9}  {:>3} ×  {}  {what}",
            size(copies.archives.bytes),
            copies.archives.count,
            copies.package
        );
    }
    more(&mut text, cache.copies.len(), rows);
    text
}

/// What tells the archives of a package apart: exactly where their keys were recorded.
pub(super) fn told_apart_by(cache: &Inventory, copies: &PackageCopies) -> String {
    let seen: Vec<&str> = copies.differ_in.iter().map(|what| words(*what)).collect();
    let seen = seen.join(", ");
    let (recorded, all) = (copies.recorded as u64, copies.archives.count);
    match copies.inputs.join(", ") {
        _ if cache.recorded.is_none() => seen,
        // Nothing to compare with.
        _ if recorded < 2 => format!("{seen} ({recorded} of {all} recorded)"),
        inputs if recorded < all => format!("{inputs} ({recorded} of {all} recorded; {seen})"),
        inputs => inputs,
    }
}

fn broken(cache: &Inventory, paint: Paint, rows: usize) -> String {
    let mut text = String::new();
    if !cache.broken.is_empty() {
        let _ = writeln!(
            text,
            "\n{}",
            paint.bold(&format!("broken: {}", number(cache.broken.len(), "file")))
        );
        for broken in cache.broken.iter().take(rows) {
            let package = broken.package.as_ref().map(|package| format!(" ({package})"));
            let _ = writeln!(
                text,
                "  {}{}\n    {}",
                broken.path,
                package.unwrap_or_default(),
                broken.fault
            );
        }
        more(&mut text, cache.broken.len(), rows);
    }
    if cache.unread_total > 0 {
        let _ = writeln!(
            text,
            "\n{}",
            paint.bold(&format!("not read: {}", number(cache.unread_total, "place")))
        );
        for (path, why) in cache.unread.iter().take(rows) {
            let _ = writeln!(text, "  {path}: {why}");
        }
        more(&mut text, cache.unread_total, rows.min(cache.unread.len()));
    }
    if !cache.is_verified {
        text.push_str("\ncontents were not hashed; --verify does that\n");
    } else if cache.broken.is_empty() && cache.unread_total == 0 {
        text.push_str("\nevery output has the bytes that its name says\n");
    }
    text
}

fn advice(report: &CacheReport, paint: Paint, rows: usize) -> String {
    if report.advice.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.bold("what to do"));
    for advice in report.advice.iter().take(rows) {
        let _ = writeln!(text, "  {}  {}", advice.id, advice.what);
        if let Some(place) = place(advice) {
            let _ = writeln!(text, "    {place}");
        }
        let _ = writeln!(text, "    fix: {}", advice.fix);
    }
    more(&mut text, report.advice.len(), rows);
    text
}
