//! A word before any expansion, and how it is put together.

use crate::config::sh::is_name;
use crate::config::text::{Piece, PieceKind, Spot, Text};

/// A word before any expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Word {
    pub parts: Vec<Part>,
    pub spot: Spot,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Part {
    pub what: What,
    pub is_quoted: bool,
    pub spot: Spot,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum What {
    /// Text, and whether each character of it is one of the file.
    Literal(String, bool),
    /// `$NAME` or `${NAME…}`; `default` is what `:-` and its kin give.
    Variable { name: String, default: Option<Text>, is_list: bool },
    /// `$(…)` or backticks.
    Command(Text),
    /// As it is written.
    Unknown(String),
    /// `NAME=(…)`.
    Array(Vec<Word>),
}

/// The parts of a word that is being read.
#[derive(Default)]
pub(super) struct Parts(pub(super) Vec<Part>);

impl Parts {
    pub(super) fn push(&mut self, what: What, is_quoted: bool, spot: Spot) {
        self.0.push(Part { what, is_quoted, spot });
    }

    pub(super) fn text(&mut self, text: &str, is_quoted: bool, spot: &Spot, is_verbatim: bool) {
        self.push(What::Literal(text.to_owned(), is_verbatim), is_quoted, spot.clone());
    }

    pub(super) fn char(&mut self, c: char, is_quoted: bool, spot: &Spot, is_verbatim: bool) {
        if let Some(Part { what: What::Literal(text, same), is_quoted: quoted, spot: start }) =
            self.0.last_mut()
            && *quoted == is_quoted
            && *same == is_verbatim
            && !text.ends_with('\n')
        {
            // A piece that starts on another line has a place of its own.
            if start.line == spot.line && start.path == spot.path {
                text.push(c);
                return;
            }
        }
        self.text(&c.to_string(), is_quoted, spot, is_verbatim);
    }

    pub(super) fn ends_with(&self, chars: &[char]) -> bool {
        self.0.last().is_some_and(|part| {
            matches!(&part.what, What::Literal(text, _) if !part.is_quoted && text.ends_with(chars))
        })
    }

    /// Whether `NAME=` or `NAME+=` is all there is yet.
    pub(super) fn is_assignment(&self) -> bool {
        let [Part { what: What::Literal(text, _), is_quoted: false, .. }] = self.0.as_slice()
        else {
            return false;
        };
        let name = text.strip_suffix('=').map(|name| name.strip_suffix('+').unwrap_or(name));
        name.is_some_and(is_name)
    }
}

/// A piece that is no literal, as a part of a word.
pub(super) fn atom(piece: &Piece) -> What {
    match piece.kind {
        PieceKind::Command => What::Command(Text::made(&piece.text, &piece.spot)),
        PieceKind::Literal | PieceKind::Unknown => What::Unknown(piece.text.clone()),
    }
}
