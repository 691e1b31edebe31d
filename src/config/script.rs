//! The text of a script, and where each piece of it stands in its files.

use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::document::Document;
use super::yaml::NodeId;
use crate::finding::Place;
use crate::units::{ColumnNumber, LineNumber};

/// Places of pieces of a text, in order. A piece reaches to the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// Byte of the text where it begins.
    start: usize,
    /// Byte where what follows is no longer what is written at the place.
    end: usize,
    /// Shared by the pieces of one file: there may be a hundred thousand.
    path: Arc<str>,
    at: (LineNumber, ColumnNumber),
}

impl Piece {
    /// The part of the piece from a byte of its text on, which is at a range of another text.
    fn from(&self, text: &str, from: usize, to: Range<usize>) -> Self {
        let before = text.get(self.start.min(from)..from.min(self.end).max(self.start));
        let (line, column) = self.at;
        let index = column.get().saturating_sub(1) as usize;
        let passed = before.unwrap_or_default().chars().count();
        let column = ColumnNumber::from_index(index.saturating_add(passed));
        Self { start: to.start, end: to.end, path: Arc::clone(&self.path), at: (line, column) }
    }
}

impl Lines {
    /// The piece that a byte of the text is in, or the nearest one before it.
    fn piece(&self, offset: usize) -> Option<&Piece> {
        self.0.get(self.0.partition_point(|piece| piece.start <= offset).saturating_sub(1))
    }

    /// The place of a byte of the text, which is that of the piece it is in, or
    /// the nearest one before it. `None` where nothing of the text is in a file.
    #[must_use]
    pub fn place(&self, text: &str, offset: usize) -> Option<Place> {
        let piece = self.piece(offset)?;
        let at = piece.from(text, offset, 0..0).at;
        Some(Place { path: piece.path.to_string(), at: Some(at) })
    }

    /// Cuts a range of the text where what is written ends or goes on elsewhere.
    /// The second is whether the part is in the file as it is in the text.
    pub(super) fn cut(&self, range: Range<usize>) -> Vec<(Range<usize>, bool)> {
        let mut parts = Vec::new();
        let mut done = range.start;
        let mut part = |end: usize, is_written: bool| {
            let end = end.min(range.end);
            if end > done {
                parts.push((done..end, is_written));
                done = end;
            }
        };
        let first = self.0.partition_point(|piece| piece.start <= range.start).saturating_sub(1);
        for piece in self.0.iter().skip(first).take_while(|piece| piece.start < range.end) {
            part(piece.start, false);
            part(piece.end, true);
        }
        part(range.end, false);
        parts
    }
}

/// A script that is put together from scalars.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    pub text: String,
    pub lines: Lines,
}

/// A script has no more text. The largest file that is read has as much.
const MAX_TEXT: usize = 1 << 20;

impl Script {
    /// Adds the text of a scalar, from where it is written.
    pub(super) fn push_scalar(&mut self, document: &Document<'_>, node: NodeId) {
        let Some(text) = document.tree.text(node) else { return };
        if self.text.len().saturating_add(text.len()) > MAX_TEXT {
            return;
        }
        let base = self.text.len();
        let mut runs = document.tree.runs_in_scalar(node);
        if runs.is_empty() {
            runs.push((0..0, document.tree.node(document.tree.resolve(node)).span.start));
        }
        let last = self.lines.0.last().map(|piece| Arc::clone(&piece.path));
        let path = last.filter(|path| **path == *document.path);
        let path = path.unwrap_or_else(|| Arc::from(document.path));
        for (run, source) in runs {
            self.lines.0.push(Piece {
                start: base.saturating_add(run.start),
                end: base.saturating_add(run.end),
                path: Arc::clone(&path),
                at: document.tree.position(source),
            });
        }
        self.text.push_str(text);
    }

    /// Adds the text of a scalar as a line of its own.
    pub(super) fn push_line(&mut self, document: &Document<'_>, node: NodeId) {
        self.end_line();
        self.push_scalar(document, node);
        self.end_line();
    }

