use std::fmt::Write as _;

use crate::report::reuse::{
    ReuseReport, WarmUp, folded, headline, not_built, notes, origins, percent, question,
};

/// Renders a report for a person at a terminal or in a CI log.
#[must_use]
pub fn render(report: &ReuseReport) -> String {
    let reuse = &report.reuse;
    let mut text = format!("{}\n", headline(report));
    let _ = writeln!(text, "  first   {}\n  second  {}\n", report.first, report.second);
    let _ = writeln!(text, "  {:16}  {:>6}  {:>6}", "", "needed", "left");
    for (name, needed, left) in origins(reuse) {
        let _ = writeln!(text, "  {name:16}  {needed:>6}  {left:>6}");
    }
    if let Some(question) = question(reuse) {
        let _ = writeln!(text, "\n{question}");
    }
    for cause in &reuse.causes {
        let _ = writeln!(text, "  {}  {}", cause.category.name(), cause.title);
        let roots: Vec<String> = cause.roots.iter().map(|root| root.package.clone()).collect();
        let _ = writeln!(text, "    reaches {}; starts in {}", cause.reach_total, folded(&roots));
    }
    for (what, names) in not_built(&reuse.not_built) {
        let _ = writeln!(text, "  {} {what}\n    {}", names.len(), folded(names));
    }
    match &report.warm_up {
        WarmUp::NotNeeded => {}
        WarmUp::Planned { command, left } => {
            let needed = reuse.needed.total();
            let _ = writeln!(
                text,
                "\nwarm up with\n  {command}\n  planned: it leaves {left} of {needed} ({})",
                percent(*left, needed)
            );
        }
        WarmUp::Failed { command, why } => {
            let _ = writeln!(text, "\nno warm-up is proven\n  {command}\n  its plan failed: {why}");
        }
    }
    let notes = notes(report);
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        let _ = writeln!(text, "{note}");
    }
    text
}
