//! Lines of YAML that make up a mapping in block style.

use super::source::{Line, Source};
use crate::config::Repository;
use crate::finding::Place;

/// A mapping whose keys stand one below the other, such as a step.
pub(super) struct Block<'a> {
    pub source: Source<'a>,
    /// Index of the line of the first key.
    pub first: usize,
    /// Index behind the last line that is not blank.
    pub end: usize,
    /// Bytes before each key.
    pub column: usize,
}

impl<'a> Block<'a> {
    /// Finds the mapping that starts at a place. `None` for one in braces, with an anchor or a tag.
    pub(super) fn of(repository: &'a Repository, place: &Place) -> Option<Self> {
        let source = Source::of(repository, &place.path)?;
        let (first, column) = source.at(place)?;
        let (before, after) = source.lines.get(first)?.text.split_at_checked(column)?;
        let dash = before.trim_start_matches(' ');
        let is_item = dash.strip_prefix('-').is_some_and(|rest| rest.trim_matches(' ').is_empty());
        let is_key = after.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !(dash.is_empty() || is_item) || !is_key {
            return None;
        }
        let end = end(&source, first, column);
        // What is kept at the end of such a text would be that of another one.
        let keeps = |line: &Line<'_>| line.text.trim_end().ends_with(['+']);
        if source.lines.within(first..end).any(|line| keeps(&line) && line.text.contains(": ")) {
            return None;
        }
        Some(Self { source, first, end, column })
    }

    /// Bytes before the `-` of an item.
    pub(super) fn dash(&self) -> Option<usize> {
        let line = self.source.lines.get(self.first)?;
        let indent = line.indent();
        (indent < self.column).then_some(indent)
    }

    /// The lines with their indices.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, Line<'a>)> + use<'a> {
        self.source.lines.numbered(self.first..self.end)
    }

    /// The index of the line of a key, and what stands behind its colon.
    pub(super) fn key(&self, name: &str) -> Option<(usize, &'a str)> {
        self.lines().find_map(|(index, line)| {
            let is_own = index == self.first || line.indent() == self.column;
            let rest = line.text.get(self.column..).filter(|_| is_own)?;
            let rest = rest.strip_prefix(name)?.strip_prefix(':')?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((index, rest))
        })
    }

    /// Whether keys come from elsewhere, so that one that is not here may be there.
    pub(super) fn is_merged(&self) -> bool {
        self.key("<<").is_some()
    }

    /// The mapping below a key: the index of its first line, the one behind its last, its column.
    pub(super) fn below(&self, key: usize) -> Option<(usize, usize, usize)> {
        let is_text = |(_, line): &(usize, Line<'_>)| !line.is_blank() && !line.is_comment();
        let (first, line) = self.lines().filter(|(index, _)| *index > key).find(is_text)?;
        let column = line.indent();
        let is_key = line.text.get(column..)?.starts_with(|c: char| c.is_ascii_alphanumeric());
        (column > self.column && is_key).then(|| (first, end(&self.source, first, column), column))
    }

    /// Whether the value of a key goes on in the next line.
    pub(super) fn goes_on(&self, key: usize) -> bool {
        let mut next = self.lines().filter(|(index, line)| *index > key && !line.is_blank());
        next.next().is_some_and(|(_, line)| line.indent() > self.column)
    }
}

/// The index behind the last line of what starts in a line and column.
fn end(source: &Source<'_>, first: usize, column: usize) -> usize {
    let mut end = first + 1;
    for (index, line) in source.lines.numbered(first + 1..source.lines.count()) {
        if line.is_blank() {
            continue;
        }
        if line.indent() >= column {
            end = index + 1;
        } else if !line.is_comment() {
            break;
        }
    }
    end
}
