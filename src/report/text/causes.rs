//! The causes of a difference, heaviest first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diff::cause::{Cause, Root};
use crate::diff::{Comparison, Unexplained};
use crate::report::proof;
use crate::report::text::{Paint, Style, folded, number};

/// Causes that are shown in full; a build rarely has more.
const SHOWN: usize = 6;
/// Actions that nothing explains, shown with all that differs in them.
const UNEXPLAINED: usize = 2;

pub(super) fn causes(comparison: &Comparison, subject: &str, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    if comparison.causes.is_empty() && comparison.unexplained.is_empty() {
        return text;
    }
    let _ = writeln!(
        text,
        "\n{}",
        paint.bold(&format!("{} {subject}", number(comparison.causes.len(), "cause")))
    );
    let shown = if style.verbose { usize::MAX } else { SHOWN };
    let total = comparison.causes.iter().filter_map(|cause| cause.share_cpu_seconds).sum();
    for cause in comparison.causes.iter().take(shown) {
        text.push_str(&one_cause(cause, total, style, paint));
    }
    let rest = &comparison.causes[comparison.causes.len().min(shown)..];
    if !rest.is_empty() {
        let _ = writeln!(text, "  and {} more: {} (-v shows them)", rest.len(), counted(rest));
    }
    if !comparison.unexplained.is_empty() {
        let count = number(comparison.unexplained.len(), "action");
        let _ = writeln!(text, "\n{}", paint.bold(&format!("{count} that nothing explains")));
    }
    let shown = if style.verbose { usize::MAX } else { UNEXPLAINED };
    for unexplained in comparison.unexplained.iter().take(shown) {
        text.push_str(&one_unexplained(unexplained, paint));
    }
    if comparison.unexplained.len() > shown {
        let _ =
            writeln!(text, "  and {} more (-v shows them)", comparison.unexplained.len() - shown);
    }
    text
}

/// The categories of causes, each with how many there are of it.
fn counted(causes: &[Cause]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cause in causes {
        *counts.entry(cause.category.name()).or_default() += 1;
    }
    let name = |(name, count): (&str, usize)| match count {
        1 => name.to_owned(),
        count => format!("{name} ×{count}"),
    };
    counts.into_iter().map(name).collect::<Vec<_>>().join(", ")
}

/// What a cause cost, its part of the cost of all, and what it costs alone where that is less.
fn cost(cause: &Cause, total: f64) -> String {
    let Some(share) = cause.share_cpu_seconds else { return String::new() };
    let percent =
        if total > 0.0 { format!(" ({:.0} %)", 100.0 * share / total) } else { String::new() };
    let alone = cause.alone_cpu_seconds.filter(|alone| share - alone >= 0.05);
    let alone =
        alone.map(|alone| format!(", undone alone it saves {alone:.1}")).unwrap_or_default();
    format!(", {share:.1} CPU s{percent}{alone}")
}

fn one_cause(cause: &Cause, total: f64, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "  {}  {}", paint.bold(cause.category.name()), cause.title);
    let roots: Vec<String> = cause.roots.iter().map(Root::full_name).collect();
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let _ = writeln!(
        text,
        "    reaches {}{}; starts in {}",
        number(cause.reach_total, "action"),
        cost(cause, total),
        folded(&roots, style)
    );
    if cause.cutoff > 0 {
        let _ = writeln!(
            text,
            "    {} of them gave the same output, so nothing follows from these",
            cause.cutoff
        );
    }
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
    if let Some(origin) = &cause.origin {
        let _ = writeln!(text, "    from: {origin}");
    }
    if let Some(fix) = &cause.fix {
        let _ = writeln!(text, "    fix: {fix}");
    }
    if let Some(proof) = &cause.proof {
        let _ = writeln!(text, "    {}", proof::sentence(proof));
    }
    match cause.variations.as_deref() {
        None => {}
        Some([]) => text.push_str("    no variation shows it alone\n"),
        Some(names) => {
            let _ = writeln!(text, "    shown alone by: {}", names.join(", "));
        }
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
