//! Text for a person at a terminal or in a CI log.

mod causes;
mod excerpt;
mod explain;
mod findings;
mod tests;
mod why;

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use crate::diff::Comparison;
use crate::diff::artifacts::Outcome as ArtifactOutcome;
use crate::diff::divergence::Divergences;
use crate::finding::{Level, Safety};
use crate::ledger::Summary;
use crate::policy::{Judged, Outcome};
use crate::report::{Depth, Report, not_examined};

pub use explain::explain;
pub use why::why;

/// How a report looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    pub colored: bool,
    /// Everything, in place of what fits [`LINES`].
    pub verbose: bool,
}

/// A report that a person reads whole.
pub(in crate::report) const LINES: usize = 40;
/// Subjects that a folded line names.
const SUBJECTS: usize = 3;

/// Renders a report: verdict, causes, findings, and what was not looked at.
#[must_use]
pub fn render(report: &Report<'_>, style: Style) -> String {
    let paint = Paint(style.colored);
    let mut text = headline(report, paint);
    if let Some(comparison) = &report.comparison {
        text.push_str(&summary(report, comparison));
        text.push_str(&causes::causes(comparison, subject_of(report, comparison), style, paint));
    }
    let end = closing(report, style, paint);
    let used = text.lines().count() + end.lines().count();
    let all = style.verbose || report.depth == Depth::Text;
    let room = if all { usize::MAX } else { LINES.saturating_sub(used) };
    text.push_str(&findings::findings(report, room, style, paint));
    text.push_str(&end);
    text
}

