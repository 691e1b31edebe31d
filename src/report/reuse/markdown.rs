use std::fmt::Write as _;

use crate::report::reuse::{
    ReuseReport, WarmUp, folded, headline, not_built, notes, origins, percent, question,
};

/// Renders a report for the summary of a CI job.
#[must_use]
pub fn render(report: &ReuseReport) -> String {
    let reuse = &report.reuse;
    let mut text = format!("### {}\n\n", capitalized(&headline(report)));
    let _ =
        writeln!(text, "- first: {}\n- second: {}\n", code(&report.first), code(&report.second));
    text.push_str("| | needed | left |\n| --- | ---: | ---: |\n");
    for (name, needed, left) in origins(reuse) {
        let _ = writeln!(text, "| {name} | {needed} | {left} |");
    }
    if let Some(question) = question(reuse) {
        let _ = writeln!(text, "\n{}:\n", capitalized(&question));
    }
    for cause in &reuse.causes {
        let _ = writeln!(
            text,
            "- **{}** reaches {}: {}",
            cause.category.name(),
            cause.reach_total,
            code(&cause.title)
        );
    }
    for (what, names) in not_built(&reuse.not_built) {
        let _ = writeln!(text, "- {} {what}: {}", names.len(), code(&folded(names)));
    }
    match &report.warm_up {
        WarmUp::NotNeeded => {}
        WarmUp::Planned { command, left } => {
            let needed = reuse.needed.total();
            let _ = writeln!(
                text,
                "\nWarm up with {}: planned, it leaves {left} of {needed} ({}).",
                code(command),
                percent(*left, needed)
            );
        }
        WarmUp::Failed { command, why } => {
            let _ = writeln!(
                text,
                "\nNo warm-up is proven: the plan of {} failed: {}",
                code(command),
                code(why)
            );
        }
    }
    for note in notes(report) {
        let _ = writeln!(text, "\n{}.", capitalized(&note));
    }
    text
}

/// A text that Markdown leaves alone, on one line.
pub(in crate::report) fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
