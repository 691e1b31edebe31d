//! What is wrong with a policy, where, and what was probably meant.

use std::fmt;

use crate::units::{ColumnNumber, LineNumber};

/// How many problems are reported at once. Past that a file is no policy.
const MAX_PROBLEMS: usize = 100;

/// Longest piece of a policy that a message repeats, in characters.
const MAX_QUOTED: usize = 60;

/// How alike two names must be to be taken for each other, from 0 to 1: the
/// default of Python's `difflib`, where the measure comes from.
const ALIKE: f32 = 0.6;

/// One thing wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// `None` when the problem has no place in the text.
    pub at: Option<(LineNumber, ColumnNumber)>,
    /// Lower case, no full stop, without the position.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.at {
            write!(f, "{line}:{column}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, at: (LineNumber, ColumnNumber), message: String) {
        self.0.push(Problem { at: Some(at), message });
    }

    /// Whether looking further is pointless.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_PROBLEMS
    }

    /// The problems in the order of the text.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort();
        if self.is_full() {
            let message = format!("only the first {MAX_PROBLEMS} problems are shown");
            self.0.push(Problem { at: None, message });
        }
        self.0
    }
}

/// "unknown rule `word`", with the name that was probably meant or with all of a few names.
pub(super) fn unknown(what: &str, word: &str, names: &[&str]) -> String {
    unknown_in(what, word, "", names)
}

/// The same with where it is unknown, such as "in `build`".
pub(super) fn unknown_in(what: &str, word: &str, place: &str, names: &[&str]) -> String {
    let space = if place.is_empty() { "" } else { " " };
    let said = format!("{}{space}{place}", quoted(word));
    // Comparing long texts with every name takes long, and no name is that long.
    let close = if word.chars().count() > MAX_QUOTED {
        Vec::new()
    } else {
        similar::get_close_matches(word, names, 1, ALIKE)
    };
    match (close.first(), names.len()) {
        (Some(name), _) => format!("unknown {what} {said}; did you mean `{name}`?"),
        (None, 1..=6) => format!("unknown {what} {said}; one of {}", listed(names)),
        (None, _) => format!("unknown {what} {said}"),
    }
}

/// Names in backquotes, separated by commas.
pub(super) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A piece of the policy for a message: short, and without control characters for the terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTED).flat_map(visible).collect();
    if text.chars().count() > MAX_QUOTED {
        short.push('…');
    }
    format!("`{short}`")
}

fn visible(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_close_to_a_known_one_is_suggested() {
        let names = ["missing-trimpath", "stray-a"];
        assert_eq!(
            unknown("rule", "missing-trimpth", &names),
            "unknown rule `missing-trimpth`; did you mean `missing-trimpath`?"
        );
        assert_eq!(
            unknown("rule", "x", &names),
            "unknown rule `x`; one of `missing-trimpath`, `stray-a`"
        );
        assert_eq!(unknown("rule", "x", &[""; 7]), "unknown rule `x`");
    }

    #[test]
    fn a_message_stays_short_and_plain() {
        let message = unknown("rule", &"\u{1b}".repeat(100_000), &["stray-a"]);
        assert!(message.chars().count() < 600);
        assert!(!message.contains('\u{1b}'));
    }
}
