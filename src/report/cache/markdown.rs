use std::fmt::Write as _;

use super::{CacheReport, forecast, grouped, place, size, title, tool_name};
use crate::report::reuse::code;
use crate::report::text::number;

/// Renders a report for the summary of a CI job.
#[must_use]
pub fn render(report: &CacheReport) -> String {
    let cache = &report.cache;
    let total = cache.total;
    let mut text =
        format!("### GOCACHE: {} in {} files\n\n", size(total.bytes), grouped(total.count));
    text.push_str("| | size | on disk | files |\n| --- | ---: | ---: | ---: |\n");
    for kind in cache.kinds.iter().filter(|kind| kind.tally.count > 0) {
        let tally = kind.tally;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            title(kind.name),
            size(tally.bytes),
            size(tally.disk),
            grouped(tally.count)
        );
    }
    if !cache.executables.is_empty() {
        text.push_str("\n| cached executable | copies | size |\n| --- | ---: | ---: |\n");
        for tool in &cache.executables {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                code(&tool_name(tool)),
                tool.copies.count,
                size(tool.copies.bytes)
            );
        }
    }
    if !cache.sets.is_empty() {
        text.push_str("\n| set of archives | packages | size |\n| --- | ---: | ---: |\n");
        for set in &cache.sets {
            let name =
                format!("{} {}/{} {}", set.go_version, set.goos, set.goarch, set.instrumentation);
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                code(&name),
                grouped(set.packages as u64),
                size(set.archives.bytes)
            );
        }
    }
    let _ = writeln!(
        text,
        "\nSame content under another key: {} archives, {}.",
        grouped(cache.recompiled.spare.count),
        size(cache.recompiled.spare.bytes)
    );
    for line in forecast(cache) {
        let _ = writeln!(text, "- {line}");
    }
    for broken in &cache.broken {
        let package = broken.package.as_ref().map(|package| format!("{} ", code(package)));
        let package = package.unwrap_or_default();
        let _ = writeln!(text, "- broken: {package}{} {}", code(&broken.path), broken.fault);
    }
    if cache.unread_total > 0 {
        let _ = writeln!(text, "- not read: {}", number(cache.unread_total, "place"));
        for (path, why) in &cache.unread {
            let _ = writeln!(text, "  - {}: {why}", code(path));
        }
    }
    for advice in &report.advice {
        let place = place(advice).map(|place| format!(" At {}.", code(&place)));
        let _ = writeln!(
            text,
            "\n**{}**: {}.{} Fix: {}",
            advice.id,
            advice.what,
            place.unwrap_or_default(),
            code(&advice.fix)
        );
    }
    text
}
