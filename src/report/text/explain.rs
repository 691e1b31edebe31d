//! Why two recorded builds differ, without a policy.

use std::fmt::Write as _;

use crate::diff::lookups::Lookups;
use crate::diff::rows::{ActionRow, Outcome};
use crate::diff::{Comparison, PlanStep};
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::report::cache::size;
use crate::report::not_known;
use crate::report::text::{Paint, Style, causes, folded, number, tests};

/// Renders a comparison of two recordings: the two builds, what changed, the causes.
#[must_use]
pub fn explain(
    comparison: &Comparison,
    first: &Recording,
    second: &Recording,
    style: Style,
) -> String {
    let paint = Paint(style.colored);
    let mut text = String::new();
    let counts = &comparison.counts;
    for (name, recording, total) in
        [("first ", first, counts.first), ("second", second, counts.second)]
    {
        let version = recording.go_version().unwrap_or("unknown Go version");
        let command = recording.manifest.command.join(" ");
        let name = paint.bold(name);
        let _ = writeln!(text, "{name}  {}  {version}  {command}", number(total, "action"));
    }
    text.push_str(&outcomes(comparison, style));
    for (name, lookups) in ["first", "second"].into_iter().zip(comparison.lookups) {
        if let Some(lookups) = lookups {
            let _ = writeln!(text, "  {name} build's cache: {}", cached(lookups));
        }
    }
    text.push_str(&causes::causes(comparison, "why the two builds differ", style, paint));
    text.push_str(&tests::tests(&comparison.tests, style, paint));
    text.push_str(&order(comparison, paint));
    let unknown = not_known::lines(comparison, first, second);
    if !unknown.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("not known"));
        for line in unknown {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// What became of the actions of the second build.
fn outcomes(comparison: &Comparison, style: Style) -> String {
    let counts = &comparison.counts;
    let rows = &comparison.actions;
    let cpu = |is: &dyn Fn(&&ActionRow) -> bool| {
        let seconds = rows.iter().filter(is).filter_map(|row| row.cpu_seconds());
        seconds.reduce(|sum, cpu| sum + cpu).map(|cpu| format!(", {cpu:.1} CPU s"))
    };
    let mut text = format!("  {} of {} keys differ", counts.changed, counts.same + counts.changed);
    if counts.changed > 0 {
        let _ = write!(
            text,
            " ({}, {})",
            number(counts.roots, "root"),
            number(counts.followers, "follower")
        );
        let ran = counts.changed - counts.changed_but_found;
        if let Some(cpu) = cpu(&|row| row.outcome == Outcome::Miss) {
            let _ = write!(text, ": {ran} ran{cpu}");
        }
        if counts.changed_but_found > 0 {
            let _ =
                write!(text, ", {} were in the cache from another build", counts.changed_but_found);
        }
    }
    text.push('\n');
    if counts.cutoff > 0 {
        let cpu = counts.cutoff_cpu_seconds;
        let cpu = cpu.map(|cpu| format!(", {cpu:.1} CPU s for nothing")).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} with another key gave the same output{cpu}",
            number(counts.cutoff, "action")
        );
    }
    let links = rows.iter().filter(|row| is_relinked(row)).count();
    if links > 0 {
        let cpu = cpu(&|row| is_relinked(row)).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} ran with equal keys{cpu}: go build and go test never cache executables",
            number(links, "link")
        );
    }
    if counts.only_first + counts.only_second > 0 {
        let _ = writeln!(
            text,
            "  {} only in the first, {} only in the second{}",
            number(counts.only_first, "action"),
            counts.only_second,
            one_sided(comparison, style)
        );
    }
    let keys = &comparison.keys;
    let _ = writeln!(text, "  {} of {} keys verified", keys.verified, keys.total);
    text
}

/// What a build found in its cache.
fn cached(lookups: Lookups) -> String {
    let Lookups { found, missed, stored, vet_found, vet_ran, unseen, .. } = lookups;
    let mut text = format!(
        "{found} of {} found ({}), {stored} stored ({})",
        number(found + missed, "lookup"),
        size(lookups.found_bytes),
        size(lookups.stored_bytes)
    );
    if vet_found + vet_ran > 0 {
        let _ = write!(text, "; vet ran on {} and found {vet_found}", number(vet_ran, "package"));
    }
    if unseen > 0 {
        let _ = write!(text, "; those of {} were not seen", number(unseen, "go command"));
    }
    text
}

/// The actions without a counterpart, by name.
fn one_sided(comparison: &Comparison, style: Style) -> String {
    let is_one_sided =
        |row: &&ActionRow| matches!(row.outcome, Outcome::OnlyFirst | Outcome::OnlySecond);
    let names: Vec<String> =
        comparison.actions.iter().filter(is_one_sided).map(ActionRow::full_name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!(": {}", folded(&names, style))
}

fn is_relinked(row: &ActionRow) -> bool {
    row.kind == KeyKind::Link && row.outcome == Outcome::RanWithEqualKey
}

/// In which order to undo the causes, where the order matters.
fn order(comparison: &Comparison, paint: Paint) -> String {
    if comparison.plan.len() < 2 {
        return String::new();
    }
    let step = |step: &PlanStep| {
        let category = comparison.causes[step.cause].category;
        let cpu = step.cpu_seconds.map(|cpu| format!(", {cpu:.1} CPU s")).unwrap_or_default();
        format!("{category} ({}{cpu})", number(step.actions, "action"))
    };
    let steps: Vec<String> = comparison.plan.iter().take(STEPS).map(step).collect();
    let more = if comparison.plan.len() > STEPS { ", …" } else { "" };
    format!("\n{} {}{more}\n", paint.bold("undone in this order they free"), steps.join(", then "))
}

/// Steps that the order names; what comes after them is worth little.
const STEPS: usize = 4;
