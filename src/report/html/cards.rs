//! The causes as cards, the order in which to undo them, and what nothing explains.

use std::fmt::Write as _;

use crate::diff::cause::Cause;
use crate::diff::{Change, Comparison, Unexplained};
use crate::report::html::data::{CAUSES, input_name};
use crate::report::html::summary::grouped;
use crate::report::html::{number, seconds};
use crate::report::page::escape::{Prose, Text};
use crate::report::proof;

/// Cards that are open from the start; a build rarely has more.
const OPEN: usize = 12;
/// Roots that a card names.
const NAMED: usize = 3;
/// Steps of the plan that are shown.
const STEPS: usize = 8;
/// Actions without an explanation that are shown; the table has all.
const UNEXPLAINED: usize = 50;

/// Returns the section of the causes; nothing where there is nothing to explain.
pub(super) fn section(comparison: &Comparison) -> String {
    if comparison.causes.is_empty() && comparison.unexplained.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<section id=\"causes\" aria-labelledby=\"causes-title\">\n<h2 id=\"causes-title\">Causes</h2>\n",
    );
    if !comparison.causes.is_empty() {
        html.push_str(
            "<p class=\"note\">Heaviest first. Select one to see only its actions.</p>\n",
        );
    }
    let total: f64 = comparison.causes.iter().filter_map(|cause| cause.share_cpu_seconds).sum();
    let cards: Vec<String> = comparison
        .causes
        .iter()
        .enumerate()
        .take(CAUSES)
        .map(|(index, cause)| card(index, cause, total))
        .collect();
    let (open, rest) = cards.split_at(cards.len().min(OPEN));
    let _ = writeln!(html, "<div class=\"cards\">\n{}</div>", open.concat());
    if !rest.is_empty() {
        let _ = writeln!(
            html,
            "<details class=\"more\"><summary>{}</summary>\n<div class=\"cards\">\n{}</div></details>",
            number(rest.len(), "more cause"),
            rest.concat()
        );
    }
    if comparison.causes.len() > CAUSES {
        let _ = writeln!(
            html,
            "<p class=\"note\">{} are not on this page; goaudit explain --format json has all.</p>",
            number(comparison.causes.len() - CAUSES, "lighter cause")
        );
    }
    html.push_str(&plan(comparison));
    html.push_str(&unexplained(&comparison.unexplained));
    html.push_str("</section>\n");
    html
}

