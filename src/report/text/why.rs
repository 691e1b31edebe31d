//! From one package back to its causes.

use std::fmt::Write as _;

use crate::diff::Comparison;
use crate::diff::rows::{ActionRow, Outcome};
use crate::diff::why::{self, KeyLine};
use crate::report::text::{Paint, Style};

/// Renders the chains from each of the actions to its causes; with `keys` the inputs too.
#[must_use]
pub fn why(
    comparison: &Comparison,
    actions: &[usize],
    keys: Option<&[Vec<KeyLine>]>,
    style: Style,
) -> String {
    let paint = Paint(style.colored);
    let mut text = String::new();
    for (number, &action) in actions.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let row = &comparison.actions[action];
        let _ = writeln!(text, "{}  {}", paint.bold(&row.full_name()), fate(row));
        text.push_str(&identity(row, "  "));
        for chain in why::chains(comparison, action) {
            let cause = &comparison.causes[chain.cause];
            let _ = writeln!(text, "  {}  {}", paint.bold(cause.category.name()), cause.title);
            let behind = chain.actions.get(1..).unwrap_or_default();
            if behind.is_empty() {
                text.push_str("    among its own inputs\n");
            }
            for &at in behind {
                let row = &comparison.actions[at];
                let cpu =
                    row.cpu_seconds().map(|cpu| format!("  {cpu:.2} CPU s")).unwrap_or_default();
                let _ = writeln!(text, "    ← {}{cpu}", row.full_name());
                text.push_str(&identity(row, "      "));
            }
            if let Some(fix) = &cause.fix {
                let _ = writeln!(text, "    fix: {fix}");
            }
        }
        if row.is_changed() && row.causes.is_empty() {
            let _ = writeln!(
                text,
                "  {}  nothing that goaudit knows explains it",
                paint.bold("unknown")
            );
        }
        for line in keys.and_then(|keys| keys.get(number)).into_iter().flatten() {
            let _ = writeln!(text, "  {}", key_line(line, paint));
        }
    }
    text
}

fn fate(row: &ActionRow) -> String {
    let cpu = row.cpu_seconds().map(|cpu| format!(", {cpu:.2} CPU s")).unwrap_or_default();
    match row.outcome {
        Outcome::Hit => "equal key, found in the cache".to_owned(),
        Outcome::RanWithEqualKey => format!("equal key, and it ran all the same{cpu}"),
        Outcome::Miss => format!("another key, and it ran{cpu}"),
        Outcome::ChangedButFound => "another key, found in the cache from another build".to_owned(),
        Outcome::Same => "equal key".to_owned(),
        Outcome::Changed => "another key".to_owned(),
        Outcome::OnlyFirst => "only the first build has it".to_owned(),
        Outcome::OnlySecond => format!("only the second build has it{cpu}"),
    }
}

/// The old and the new key of an action, and its outputs where they are known.
fn identity(row: &ActionRow, indent: &str) -> String {
    let (Some(first), Some(second)) = (row.first, row.second) else { return String::new() };
    let change = |name: &str, first: String, second: String| match first == second {
        true => format!("{indent}{name} {first}\n"),
        false => format!("{indent}{name} {first} → {second}\n"),
    };
    let mut text = change("key   ", first.id.to_string(), second.id.to_string());
    if let (Some(first), Some(second)) = (first.content, second.content) {
        text.push_str(&change("output", first.to_string(), second.to_string()));
    }
    text
}

fn key_line(line: &KeyLine, paint: Paint) -> String {
    match line {
        KeyLine::Both(line) => paint.dim(&format!("  {line}")),
        KeyLine::First(line) => paint.removed(&format!("- {line}")),
        KeyLine::Second(line) => paint.added(&format!("+ {line}")),
    }
}