/// What the causes are causes of.
fn subject_of(report: &Report<'_>, comparison: &Comparison) -> &'static str {
    let identical = |outcome: &ArtifactOutcome| matches!(outcome, ArtifactOutcome::Identical);
    match report.depth {
        Depth::Plan => "why the two plans differ",
        _ if comparison.artifacts.iter().all(|pair| identical(&pair.outcome)) => {
            "why the caches of the two builds differ; the artifacts are the same"
        }
        _ => "why the two builds differ",
    }
}

#[derive(Clone, Copy)]
pub(in crate::report) struct Paint(pub(in crate::report) bool);

impl Paint {
    pub(in crate::report) fn with(self, style: Ansi, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(in crate::report) fn bold(self, text: &str) -> String {
        self.with(Ansi::new().bold(), text)
    }

    fn removed(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    fn added(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(in crate::report) fn dim(self, text: &str) -> String {
        self.with(Ansi::new().dimmed(), text)
    }

    pub(in crate::report) fn level(self, level: Level) -> String {
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
    let mut counts = counts;
    if !verdict.allowed.is_empty() {
        counts.push(format!("{} allowed", number(verdict.allowed.len(), "finding")));
    }
    let counts = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let _ = writeln!(line, "  {counts}");
    let built = report.recordings.map(|(first, _)| {
        let command = first.manifest.shown(&first.manifest.command.join(" "));
        format!("built with {command}; ")
    });
    let _ = writeln!(line, "  {}judged by {}", built.unwrap_or_default(), report.policy);
    for reason in &verdict.not_judged {
        let _ = writeln!(line, "  {reason}");
    }
    line
}

pub(crate) fn number(count: usize, name: &str) -> String {
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
    text.push_str(&actions(comparison));
    for line in report.ledger.iter().flat_map(from_ledger) {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str(&first_to_diverge(&comparison.divergences));
    text
}

/// What was not built because earlier checks proved it, and what became of the proofs.
pub(in crate::report) fn from_ledger(ledger: &Summary) -> Vec<String> {
    let Summary { rebuilt, taken, added, contradicted, unlike, damaged, problem, days: _ } = ledger;
    let mut lines = Vec::new();
    let compiles = rebuilt.len() + taken;
    if compiles > 0 {
        let which = match rebuilt.as_slice() {
            [] => String::new(),
            some if *taken > 0 && some.len() <= SUBJECTS => format!(" ({})", some.join(", ")),
            _ => String::new(),
        };
        lines.push(spelt_line(&format!(
            "ledger: {} of {} rebuilt{which}, {taken} taken on earlier proof; {} added to it",
            rebuilt.len(),
            number(compiles, "compile"),
            number(*added, "output"),
        )));
    }
    if *unlike > 0 {
        lines.push(format!(
            "ledger: {} had another key in each build, so nothing proves them for next time: most often -trimpath is missing",
            number(*unlike, "compile")
        ));
    }
    lines.extend(problem.iter().map(|why| format!("ledger: {why}")));
    if !damaged.is_empty() {
        lines.push(format!(
            "ledger: rebuilt, because what was kept of them is gone or has other bytes than were confirmed: {}; the disk is bad, or somebody else wrote there",
            spelt_line(&damaged.join(", "))
        ));
    }
    if !contradicted.is_empty() {
        lines.push(format!(
            "ledger: contradicted and removed: {}; a rebuild gave other bytes than were confirmed before",
            spelt_line(&contradicted.join(", "))
        ));
    }
    lines
}

/// The package that differs before all that use it, where its archives were looked at.
fn first_to_diverge(divergences: &Divergences) -> String {
    let Some((root, archives)) =
        divergences.roots.first().and_then(|root| Some((root, root.archives.as_ref()?)))
    else {
        return String::new();
    };
    let keys = if root.is_nondeterministic { "equal keys" } else { "other key" };
    let difference = match archives {
        Ok(difference) => difference.summary(),
        Err(why) => format!("not compared: {why}"),
    };
    let others = match divergences.roots.len() - 1 {
        0 => String::new(),
        others => format!("{} more, ", number(others, "root")),
    };
    format!(
        "  first package that diverges: {} (root, {keys}), {others}{} not shown\n    {difference}\n",
        root.package,
        number(divergences.followers, "follower"),
    )
}

/// How many actions changed, and how much of that is proven.
fn actions(comparison: &Comparison) -> String {
    let mut text = String::new();
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
        let _ = write!(text, ", {} of them to the same output", counts.cutoff);
    }
    let _ = writeln!(text, "; {} of {} keys verified", keys.verified, keys.total);
    text
}

/// Spells out what would do something to a terminal or turn its text around. What a log holds may
/// come from anyone; the colours are this report's own, and harmless.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let acts = |char: char| {
        (char.is_control() && char != '\n' && char != '\t')
            || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let length = color_length(rest).unwrap_or(char.len_utf8());
        let (this, after) = rest.split_at(length);
        match length > char.len_utf8() || !acts(char) {
            true => shown.push_str(this),
            false => shown.extend(char.escape_default()),
        }
        rest = after;
    }
    Cow::Owned(shown)
}

/// What stands in a file, for a report: nothing in it acts on a terminal, colours it, or is a command
/// to a CI runner that reads its log.
pub(in crate::report) fn spelt(text: &str) -> String {
    // A colour of the report's own has no place in what is quoted.
    let text = printable(text).replace('\u{1b}', "\\u{1b}").replace("##[", "#\\u{23}[");
    let lines = text.split('\n').map(|line| match line.trim_start().strip_prefix("::") {
        Some(rest) => format!("\\u{{3a}}:{rest}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The same on one line.
pub(in crate::report) fn spelt_line(text: &str) -> String {
    spelt(&text.replace('\n', "\\n"))
}

/// Returns the bytes of a colour at the start of a text (ECMA-48, SGR).
fn color_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|char: char| !char.is_ascii_digit() && char != ';')?;
    parameters[end..].starts_with('m').then_some(end + "\u{1b}[m".len())
}

fn folded(names: &[&str], style: Style) -> String {
    if style.verbose || names.len() <= SUBJECTS + 1 {
        return names.join(", ");
    }
    format!("{} and {} more", names[..SUBJECTS].join(", "), names.len() - SUBJECTS)
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
    if report.depth == Depth::Text {
        text.push_str(&mendable(&verdict.judged));
    }
    let mut lines = not_examined::lines(report);
    lines.extend(not_examined::in_files(&report.not_resolved, style.verbose));
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("not looked at"));
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// How many findings `lint --fix` can mend.
fn mendable(judged: &[Judged]) -> String {
    let edits = |judged: &&Judged| !judged.finding.edits.is_empty();
    let is_safe =
        |judged: &&Judged| judged.finding.edits.iter().all(|edit| edit.safety == Safety::Safe);
    let all = judged.iter().filter(edits).count();
    let safe = judged.iter().filter(edits).filter(is_safe).count();
    match (safe, all - safe) {
        (0, 0) => String::new(),
        (0, other) => format!("\n{other} can be mended by `goaudit lint --fix=all`\n"),
        (safe, 0) => format!("\n{safe} can be mended by `goaudit lint --fix`\n"),
        (safe, other) => {
            format!("\n{safe} can be mended by `goaudit lint --fix`, {other} more by `--fix=all`\n")
        }
    }
}

#[cfg(test)]
mod unit {
    use super::{printable, spelt, spelt_line};

    #[test]
    fn what_a_file_holds_is_no_command_to_a_runner() {
        assert_eq!(spelt("a\n  ::error::b ##[error]c"), "a\n\\u{3a}:error::b #\\u{23}[error]c");
        assert_eq!(spelt("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(spelt_line("a\n::b"), "a\\n::b");
    }

    #[test]
    fn nothing_but_colour_reaches_a_terminal() {
        let colored = "\u{1b}[1mbold\u{1b}[0m é\n\t";
        assert_eq!(printable(colored), colored);
        assert_eq!(printable("a\u{1b}[2Jb\rc\u{7}"), "a\\u{1b}[2Jb\\rc\\u{7}");
        assert_eq!(printable("\u{1b}[3"), "\\u{1b}[3");
        assert_eq!(printable("x\u{202e}y"), "x\\u{202e}y");
    }
}
