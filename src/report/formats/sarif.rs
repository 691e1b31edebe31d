//! SARIF 2.1.0, for code scanning and editors.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{OF_THE_BUILD, in_full, in_repository, path};
use crate::finding::{Finding, Level};
use crate::policy::{Judged, Outcome};
use crate::report::{Report, fingerprint, json};
use crate::rules::{RULES, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Found>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

/// Renders a report as one SARIF log. What the policy allows is not in it.
#[must_use]
pub fn sarif(report: &Report<'_>) -> String {
    let judged = report.verdict.judged.iter();
    let results = judged
        .zip(fingerprint::all(report))
        .map(|(judged, fingerprint)| found(report, judged, fingerprint))
        .collect();
    let notification =
        |reason: &String| Notification { level: "error", message: Text { text: reason.clone() } };
    let invocation = Invocation {
        execution_successful: report.verdict.outcome != Outcome::Unknown,
        tool_execution_notifications: report.verdict.not_judged.iter().map(notification).collect(),
    };
    let driver = Driver {
        name: "goaudit",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: RULES.iter().map(|rule| descriptor(rule)).collect(),
    };
    json::pretty(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            invocations: [invocation],
            column_kind: "unicodeCodePoints",
            results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Descriptor {
    Descriptor {
        id: rule.id,
        short_description: Text { text: rule.summary.to_owned() },
        help: Help { text: rule.explanation, markdown: rule.explanation },
        default_configuration: Configuration { level: level(rule.level) },
    }
}

fn found(report: &Report<'_>, judged: &Judged, fingerprint: String) -> Found {
    let finding = &judged.finding;
    Found {
        rule_id: finding.rule,
        rule_index: RULES.iter().position(|rule| rule.id == finding.rule),
        level: level(judged.level),
        message: Text { text: in_full(finding) },
        locations: [location(report, finding)],
        partial_fingerprints: BTreeMap::from([
            // The name that code scanning looks for; its form is a hash and a number.
            ("primaryLocationLineHash", format!("{fingerprint}:1")),
            ("goaudit/v1", fingerprint),
        ]),
    }
}

fn location(report: &Report<'_>, finding: &Finding) -> Location {
    let place = finding.place.as_ref();
    // Code scanning refuses a log with a result that has no file.
    let path =
        place.map_or_else(|| in_repository(report, OF_THE_BUILD), |place| path(report, place));
    let region = place
        .and_then(|place| place.at)
        .map(|(line, column)| Region { start_line: line.get(), start_column: column.get() });
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(&path) },
            region,
        },
        logical_locations: [LogicalLocation { fully_qualified_name: finding.subject.clone() }],
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
        Level::Off => "none",
    }
}

/// A relative reference (RFC 3986): a colon in its first element would make that a scheme.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_reference() {
        assert_eq!(uri(".github/workflows/ci.yml"), ".github/workflows/ci.yml");
        assert_eq!(uri("a b:c%é"), "a%20b%3Ac%25%C3%A9");
    }
}
