//! Reads the quoted parts of a word: `'…'`, `"…"` and `$'…'`.

use super::cursor::At;
use super::word::{Parts, What, atom};
use super::{Lexed, Lexer, unclosed};
use crate::config::text::Spot;

impl Lexer<'_> {
    pub(super) fn single_quoted(&mut self, parts: &mut Parts, open: &Spot) -> Lexed<()> {
        // `''` is a word too.
        parts.text("", true, &self.cursor.spot, true);
        loop {
            if let At::Char(c) = self.cursor.at()
                && c.is_ascii_alphanumeric()
            {
                parts.char(c, true, &self.cursor.spot, self.cursor.is_verbatim());
                self.cursor.step();
                continue;
            }
            let here = self.cursor.spot.clone();
            match self.cursor.at() {
                At::End => return Err(unclosed(open, "'")),
                At::Char('\'') => {
                    self.cursor.step();
                    return Ok(());
                }
                At::Char(c) => {
                    parts.char(c, true, &here, self.cursor.is_verbatim());
                    self.cursor.step();
                }
                At::Atom(piece) => {
                    self.cursor.step();
                    parts.push(atom(piece), true, here);
                }
            }
        }
    }

    pub(super) fn double_quoted(&mut self, parts: &mut Parts, open: &Spot) -> Lexed<()> {
        parts.text("", true, &self.cursor.spot, true);
        loop {
            if let At::Char(c) = self.cursor.at()
                && c.is_ascii_alphanumeric()
            {
                parts.char(c, true, &self.cursor.spot, self.cursor.is_verbatim());
                self.cursor.step();
                continue;
            }
            let here = self.cursor.spot.clone();
            match self.cursor.at() {
                At::End => return Err(unclosed(open, "\"")),
                At::Char('"') => {
                    self.cursor.step();
                    return Ok(());
                }
                At::Char('\\') => {
                    self.cursor.step();
                    match self.cursor.char() {
                        Some('\n') => self.cursor.step(),
                        Some(c @ ('$' | '`' | '"' | '\\')) => {
                            self.cursor.step();
                            parts.char(c, true, &here, false);
                        }
                        _ => parts.char('\\', true, &here, true),
                    }
                }
                At::Char('$') => self.dollar(parts, true)?,
                At::Char('`') => {
                    self.cursor.step();
                    let inner = self.backticks(&here)?;
                    parts.push(What::Command(inner), true, here);
                }
                At::Char(c) => {
                    parts.char(c, true, &here, self.cursor.is_verbatim());
                    self.cursor.step();
                }
                At::Atom(piece) => {
                    self.cursor.step();
                    parts.push(atom(piece), true, here);
                }
            }
        }
    }

    /// `$'…'`, whose escapes are kept as they are.
    pub(super) fn ansi_quoted(&mut self, parts: &mut Parts, open: &Spot) -> Lexed<()> {
        loop {
            let here = self.cursor.spot.clone();
            match self.cursor.at() {
                At::End => return Err(unclosed(open, "$'")),
                At::Char('\'') => {
                    self.cursor.step();
                    return Ok(());
                }
                At::Char('\\') => {
                    self.cursor.step();
                    if let Some(c) = self.cursor.char() {
                        let c = match c {
                            'n' => '\n',
                            't' => '\t',
                            c => c,
                        };
                        self.cursor.step();
                        parts.char(c, true, &here, false);
                    }
                }
                At::Char(c) => {
                    self.cursor.step();
                    parts.char(c, true, &here, false);
                }
                At::Atom(piece) => {
                    self.cursor.step();
                    parts.push(atom(piece), true, here);
                }
            }
        }
    }
}
