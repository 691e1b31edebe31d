//! Here-documents: they are announced in one line, and stand behind it.

use super::Lexer;
use super::cursor::At;
use crate::config::text::Text;

/// A here-document whose lines have not come yet.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) delimiter: String,
    pub(super) strips_tabs: bool,
}

impl Lexer<'_> {
    /// Skips the lines of the here-documents of the line before.
    ///
    /// One that is not closed ends with the text, as in bash.
    pub(super) fn here_documents(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            loop {
                let mut line = String::new();
                loop {
                    match self.cursor.at() {
                        At::End => break,
                        At::Char('\n') => break,
                        At::Char(c) => line.push(c),
                        At::Atom(_) => line.push('$'),
                    }
                    self.cursor.step();
                }
                let is_end = matches!(self.cursor.at(), At::End);
                self.cursor.step();
                let line = line.trim_end_matches('\r');
                let line = if waiting.strips_tabs { line.trim_start_matches('\t') } else { line };
                if is_end || line == waiting.delimiter {
                    break;
                }
            }
        }
    }

    /// Takes `<<WORD` in a substitution, and returns the here-document that it announces.
    pub(super) fn here_operator(&mut self, text: &mut Text) -> Option<Waiting> {
        self.take(text);
        self.take(text);
        let mut strips_tabs = false;
        match self.cursor.char() {
            Some('<') => {
                self.take(text);
                return None;
            }
            Some('-') => {
                strips_tabs = true;
                self.take(text);
            }
            _ => {}
        }
        while matches!(self.cursor.char(), Some(' ' | '\t')) {
            self.take(text);
        }
        let mut delimiter = String::new();
        while let Some(c) = self.cursor.char() {
            match c {
                '\'' | '"' | '\\' => {}
                c if c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '!' | '%' | '+') => {
                    delimiter.push(c)
                }
                _ => break,
            }
            self.take(text);
        }
        // `1 << 2` in an arithmetic expression announces nothing.
        let is_name = delimiter.starts_with(|c: char| c.is_alphabetic() || c == '_');
        is_name.then_some(Waiting { delimiter, strips_tabs })
    }

    /// Takes the lines of a here-document, its end included.
    pub(super) fn take_document(&mut self, document: &Waiting, text: &mut Text) {
        loop {
            let mut line = String::new();
            while let At::Char(_) | At::Atom(_) = self.cursor.at() {
                let c = self.cursor.char().unwrap_or('$');
                if c == '\n' {
                    break;
                }
                line.push(c);
                self.take(text);
            }
            let line = line.trim_end_matches('\r');
            let line = if document.strips_tabs { line.trim_start_matches('\t') } else { line };
            if line == document.delimiter || matches!(self.cursor.at(), At::End) {
                return;
            }
            self.take(text);
        }
    }
}
