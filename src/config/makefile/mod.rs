//! Makefiles: variables and rules as they are written, and their expansion.
//!
//! Source: the manual of GNU make 4.4. Functions that read files or run commands are not run;
//! what they give is not known.

mod expand;
mod parse;
#[cfg(test)]
mod tests;

pub(super) use expand::{Variables, lines};
pub(super) use parse::parse;

use super::text::{Piece, Spot, Text};

/// A text of one statement: continuation lines joined, each with its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Raw {
    pub text: String,
    /// Where the line that starts at a byte of the text was written, in order.
    lines: Vec<(usize, Spot)>,
}

/// A Makefile as it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Makefile {
    pub statements: Vec<Statement>,
    pub is_one_shell: bool,
    /// What starts a line of a recipe.
    pub recipe_prefix: char,
}

#[derive(Debug, Clone)]
pub(super) enum Statement {
    Assign(Assign),
    /// `export NAME…`; without a name all variables are exported.
    Export(Raw),
    Include(Raw),
    Rule(Rule),
}

/// `NAME = value`, also for some targets only.
#[derive(Debug, Clone)]
pub(super) struct Assign {
    pub targets: Option<Raw>,
    pub name: Raw,
    pub how: How,
    pub value: Raw,
    pub is_exported: bool,
    /// Whether it stands in an `ifeq` or its kin.
    pub is_maybe: bool,
}

/// How a variable is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// `=` and `define`: expanded when it is used.
    Recursive,
    /// `:=` and `::=`.
    Simple,
    /// `?=`.
    Default,
    /// `+=`.
    Append,
    /// `!=`: the output of a command.
    Shell,
}

#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub targets: Raw,
    pub needs: Raw,
    /// Logical lines, the tab taken off.
    pub recipe: Vec<Raw>,
}

impl Raw {
    fn new(text: &str, spot: Spot) -> Self {
        Self { text: text.to_owned(), lines: vec![(0, spot)] }
    }

    fn push_line(&mut self, text: &str, spot: Spot) {
        self.lines.push((self.text.len(), spot));
        self.text.push_str(text);
    }

    /// Where a byte of the text was written.
    fn spot_at(&self, offset: usize) -> Option<Spot> {
        let index = self.lines.partition_point(|(start, _)| *start <= offset).checked_sub(1)?;
        let (start, spot) = self.lines.get(index)?;
        Some(spot.right(self.text.get(*start..offset)?.chars().count()))
    }

    /// Where the text starts.
    pub(super) fn spot(&self) -> Option<&Spot> {
        self.lines.first().map(|(_, spot)| spot)
    }

    /// A part of the text.
    fn slice(&self, from: usize, to: usize) -> Self {
        let text = self.text.get(from..to).unwrap_or_default().to_owned();
        let mut lines: Vec<(usize, Spot)> =
            self.spot_at(from).map(|spot| (0, spot)).into_iter().collect();
        let inside = self.lines.iter().filter(|(start, _)| *start > from && *start < to);
        lines.extend(inside.map(|(start, spot)| (start.saturating_sub(from), spot.clone())));
        Self { text, lines }
    }

    fn trimmed(&self) -> Self {
        let end = self.text.trim_end().len();
        let start = end.saturating_sub(self.text.get(..end).unwrap_or_default().trim_start().len());
        self.slice(start, end)
    }

    /// The literal text between two bytes, one piece a line.
    fn pieces(&self, from: usize, to: usize, text: &mut Text) {
        let mut start = from;
        while start < to {
            let next = self.lines.iter().map(|(line, _)| *line).find(|line| *line > start);
            let end = next.unwrap_or(to).min(to);
            if let (Some(part), Some(spot)) = (self.text.get(start..end), self.spot_at(start)) {
                text.push(Piece::literal(part, &spot));
            }
            start = end;
        }
    }
}
