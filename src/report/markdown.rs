//! Markdown for a CI step summary or a comment on a pull request.

use std::fmt::Write as _;

use crate::diff::cause::Cause;
use crate::diff::tests::Tests;
use crate::diff::{Change, Comparison};
use crate::recording::Recording;
use crate::report::{not_known, proof};

/// Causes that are shown; a step summary may have 1 MiB, and a person reads less.
const CAUSES: usize = 20;
/// Roots of a cause that are listed.
const ROOTS: usize = 50;

/// Renders a comparison of two builds.
#[must_use]
pub fn explain(comparison: &Comparison, first: &Recording, second: &Recording) -> String {
    let counts = &comparison.counts;
    let mut text = format!("## {}\n\n", headline(comparison));
    text.push_str("| build | actions | Go | command |\n| --- | ---: | --- | --- |\n");
    for (name, side, actions) in [("first", first, counts.first), ("second", second, counts.second)]
    {
        let version = code(side.go_version().unwrap_or("unknown"));
        let command = code(&side.manifest.command.join(" "));
        let _ = writeln!(text, "| {name} | {actions} | {version} | {command} |");
    }
    let _ = writeln!(
        text,
        "\n{} of {} keys differ ({} roots, {} followers); {} were in the cache from another build; {} gave the same output{}; {} of {} keys verified.",
        counts.changed,
        counts.same + counts.changed,
        counts.roots,
        counts.followers,
        counts.changed_but_found,
        counts.cutoff,
        counts
            .cutoff_cpu_seconds
            .map(|cpu| format!(" ({cpu:.1} CPU s for nothing)"))
            .unwrap_or_default(),
        comparison.keys.verified,
        comparison.keys.total,
    );
    if !comparison.causes.is_empty() {
        text.push_str(&table(&comparison.causes));
    }
    for unexplained in &comparison.unexplained {
        let _ = writeln!(text, "\n**Not explained:** {}\n", code(&unexplained.action));
        text.push_str(&changes(&unexplained.changes));
    }
    text.push_str(&tests(&comparison.tests));
    let open = not_known::lines(comparison, first, second);
    if !open.is_empty() {
        text.push_str("\n**Not known**\n\n");
        text.extend(open.iter().map(|line| format!("- {}\n", plain(line))));
    }
    text
}

fn tests(tests: &Tests) -> String {
    if tests.ran.is_empty() && tests.found == 0 {
        return String::new();
    }
    let ran = tests.ran.len();
    let mut text = format!("\n**Tests:** {ran} ran, {} found in the cache.\n", tests.found);
    if tests.causes.is_empty() {
        return text;
    }
    text.push_str("\n| why they ran | packages | fix |\n| --- | ---: | --- |\n");
    for cause in tests.causes.iter().take(CAUSES) {
        let fix = plain(cause.fix.unwrap_or_default());
        let _ = writeln!(text, "| {} | {} | {fix} |", plain(&cause.title), cause.tests.len());
    }
    text
}

fn headline(comparison: &Comparison) -> String {
    let unexplained = match comparison.unexplained.len() {
        0 => String::new(),
        number => format!(", {number} not explained"),
    };
    match comparison.causes.as_slice() {
        [] if comparison.counts.changed == 0 => {
            "Nothing that the build cache hashes differs".into()
        }
        [] => format!("{} keys differ{unexplained}", comparison.counts.changed),
        [only] => format!("1 cause: {}{unexplained}", only.category),
        causes => {
            let names: Vec<&str> = causes.iter().map(|cause| cause.category.name()).collect();
            format!("{} causes: {}{unexplained}", causes.len(), names.join(", "))
        }
    }
}

fn table(causes: &[Cause]) -> String {
    let mut text = String::from(
        "\n| cause | what differs | reaches | CPU s | alone | fix |\n| --- | --- | ---: | ---: | ---: | --- |\n",
    );
    let seconds = |value: Option<f64>| value.map(|cpu| format!("{cpu:.1}")).unwrap_or_default();
    for cause in causes.iter().take(CAUSES) {
        let _ = writeln!(
            text,
            "| **{}** | {} | {} | {} | {} | {} |",
            cause.category,
            plain(&cause.title),
            cause.reach_total,
            seconds(cause.share_cpu_seconds),
            seconds(cause.alone_cpu_seconds),
            plain(cause.fix.as_deref().unwrap_or_default()),
        );
    }
    if causes.len() > CAUSES {
        let _ = writeln!(text, "\nand {} more causes.", causes.len() - CAUSES);
    }
    for cause in causes.iter().take(CAUSES) {
        let _ = writeln!(
            text,
            "\n<details><summary>{}: {} root{}</summary>\n",
            cause.category,
            cause.roots.len(),
            if cause.roots.len() == 1 { "" } else { "s" },
        );
        let tried = cause.proof.as_ref().map(proof::sentence);
        for (name, line) in [("From", cause.origin.as_deref()), ("Tried", tried.as_deref())] {
            if let Some(line) = line {
                let _ = writeln!(text, "{name}: {}\n", plain(line));
            }
        }
        for root in cause.roots.iter().take(ROOTS) {
            let _ = writeln!(text, "- {}: {}", code(&root.action), sides(&root.change));
        }
        if cause.roots.len() > ROOTS {
            let _ = writeln!(text, "- and {} more", cause.roots.len() - ROOTS);
        }
        text.push_str("\n</details>\n");
    }
    text
}

fn changes(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("- {}\n", sides(change))).collect()
}

fn sides(change: &Change) -> String {
    let side = |value: &Option<String>| value.as_deref().map_or("(none)".to_owned(), code);
    format!("{} → {}", side(&change.first), side(&change.second))
}

/// Longest value that is shown whole.
const WIDTH: usize = 200;

/// Text of a log as code: on one line, and without a way out of a table or of the code.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let mut shown: String = text.chars().take(WIDTH).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let shown: String =
        shown.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let longest = shown.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if shown.starts_with('`') || shown.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", shown.replace('|', "\\|"))
}

/// Text of a log as text: no markup in it has a meaning.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '@' => {
                escaped.push('\\');
                escaped.push(char);
            }
            char if char.is_control() => escaped.push(' '),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_holds_cannot_leave_its_cell() {
        assert_eq!(code("a|b\nc"), "`a\\|b c`");
        assert_eq!(code("``x`"), "``` ``x` ```");
        assert_eq!(plain("<img src=x> | [a](b) @all"), "&lt;img src=x&gt; \\| \\[a\\](b) \\@all");
    }
}