fn card(index: usize, cause: &Cause, total: f64) -> String {
    let mut html = String::new();
    let _ = writeln!(
        html,
        "<article class=\"cause\">\n<p class=\"rank\"><b>{}</b> <span class=\"category\">{}</span></p>\n<h3><button type=\"button\" data-cause=\"{index}\" aria-pressed=\"false\">{}</button></h3>",
        index + 1,
        cause.category.name(),
        Prose(&cause.title)
    );
    if let Some(share) = cause.share_cpu_seconds.filter(|_| total > 0.0) {
        let width = 100.0 * share / total;
        let _ = writeln!(
            html,
            "<svg class=\"share\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"100\" height=\"4\"/><rect class=\"part\" width=\"{width:.1}\" height=\"4\"/></svg>"
        );
    }
    html.push_str("<dl>\n");
    for (name, value) in figures(cause, total) {
        let _ = writeln!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    html.push_str("</dl>\n");
    let _ = writeln!(html, "<p class=\"roots\">starts in {}</p>", roots(cause));
    html.push_str(&fix(cause));
    html.push_str("</article>\n");
    html
}

/// Where it comes from, what to do, and what came of trying that.
fn fix(cause: &Cause) -> String {
    let proof = cause.proof.as_ref().map(proof::sentence);
    [("From", cause.origin.as_deref()), ("Fix", cause.fix.as_deref()), ("Tried", proof.as_deref())]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .map(|(name, text)| format!("<p class=\"fix\"><b>{name}</b> {}</p>\n", Prose(text)))
        .collect()
}

fn figures(cause: &Cause, total: f64) -> Vec<(&'static str, String)> {
    let mut figures = vec![
        ("Reaches", number(cause.reach_total, "action")),
        ("Roots", grouped(cause.roots.len())),
    ];
    if let Some(share) = cause.share_cpu_seconds {
        let part = match total > 0.0 {
            true => format!(" ({:.0} %)", 100.0 * share / total),
            false => String::new(),
        };
        figures.push(("Share of CPU", format!("{}{part}", seconds(share))));
    }
    if let Some(alone) = cause.alone_cpu_seconds {
        figures.push(("Fixed alone saves", seconds(alone)));
    }
    if cause.cutoff > 0 {
        figures.push(("To the same output", number(cause.cutoff, "action")));
    }
    figures
}

fn roots(cause: &Cause) -> String {
    let shown = if cause.roots.len() == NAMED + 1 { NAMED + 1 } else { NAMED };
    let names: Vec<String> = cause
        .roots
        .iter()
        .take(shown)
        .map(|root| format!("<code>{}</code>", Text(&root.full_name())))
        .collect();
    let mut html = names.join(", ");
    let rest = cause.roots.len().saturating_sub(shown);
    if rest > 0 {
        let _ = write!(html, " and {} more", grouped(rest));
    }
    html
}

/// The order in which to undo causes; of one cause there is none.
fn plan(comparison: &Comparison) -> String {
    if comparison.plan.len() < 2 {
        return String::new();
    }
    let mut html =
        String::from("<div class=\"plan\">\n<h3>In which order to undo them</h3>\n<ol>\n");
    for (at, step) in comparison.plan.iter().take(STEPS).enumerate() {
        let Some(cause) = comparison.causes.get(step.cause) else { continue };
        let saved = step.cpu_seconds.map(|cpu| format!(", {}", seconds(cpu))).unwrap_or_default();
        let frees = match step.actions {
            0 => "frees nothing by itself: what it reaches has other causes".to_owned(),
            actions => format!("frees {}{saved}", number(actions, "action")),
        };
        let _ = writeln!(
            html,
            "<li>{} <b>{}</b> <span class=\"category\">{}</span> {}<span class=\"frees\">{frees}</span></li>",
            if at == 0 { "undo" } else { "then" },
            step.cause + 1,
            cause.category.name(),
            Text(&cause.about)
        );
    }
    html.push_str("</ol>\n");
    let rest = comparison.plan.len().saturating_sub(STEPS);
    if rest > 0 {
        let _ = writeln!(html, "<p class=\"note\">and {}</p>", number(rest, "more cause"));
    }
    html.push_str("</div>\n");
    html
}

fn unexplained(all: &[Unexplained]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut html = format!(
        "<div class=\"unexplained\">\n<h3>{} that no cause explains</h3>\n<p class=\"note\">What differs, word for word. An action without a line has a key that could not be verified.</p>\n",
        number(all.len(), "changed action")
    );
    for unexplained in all.iter().take(UNEXPLAINED) {
        let _ = writeln!(html, "<h4><code>{}</code></h4>", Text(&unexplained.action));
        html.push_str(&changes(&unexplained.changes));
    }
    if all.len() > UNEXPLAINED {
        let rest = grouped(all.len() - UNEXPLAINED);
        let _ = writeln!(html, "<p class=\"note\">and {rest} more, in the table</p>");
    }
    html.push_str("</div>\n");
    html
}

fn changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut html = String::from("<dl class=\"inputs\">\n");
    for change in changes {
        let side = |value: &Option<String>| match value {
            Some(value) => format!("<code>{}</code>", Text(value)),
            None => "<i>absent</i>".to_owned(),
        };
        let _ = writeln!(
            html,
            "<div><dt>{}</dt><dd>{}</dd><dd>{}</dd></div>",
            Text(&input_name(change)),
            side(&change.first),
            side(&change.second)
        );
    }
    html.push_str("</dl>\n");
    html
}
