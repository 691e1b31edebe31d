//! A place in a text of several pieces, and how it goes on.

use crate::config::text::{Piece, PieceKind, Spot, Text};

/// A place in a text of several pieces.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    pieces: &'t [Piece],
    pub(super) piece: usize,
    pub(super) byte: usize,
    pub(super) spot: Spot,
}

/// What stands at a cursor.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Char(char),
    /// A piece that is no literal.
    Atom(&'t Piece),
    End,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t Text, end: &Spot) -> Self {
        let spot = text.spot().unwrap_or(end).clone();
        let mut cursor = Self { pieces: &text.pieces, piece: 0, byte: 0, spot };
        cursor.settle();
        cursor
    }

    /// Leaves pieces that are read to their end.
    fn settle(&mut self) {
        while let Some(piece) = self.pieces.get(self.piece) {
            if piece.kind != PieceKind::Literal || self.byte < piece.text.len() {
                if self.byte == 0 {
                    self.spot = piece.spot.clone();
                }
                return;
            }
            self.piece = self.piece.saturating_add(1);
            self.byte = 0;
        }
    }

    pub(super) fn at(&self) -> At<'t> {
        let Some(piece) = self.pieces.get(self.piece) else { return At::End };
        if piece.kind != PieceKind::Literal {
            return At::Atom(piece);
        }
        let rest = piece.text.get(self.byte..).unwrap_or_default();
        rest.chars().next().map_or(At::End, At::Char)
    }

    /// Where a word that starts here is written, or the variable that it comes from.
    pub(super) fn start(&self) -> Spot {
        let piece = self.pieces.get(self.piece);
        piece.and_then(|piece| piece.via.clone()).unwrap_or_else(|| self.spot.clone())
    }

    pub(super) fn char(&self) -> Option<char> {
        match self.at() {
            At::Char(c) => Some(c),
            At::Atom(_) | At::End => None,
        }
    }

    pub(super) fn is_verbatim(&self) -> bool {
        self.pieces.get(self.piece).is_some_and(|piece| piece.is_verbatim)
    }

    pub(super) fn step(&mut self) {
        match self.at() {
            At::Char(c) => {
                self.byte = self.byte.saturating_add(c.len_utf8());
                if self.is_verbatim() {
                    self.spot.pass(c);
                }
            }
            At::Atom(_) => {
                self.piece = self.piece.saturating_add(1);
                self.byte = 0;
            }
            At::End => return,
        }
        self.settle();
    }

    /// Takes a text where it stands whole here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        if self.char() != text.chars().next() {
            return false;
        }
        let mut ahead = self.clone();
        for c in text.chars() {
            if ahead.char() != Some(c) {
                return false;
            }
            ahead.step();
        }
        *self = ahead;
        true
    }

    /// The character behind this one.
    pub(super) fn second(&self) -> Option<char> {
        let piece = self.pieces.get(self.piece)?;
        let mut rest = piece.text.get(self.byte..)?.chars();
        rest.next()?;
        rest.next().or_else(|| {
            let next = self.pieces.get(self.piece.checked_add(1)?)?;
            (next.kind == PieceKind::Literal).then(|| next.text.chars().next()).flatten()
        })
    }
}
