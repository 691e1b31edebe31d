//! From a byte of the text to a line and a column, and from a scalar's value back to the text.

use std::ops::Range;

use crate::units::{ColumnNumber, LineNumber};

use super::{Scalar, ScalarStyle};

/// Where each line of a text starts, in bytes.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset.saturating_add(1));
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    pub(super) fn position(&self, text: &str, offset: usize) -> (LineNumber, ColumnNumber) {
        let offset = offset.min(text.len());
        let offset = (0..=offset).rev().find(|offset| text.is_char_boundary(*offset)).unwrap_or(0);
        let line = self.line(offset);
        let before = text.get(self.start(line)..offset).unwrap_or_default();
        // No editor shows the byte order mark of a file; elsewhere it is a character.
        let mark = if line == 0 { "\u{feff}" } else { "" };
        let before = before.strip_prefix(mark).unwrap_or(before);
        (LineNumber::from_index(line), ColumnNumber::from_index(before.chars().count()))
    }

    /// The 0-based line of an offset.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The offset of a 0-based line.
    fn start(&self, line: usize) -> usize {
        self.0.get(line).copied().unwrap_or_default()
    }

    /// The text of a 0-based line, without its break.
    fn text<'a>(&self, source: &'a str, line: usize) -> Option<&'a str> {
        let start = *self.0.get(line)?;
        let end = self.0.get(line.saturating_add(1)).copied().unwrap_or(source.len());
        let text = source.get(start..end)?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        Some(text.strip_suffix('\r').unwrap_or(text))
    }
}

pub(super) fn offset_in_scalar(
    source: &str,
    lines: &Lines,
    span: &Range<usize>,
    scalar: &Scalar,
    index: usize,
) -> Option<usize> {
    if index > scalar.text.len() {
        return None;
    }
    match scalar.style {
        ScalarStyle::Plain => verbatim(source, span.start, scalar, index, &['\n', '\r']),
        ScalarStyle::SingleQuoted => {
            verbatim(source, span.start.checked_add(1)?, scalar, index, &['\n', '\r', '\''])
        }
        ScalarStyle::DoubleQuoted => {
            verbatim(source, span.start.checked_add(1)?, scalar, index, &['\n', '\r', '\\'])
        }
        ScalarStyle::Literal => in_literal(source, lines, span, scalar, index),
        ScalarStyle::Folded => None,
    }
}

/// The offset of a byte before which nothing was unescaped or folded.
fn verbatim(
    source: &str,
    start: usize,
    scalar: &Scalar,
    index: usize,
    stops: &[char],
) -> Option<usize> {
    let written = source.get(start..)?;
    let written = written.split(stops).next().unwrap_or(written);
    let same = written.bytes().zip(scalar.text.bytes()).take_while(|(a, b)| a == b).count();
    // At `same` itself stands the escape or the break that gave the byte.
    (index <= same).then(|| start.checked_add(index)).flatten()
}

/// The offset of a byte of a literal block: the same line, behind the indentation.
fn in_literal(
    source: &str,
    lines: &Lines,
    span: &Range<usize>,
    scalar: &Scalar,
    index: usize,
) -> Option<usize> {
    let before = scalar.text.get(..index)?;
    let line_of_value = before.matches('\n').count();
    let value_line = scalar.text.split('\n').nth(line_of_value)?;
    let column = before.rsplit('\n').next().map_or(0, str::len);

    // The span starts behind the empty lines that a block may begin with.
    let empty = scalar.text.len().checked_sub(scalar.text.trim_start_matches('\n').len())?;
    let first = lines.line(span.start);
    let indent = span.start.checked_sub(lines.start(first))?;
    let line = first.checked_add(line_of_value)?.checked_sub(empty)?;
    let written = lines.text(source, line)?;

    // An empty line need not be indented.
    let indent = indent.min(written.len());
    let here = written.get(indent..)? == value_line;
    here.then(|| lines.start(line).checked_add(indent)?.checked_add(column)).flatten()
}
