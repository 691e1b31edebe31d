//! Markdown for a CI step summary or a comment on a pull request.

use std::fmt::Write as _;

use super::{path, verdict};
use crate::finding::{Finding, Level};
use crate::report::markdown::{code, plain};
use crate::report::text::spelt;
use crate::report::{Report, not_examined};

/// Findings that are listed; a step summary may have 1 MiB, and a person reads less.
const FINDINGS: usize = 100;

/// Renders a report: the verdict, a table of findings, each with its fix below.
#[must_use]
pub fn markdown(report: &Report<'_>) -> String {
    let mut text = format!("## goaudit: {}\n\nJudged by {}", verdict(report), code(&report.policy));
    if !report.verdict.allowed.is_empty() {
        let _ = write!(text, "; {} more allowed", report.verdict.allowed.len());
    }
    text.push_str(".\n");
    for reason in &report.verdict.not_judged {
        let _ = writeln!(text, "\n**No verdict:** {}", plain(reason));
    }
    text.push_str(&causes(report));
    text.push_str(&findings(report));
    let open = not_examined::lines(report);
    if !open.is_empty() {
        text.push_str("\n**Not looked at**\n\n");
        text.extend(open.iter().map(|line| format!("- {}\n", plain(line))));
    }
    text
}

/// The causes in short: `explain` has the long form.
fn causes(report: &Report<'_>) -> String {
    let causes = report.comparison.iter().flat_map(|comparison| &comparison.causes);
    let rows: String = causes
        .map(|cause| {
            format!(
                "| **{}** | {} | {} | {} |\n",
                cause.category,
                plain(&cause.title),
                cause.reach_total,
                plain(cause.fix.as_deref().unwrap_or_default())
            )
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!("\n| cause | what differs | reaches | fix |\n| --- | --- | ---: | --- |\n{rows}")
}

fn findings(report: &Report<'_>) -> String {
    let judged = &report.verdict.judged;
    if judged.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| | rule | where | what |\n| --- | --- | --- | --- |\n");
    for judged in judged.iter().take(FINDINGS) {
        let finding = &judged.finding;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            level(judged.level),
            code(finding.rule),
            place(report, finding),
            plain(&finding.message)
        );
    }
    if judged.len() > FINDINGS {
        let _ = writeln!(text, "\nand {} more.", judged.len() - FINDINGS);
    }
    for judged in judged.iter().take(FINDINGS) {
        text.push_str(&fix(report, &judged.finding));
    }
    text
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "❌ error",
        Level::Warning => "⚠️ warning",
        Level::Note | Level::Off => "note",
    }
}

fn place(report: &Report<'_>, finding: &Finding) -> String {
    match &finding.place {
        Some(place) => {
            let path = path(report, place);
            let at = place.at.map(|(line, column)| format!(":{line}:{column}"));
            format!(
                "{} {}",
                code(&format!("{path}{}", at.unwrap_or_default())),
                plain(&finding.subject)
            )
        }
        None => plain(&finding.subject),
    }
}

fn fix(report: &Report<'_>, finding: &Finding) -> String {
    let Some(fix) = &finding.fix else { return String::new() };
    let title = format!("fix {}: {}", finding.rule, place_in_short(report, finding));
    let mut text = format!("\n<details><summary>{}</summary>\n\n", html(&title));
    for line in finding.evidence.iter().take(3) {
        let _ = writeln!(text, "{}\n", code(line));
    }
    match fix.contains('\n') {
        false => {
            let _ = writeln!(text, "{}", plain(fix));
        }
        true => text.push_str(&block(fix)),
    }
    text.push_str("\n</details>\n");
    text
}

fn place_in_short(report: &Report<'_>, finding: &Finding) -> String {
    match &finding.place {
        Some(place) => {
            let at = place.at.map(|(line, _)| format!(":{line}")).unwrap_or_default();
            format!("{}{at}", path(report, place))
        }
        None => finding.subject.clone(),
    }
}

/// Text in a tag, where Markdown has no meaning.
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // Nobody is to be told of it by name.
            '@' => escaped.push_str("&#64;"),
            char if char.is_control() => escaped.push(' '),
            char => escaped.push(char),
        }
    }
    escaped
}

/// Several lines as they are to be written; no fence in them ends the block.
fn block(text: &str) -> String {
    let text = spelt(text);
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}\n")
}
