//! Reads what a shell would replace: variables, substitutions and arithmetic.

use super::cursor::At;
use super::word::{Parts, What};
use super::{Lexed, Lexer, unclosed};
use crate::config::text::{Spot, Text};

impl Lexer<'_> {
    pub(super) fn dollar(&mut self, parts: &mut Parts, is_quoted: bool) -> Lexed<()> {
        let here = self.cursor.spot.clone();
        self.cursor.step();
        if self.cursor.eat("((") {
            self.skip_arithmetic()?;
            parts.push(What::Unknown("$((…))".to_owned()), is_quoted, here);
        } else if self.cursor.eat("(") {
            let inner = self.until_closed(&here, "$(")?;
            parts.push(What::Command(inner), is_quoted, here);
        } else if self.cursor.eat("{") {
            let what = self.braces(&here)?;
            parts.push(what, is_quoted, here);
        } else if !is_quoted && self.cursor.eat("'") {
            self.ansi_quoted(parts, &here)?;
        } else if !is_quoted && self.cursor.eat("\"") {
            self.double_quoted(parts, &here)?;
        } else {
            let name = self.name();
            match self.cursor.char() {
                _ if !name.is_empty() => {
                    let what = What::Variable { name, default: None, is_list: false };
                    parts.push(what, is_quoted, here);
                }
                Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                    self.cursor.step();
                    let is_list = matches!(c, '@' | '*');
                    let what = What::Variable { name: c.to_string(), default: None, is_list };
                    parts.push(what, is_quoted, here);
                }
                _ => parts.char('$', is_quoted, &here, true),
            }
        }
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.cursor.char() {
            let fits =
                c == '_' || c.is_ascii_alphabetic() || (c.is_ascii_digit() && !name.is_empty());
            if !fits {
                break;
            }
            name.push(c);
            self.cursor.step();
        }
        name
    }

    /// What stands between `${` and its `}`.
    fn braces(&mut self, open: &Spot) -> Lexed<What> {
        let name = self.name();
        let mut is_list = false;
        for list in ["[@]", "[*]"] {
            is_list |= !name.is_empty() && self.cursor.eat(list);
        }
        if !name.is_empty() && self.cursor.eat("}") {
            return Ok(What::Variable { name, default: None, is_list });
        }
        let gives_default = !name.is_empty()
            && [":-", ":=", "-", "="].iter().any(|operator| self.cursor.eat(operator));
        let rest = self.enclosed(open, '{', '}', "${")?;
        if gives_default {
            return Ok(What::Variable { name, default: Some(rest), is_list });
        }
        Ok(What::Unknown(format!("${{{name}{}}}", rest.shown())))
    }

    pub(super) fn backticks(&mut self, open: &Spot) -> Lexed<Text> {
        let mut text = Text::default();
        loop {
            match self.cursor.at() {
                At::End => return Err(unclosed(open, "`")),
                At::Char('`') => {
                    self.cursor.step();
                    return Ok(text);
                }
                At::Char('\\') if matches!(self.cursor.second(), Some('`' | '\\' | '$')) => {
                    self.cursor.step();
                    self.take(&mut text);
                }
                At::Char(_) | At::Atom(_) => self.take(&mut text),
            }
        }
    }
}
