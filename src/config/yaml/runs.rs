//! Lays a scalar's value beside the text that it was read from.

use std::ops::Range;

use super::{Scalar, ScalarStyle};

/// Pieces of the value that are written as they are, with the byte of `written`
/// where each begins. `written` begins where the span of the scalar does.
///
/// In every style the characters of a value that are not white space stand in
/// the text in the same order, but for escapes; only white space is folded.
pub(super) fn runs(written: &str, scalar: &Scalar) -> Vec<(Range<usize>, usize)> {
    let mut walk = Walk { written, at: 0, style: scalar.style, runs: Vec::new(), last: None };
    if matches!(scalar.style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
        walk.at = 1;
    }
    for (index, c) in scalar.text.char_indices() {
        if walk.take(index, c).is_none() {
            break;
        }
    }
    walk.runs
}

struct Walk<'a> {
    written: &'a str,
    /// The byte of `written` up to which the value is read.
    at: usize,
    style: ScalarStyle,
    runs: Vec<(Range<usize>, usize)>,
    /// Where value and text both ended after the last character.
    last: Option<(usize, usize)>,
}

impl Walk<'_> {
    /// Reads one character of the value; `None` where the text has another.
    fn take(&mut self, index: usize, c: char) -> Option<()> {
        let rest = self.written.get(self.at..)?;
        if c.is_whitespace() {
            // One that is written at this very place belongs to the piece.
            if c != '\n' && rest.starts_with(c) && self.last == Some((index, self.at)) {
                self.add(index, c, c.len_utf8());
            }
            return Some(());
        }
        let skipped = self.skip_space(rest);
        self.at = self.at.checked_add(skipped)?;
        let rest = self.written.get(self.at..)?;
        let length = match self.style {
            ScalarStyle::SingleQuoted if c == '\'' && rest.starts_with("''") => 2,
            ScalarStyle::DoubleQuoted if rest.starts_with('\\') => escape(rest)?,
            _ if rest.starts_with(c) => c.len_utf8(),
            _ => return None,
        };
        self.add(index, c, length);
        Some(())
    }

    /// The length of the white space at the start of the text, escaped or not.
    fn skip_space(&self, text: &str) -> usize {
        let mut rest = text;
        loop {
            rest = rest.trim_start();
            let escaped = ["\\n", "\\t", "\\r", "\\ ", "\\\n", "\\\r\n"];
            match escaped.iter().find_map(|escape| rest.strip_prefix(escape)) {
                Some(after) if self.style == ScalarStyle::DoubleQuoted => rest = after,
                _ => return text.len().saturating_sub(rest.len()),
            }
        }
    }

    fn add(&mut self, index: usize, c: char, length: usize) {
        let end = index.saturating_add(c.len_utf8());
        // An escape is longer than what it stands for, and ends the piece.
        let is_plain = length == c.len_utf8();
        match self.runs.last_mut() {
            Some((run, _)) if self.last == Some((index, self.at)) && is_plain => run.end = end,
            _ => self.runs.push((index..end, self.at)),
        }
        self.at = self.at.saturating_add(length);
        self.last = is_plain.then_some((end, self.at));
    }
}

/// The length of an escape of a double-quoted scalar.
fn escape(text: &str) -> Option<usize> {
    Some(match text.chars().nth(1)? {
        'x' => 4,
        'u' => 6,
        'U' => 10,
        c => c.len_utf8().saturating_add(1),
    })
}
