//! Shell text to words and operators, each with its place.
//!
//! Source: POSIX.1-2024, chapter 2 of Shell and Utilities, and what bash adds:
//! arrays, `$'…'`, `<(…)`, `<<<`, `&>`.

mod cursor;
mod enclosed;
mod expansion;
mod here_document;
mod quotes;
mod word;
mod words;

use crate::config::text::{Spot, Text};
use cursor::{At, Cursor};
use here_document::Waiting;
pub(in crate::config) use word::{Part, What, Word};

/// A token of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// `;`, `&`, `|`, `&&`, `||`, `;;`, `(`, `)` and newline (`"\n"`).
    Operator(&'static str),
    /// The operator without its file descriptor, and what follows it.
    Redirect(&'static str, Word),
}

/// Why a text is no shell script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct ShellError {
    pub spot: Spot,
    /// A fragment that reads after "failed to read".
    pub reason: String,
}

type Lexed<T> = Result<T, ShellError>;

pub(super) struct Lexer<'t> {
    cursor: Cursor<'t>,
    depth: usize,
    waiting: Vec<Waiting>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t Text, end: &Spot, depth: usize) -> Self {
        Self { cursor: Cursor::new(text, end), depth, waiting: Vec::new() }
    }

    /// The next token; `None` at the end.
    pub(super) fn token(&mut self) -> Lexed<Option<Token>> {
        self.blanks();
        let c = match self.cursor.at() {
            At::End => return Ok(None),
            At::Atom(_) => return self.word().map(|word| Some(Token::Word(word))),
            At::Char(c) => c,
        };
        if c == '\n' {
            self.cursor.step();
            self.here_documents();
            return Ok(Some(Token::Operator("\n")));
        }
        if let Some(token) = self.redirect()? {
            return Ok(Some(token));
        }
        for operator in ["&&", "||", ";;&", ";;", ";&", "|&", ";", "|", "&", "(", ")"] {
            if self.cursor.eat(operator) {
                let operator = match operator {
                    ";;&" | ";&" => ";;",
                    "|&" => "|",
                    other => other,
                };
                return Ok(Some(Token::Operator(operator)));
            }
        }
        self.word().map(|word| Some(Token::Word(word)))
    }

    /// A lexer that stands where this one does.
    pub(super) fn fork(&self) -> Self {
        Self { cursor: self.cursor.clone(), depth: self.depth, waiting: self.waiting.clone() }
    }

    /// Goes on where another stands.
    pub(super) fn join(&mut self, other: Self) {
        *self = other;
    }

    /// Whether `((` comes next.
    pub(super) fn is_arithmetic(&mut self) -> bool {
        self.blanks();
        self.cursor.char() == Some('(') && self.cursor.second() == Some('(')
    }

    /// Skips to behind `))`, which ends an arithmetic command.
    pub(super) fn skip_arithmetic(&mut self) -> Lexed<()> {
        let spot = self.cursor.spot.clone();
        let mut open = 2_usize;
        while open > 0 {
            match self.cursor.at() {
                At::Char('(') => open = open.saturating_add(1),
                At::Char(')') => open = open.saturating_sub(1),
                At::End => return Err(unclosed(&spot, "((")),
                At::Char(_) | At::Atom(_) => {}
            }
            self.cursor.step();
        }
        Ok(())
    }

    /// Whether `(` stands here, with nothing between.
    pub(super) fn is_at_parenthesis(&self) -> bool {
        self.cursor.char() == Some('(')
    }

    /// The rest of a word that is a regular expression of `[[`: no operator counts in it.
    pub(super) fn skip_test(&mut self) -> Lexed<()> {
        loop {
            self.blanks();
            match self.cursor.at() {
                At::End => return Ok(()),
                At::Char('\'' | '"' | '$' | '`' | '\\') | At::Atom(_) => {
                    self.word()?;
                }
                At::Char(']') if self.cursor.eat("]]") => {
                    if self.cursor.char().is_none_or(|c| c.is_whitespace() || ";)&|".contains(c)) {
                        return Ok(());
                    }
                }
                At::Char(_) => self.cursor.step(),
            }
        }
    }

    fn blanks(&mut self) {
        loop {
            match self.cursor.char() {
                Some(' ' | '\t' | '\r') => self.cursor.step(),
                Some('\\') if self.cursor.second() == Some('\n') => {
                    self.cursor.step();
                    self.cursor.step();
                }
                Some('\\') if self.cursor.second() == Some('\r') => {
                    let mut ahead = self.cursor.clone();
                    if !ahead.eat("\\\r\n") {
                        return;
                    }
                    self.cursor = ahead;
                }
                Some('#') => self.comment(),
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        while !matches!(self.cursor.at(), At::End | At::Char('\n')) {
            self.cursor.step();
        }
    }

    fn redirect(&mut self) -> Lexed<Option<Token>> {
        let mut ahead = self.cursor.clone();
        while ahead.char().is_some_and(|c| c.is_ascii_digit()) {
            ahead.step();
        }
        let has_number = ahead.byte != self.cursor.byte || ahead.piece != self.cursor.piece;
        let is_next = matches!(ahead.char(), Some('<' | '>'))
            || (!has_number && ahead.char() == Some('&') && ahead.second() == Some('>'));
        // `<(…)` and `>(…)` are words.
        if !is_next || (ahead.char() != Some('&') && ahead.second() == Some('(')) {
            return Ok(None);
        }
        self.cursor = ahead;
        let all = ["<<<", "<<-", "<<", "<&", "<>", "<", "&>>", "&>", ">>", ">&", ">|", ">"];
        let Some(operator) = all.into_iter().find(|operator| self.cursor.eat(operator)) else {
            return Ok(None);
        };
        self.blanks();
        let target = self.word()?;
        if matches!(operator, "<<" | "<<-") {
            let delimiter = target.parts.iter().map(|part| match &part.what {
                What::Literal(text, _) => text.as_str(),
                _ => "",
            });
            let waiting =
                Waiting { delimiter: delimiter.collect(), strips_tabs: operator == "<<-" };
            self.waiting.push(waiting);
        }
        Ok(Some(Token::Redirect(operator, target)))
    }
}

fn unclosed(spot: &Spot, what: &str) -> ShellError {
    ShellError { spot: spot.clone(), reason: format!("{what} is not closed") }
}
