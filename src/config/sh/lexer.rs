//! Shell text to words and operators, each with its place.
//!
//! Source: POSIX.1-2024, chapter 2 of Shell and Utilities, and what bash adds:
//! arrays, `$'…'`, `<(…)`, `<<<`, `&>`.

use crate::config::text::{Piece, PieceKind, Spot, Text};

/// How deep substitutions stand in each other.
const MAX_DEPTH: usize = 24;

/// A token of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// `;`, `&`, `|`, `&&`, `||`, `;;`, `(`, `)` and newline (`"\n"`).
    Operator(&'static str),
    /// The operator without its file descriptor, and what follows it.
    Redirect(&'static str, Word),
}

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

/// Why a text is no shell script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct ShellError {
    pub spot: Spot,
    /// A fragment that reads after "failed to read".
    pub reason: String,
}

type Lexed<T> = Result<T, ShellError>;

/// A place in a text of several pieces.
#[derive(Debug, Clone)]
struct Cursor<'t> {
    pieces: &'t [Piece],
    piece: usize,
    byte: usize,
    spot: Spot,
}

/// What stands at a cursor.
#[derive(Clone, Copy)]
enum At<'t> {
    Char(char),
    /// A piece that is no literal.
    Atom(&'t Piece),
    End,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t Text, end: &Spot) -> Self {
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

    fn at(&self) -> At<'t> {
        let Some(piece) = self.pieces.get(self.piece) else { return At::End };
        if piece.kind != PieceKind::Literal {
            return At::Atom(piece);
        }
        let rest = piece.text.get(self.byte..).unwrap_or_default();
        rest.chars().next().map_or(At::End, At::Char)
    }

    /// Where a word that starts here is written, or the variable that it comes from.
    fn start(&self) -> Spot {
        let piece = self.pieces.get(self.piece);
        piece.and_then(|piece| piece.via.clone()).unwrap_or_else(|| self.spot.clone())
    }

    fn char(&self) -> Option<char> {
        match self.at() {
            At::Char(c) => Some(c),
            At::Atom(_) | At::End => None,
        }
    }

    fn is_verbatim(&self) -> bool {
        self.pieces.get(self.piece).is_some_and(|piece| piece.is_verbatim)
    }

    fn step(&mut self) {
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
    fn eat(&mut self, text: &str) -> bool {
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
    fn second(&self) -> Option<char> {
        let piece = self.pieces.get(self.piece)?;
        let mut rest = piece.text.get(self.byte..)?.chars();
        rest.next()?;
        rest.next().or_else(|| {
            let next = self.pieces.get(self.piece.checked_add(1)?)?;
            (next.kind == PieceKind::Literal).then(|| next.text.chars().next()).flatten()
        })
    }
}

/// A here-document whose lines have not come yet.
#[derive(Debug, Clone)]
struct Waiting {
    delimiter: String,
    strips_tabs: bool,
}

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

    /// Skips the lines of the here-documents of the line before.
    ///
    /// One that is not closed ends with the text, as in bash.
    fn here_documents(&mut self) {
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

    fn word(&mut self) -> Lexed<Word> {
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

    fn single_quoted(&mut self, parts: &mut Parts, open: &Spot) -> Lexed<()> {
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

    fn double_quoted(&mut self, parts: &mut Parts, open: &Spot) -> Lexed<()> {
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

    fn dollar(&mut self, parts: &mut Parts, is_quoted: bool) -> Lexed<()> {
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

    /// `$'…'`, whose escapes are kept as they are.
    fn ansi_quoted(&mut self, parts: &mut Parts, open: &Spot) -> Lexed<()> {
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

    /// The text up to the parenthesis that closes the one already open.
    fn until_closed(&mut self, open: &Spot, what: &'static str) -> Lexed<Text> {
        if self.depth >= MAX_DEPTH {
            return Err(ShellError {
                spot: open.clone(),
                reason: "substitutions are nested too deeply".to_owned(),
            });
        }
        self.enclosed(open, '(', ')', what)
    }

    /// The text up to the closing character, with quotes and nested pairs in it.
    fn enclosed(
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

    /// Takes `<<WORD` in a substitution, and returns the here-document that it announces.
    fn here_operator(&mut self, text: &mut Text) -> Option<Waiting> {
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
    fn take_document(&mut self, document: &Waiting, text: &mut Text) {
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
    fn take(&mut self, text: &mut Text) {
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

    fn backticks(&mut self, open: &Spot) -> Lexed<Text> {
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

fn unclosed(spot: &Spot, what: &str) -> ShellError {
    ShellError { spot: spot.clone(), reason: format!("{what} is not closed") }
}

fn atom(piece: &Piece) -> What {
    match piece.kind {
        PieceKind::Command => What::Command(Text::made(&piece.text, &piece.spot)),
        PieceKind::Literal | PieceKind::Unknown => What::Unknown(piece.text.clone()),
    }
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn push(&mut self, what: What, is_quoted: bool, spot: Spot) {
        self.0.push(Part { what, is_quoted, spot });
    }

    fn text(&mut self, text: &str, is_quoted: bool, spot: &Spot, is_verbatim: bool) {
        self.push(What::Literal(text.to_owned(), is_verbatim), is_quoted, spot.clone());
    }

    fn char(&mut self, c: char, is_quoted: bool, spot: &Spot, is_verbatim: bool) {
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

    fn ends_with(&self, chars: &[char]) -> bool {
        self.0.last().is_some_and(|part| {
            matches!(&part.what, What::Literal(text, _) if !part.is_quoted && text.ends_with(chars))
        })
    }

    /// Whether `NAME=` or `NAME+=` is all there is yet.
    fn is_assignment(&self) -> bool {
        let [Part { what: What::Literal(text, _), is_quoted: false, .. }] = self.0.as_slice()
        else {
            return false;
        };
        let name = text.strip_suffix('=').map(|name| name.strip_suffix('+').unwrap_or(name));
        name.is_some_and(super::is_name)
    }
}
