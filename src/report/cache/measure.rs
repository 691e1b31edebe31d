//! What commands leave in a cache, and how long they take: text, JSON, Markdown.

use std::fmt::Write as _;

use serde::Serialize;

use super::{grouped, size};
use crate::cache::Tally;
use crate::report::reuse::code;

/// What was measured.
#[derive(Debug)]
pub struct MeasureReport {
    /// Repetitions of each command; 0 where nothing was timed.
    pub runs: usize,
    /// Whether a source was changed before as many more.
    pub is_changed: bool,
    /// One or two.
    pub sides: Vec<SideReport>,
}

/// One command.
#[derive(Debug)]
pub struct SideReport {
    pub command: String,
    /// Seconds that it took with an empty cache.
    pub first: f64,
    pub after_first: Growth,
    pub after_changes: Option<Growth>,
    pub repeated: Option<Times>,
    pub changed: Option<Times>,
}

/// What is in the cache of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    pub total: Tally,
    pub archives: Tally,
    pub executables: Tally,
}

/// Seconds of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    pub median: f64,
    pub minimum: f64,
    pub maximum: f64,
}

impl Times {
    /// Sums up seconds; `None` where there are none.
    #[must_use]
    pub fn of(mut seconds: Vec<f64>) -> Option<Self> {
        seconds.sort_by(f64::total_cmp);
        let middle = seconds.len() / 2;
        let upper = *seconds.get(middle)?;
        let lower = if seconds.len().is_multiple_of(2) { *seconds.get(middle - 1)? } else { upper };
        Some(Self {
            median: f64::midpoint(lower, upper),
            minimum: *seconds.first()?,
            maximum: *seconds.last()?,
        })
    }
}

/// One line of the table: what, a cell for each side, and how many times the second the first is.
struct Row {
    what: String,
    cells: Vec<String>,
    ratio: Option<f64>,
}

fn rows(report: &MeasureReport) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |what: &str, cell: &dyn Fn(&SideReport) -> Option<(String, f64)>| {
        let cells: Vec<Option<(String, f64)>> = report.sides.iter().map(cell).collect();
        if cells.iter().all(Option::is_none) {
            return;
        }
        let value = |at: usize| cells.get(at)?.as_ref().map(|(_, value)| *value);
        let ratio = value(0).zip(value(1)).filter(|(_, second)| *second > 0.0);
        rows.push(Row {
            what: what.to_owned(),
            ratio: ratio.map(|(first, second)| first / second),
            cells: cells
                .iter()
                .map(|cell| cell.as_ref().map_or("-".to_owned(), |(text, _)| text.clone()))
                .collect(),
        });
    };
    let bytes = |tally: Tally| Some((size(tally.bytes), tally.bytes as f64));
    let count = |tally: Tally| {
        let text = match tally.count {
            0 => "none".to_owned(),
            count => format!("{}, {}", grouped(count), size(tally.bytes)),
        };
        Some((text, tally.bytes as f64))
    };
    row("cache after the first run", &|side| bytes(side.after_first.total));
    row("package archives", &|side| count(side.after_first.archives));
    row("cached executables", &|side| count(side.after_first.executables));
    let changes = format!("after {} source changes", report.runs);
    row(&format!("cache {changes}"), &|side| bytes(side.after_changes?.total));
    row(&format!("cached executables {changes}"), &|side| count(side.after_changes?.executables));
    row("first run, empty cache", &|side| Some((format!("{:.2} s", side.first), side.first)));
    row("repeated", &|side| side.repeated.map(times));
    row("after a source change", &|side| side.changed.map(times));
    rows
}

fn times(times: Times) -> (String, f64) {
    let Times { median, minimum, maximum } = times;
    (format!("{median:.3} s ({minimum:.3} to {maximum:.3})"), median)
}

fn ratio(row: &Row) -> String {
    row.ratio.map(|ratio| format!("{ratio:.1} ×")).unwrap_or_default()
}

fn note(report: &MeasureReport) -> Option<String> {
    (report.runs > 0).then(|| {
        format!(
            "times: median of {}, minimum and maximum; elapsed, so of this machine as it was",
            report.runs
        )
    })
}

