//! What a policy makes of the findings, gravest first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Finding, Level};
use crate::policy::Judged;
use crate::report::text::excerpt::excerpt;
use crate::report::text::{Paint, Style, folded, spelt, spelt_line};
use crate::report::{Depth, Report};

/// Findings of one rule and level.
type Group<'r> = ((Level, &'r str), Vec<&'r Finding>);

fn groups(judged: &[Judged]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(std::cmp::Reverse<Level>, &str), Vec<&Finding>> = BTreeMap::new();
    for judged in judged {
        let group = (std::cmp::Reverse(judged.level), judged.finding.rule);
        groups.entry(group).or_default().push(&judged.finding);
    }
    let plain =
        |((level, rule), findings): ((std::cmp::Reverse<Level>, _), _)| ((level.0, rule), findings);
    groups.into_iter().map(plain).collect()
}

/// Findings that say the same of several subjects are told once.
fn alike<'r>(findings: &[&'r Finding]) -> Vec<Vec<&'r Finding>> {
    let mut told: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let same = |other: &&Finding| {
            (&other.message, &other.fix, &other.place)
                == (&finding.message, &finding.fix, &finding.place)
        };
        match told.iter_mut().find(|group| group.first().is_some_and(same)) {
            Some(group) => group.push(finding),
            None => told.push(vec![finding]),
        }
    }
    told
}

/// How much of a group of findings is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Evidence,
    Fix,
    Line,
}

pub(super) fn findings(report: &Report<'_>, room: usize, style: Style, paint: Paint) -> String {
    let groups = groups(&report.verdict.judged);
    if groups.is_empty() {
        return String::new();
    }
    // What is least grave gives up its details first.
    let mut details = vec![Detail::Evidence; groups.len()];
    let lines = |details: &[Detail]| -> usize {
        let all = groups.iter().zip(details);
        all.map(|(group, detail)| one_group(report, group, *detail, style).lines().count()).sum()
    };
    for less in [Detail::Fix, Detail::Line] {
        for index in (0..groups.len()).rev() {
            if lines(&details) + 2 > room {
                details[index] = less;
            }
        }
    }
    let shown =
        groups.iter().zip(&details).map(|(group, detail)| one_group(report, group, *detail, style));
    format!("\n{}\n{}", paint.bold("what the policy says"), shown.collect::<String>())
}

fn one_group(report: &Report<'_>, group: &Group<'_>, detail: Detail, style: Style) -> String {
    let ((level, rule), findings) = group;
    let paint = Paint(style.colored);
    // The causes stand above already.
    if detail == Detail::Line || (*rule == "action-id-differs" && !style.verbose) {
        return in_short(group, paint);
    }
    let mut text = String::new();
    let told = alike(findings);
    // Where the files are all that was looked at, each finding is what was asked for.
    let all = style.verbose || report.depth == Depth::Text;
    let shown = if all { usize::MAX } else { 2 };
    for findings in told.iter().take(shown) {
        let subjects: Vec<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
        let head = format!("  {} {}", paint.level(*level), paint.bold(rule));
        if let Some(finding) = findings.first() {
            let subjects = folded(&subjects, style);
            text.push_str(&one_finding(report, &head, finding, &subjects, detail, style));
        }
    }
    if told.len() > shown {
        let rest = told[shown..].iter().flatten();
        let subjects: Vec<&str> = rest.map(|finding| finding.subject.as_str()).collect();
        let _ = writeln!(text, "    and {} more: {}", subjects.len(), folded(&subjects, style));
    }
    text
}

fn one_finding(
    report: &Report<'_>,
    head: &str,
    finding: &Finding,
    subjects: &str,
    detail: Detail,
    style: Style,
) -> String {
    let paint = Paint(style.colored);
    let place = finding.place.as_ref().map(|place| match place.at {
        Some((line, column)) => format!("{}:{line}:{column}: ", spelt_line(&place.path)),
        None => format!("{}: ", spelt_line(&place.path)),
    });
    let (place, subjects) = (place.unwrap_or_default(), spelt_line(subjects));
    let mut text = format!("{head}  {place}{subjects}\n    {}\n", spelt_line(&finding.message));
    let evidence = match (style.verbose, detail) {
        (true, _) => usize::MAX,
        (false, Detail::Evidence) => 1,
        (false, Detail::Fix | Detail::Line) => 0,
    };
    let excerpt = if evidence > 0 { excerpt(report.sources, finding, style) } else { None };
    let drawn = usize::from(excerpt.as_ref().is_some_and(|excerpt| excerpt.shows_evidence));
    text.extend(excerpt.map(|excerpt| excerpt.text));
    for line in finding.evidence.iter().take(evidence).skip(drawn) {
        let _ = writeln!(text, "    {}", paint.dim(&shortened(&spelt(line), style)));
    }
    for line in finding.fix.iter().flat_map(|fix| fixed(&spelt(fix))) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// A fix of several lines stands as it is to be written.
fn fixed(fix: &str) -> Vec<String> {
    match fix.split_once('\n') {
        None => vec![format!("    fix: {fix}")],
        Some(_) => std::iter::once("    fix:".to_owned())
            .chain(fix.lines().map(|line| format!("      {line}")))
            .collect(),
    }
}

fn in_short(((level, rule), findings): &Group<'_>, paint: Paint) -> String {
    let subjects: Vec<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
    let mut line = format!("{rule}  {}", folded(&subjects, Style::default()));
    match findings.as_slice() {
        _ if *rule == "action-id-differs" => line.push_str(": the causes above"),
        [only] => line = shortened(&format!("{line}: {}", only.message), Style::default()),
        _ => {}
    }
    let line = spelt_line(&line);
    let rest = line.strip_prefix(rule).unwrap_or_default();
    format!("  {} {}{rest}\n", paint.level(*level), paint.bold(rule))
}

fn shortened(line: &str, style: Style) -> String {
    const WIDTH: usize = 140;
    if style.verbose || line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH).chain("…".chars()).collect()
}
