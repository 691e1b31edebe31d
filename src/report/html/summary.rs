//! The head of the page: the answer in one sentence, the two builds, what became of their actions.

use std::fmt::Write as _;

use crate::diff::Comparison;
use crate::diff::artifacts::Outcome as ArtifactOutcome;
use crate::diff::rows::{ActionRow, ActionSide, Outcome};
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::report::html::data::{OUTCOMES, label};
use crate::report::html::{cpu_seconds, number, seconds};
use crate::report::not_known;
use crate::report::page::escape::{Prose, Text};

/// Returns the answer and what it rests on.
pub(super) fn head(comparison: &Comparison, first: &Recording, second: &Recording) -> String {
    let mut html = String::new();
    let _ = writeln!(html, "<h1>{}</h1>", Text(&headline(comparison)));
    let _ = writeln!(html, "<p class=\"lede\">{}</p>", Text(&lede(comparison, second)));
    html.push_str(&builds(comparison, first, second));
    html.push_str(&outcomes(comparison));
    html.push_str(&facts(comparison));
    html.push_str(&not_known(comparison, first, second));
    html
}

/// Returns the answer in one line.
pub(super) fn headline(comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let (causes, unexplained) = (comparison.causes.len(), comparison.unexplained.len());
    let one_sided = counts.only_first + counts.only_second;
    match (causes, unexplained) {
        _ if counts.first + counts.second == 0 => "Nothing was compared".to_owned(),
        _ if counts.first == 0 || counts.second == 0 => {
            "One of the two builds has no actions".to_owned()
        }
        (0, 0) if one_sided > 0 => {
            format!("{} in one build only, nothing else differs", number(one_sided, "action"))
        }
        (0, 0) if !comparison.tests.ran.is_empty() => format!(
            "No compile or link differs; tests of {} ran",
            number(comparison.tests.ran.len(), "package")
        ),
        (0, 0) => "Nothing differs".to_owned(),
        (0, _) => {
            format!("{} changed, and nothing known explains it", number(unexplained, "action"))
        }
        (causes, 0) if counts.changed > 0 => format!(
            "{} {} {}",
            number(causes, "cause"),
            if causes == 1 { "explains" } else { "explain" },
            match counts.changed {
                1 => "the one changed action".to_owned(),
                changed => format!("all {} changed actions", grouped(changed)),
            }
        ),
        (causes, 0) => format!("No key changed, and {} made actions run", number(causes, "cause")),
        (causes, _) => format!(
            "{}, and {} that none of them explains",
            number(causes, "cause"),
            number(unexplained, "changed action")
        ),
    }
}

fn lede(comparison: &Comparison, second: &Recording) -> String {
    let counts = &comparison.counts;
    if counts.first + counts.second == 0 {
        return "Neither recording holds a compile or a link: there is nothing to explain, and nothing is proven equal."
            .to_owned();
    }
    if counts.first == 0 || counts.second == 0 {
        return "Nothing can be compared: record both builds, each with a go command that compiles."
            .to_owned();
    }
    let mut text = format!(
        "Of {} in the second build {} the key of the first",
        number(counts.second, "action"),
        match counts.same {
            1 => "1 has".to_owned(),
            same => format!("{} have", grouped(same)),
        }
    );
    if counts.changed > 0 {
        let has = if counts.changed == 1 { "has" } else { "have" };
        let _ = write!(text, "; {} {has} another", grouped(counts.changed));
        if counts.roots > 0 && counts.followers > 0 {
            let _ = write!(
                text,
                ": {} through an input of their own, {} only through what an earlier action gave",
                grouped(counts.roots),
                grouped(counts.followers)
            );
        }
    }
    text.push('.');
    if second.manifest.cold && counts.ran_with_equal_key > 0 {
        text.push_str(
            " The second build started from an empty cache, so what has an equal key ran as well.",
        );
    }
    text
}

fn builds(comparison: &Comparison, first: &Recording, second: &Recording) -> String {
    let mut html = String::from(
        "<table class=\"builds\">\n<thead><tr><th scope=\"col\">Build</th><th scope=\"col\">Command</th><th scope=\"col\">Go</th><th scope=\"col\" class=\"number\">Actions</th><th scope=\"col\" class=\"number\">CPU</th></tr></thead>\n<tbody>\n",
    );
    let counts = &comparison.counts;
    let cpu = |side: fn(&ActionRow) -> Option<ActionSide>| {
        let spent = comparison.actions.iter().filter_map(|row| side(row)?.cpu_ns);
        spent.reduce(u64::saturating_add).map(cpu_seconds)
    };
    for (name, recording, actions, cpu) in [
        ("first", first, counts.first, cpu(|row| row.first)),
        ("second", second, counts.second, cpu(|row| row.second)),
    ] {
        let manifest = &recording.manifest;
        let command = match manifest.shown(&manifest.command.join(" ")) {
            command if command.is_empty() => "(not recorded)".to_owned(),
            command => command,
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{name}</th><td class=\"command\"><code>{}</code></td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            Prose(&command),
            Text(recording.go_version().unwrap_or("unknown")),
            grouped(actions),
            cpu.map_or("unknown".to_owned(), seconds)
        );
    }
    html.push_str("</tbody>\n</table>\n");
    html
}

