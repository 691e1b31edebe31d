//! Text for a person at a terminal or in a CI log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use crate::diff::artifacts::Outcome as ArtifactOutcome;
use crate::diff::cause::Cause;
use crate::diff::{Comparison, Unexplained};
use crate::finding::{Finding, Level};
use crate::policy::{Judged, Outcome};
use crate::report::{Depth, Report, not_examined};

/// How a report looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    pub colored: bool,
    /// Everything, in place of what fits [`LINES`].
    pub verbose: bool,
}

/// A report that a person reads whole.
const LINES: usize = 40;
/// Causes that are shown in full; a build rarely has more.
const CAUSES: usize = 6;
/// Subjects that a folded line names.
const SUBJECTS: usize = 3;

/// Renders a report: verdict, causes, findings, and what was not looked at.
#[must_use]
pub fn render(report: &Report<'_>, style: Style) -> String {
    let paint = Paint(style.colored);
    let mut text = headline(report, paint);
    if let Some(comparison) = &report.comparison {
        text.push_str(&summary(report, comparison));
        text.push_str(&causes(comparison, style, paint));
    }
    let end = closing(report, style, paint);
    let used = text.lines().count() + end.lines().count();
    let room = if style.verbose { usize::MAX } else { LINES.saturating_sub(used) };
    text.push_str(&findings(report, room, style, paint));
    text.push_str(&end);
    text
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, style: Ansi, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with(Ansi::new().bold(), text)
    }

    fn dim(self, text: &str) -> String {
        self.with(Ansi::new().dimmed(), text)
    }

    fn level(self, level: Level) -> String {
        let (name, color) = match level {
            Level::Error => ("error", AnsiColor::Red),
            Level::Warning => ("warning", AnsiColor::Yellow),
            Level::Note | Level::Off => ("note", AnsiColor::Cyan),
        };
        self.with(color.on_default().bold(), name)
    }
}

fn headline(report: &Report<'_>, paint: Paint) -> String {
    let verdict = &report.verdict;
    let (word, color) = match verdict.outcome {
        Outcome::Pass => ("PASS", AnsiColor::Green),
        Outcome::Fail => ("FAIL", AnsiColor::Red),
        Outcome::Unknown => ("NO VERDICT", AnsiColor::Yellow),
    };
    let mut line = paint.with(color.on_default().bold(), word);
    if let Some((first, _)) = report.recordings {
        let module = first.manifest.go_mod.module.as_deref().unwrap_or("(no module)");
        let _ = write!(line, "  {module}  {}", first.go_version().unwrap_or("unknown Go version"));
    }
    let counted = |level| verdict.judged.iter().filter(|judged| judged.level == level).count();
    let counts: Vec<String> =
        [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
            .into_iter()
            .filter_map(|(level, name)| {
                Some((counted(level), name)).filter(|(count, _)| *count > 0)
            })
            .map(|(count, name)| number(count, name))
            .collect();
    let counts = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let _ = writeln!(line, "  {counts}");
    for reason in &verdict.not_judged {
        let _ = writeln!(line, "  {reason}");
    }
    line
}

fn number(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

fn summary(report: &Report<'_>, comparison: &Comparison) -> String {
    let mut text = String::new();
    if report.depth == Depth::Build {
        let identical = |outcome: &ArtifactOutcome| matches!(outcome, ArtifactOutcome::Identical);
        let total = comparison.artifacts.len();
        let same = comparison.artifacts.iter().filter(|pair| identical(&pair.outcome)).count();
        let state = match total - same {
            _ if total == 0 => "none compared".to_owned(),
            0 => "identical".to_owned(),
            different if different == total => "not identical".to_owned(),
            different => format!("{same} identical, {different} not"),
        };
        let _ = writeln!(text, "  {}: {state}", number(total, "artifact"));
    }
    let counts = &comparison.counts;
    let keys = &comparison.keys;
    let _ = write!(
        text,
        "  {}: {} with equal keys, {} changed",
        number(counts.second, "action"),
        counts.same,
        counts.changed
    );
    if counts.changed > 0 {
        let _ = write!(
            text,
            " ({}, {})",
            number(counts.roots, "root"),
            number(counts.followers, "follower")
        );
    }
    if counts.only_first + counts.only_second > 0 {
        let _ = write!(
            text,
            ", {} only in the first, {} only in the second",
            counts.only_first, counts.only_second
        );
    }
    if counts.cutoff > 0 {
        let _ = write!(text, ", {} for the same output", counts.cutoff);
    }
    let _ = writeln!(text, "; {} of {} keys verified", keys.verified, keys.total);
    text
}

fn causes(comparison: &Comparison, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    if comparison.causes.is_empty() && comparison.unexplained.is_empty() {
        return text;
    }
    let _ = writeln!(
        text,
        "\n{}",
        paint.bold(&format!(
            "{} why the two builds differ",
            number(comparison.causes.len(), "cause")
        ))
    );
    let shown = if style.verbose { usize::MAX } else { CAUSES };
    for cause in comparison.causes.iter().take(shown) {
        text.push_str(&one_cause(cause, style, paint));
    }
    let rest = &comparison.causes[comparison.causes.len().min(shown)..];
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().map(|cause| cause.category.name()).collect();
        let _ = writeln!(text, "  and {} more: {} (-v shows them)", rest.len(), names.join(", "));
    }
    for unexplained in
        comparison.unexplained.iter().take(if style.verbose { usize::MAX } else { 2 })
    {
        text.push_str(&one_unexplained(unexplained, paint));
    }
    text
}

fn one_cause(cause: &Cause, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "  {}  {}", paint.bold(cause.category.name()), cause.title);
    let cpu = cause.share_cpu_seconds.map(|cpu| format!(", {cpu:.1} CPU s")).unwrap_or_default();
    let packages: Vec<&str> = cause.roots.iter().map(|root| root.action.as_str()).collect();
    let _ = writeln!(
        text,
        "    reaches {}{cpu}; starts in {}",
        number(cause.reach_total, "action"),
        folded(&packages, style)
    );
    if style.verbose {
        for root in &cause.roots {
            let side =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
            let change = format!(
                "{}: {} → {}",
                root.action,
                side(&root.change.first),
                side(&root.change.second)
            );
            let _ = writeln!(text, "      {}", paint.dim(&change));
        }
    }
    if let Some(fix) = &cause.fix {
        let _ = writeln!(text, "    fix: {fix}");
    }
    text
}

