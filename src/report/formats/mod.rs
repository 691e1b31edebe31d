//! An audit for programs that show findings: code hosts, CI systems, editors.
//!
//! What comes out of a file may come from anyone: each format spells out what
//! would have a meaning in it.

mod github;
mod gitlab;
mod junit;
mod markdown;
mod sarif;

pub use github::github;
pub use gitlab::gitlab;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;

use crate::finding::{Finding, Level, Place};
use crate::policy::Outcome;
use crate::report::Report;
use crate::report::text::{number, spelt_line};

/// A file that every module has, for findings about the build in formats that take no finding
/// without a file.
const OF_THE_BUILD: &str = "go.mod";

/// The file of a finding, relative to the top of the repository.
fn path(report: &Report<'_>, place: &Place) -> String {
    in_repository(report, &place.path)
}

fn in_repository(report: &Report<'_>, path: &str) -> String {
    match report.below.as_str() {
        "" => path.to_owned(),
        below => format!("{below}/{path}"),
    }
}

/// The line and column of a finding; 1 where it is about a whole file.
fn position(finding: &Finding) -> (u32, u32) {
    let at = finding.place.as_ref().and_then(|place| place.at);
    at.map_or((1, 1), |(line, column)| (line.get(), column.get()))
}

/// The message with the evidence and the fix, for a reader who sees nothing else.
fn in_full(finding: &Finding) -> String {
    let mut text = format!("{}: {}", spelt_line(&finding.subject), spelt_line(&finding.message));
    for line in &finding.evidence {
        text.push_str("\n  ");
        text.push_str(line);
    }
    if let Some(fix) = &finding.fix {
        text.push_str(if fix.contains('\n') { "\nfix:\n" } else { "\nfix: " });
        text.push_str(fix);
    }
    text
}

/// The verdict in one line.
fn verdict(report: &Report<'_>) -> String {
    let word = match report.verdict.outcome {
        Outcome::Pass => "the policy is kept",
        Outcome::Fail => "the policy is broken",
        Outcome::Unknown => "no verdict",
    };
    let count = |level| report.verdict.judged.iter().filter(|judged| judged.level == level).count();
    let counts: Vec<String> =
        [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
            .into_iter()
            .map(|(level, name)| (count(level), name))
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| number(count, name))
            .collect();
    let counts = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    format!("{word}: {counts}")
}
