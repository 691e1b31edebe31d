//! JUnit XML: a test case for each rule that was run, for CI systems that show nothing else.
//!
//! Source: <https://github.com/testmoapp/junitxml>, what CI systems agree on.

use std::fmt::Write as _;

use super::{in_full, path, verdict};
use crate::finding::Level;
use crate::policy::Judged;
use crate::report::{Depth, Report};
use crate::rules::RULES;

/// Renders a report as one suite. An error fails its case; what breaks no policy is output of a
/// case that passes.
#[must_use]
pub fn junit(report: &Report<'_>) -> String {
    let judged = &report.verdict.judged;
    let mut cases: String = judged.iter().map(|judged| case(report, judged)).collect();
    let fired = |id| judged.iter().any(|judged| judged.finding.rule == id);
    let quiet = RULES
        .iter()
        .filter(|rule| rule.is_about_files() || report.depth != Depth::Text)
        .filter(|rule| !fired(rule.id));
    let mut tests = judged.len();
    for rule in quiet {
        tests += 1;
        let _ = writeln!(
            cases,
            "    <testcase classname=\"goaudit.{}\" name=\"{}\"/>",
            rule.id,
            escaped(rule.summary)
        );
    }
    let open = &report.verdict.not_judged;
    for reason in open {
        tests += 1;
        let _ = writeln!(
            cases,
            "    <testcase classname=\"goaudit\" name=\"verdict\">\n      <error message=\"{}\"/>\n    </testcase>",
            escaped(reason)
        );
    }
    let failures = judged.iter().filter(|judged| judged.level == Level::Error).count();
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\"", open.len());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"goaudit\" {counts}>\n  <testsuite name=\"{}\" {counts}>\n{cases}    <system-out>{}</system-out>\n  </testsuite>\n</testsuites>\n",
        escaped(&format!("goaudit, policy {}", report.policy)),
        escaped(&verdict(report)),
    )
}

fn case(report: &Report<'_>, judged: &Judged) -> String {
    let Judged { finding, level } = judged;
    let at = finding.place.as_ref().map(|place| (path(report, place), place.at));
    let (mut name, mut attributes) = (String::new(), String::new());
    if let Some((path, at)) = &at {
        let _ = write!(attributes, " file=\"{}\"", escaped(path));
        name.push_str(path);
        if let Some((line, _)) = at {
            let _ = write!(attributes, " line=\"{line}\"");
            let _ = write!(name, ":{line}");
        }
        name.push_str(": ");
    }
    name.push_str(&finding.subject);
    let text = escaped(&in_full(finding));
    let body = match level {
        Level::Error => format!(
            "<failure type=\"{}\" message=\"{}\">{text}</failure>",
            finding.rule,
            escaped(&finding.message)
        ),
        Level::Warning | Level::Note | Level::Off => format!("<system-out>{text}</system-out>"),
    };
    format!(
        "    <testcase classname=\"goaudit.{}\" name=\"{}\"{attributes}>\n      {body}\n    </testcase>\n",
        finding.rule,
        escaped(&name)
    )
}

/// Text for an attribute or between tags. What XML 1.0 cannot hold at all is spelt out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // `]]>` may not stand in text.
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // In an attribute they would become spaces.
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.extend(char.escape_default()),
            char if char.is_control() || is_turning(char) => escaped.extend(char.escape_default()),
            char => escaped.push(char),
        }
    }
    escaped
}

/// What turns text around, so that it reads as something else.
fn is_turning(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_spelt_out() {
        assert_eq!(escaped("a]]><b c=\"d\">&\n"), "a]]&gt;&lt;b c=&quot;d&quot;&gt;&amp;&#10;");
        assert_eq!(escaped("\u{0}\u{1b}[2J\u{ffff}\r"), "\\u{0}\\u{1b}[2J\\u{ffff}\\r");
        assert_eq!(escaped("\u{202e}"), "\\u{202e}");
    }
}