fn one_unexplained(unexplained: &Unexplained, paint: Paint) -> String {
    let mut text = format!("  {}  {}\n", paint.bold("unknown"), unexplained.action);
    for change in &unexplained.changes {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let _ = writeln!(text, "    {} → {}", side(&change.first), side(&change.second));
    }
    text
}

fn folded(names: &[&str], style: Style) -> String {
    if style.verbose || names.len() <= SUBJECTS + 1 {
        return names.join(", ");
    }
    format!("{} and {} more", names[..SUBJECTS].join(", "), names.len() - SUBJECTS)
}

/// Findings of one rule and level that say the same.
type Group<'r> = ((Level, &'r str), Vec<&'r Finding>);

fn groups<'r>(judged: &'r [Judged]) -> Vec<Group<'r>> {
    let mut groups: BTreeMap<(std::cmp::Reverse<Level>, &str), Vec<&Finding>> = BTreeMap::new();
    for judged in judged {
        groups
            .entry((std::cmp::Reverse(judged.level), judged.finding.rule))
            .or_default()
            .push(&judged.finding);
    }
    groups.into_iter().map(|((level, rule), findings)| ((level.0, rule), findings)).collect()
}

/// How much of a group of findings is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Evidence,
    Fix,
    Line,
}

fn findings(report: &Report<'_>, room: usize, style: Style, paint: Paint) -> String {
    let groups = groups(&report.verdict.judged);
    if groups.is_empty() {
        return String::new();
    }
    // What is least grave gives up its details first.
    let mut details = vec![Detail::Evidence; groups.len()];
    let lines = |details: &[Detail]| -> usize {
        let all = groups.iter().zip(details);
        all.map(|(group, detail)| one_group(group, *detail, style, paint).lines().count()).sum()
    };
    for less in [Detail::Fix, Detail::Line] {
        for index in (0..groups.len()).rev() {
            if lines(&details) + 2 > room {
                details[index] = less;
            }
        }
    }
    let shown =
        groups.iter().zip(&details).map(|(group, detail)| one_group(group, *detail, style, paint));
    format!("\n{}\n{}", paint.bold("what the policy says"), shown.collect::<String>())
}

fn one_group(group: &Group<'_>, detail: Detail, style: Style, paint: Paint) -> String {
    let ((level, rule), findings) = group;
    // The causes stand above already.
    if detail == Detail::Line || (*rule == "action-id-differs" && !style.verbose) {
        return in_short(group, paint);
    }
    let mut text = String::new();
    let shown = if style.verbose { usize::MAX } else { 2 };
    for finding in findings.iter().take(shown) {
        let place = finding.place.as_ref().map(|place| match place.at {
            Some((line, column)) => format!("{}:{line}:{column}: ", place.path),
            None => format!("{}: ", place.path),
        });
        let _ = writeln!(
            text,
            "  {} {}  {}{}",
            paint.level(*level),
            paint.bold(rule),
            place.unwrap_or_default(),
            finding.subject
        );
        let _ = writeln!(text, "    {}", finding.message);
        let evidence = match (style.verbose, detail) {
            (true, _) => usize::MAX,
            (false, Detail::Evidence) => 1,
            (false, Detail::Fix | Detail::Line) => 0,
        };
        for line in finding.evidence.iter().take(evidence) {
            let _ = writeln!(text, "    {}", paint.dim(&shortened(line, style)));
        }
        for line in finding.fix.iter().flat_map(|fix| fixed(fix)) {
            let _ = writeln!(text, "{line}");
        }
    }
    if findings.len() > shown {
        let subjects: Vec<&str> =
            findings[shown..].iter().map(|finding| finding.subject.as_str()).collect();
        let _ = writeln!(text, "    and {} more: {}", subjects.len(), folded(&subjects, style));
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
    format!(
        "  {} {}  {}\n",
        paint.level(*level),
        paint.bold(rule),
        folded(&subjects, Style::default())
    )
}

fn shortened(line: &str, style: Style) -> String {
    const WIDTH: usize = 140;
    if style.verbose || line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH).chain("…".chars()).collect()
}

fn closing(report: &Report<'_>, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let verdict = &report.verdict;
    if !verdict.allowed.is_empty() {
        let _ =
            writeln!(text, "\n{} allowed by the policy", number(verdict.allowed.len(), "finding"));
        if style.verbose {
            for allowed in &verdict.allowed {
                let _ = writeln!(
                    text,
                    "  {} {}: {}",
                    allowed.finding.rule, allowed.finding.subject, allowed.reason
                );
            }
        }
    }
    let lines = not_examined::lines(report);
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("not looked at"));
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
