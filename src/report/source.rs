//! The line of a file that a finding is about.

use crate::config::SourceFile;
use crate::finding::Place;

/// A line, and the byte of it that a place names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceLine<'a> {
    /// Without its line break and without the byte order mark of a file.
    pub text: &'a str,
    /// At most the length of the text.
    pub offset: usize,
}

impl<'a> SourceLine<'a> {
    /// Finds the line; `sources` are sorted by path.
    ///
    /// `None` where the place has no line, or its file is not among the sources.
    pub(super) fn find(sources: &'a [SourceFile], place: &Place) -> Option<Self> {
        let (line, column) = place.at?;
        let index =
            sources.binary_search_by(|source| source.path.as_str().cmp(&place.path)).ok()?;
        let text = sources.get(index)?.text.as_str();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.lines().nth(line.get() as usize - 1)?;
        let offset = text.char_indices().nth(column.get() as usize - 1);
        Some(Self { text, offset: offset.map_or(text.len(), |(offset, _)| offset) })
    }

    /// The line with each run of blanks as one space: what stays the same when it is indented anew.
    pub(super) fn normalized(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{ColumnNumber, LineNumber};

    #[test]
    fn columns_are_characters() {
        let text = "\u{feff}a: é\r\n\tkey:  ü x\n";
        let sources = [SourceFile { path: "ci.yml".to_owned(), text: text.to_owned() }];
        let at = |line, column| {
            let at = Some((LineNumber::from_index(line), ColumnNumber::from_index(column)));
            SourceLine::find(&sources, &Place { path: "ci.yml".to_owned(), at })
        };
        assert_eq!(at(0, 3), Some(SourceLine { text: "a: é", offset: 3 }));
        assert_eq!(at(1, 9), Some(SourceLine { text: "\tkey:  ü x", offset: 10 }));
        assert_eq!(at(1, 99).unwrap().offset, "\tkey:  ü x".len());
        assert_eq!(at(1, 0).unwrap().normalized(), "key: ü x");
        assert_eq!(at(7, 0), None);
        assert_eq!(SourceLine::find(&sources, &Place { path: "x".to_owned(), at: None }), None);
    }
}
