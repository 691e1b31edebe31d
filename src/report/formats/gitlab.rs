//! A GitLab code quality report: shown beside the lines of a merge request.
//!
//! Source: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use serde::Serialize;

use super::{OF_THE_BUILD, in_full, in_repository, path, position};
use crate::finding::Level;
use crate::policy::Judged;
use crate::report::{Report, fingerprint, json};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Renders the findings as a JSON list, as an artifact of `reports: codequality`.
#[must_use]
pub fn gitlab(report: &Report<'_>) -> String {
    let judged = report.verdict.judged.iter();
    let issues: Vec<Issue> = judged
        .zip(fingerprint::all(report))
        .map(|(judged, fingerprint)| issue(report, judged, fingerprint))
        .collect();
    json::pretty(&issues)
}

fn issue(report: &Report<'_>, judged: &Judged, fingerprint: String) -> Issue {
    let Judged { finding, level } = judged;
    let place = finding.place.as_ref();
    Issue {
        description: in_full(finding),
        check_name: finding.rule,
        fingerprint,
        severity: match level {
            Level::Error => "major",
            Level::Warning => "minor",
            Level::Note | Level::Off => "info",
        },
        location: Location {
            path: place
                .map_or_else(|| in_repository(report, OF_THE_BUILD), |place| path(report, place)),
            lines: Lines { begin: position(finding).0 },
        },
    }
}