/// Width of the bar in its own units.
const BAR: f64 = 1000.0;

/// A bar of all actions by outcome, and the legend of the whole page.
#[expect(clippy::cast_precision_loss, reason = "counts of actions")]
fn outcomes(comparison: &Comparison) -> String {
    let total = comparison.actions.len();
    if total == 0 {
        return String::new();
    }
    let count = |outcome| comparison.actions.iter().filter(|row| row.outcome == outcome).count();
    let counted: Vec<(Outcome, usize)> = OUTCOMES
        .into_iter()
        .map(|outcome| (outcome, count(outcome)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let mut html = String::from(
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    let mut x = 0.0;
    for (outcome, count) in &counted {
        let width = BAR * *count as f64 / total as f64;
        let _ = write!(
            html,
            "<rect class=\"outcome-{}\" x=\"{x:.2}\" y=\"0\" width=\"{width:.2}\" height=\"10\"/>",
            outcome.name()
        );
        x += width;
    }
    html.push_str("</svg>\n<ul class=\"legend\">\n");
    for (outcome, count) in &counted {
        let _ = writeln!(
            html,
            "<li><span class=\"swatch outcome-{}\"></span>{} <b>{}</b></li>",
            outcome.name(),
            label(*outcome),
            grouped(*count)
        );
    }
    html.push_str("</ul>\n");
    html
}

fn facts(comparison: &Comparison) -> String {
    let (counts, keys) = (&comparison.counts, &comparison.keys);
    let paired = || comparison.actions.iter().filter_map(|row| row.first.zip(row.second));
    let unless = |known: bool, count: usize| match known {
        true => grouped(count),
        false => "unknown".to_owned(),
    };
    let ran_is_known = paired().any(|(_, second)| second.ran.is_some());
    let outputs_are_known =
        paired().any(|(first, second)| first.content.is_some() && second.content.is_some());
    let mut facts: Vec<(&str, String, String)> = vec![
        ("Equal keys", grouped(counts.same), String::new()),
        (
            "Changed",
            grouped(counts.changed),
            match counts.changed {
                0 => String::new(),
                _ => format!(
                    "{}, {}",
                    number(counts.roots, "root"),
                    number(counts.followers, "follower")
                ),
            },
        ),
        (
            "Ran with equal keys",
            unless(ran_is_known, counts.ran_with_equal_key),
            relinked(comparison),
        ),
        ("Changed but found", unless(ran_is_known, counts.changed_but_found), String::new()),
        (
            "Changed to the same output",
            unless(outputs_are_known, counts.cutoff),
            counts
                .cutoff_cpu_seconds
                .map(|cpu| format!("{} of CPU for nothing", seconds(cpu)))
                .unwrap_or_default(),
        ),
        (
            "Keys verified",
            format!("{} of {}", grouped(keys.verified), grouped(keys.total)),
            match keys.total.saturating_sub(keys.verified) {
                0 => String::new(),
                rest => format!("{} without proof", grouped(rest)),
            },
        ),
    ];
    let artifacts = &comparison.artifacts;
    if !artifacts.is_empty() {
        let identical = |outcome: &ArtifactOutcome| matches!(outcome, ArtifactOutcome::Identical);
        let same = artifacts.iter().filter(|pair| identical(&pair.outcome)).count();
        let value = format!("{} of {}", grouped(same), grouped(artifacts.len()));
        facts.push(("Identical artifacts", value, String::new()));
    }
    let mut html = String::from("<dl class=\"facts\">\n");
    for (name, value, note) in facts {
        let _ = write!(html, "<div><dt>{name}</dt><dd>{value}");
        if !note.is_empty() {
            let _ = write!(html, "<small>{note}</small>");
        }
        html.push_str("</dd></div>\n");
    }
    html.push_str("</dl>\n");
    html
}

/// Says why links ran, which no cache serves.
fn relinked(comparison: &Comparison) -> String {
    let is_relinked =
        |row: &&ActionRow| row.kind == KeyKind::Link && row.outcome == Outcome::RanWithEqualKey;
    match comparison.actions.iter().filter(is_relinked).count() {
        0 => String::new(),
        links => format!("{}: executables are never cached", number(links, "link")),
    }
}

/// What the two recordings do not say, so that nobody takes it for equal.
fn not_known(comparison: &Comparison, first: &Recording, second: &Recording) -> String {
    let lines = not_known::lines(comparison, first, second);
    if lines.is_empty() {
        return String::new();
    }
    let mut html = String::from("<div class=\"unknown\">\n<p>Not known</p>\n<ul>\n");
    for line in lines {
        let _ = writeln!(html, "<li>{}</li>", Text(&line));
    }
    html.push_str("</ul>\n</div>\n");
    html
}

/// Returns a number with its thousands set apart.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
