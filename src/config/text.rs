//! Text of build files in pieces: what is written, where, and what cannot be told.

use std::sync::Arc;

use crate::finding::Place;
use crate::units::{ColumnNumber, LineNumber};

/// Beyond this a value is cut: no command line that runs is as long.
const MAX_TEXT: usize = 1 << 16;
/// Pieces of one value.
const MAX_PIECES: usize = 1 << 8;

/// A character of a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Relative to the audited root, with `/`.
    pub path: Arc<str>,
    /// Counted from 0.
    pub line: usize,
    /// Counted from 0, in characters.
    pub column: usize,
}

impl Spot {
    /// The first character of a file.
    #[must_use]
    pub fn start(path: &Arc<str>) -> Self {
        Self { path: Arc::clone(path), line: 0, column: 0 }
    }

    /// The place as findings give it.
    #[must_use]
    pub fn place(&self) -> Place {
        let at = (LineNumber::from_index(self.line), ColumnNumber::from_index(self.column));
        Place { path: self.path.to_string(), at: Some(at) }
    }

    /// The character behind a text that starts here.
    #[must_use]
    pub(super) fn after(&self, text: &str) -> Self {
        let mut spot = self.clone();
        for c in text.chars() {
            spot.pass(c);
        }
        spot
    }

    pub(super) fn pass(&mut self, c: char) {
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 0;
        } else {
            self.column = self.column.saturating_add(1);
        }
    }

    /// The same line, some characters further.
    #[must_use]
    pub(super) fn right(&self, by: usize) -> Self {
        Self { column: self.column.saturating_add(by), ..self.clone() }
    }
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// Text as it stands.
    Literal,
    /// The output of the shell command that `text` is.
    Command,
    /// Anything; `text` is how it is written.
    Unknown,
}

/// A part of a text with where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    pub text: String,
    pub spot: Spot,
    /// Whether each character of `text` is one of the file, in order.
    pub is_verbatim: bool,
    /// Where the variable that the text is the value of is named.
    pub via: Option<Spot>,
}

/// A text of which some parts may not be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub pieces: Vec<Piece>,
}

impl Piece {
    pub(super) fn literal(text: impl Into<String>, spot: &Spot) -> Self {
        let text = text.into();
        Self { kind: PieceKind::Literal, text, spot: spot.clone(), is_verbatim: true, via: None }
    }

    pub(super) fn made(text: impl Into<String>, spot: &Spot) -> Self {
        Self { is_verbatim: false, ..Self::literal(text, spot) }
    }

    pub(super) fn unknown(text: impl Into<String>, spot: &Spot) -> Self {
        Self { kind: PieceKind::Unknown, ..Self::made(text, spot) }
    }

    pub(super) fn command(text: impl Into<String>, spot: &Spot) -> Self {
        Self { kind: PieceKind::Command, ..Self::made(text, spot) }
    }

    /// The piece without its text.
    fn clone_bare(&self) -> Self {
        let spot = self.spot.clone();
        let (kind, is_verbatim, via) = (self.kind, self.is_verbatim, self.via.clone());
        Self { kind, text: String::new(), spot, is_verbatim, via }
    }

    /// Where the byte `offset` of the text was written.
    pub(super) fn spot_at(&self, offset: usize) -> Spot {
        match self.text.get(..offset) {
            Some(before) if self.is_verbatim => self.spot.after(before),
            _ => self.spot.clone(),
        }
    }
}

impl Text {
    pub(super) fn literal(text: impl Into<String>, spot: &Spot) -> Self {
        Self { pieces: vec![Piece::literal(text, spot)] }
    }

    pub(super) fn made(text: impl Into<String>, spot: &Spot) -> Self {
        Self { pieces: vec![Piece::made(text, spot)] }
    }

    pub(super) fn unknown(text: impl Into<String>, spot: &Spot) -> Self {
        Self { pieces: vec![Piece::unknown(text, spot)] }
    }

    /// The whole text, where all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            if piece.kind != PieceKind::Literal {
                return None;
            }
            text.push_str(&piece.text);
        }
        Some(text)
    }

    /// The text as it is written, what is not known included.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece.kind {
                PieceKind::Command => {
                    text.push_str("$(");
                    text.push_str(piece.text.trim());
                    text.push(')');
                }
                PieceKind::Literal | PieceKind::Unknown => text.push_str(&piece.text),
            }
        }
        text
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| piece.text.is_empty())
    }

    /// Where the text starts.
    #[must_use]
    pub fn spot(&self) -> Option<&Spot> {
        self.pieces.first().map(|piece| &piece.spot)
    }

    pub(super) fn push(&mut self, piece: Piece) {
        if self.pieces.len() < MAX_PIECES && self.len() < MAX_TEXT {
            self.pieces.push(piece);
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        let mut len = self.len();
        for piece in other.pieces {
            if self.pieces.len() >= MAX_PIECES || len >= MAX_TEXT {
                return;
            }
            len = len.saturating_add(piece.text.len());
            self.pieces.push(piece);
        }
    }

    fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.len()).sum()
    }

    /// Splits at white space, as a shell does with an expansion outside of quotes.
    #[must_use]
    pub fn words(&self) -> Vec<Self> {
        let mut words: Vec<Self> = Vec::new();
        let mut is_open = false;
        for piece in &self.pieces {
            if piece.kind != PieceKind::Literal {
                if !is_open {
                    words.push(Self::default());
                }
                is_open = true;
                if let Some(word) = words.last_mut() {
                    word.push(piece.clone());
                }
                continue;
            }
            let mut spot = piece.spot.clone();
            for part in piece.text.split_inclusive(char::is_whitespace) {
                let word = part.trim_end_matches(char::is_whitespace);
                if !word.is_empty() {
                    if !is_open {
                        words.push(Self::default());
                    }
                    let text = word.to_owned();
                    if let Some(last) = words.last_mut() {
                        last.push(Piece { text, spot: spot.clone(), ..piece.clone_bare() });
                    }
                    is_open = true;
                }
                if word.len() < part.len() {
                    is_open = false;
                }
                if piece.is_verbatim {
                    part.chars().for_each(|c| spot.pass(c));
                }
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_places() {
        let spot = Spot { path: Arc::from("Makefile"), line: 4, column: 9 };
        let mut text = Text::literal("-a  -ldflags=", &spot);
        text.push(Piece::unknown("$(LDFLAGS)", &spot));
        text.push(Piece::made(" -v", &spot));
        let words = text.words();
        let shown: Vec<String> = words.iter().map(Text::shown).collect();
        assert_eq!(shown, ["-a", "-ldflags=$(LDFLAGS)", "-v"]);
        assert_eq!(words[1].spot().unwrap().column, 13);
        assert_eq!((words[1].known(), words[2].known().as_deref()), (None, Some("-v")));
    }
}