    /// Adds a scalar as one word of a command.
    pub(super) fn push_word(&mut self, document: &Document<'_>, node: NodeId) {
        let Some(word) = document.tree.text(node) else { return };
        if !self.text.is_empty() && !self.text.ends_with(['\n', ' ']) {
            self.text.push(' ');
        }
        let is_plain = |c: char| c.is_alphanumeric() || "-_=./:,@%+*${}[]~".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            self.push_scalar(document, node);
            return;
        }
        let quote = if word.contains('\'') { '"' } else { '\'' };
        self.text.push(quote);
        self.push_scalar(document, node);
        self.text.push(quote);
    }

    /// Puts other texts in place of ranges of the text, which come in order. What
    /// is put in stands at the start of its range; the rest stays where it is.
    pub(super) fn replace(&mut self, edits: &[(Range<usize>, String)]) {
        if edits.is_empty() {
            return;
        }
        let (old, lines) = (mem::take(&mut self.text), mem::take(&mut self.lines));
        let mut done = 0_usize;
        for (range, with) in edits {
            if range.start < done {
                continue;
            }
            self.keep(&old, &lines, done..range.start);
            let at = self.text.len();
            let piece = lines.piece(range.start).map(|piece| (piece, range.start));
            self.lines.0.extend(piece.map(|(piece, from)| piece.from(&old, from, at..at)));
            self.text.push_str(with);
            done = range.end;
        }
        self.keep(&old, &lines, done..old.len());
    }

    /// Adds a range of another text, each part from where it is written.
    fn keep(&mut self, old: &str, lines: &Lines, range: Range<usize>) {
        let base = self.text.len();
        for (part, is_written) in lines.cut(range.clone()) {
            let start = base.saturating_add(part.start.saturating_sub(range.start));
            let length = if is_written { part.len() } else { 0 };
            let written = start..start.saturating_add(length);
            let piece = lines.piece(part.start).map(|piece| piece.from(old, part.start, written));
            self.lines.0.extend(piece);
        }
        self.text.push_str(old.get(range).unwrap_or_default());
    }

    /// Adds text that no file holds, such as the name of a program.
    pub(super) fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceFile;

    /// Every character of a script that is not white space stands where the map says.
    fn places_of(text: &str) -> usize {
        let source = SourceFile { path: "ci.yml".to_owned(), text: text.to_owned() };
        let document = Document::parse(&source).unwrap().unwrap();
        let node = document.find(document.root, &["k"]).unwrap();
        let mut script = Script::default();
        script.push_text("go ");
        match document.tree.items(node) {
            [] => script.push_line(&document, node),
            items => items.iter().for_each(|item| script.push_line(&document, *item)),
        }
        let lines: Vec<&str> = text.lines().collect();
        let told = script.text.char_indices().skip(3).filter(|(_, c)| !c.is_whitespace());
        for (offset, c) in told.clone() {
            let (line, column) = script.lines.place(&script.text, offset).unwrap().at.unwrap();
            let before = |number: u32| number.saturating_sub(1) as usize;
            let found = lines[before(line.get())].chars().nth(before(column.get()));
            assert_eq!(found, Some(c), "byte {offset} of {:?}", script.text);
        }
        told.count()
    }

    #[test]
    fn all_styles_of_scalars_have_places() {
        for text in [
            "k: |\n  go build\n\n    -trimpath\n  é ./...\n",
            "k: >-\n  go build\n  -o x\n\n  go vet é\n    more\n  less\n",
            "k: go build\n  -o x\n  ./...\n",
            "k: 'go build\n  it''s -o x'\n",
            "k: \"go build \\\n  -o\n x é z\"\n",
            "k:\n- go build\n- >\n  go\n  vet\n- |+\n  é\n  go test\n\n- 'x'\n",
            "k: |\r\n  a b\r\n  c d\r\n",
        ] {
            assert!(places_of(text) >= 4, "{text}");
        }
    }

    #[test]
    fn an_escape_has_the_place_before_it() {
        let source = SourceFile { path: "x".to_owned(), text: "k: \"a\\u00e9b c\"\n".to_owned() };
        let document = Document::parse(&source).unwrap().unwrap();
        let script = document.script(document.find(document.root, &["k"]).unwrap());
        let column = |offset| script.lines.place(&script.text, offset).unwrap().at.unwrap().1.get();
        // a, the escape, b, c
        assert_eq!((column(0), column(1), column(3), column(5)), (5, 6, 12, 14));
    }

    /// What stands behind a parameter is where it was, however long its value is.
    #[test]
    fn what_is_put_in_moves_nothing() {
        let text = "k: |\n  go build -o << a >> -a\n  go vet << b >>\n  go test é <<a>> -v\n";
        let source = SourceFile { path: "x".to_owned(), text: text.to_owned() };
        let document = Document::parse(&source).unwrap().unwrap();
        let mut script = document.script(document.find(document.root, &["k"]).unwrap());
        let old = script.text.clone();
        let range = |name: &str| {
            let start = old.find(name).unwrap();
            start..start + name.len()
        };
        script.replace(&[
            (range("<< a >>"), "a\nvery/long/value".to_owned()),
            (range("<< b >>"), String::new()),
            (range("<<a>>"), "x".to_owned()),
        ]);
        assert_eq!(script.text, "go build -o a\nvery/long/value -a\ngo vet \ngo test é x -v\n");
        let at = |word: &str| {
            let offset = script.text.find(word).unwrap();
            let (line, column) = script.lines.place(&script.text, offset).unwrap().at.unwrap();
            (line.get(), column.get())
        };
        assert_eq!([at("-o"), at("very"), at("-a")], [(2, 12), (2, 15), (2, 23)]);
        assert_eq!([at("go vet"), at("go test"), at("-v")], [(3, 3), (4, 3), (4, 19)]);
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        let text = "k: [build, '-ldflags=-s -w', \"it's\", $X]\n";
        let source = SourceFile { path: "x".to_owned(), text: text.to_owned() };
        let document = Document::parse(&source).unwrap().unwrap();
        let mut script = Script::default();
        script.push_text("go");
        for item in document.tree.items(document.find(document.root, &["k"]).unwrap()) {
            script.push_word(&document, *item);
        }
        assert_eq!(script.text, "go build '-ldflags=-s -w' \"it's\" $X");
        let place = script.lines.place(&script.text, script.text.find("-w").unwrap()).unwrap();
        assert_eq!(place.at.unwrap().1.get() as usize, 1 + text.find("-w").unwrap());
    }
}
