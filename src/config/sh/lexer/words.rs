//! Reads a word up to the character that ends it.

use super::cursor::At;
use super::word::{Parts, What, Word, atom};
use super::{Lexed, Lexer, unclosed};
use crate::config::text::Spot;

impl Lexer<'_> {
    pub(super) fn word(&mut self) -> Lexed<Word> {
        let spot = self.cursor.start();
        let (piece, byte) = (self.cursor.piece, self.cursor.byte);
        let mut parts = Parts::default();
        loop {
            if let At::Char(c) = self.cursor.at()
                && (c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c))
            {
                parts.char(c, false, &self.cursor.spot, self.cursor.is_verbatim());
                self.cursor.step();
                continue;
            }
            let here = self.cursor.spot.clone();
            let c = match self.cursor.at() {
                At::End => break,
                At::Atom(piece) => {
                    self.cursor.step();
                    parts.push(atom(piece), false, here);
                    continue;
                }
                At::Char(c) => c,
            };
            match c {
                ' ' | '\t' | '\n' | ';' | '|' | '&' | ')' => break,
                '\r' if self.cursor.second() == Some('\n') || self.cursor.second().is_none() => {
                    break;
                }
                '<' | '>' if self.cursor.second() == Some('(') => {
                    self.cursor.step();
                    self.cursor.step();
                    let inner = self.until_closed(&here, "(")?;
                    parts.push(What::Command(inner), false, here);
                }
                '<' | '>' => break,
                '(' if parts.is_assignment() => {
                    self.cursor.step();
                    let words = self.array(&here)?;
                    parts.push(What::Array(words), false, here);
                }
                // `name()`, and the patterns of extglob: `@(a|b)`.
                '(' if parts.ends_with(&['@', '?', '*', '+', '!']) => {
                    self.cursor.step();
                    self.until_closed(&here, "(")?;
                    parts.push(What::Unknown("(…)".to_owned()), false, here);
                }
                '(' => break,
                '\'' => {
                    self.cursor.step();
                    self.single_quoted(&mut parts, &here)?;
                }
                '"' => {
                    self.cursor.step();
                    self.double_quoted(&mut parts, &here)?;
                }
                '\\' => self.escaped(&mut parts, &here),
                '$' => self.dollar(&mut parts, false)?,
                '`' => {
                    self.cursor.step();
                    let inner = self.backticks(&here)?;
                    parts.push(What::Command(inner), false, here);
                }
                c => {
                    let is_verbatim = self.cursor.is_verbatim();
                    self.cursor.step();
                    parts.char(c, false, &here, is_verbatim);
                }
            }
        }
        // A character that no word starts with: `)` after a redirection.
        if parts.0.is_empty()
            && (self.cursor.piece, self.cursor.byte) == (piece, byte)
            && self.is_stuck()
        {
            self.cursor.step();
        }
        Ok(Word { parts: parts.0, spot })
    }

    /// A backslash outside of quotes, and what follows it.
    fn escaped(&mut self, parts: &mut Parts, here: &Spot) {
        self.cursor.step();
        match self.cursor.char() {
            Some('\n') => self.cursor.step(),
            Some('\r') if self.cursor.second() == Some('\n') => {
                self.cursor.step();
                self.cursor.step();
            }
            Some(escaped) => {
                self.cursor.step();
                parts.char(escaped, true, here, false);
            }
            None => {}
        }
    }

    fn is_stuck(&self) -> bool {
        !matches!(
            self.cursor.at(),
            At::End | At::Char('\n' | ' ' | '\t' | '\r' | ';' | '|' | '&' | '(' | ')' | '<' | '>')
        )
    }

    fn array(&mut self, spot: &Spot) -> Lexed<Vec<Word>> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            match self.cursor.at() {
                At::End => return Err(unclosed(spot, "(")),
                At::Char('\n' | ';' | '|' | '&' | '(' | '<' | '>') => self.cursor.step(),
                At::Char(')') => {
                    self.cursor.step();
                    return Ok(words);
                }
                At::Char(_) | At::Atom(_) => words.push(self.word()?),
            }
        }
    }
}
