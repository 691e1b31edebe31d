//! What `check` and `lint` have in common: how an audit is written, and how it ends.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;

use crate::cli::Exit;
use crate::policy::{Date, Outcome};
use crate::report::text::Style;
use crate::report::{self, Report, formats};

/// How the report of an audit is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditFormat {
    /// For a person
    #[default]
    Text,
    /// goaudit.report.v1
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Workflow commands: annotations of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// JUnit XML
    Junit,
    /// For a step summary or a comment
    Markdown,
}

pub(super) fn render(report: &Report<'_>, format: AuditFormat, style: Style) -> String {
    match format {
        AuditFormat::Text => report::text::render(report, style),
        AuditFormat::Json => report::json::render(report),
        AuditFormat::Sarif => formats::sarif(report),
        AuditFormat::Github => formats::github(report),
        AuditFormat::Gitlab => formats::gitlab(report),
        AuditFormat::Junit => formats::junit(report),
        AuditFormat::Markdown => formats::markdown(report),
    }
}

pub(super) fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Pass => Exit::Kept,
        Outcome::Fail => Exit::Broken,
        Outcome::Unknown => Exit::NoVerdict,
    }
}

pub(super) fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Date::from_unix_seconds(since.as_secs())
}
