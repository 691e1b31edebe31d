use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use crate::diff::artifacts::Differences;
use crate::diff::rebuilt::Mismatch;
use crate::diff::sections::SectionChange;
use crate::report::diff;
use crate::report::text::{Paint, Style};
use crate::report::verify::{File, Outcome, Verification};

/// Rows of a list that fits on a screen with all else.
const ROWS: usize = 12;

/// Renders a report for a person at a terminal or in a CI log.
#[must_use]
pub fn render(report: &Verification, style: Style) -> String {
    let paint = Paint(style.colored);
    let (word, color) = match report.outcome {
        Outcome::Verified => ("VERIFIED", AnsiColor::Green),
        Outcome::Differs(_) => ("DIFFERS", AnsiColor::Red),
        Outcome::Unknown { .. } => ("NO VERDICT", AnsiColor::Yellow),
    };
    let word = paint.with(Ansi::new().fg_color(Some(color.into())).bold(), word);
    let mut text = format!("{word}  {}", report.package);
    for part in [&report.version, &report.go_version, &report.target] {
        if !part.is_empty() {
            let _ = write!(text, "  {part}");
        }
    }
    text.push('\n');
    let row = |name: &str, file: &File| {
        format!("  {name:7}  sha256:{}  {} bytes\n", file.sha256, file.bytes)
    };
    match (&report.outcome, &report.rebuilt) {
        (Outcome::Verified, _) => {
            text.push_str(&row("both", &report.binary));
            text.push_str("  its build info is true: built again, the module, the settings and the Go version that it names give these bytes\n");
        }
        (_, rebuilt) => {
            text.push_str(&row("binary", &report.binary));
            text.push_str(&rebuilt.as_ref().map(|file| row("rebuild", file)).unwrap_or_default());
        }
    }
    match &report.outcome {
        Outcome::Verified => {}
        Outcome::Differs(mismatch) => text.push_str(&why(mismatch, paint)),
        Outcome::Unknown { why, fix, output } => {
            let _ = writeln!(text, "\n{}\n  {why}", paint.bold("why it was not built"));
            for line in output.lines() {
                let _ = writeln!(text, "    {line}");
            }
            if let Some(fix) = fix {
                let _ = writeln!(text, "  fix: {fix}");
            }
        }
    }
    let lists = [("inferred", &report.inferred), ("not recorded", &report.not_recorded)];
    for (name, rows) in lists.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        let _ = writeln!(text, "\n{}", paint.bold(name));
        for row in rows {
            let _ = writeln!(text, "  {row}");
        }
    }
    if let Outcome::Differs(mismatch) = &report.outcome {
        text.push_str(&match &mismatch.inside {
            Some(pair) => diff::inside(pair, style, paint),
            None => differences(&mismatch.differences, style, paint),
        });
    }
    if !report.command.is_empty() {
        let _ = writeln!(text, "\n{}\n  {}", paint.bold("rebuild it with"), report.command);
    }
    text
}

fn why(mismatch: &Mismatch, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.bold("why they differ"));
    for cause in &mismatch.causes {
        let _ = writeln!(text, "  {}  {}", cause.name, cause.what);
        if let Some(fix) = &cause.fix {
            let _ = writeln!(text, "    fix: {fix}");
        }
    }
    text
}

fn differences(differences: &Differences, style: Style, paint: Paint) -> String {
    let rows: Vec<String> = differences
        .sections
        .iter()
        .map(section)
        .chain(differences.unreadable.iter().cloned())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let shown = if style.verbose { rows.len() } else { rows.len().min(ROWS) };
    let mut text = format!("\n{}\n", paint.bold("where they differ"));
    for row in rows.iter().take(shown) {
        let _ = writeln!(text, "  {row}");
    }
    if rows.len() > shown {
        let _ = writeln!(text, "  … and {} more; --verbose shows all", rows.len() - shown);
    }
    text
}

fn section(change: &SectionChange) -> String {
    let name = &change.name;
    match (change.first, change.second) {
        (Some(first), Some(second)) if first == second => {
            format!("{name}  other content, {first} bytes")
        }
        (Some(first), Some(second)) => format!("{name}  {first} → {second} bytes"),
        (Some(first), None) => format!("{name}  in the binary only, {first} bytes"),
        (None, second) => {
            format!("{name}  in the rebuild only, {} bytes", second.unwrap_or_default())
        }
    }
}