/// Renders a report for a person at a terminal or in a CI log.
#[must_use]
pub fn text(report: &MeasureReport) -> String {
    let mut text = String::new();
    for (name, side) in ["first", "second"].iter().zip(&report.sides) {
        let _ = writeln!(text, "{name:<6}  {}", side.command);
    }
    let rows = rows(report);
    let wide = rows.iter().map(|row| row.what.len()).max().unwrap_or_default();
    let cell = |text: &str| format!("  {text:>26}");
    let head: String =
        ["first", "second"].iter().take(report.sides.len()).map(|name| cell(name)).collect();
    let _ = writeln!(text, "\n{:wide$}{head}", "");
    for row in rows {
        let cells: String = row.cells.iter().map(|text| cell(text)).collect();
        let line = format!("{:wide$}{cells}  {}", row.what, ratio(&row));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if let Some(note) = note(report) {
        let _ = writeln!(text, "\n{note}");
    }
    text
}

/// Renders a report as a table for a pull request.
#[must_use]
pub fn markdown(report: &MeasureReport) -> String {
    let two = report.sides.len() > 1;
    let mut text = String::from("|");
    for side in &report.sides {
        // A bar in a command would end its cell.
        let _ = write!(text, " | {}", code(&side.command).replace('|', "\\|"));
    }
    text.push_str(if two { " | ratio |\n| ---" } else { " |\n| ---" });
    text.push_str(&" | ---:".repeat(report.sides.len() + usize::from(two)));
    text.push_str(" |\n");
    for row in rows(report) {
        let _ = write!(text, "| {} | {}", row.what, row.cells.join(" | "));
        if two {
            let _ = write!(text, " | {}", ratio(&row));
        }
        text.push_str(" |\n");
    }
    if let Some(note) = note(report) {
        let _ = writeln!(text, "\n{note}");
    }
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    runs: usize,
    /// Whether a source was changed before as many runs more.
    changed: bool,
    commands: Vec<CommandObject<'a>>,
}

#[derive(Serialize)]
struct CommandObject<'a> {
    command: &'a str,
    first_run_seconds: f64,
    after_first: GrowthObject,
    after_changes: Option<GrowthObject>,
    /// Seconds.
    repeated: Option<Times>,
    after_a_change: Option<Times>,
}

#[derive(Serialize)]
struct GrowthObject {
    files: u64,
    bytes: u64,
    disk_bytes: u64,
    archives: u64,
    archive_bytes: u64,
    executables: u64,
    executable_bytes: u64,
}

impl From<Growth> for GrowthObject {
    fn from(growth: Growth) -> Self {
        Self {
            files: growth.total.count,
            bytes: growth.total.bytes,
            disk_bytes: growth.total.disk,
            archives: growth.archives.count,
            archive_bytes: growth.archives.bytes,
            executables: growth.executables.count,
            executable_bytes: growth.executables.bytes,
        }
    }
}

/// Renders a report as `goaudit.cache-measure.v1`: fields may be added to it, never changed.
#[must_use]
pub fn json(report: &MeasureReport) -> String {
    let commands = report.sides.iter().map(|side| CommandObject {
        command: &side.command,
        first_run_seconds: side.first,
        after_first: side.after_first.into(),
        after_changes: side.after_changes.map(GrowthObject::from),
        repeated: side.repeated,
        after_a_change: side.changed,
    });
    crate::report::json::pretty(&Document {
        schema: "goaudit.cache-measure.v1",
        runs: report.runs,
        changed: report.is_changed,
        commands: commands.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::Times;

    #[test]
    fn the_median_of_two_is_between_them() {
        assert_eq!(Times::of(Vec::new()), None);
        let two = Times::of(vec![3.0, 1.0]).unwrap();
        assert_eq!((two.median, two.minimum, two.maximum), (2.0, 1.0, 3.0));
        assert_eq!(Times::of(vec![9.0, 1.0, 2.0]).unwrap().median, 2.0);
    }
}
