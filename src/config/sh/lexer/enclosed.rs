//! The text of a substitution, up to what closes it: what stands in it is read later.

use super::cursor::At;
use super::here_document::Waiting;
use super::{Lexed, Lexer, ShellError, unclosed};
use crate::config::text::{Piece, PieceKind, Spot, Text};

/// How deep substitutions stand in each other.
const MAX_DEPTH: usize = 24;

impl Lexer<'_> {
    /// The text up to the parenthesis that closes the one already open.
    pub(super) fn until_closed(&mut self, open: &Spot, what: &'static str) -> Lexed<Text> {
        if self.depth >= MAX_DEPTH {
            return Err(ShellError {
                spot: open.clone(),
                reason: "substitutions are nested too deeply".to_owned(),
            });
        }
        self.enclosed(open, '(', ')', what)
    }

    /// The text up to the closing character, with quotes and nested pairs in it.
    pub(super) fn enclosed(
        &mut self,
        open: &Spot,
        opening: char,
        closing: char,
        what: &'static str,
    ) -> Lexed<Text> {
        let mut text = Text::default();
        let mut nested = 0_usize;
        // The case labels of a `case` in a substitution close no parenthesis.
        let mut cases = Cases::default();
        let mut documents: Vec<Waiting> = Vec::new();
        loop {
            match self.cursor.at() {
                At::End => return Err(unclosed(open, what)),
                At::Char('<') if closing == ')' && self.cursor.second() == Some('<') => {
                    documents.extend(self.here_operator(&mut text));
                    continue;
                }
                At::Char('\n') if !documents.is_empty() => {
                    self.take(&mut text);
                    for document in std::mem::take(&mut documents) {
                        self.take_document(&document, &mut text);
                    }
                    continue;
                }
                At::Char(c) if c == closing && nested == 0 && !cases.is_label() => {
                    self.cursor.step();
                    return Ok(text);
                }
                At::Char(c) if c == closing && cases.is_label() => cases.passed_label(),
                At::Char(c) if c == closing => nested = nested.saturating_sub(1),
                At::Char(c) if c == opening => nested = nested.saturating_add(1),
                At::Char('\\') => {
                    self.take(&mut text);
                }
                At::Char(quote @ ('\'' | '"' | '`')) => {
                    self.take(&mut text);
                    self.quoted(&mut text, quote, open, closing == '}')?;
                    continue;
                }
                At::Char('#') if closing == ')' && at_word_start(&text) => {
                    while !matches!(self.cursor.at(), At::End | At::Char('\n')) {
                        self.cursor.step();
                    }
                    continue;
                }
                At::Char(c) if closing == ')' => cases.see(c),
                At::Char(_) | At::Atom(_) => {}
            }
            self.take(&mut text);
        }
    }

    /// Takes quoted text, its end included.
    fn quoted(&mut self, text: &mut Text, quote: char, open: &Spot, in_braces: bool) -> Lexed<()> {
        loop {
            match self.cursor.at() {
                // An apostrophe in `"${x:-it's}"` quotes nothing.
                At::End if quote == '\'' && in_braces => return Ok(()),
                At::End => return Err(unclosed(open, "a quote in a substitution")),
                At::Char('\\') if quote != '\'' => self.take(text),
                At::Char('$') if quote == '"' && self.cursor.second() == Some('(') => {
                    self.take(text);
                    self.take(text);
                    self.depth = self.depth.saturating_add(1);
                    let inner = self.until_closed(open, "$(")?;
                    self.depth = self.depth.saturating_sub(1);
                    text.pieces.extend(inner.pieces);
                    text.pieces.push(Piece::made(")", open));
                    continue;
                }
                At::Char(c) if c == quote => {
                    self.take(text);
                    return Ok(());
                }
                At::Char(_) | At::Atom(_) => {}
            }
            self.take(text);
        }
    }

    /// Moves what stands here to a text, with its place.
    pub(super) fn take(&mut self, text: &mut Text) {
        let here = self.cursor.spot.clone();
        match self.cursor.at() {
            At::End => return,
            At::Atom(piece) => text.push(piece.clone()),
            At::Char(c) => {
                let is_verbatim = self.cursor.is_verbatim();
                match text.pieces.last_mut() {
                    Some(last)
                        if last.kind == PieceKind::Literal
                            && last.is_verbatim == is_verbatim
                            && !last.text.ends_with('\n') =>
                    {
                        last.text.push(c);
                    }
                    _ => text
                        .pieces
                        .push(Piece { is_verbatim, ..Piece::literal(c.to_string(), &here) }),
                }
            }
        }
        self.cursor.step();
    }
}

/// Finds `case … in` in a substitution by its words.
#[derive(Default)]
struct Cases {
    word: String,
    open: usize,
    expects_label: bool,
}

impl Cases {
    fn see(&mut self, c: char) {
        if c.is_ascii_alphanumeric() || c == '_' {
            if self.word.len() < 8 {
                self.word.push(c);
            }
            return;
        }
        match self.word.as_str() {
            "case" => self.open = self.open.saturating_add(1),
            "in" if self.open > 0 => self.expects_label = true,
            "esac" => {
                self.open = self.open.saturating_sub(1);
                self.expects_label = false;
            }
            "" if c == ';' && self.open > 0 => self.expects_label = true,
            _ => {}
        }
        self.word.clear();
    }

    fn is_label(&self) -> bool {
        self.expects_label && self.open > 0 && self.word != "esac"
    }

    fn passed_label(&mut self) {
        self.expects_label = false;
        self.word.clear();
    }
}

fn at_word_start(text: &Text) -> bool {
    text.pieces.last().is_none_or(|piece| piece.text.ends_with([' ', '\t', '\n', ';', '(']))
}
