//! Changes to the inputs of a cache step of GitHub Actions, as few bytes as do it.

use crate::config::Repository;
use crate::config::template::Template;
use crate::finding::{Edit, Place, Safety};

/// A value that stands whole behind its key, alone on a line: `key: go-${{ … }}  # comment`.
pub(super) struct Input<'a> {
    path: &'a str,
    /// The blanks before the key.
    indent: &'a str,
    /// The quote around the value, or nothing.
    quote: &'a str,
    /// Byte of the file at which the text of the value starts.
    start: usize,
    /// Byte of the file at which the line ends, and what ends it.
    end: usize,
    line_end: &'static str,
}

impl<'a> Input<'a> {
    /// Finds the value of `key:`. `None` where it is written in a way that no line can be added to.
    pub(super) fn of_key(repository: &'a Repository, key: &Template) -> Option<Self> {
        let line = Line::find(repository, &key.place)?;
        let (before, after) = line.text.split_at_checked(line.offset)?;
        let indent = before.strip_suffix("key: ")?;
        if !indent.bytes().all(|byte| byte == b' ') {
            return None;
        }
        let quote = ["\"", "'"].into_iter().find(|quote| after.starts_with(quote)).unwrap_or("");
        let value = after.strip_prefix(quote)?;
        // What is escaped or goes on in the next line is another text than that of the value.
        let rest = value.strip_prefix(key.text.as_str())?.strip_prefix(quote)?;
        if !(rest.trim().is_empty() || rest.starts_with(" #")) {
            return None;
        }
        let at = line.start + line.offset;
        let end = line.start + line.text.len();
        let start = at + quote.len();
        Some(Self { path: line.path, indent, quote, start, end, line_end: line.line_end })
    }

    /// Adds `restore-keys` below the key.
    pub(super) fn with_restore_keys(&self, prefix: &str, safety: Safety) -> Option<Edit> {
        // Plain text would be cut, or be a mapping.
        let is_odd = prefix.trim() != prefix || prefix.ends_with(':') || prefix.is_empty();
        if is_odd && self.quote.is_empty() {
            return None;
        }
        let Self { indent, quote, line_end, .. } = self;
        let replacement = format!("{line_end}{indent}restore-keys: {quote}{prefix}{quote}");
        Some(Edit {
            path: self.path.to_owned(),
            start: self.end,
            end: self.end,
            replacement,
            safety,
        })
    }

    /// Puts text into the value, behind `offset` bytes of it.
    pub(super) fn with_text(&self, offset: usize, text: &str, safety: Safety) -> Edit {
        let start = self.start + offset;
        let replacement = text.to_owned();
        Edit { path: self.path.to_owned(), start, end: start, replacement, safety }
    }
}

/// Puts text into a template that stands verbatim at its place, behind `offset` bytes of it.
pub(super) fn insertion(
    repository: &Repository,
    template: &Template,
    offset: usize,
    text: &str,
) -> Option<Edit> {
    let line = Line::find(repository, &template.place)?;
    let rest = line.text.get(line.offset..)?;
    let quoted = rest.strip_prefix(['"', '\'']);
    let skipped = usize::from(quoted.is_some());
    quoted.unwrap_or(rest).strip_prefix(template.text.as_str())?;
    let start = line.start + line.offset + skipped + offset;
    let (path, replacement) = (line.path.to_owned(), text.to_owned());
    Some(Edit { path, start, end: start, replacement, safety: Safety::Unsafe })
}

/// Puts quotes around a text that has none.
pub(super) fn quotes(repository: &Repository, place: &Place, text: &str) -> Option<Edit> {
    let line = Line::find(repository, place)?;
    line.text.get(line.offset..)?.strip_prefix(text)?;
    let start = line.start + line.offset;
    let (path, replacement) = (line.path.to_owned(), format!("'{text}'"));
    Some(Edit { path, start, end: start + text.len(), replacement, safety: Safety::Safe })
}

/// Puts a line before the first key of a step: `- uses: x` becomes `- id: y`, then `uses: x`.
pub(super) fn first_key(repository: &Repository, step: &Place, text: &str) -> Option<Edit> {
    let line = Line::find(repository, step)?;
    let (before, after) = line.text.split_at_checked(line.offset)?;
    let dash = before.trim_start_matches(' ').strip_prefix('-')?;
    if after.starts_with(['{', '&', '*', '!']) || !dash.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let start = line.start + line.offset;
    let replacement = format!("{text}{}{}", line.line_end, " ".repeat(line.offset));
    let path = line.path.to_owned();
    Some(Edit { path, start, end: start, replacement, safety: Safety::Unsafe })
}

/// A line of a workflow or action, and the byte of it that a place names.
struct Line<'a> {
    path: &'a str,
    /// Byte of the file at which the line starts.
    start: usize,
    text: &'a str,
    offset: usize,
    line_end: &'static str,
}

impl<'a> Line<'a> {
    fn find(repository: &'a Repository, place: &Place) -> Option<Self> {
        let name = place.path.rsplit('/').next()?;
        let is_github = place.path.starts_with(".github/") || name.starts_with("action.");
        let (line, column) = place.at.filter(|_| is_github)?;
        let file = repository.files().iter().find(|file| file.path == place.path)?;
        let mut start = 0;
        let number = line.get() as usize - 1;
        let mut lines = file.text.split_inclusive('\n');
        for before in lines.by_ref().take(number) {
            start += before.len();
        }
        let whole = lines.next()?;
        let (mut text, line_end) = match whole.strip_suffix("\r\n") {
            Some(text) => (text, "\r\n"),
            None => (whole.strip_suffix('\n').unwrap_or(whole), "\n"),
        };
        // No column counts the byte order mark of a file.
        if let (0, Some(rest)) = (number, text.strip_prefix('\u{feff}')) {
            start += text.len() - rest.len();
            text = rest;
        }
        let (offset, _) = text.char_indices().nth(column.get() as usize - 1)?;
        Some(Self { path: &file.path, start, text, offset, line_end })
    }
}
