//! Workflow commands: annotations at the lines of a pull request.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use std::fmt::Write as _;

use super::{in_full, path, verdict};
use crate::finding::Level;
use crate::policy::Judged;
use crate::report::Report;
use crate::report::text::spelt;

/// Renders a report as workflow commands, one a finding, and a last line for the log.
#[must_use]
pub fn github(report: &Report<'_>) -> String {
    let mut text = String::new();
    for judged in &report.verdict.judged {
        let _ = writeln!(text, "{}", command(report, judged));
    }
    for reason in &report.verdict.not_judged {
        let _ = writeln!(text, "::error title=no verdict::{}", data(reason));
    }
    let _ = writeln!(text, "goaudit: {}", verdict(report));
    text
}

fn command(report: &Report<'_>, judged: &Judged) -> String {
    let Judged { finding, level } = judged;
    let name = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note | Level::Off => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = &finding.place {
        properties.push(("file", path(report, place)));
        if let Some((line, column)) = place.at {
            properties.push(("line", line.to_string()));
            properties.push(("col", column.to_string()));
        }
    }
    properties.push(("title", format!("goaudit {}", finding.rule)));
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{name} {}::{}", properties.join(","), data(&in_full(finding)))
}

/// The text of a command: on one line. The runner undoes these three and no others.
fn data(text: &str) -> String {
    spelt(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property ends at a comma, and all of them at two colons.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("50%\n::error::x"), "50%25%0A\\u{3a}:error::x");
        assert_eq!(property("a,b::c%\r\n"), "a%2Cb%3A%3Ac%25\\r%0A");
    }
}
