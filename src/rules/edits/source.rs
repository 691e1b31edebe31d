//! A file cut into its lines.

use std::ops::Range;

use crate::config::Repository;
use crate::finding::Place;

/// A file of the repository with its lines.
pub(super) struct Source<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub lines: Lines<'a>,
}

/// The lines of a file.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Byte at which each line starts.
    starts: &'a [usize],
}

/// A line, the bytes that end it left out.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// Byte of the file at which it starts.
    pub start: usize,
    pub text: &'a str,
    /// What ends it; nothing at the end of a file.
    pub line_end: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn of(repository: &'a Repository, path: &str) -> Option<Self> {
        let (file, starts) = repository.lines_of(path)?;
        let lines = Lines { text: &file.text, starts };
        Some(Self { path: &file.path, text: &file.text, lines })
    }

    /// The index of the line that a place is in, and the byte of the line that it names.
    pub(super) fn at(&self, place: &Place) -> Option<(usize, usize)> {
        let (line, column) = place.at?;
        let index = line.get() as usize - 1;
        let line = self.lines.get(index)?;
        let mut starts =
            line.text.char_indices().map(|(offset, _)| offset).chain([line.text.len()]);
        Some((index, starts.nth(column.get() as usize - 1)?))
    }

    /// How the file ends a line.
    pub(super) fn line_end(&self) -> &'a str {
        match self.lines.get(0).map_or("\n", |line| line.line_end) {
            "" => "\n",
            line_end => line_end,
        }
    }

    /// The byte behind a line and what ends it.
    pub(super) fn behind(&self, index: usize) -> Option<usize> {
        let line = self.lines.get(index)?;
        Some(line.start + line.text.len() + line.line_end.len())
    }
}

impl<'a> Lines<'a> {
    pub(super) fn get(&self, index: usize) -> Option<Line<'a>> {
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        let whole = self.text.get(start..end)?;
        let text = whole.strip_suffix('\n').unwrap_or(whole);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let (text, line_end) = whole.split_at(text.len());
        // No column counts the byte order mark of a file.
        let bare = text.strip_prefix('\u{feff}').filter(|_| start == 0).unwrap_or(text);
        Some(Line { start: start + (text.len() - bare.len()), text: bare, line_end })
    }

    /// The lines of a range with their indices, as far as the file goes.
    pub(super) fn numbered(
        self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (usize, Line<'a>)> + Clone {
        let range = range.start..range.end.min(self.starts.len());
        range.filter_map(move |index| Some((index, self.get(index)?)))
    }

    pub(super) fn within(
        self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = Line<'a>> + Clone {
        self.numbered(range).map(|(_, line)| line)
    }

    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }
}

impl Line<'_> {
    pub(super) fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub(super) fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }

    /// The byte of the file at which its text ends.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}
