//! POSIX shell scripts, with the parts of bash that build scripts use, as a flat list of steps.
//!
//! Nothing is run. What a script does to directory and environment is followed by
//! [`super::follow`].

mod lexer;
#[cfg(test)]
mod tests;

pub(super) use lexer::{Part, ShellError, What, Word};

use super::text::{Spot, Text};
use lexer::{Lexer, Token};

/// Steps of one script that are kept; a longer one is read to here.
const MAX_STEPS: usize = 1 << 15;

/// What a script does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Command(Command),
    /// `(`: directory and variables are those of before when it closes.
    Open,
    Close,
    /// A body that may not run: `if`, `for`, `while`, `case`.
    OpenMaybe,
    CloseMaybe,
    /// The body of a function, until the [`Step::FunctionEnd`] that belongs to it.
    Function(String),
    FunctionEnd,
}

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
    pub redirects: Vec<(&'static str, Word)>,
    /// Whether it runs only where the command before failed: it stands behind `||`.
    pub is_fallback: bool,
}

/// `NAME=value` or `NAME+=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub name: String,
    pub appends: bool,
    pub value: Word,
}

/// Reads a script. `end` stands for the place of an empty text.
pub(super) fn parse(text: &Text, end: &Spot, depth: usize) -> Result<Vec<Step>, ShellError> {
    let mut parser = Parser { lexer: Lexer::new(text, end, depth), ..Parser::new(text, end) };
    while let Some(token) = parser.lexer.token()? {
        parser.token(token)?;
        if parser.steps.len() >= MAX_STEPS {
            break;
        }
    }
    parser.end_command();
    Ok(parser.steps)
}

pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
        && chars.all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// What is open around a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Paren,
    Brace,
    /// A loop or an `if`.
    Maybe,
    /// A `case`, in its labels or in a body.
    Case {
        in_label: bool,
    },
    /// A function whose body is the next block.
    FunctionParen,
    FunctionBrace,
}

/// What the words that come belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Command,
    /// Behind `for NAME`, until a separator.
    Header,
    /// Behind `case`, until `in`.
    CaseSubject,
    /// Behind `function`.
    FunctionName,
    /// Behind the head of a function, until its body opens.
    FunctionBody,
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    steps: Vec<Step>,
    blocks: Vec<Block>,
    command: Command,
    mode: Mode,
    is_fallback: bool,
    is_without_arithmetic: bool,
}

impl<'t> Parser<'t> {
    fn new(text: &'t Text, end: &Spot) -> Self {
        Self {
            lexer: Lexer::new(text, end, 0),
            steps: Vec::new(),
            blocks: Vec::new(),
            command: Command::default(),
            mode: Mode::Command,
            is_fallback: false,
            is_without_arithmetic: false,
        }
    }

    fn token(&mut self, token: Token) -> Result<(), ShellError> {
        if let Some(Block::Case { in_label: true }) = self.blocks.last() {
            self.label(&token);
            return Ok(());
        }
        match (self.mode, token) {
            (Mode::CaseSubject, Token::Word(word)) => {
                if word.bare().as_deref() == Some("in") {
                    self.mode = Mode::Command;
                    self.open_maybe(Block::Case { in_label: true });
                }
            }
            (Mode::CaseSubject, _) => {}
            (Mode::Header, Token::Operator(";" | "\n")) => self.mode = Mode::Command,
            (Mode::Header, Token::Word(word)) if word.bare().as_deref() == Some("do") => {
                self.mode = Mode::Command;
            }
            (Mode::Header, _) => {}
            (Mode::FunctionName, Token::Word(word)) => {
                self.steps.push(Step::Function(word.bare().unwrap_or_default()));
                self.mode = Mode::FunctionBody;
            }
            (Mode::FunctionBody, Token::Operator(")" | "\n")) => {}
            (Mode::FunctionBody, Token::Operator("(")) => {
                if !self.lexer_closes() {
                    self.blocks.push(Block::FunctionParen);
                    self.mode = Mode::Command;
                }
            }
            (Mode::FunctionBody, Token::Word(word)) => {
                self.mode = Mode::Command;
                self.blocks.push(Block::FunctionBrace);
                if word.bare().as_deref() != Some("{") {
                    // `f() if …; fi` is legal and nobody writes it.
                    self.word(word)?;
                }
            }
            (_, Token::Word(word)) => self.word(word)?,
            (_, Token::Redirect(operator, target)) => {
                self.command.redirects.push((operator, target));
            }
            (_, Token::Operator(operator)) => self.operator(operator)?,
        }
        Ok(())
    }

    /// Whether `)` comes next, as in `name()`; it is taken then.
    fn lexer_closes(&mut self) -> bool {
        let mut ahead = self.lexer.fork();
        if matches!(ahead.token(), Ok(Some(Token::Operator(")")))) {
            self.lexer.join(ahead);
            return true;
        }
        false
    }

    fn label(&mut self, token: &Token) {
        match token {
            Token::Operator(")") => {
                if let Some(block) = self.blocks.last_mut() {
                    *block = Block::Case { in_label: false };
                }
            }
            Token::Word(word) if word.bare().as_deref() == Some("esac") => self.close_maybe(),
            _ => {}
        }
    }

    fn word(&mut self, word: Word) -> Result<(), ShellError> {
        if !self.command.words.is_empty() {
            self.command.words.push(word);
            return Ok(());
        }
        if let Some(assignment) = word.assignment() {
            self.command.assignments.push(assignment);
            return Ok(());
        }
        let starts = self.command.assignments.is_empty() && self.command.redirects.is_empty();
        match word.bare().as_deref() {
            Some("if" | "while" | "until") if starts => self.open_maybe(Block::Maybe),
            Some("for" | "select") if starts => {
                self.open_maybe(Block::Maybe);
                self.mode = Mode::Header;
                self.for_header()?;
            }
            Some("case") if starts => self.mode = Mode::CaseSubject,
            Some("then" | "do" | "else" | "elif" | "!" | "time" | "coproc") if starts => {}
            Some("fi" | "done" | "esac") if starts => self.close_maybe(),
            Some("{") if starts => self.blocks.push(Block::Brace),
            Some("}") if starts => self.close_brace(),
            Some("function") if starts => self.mode = Mode::FunctionName,
            Some("[[") => {
                self.lexer.skip_test()?;
                self.command.words.push(word);
            }
            _ => self.command.words.push(word),
        }
        Ok(())
    }

    /// The name of a loop's variable is assigned what cannot be told.
    fn for_header(&mut self) -> Result<(), ShellError> {
        let mut ahead = self.lexer.fork();
        if let Ok(Some(Token::Word(name))) = ahead.token() {
            if let Some(text) = name.bare().filter(|name| is_name(name)) {
                let what = What::Unknown(format!("${text}"));
                let part = Part { what, is_quoted: true, spot: name.spot.clone() };
                let value = Word { parts: vec![part], spot: name.spot };
                let assignments = vec![Assignment { name: text, appends: false, value }];
                self.steps.push(Step::Command(Command { assignments, ..Command::default() }));
            }
        } else if self.lexer.is_arithmetic() {
            self.lexer.token()?;
            self.lexer.token()?;
            self.lexer.skip_arithmetic()?;
        }
        Ok(())
    }

    fn operator(&mut self, operator: &'static str) -> Result<(), ShellError> {
        match operator {
            "(" if self.command.words.is_empty() => {
                if self.lexer.is_at_parenthesis() && !self.is_without_arithmetic {
                    let mut ahead = self.lexer.fork();
                    ahead.token()?;
                    if ahead.skip_arithmetic().is_ok() {
                        self.lexer.join(ahead);
                        return Ok(());
                    }
                    // Else each parenthesis of many would read to the end again.
                    self.is_without_arithmetic = true;
                }
                self.blocks.push(Block::Paren);
                self.steps.push(Step::Open);
            }
            // `name()`
            "(" => {
                let [name] = self.command.words.as_slice() else { return Ok(()) };
                let name = name.bare().unwrap_or_default();
                self.command = Command::default();
                self.steps.push(Step::Function(name));
                self.mode = Mode::FunctionBody;
            }
            ")" => {
                self.end_command();
                match self.blocks.last() {
                    Some(Block::Paren) => {
                        self.blocks.pop();
                        self.steps.push(Step::Close);
                    }
                    Some(Block::FunctionParen) => {
                        self.blocks.pop();
                        self.steps.push(Step::FunctionEnd);
                    }
                    _ => {}
                }
            }
            ";;" => {
                self.end_command();
                if let Some(Block::Case { in_label }) = self.blocks.last_mut() {
                    *in_label = true;
                }
            }
            _ => {
                let is_empty = self.end_command();
                // `cmd ||` and a line end: the command comes on the next line.
                if !(is_empty && operator == "\n") {
                    self.is_fallback = operator == "||";
                }
            }
        }
        Ok(())
    }

    fn open_maybe(&mut self, block: Block) {
        self.blocks.push(block);
        self.steps.push(Step::OpenMaybe);
    }

    fn close_maybe(&mut self) {
        if let Some(Block::Maybe | Block::Case { .. }) = self.blocks.last() {
            self.blocks.pop();
            self.steps.push(Step::CloseMaybe);
        }
    }

    fn close_brace(&mut self) {
        match self.blocks.last() {
            Some(Block::Brace) => {
                self.blocks.pop();
            }
            Some(Block::FunctionBrace) => {
                self.blocks.pop();
                self.steps.push(Step::FunctionEnd);
            }
            _ => {}
        }
    }

    /// Ends the command, and tells whether there was none.
    fn end_command(&mut self) -> bool {
        let mut command = std::mem::take(&mut self.command);
        let is_empty = command.words.is_empty()
            && command.assignments.is_empty()
            && command.redirects.is_empty();
        if !is_empty {
            command.is_fallback = std::mem::take(&mut self.is_fallback);
            self.steps.push(Step::Command(command));
        }
        is_empty
    }
}

impl Word {
    /// The text of a word without quotes and expansions.
    pub(super) fn bare(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match &part.what {
                What::Literal(literal, _) if !part.is_quoted => text.push_str(literal),
                _ => return None,
            }
        }
        Some(text)
    }

    /// Reads `NAME=…` at the start of a command.
    fn assignment(&self) -> Option<Assignment> {
        let (first, rest) = self.parts.split_first()?;
        let What::Literal(text, is_verbatim) = &first.what else { return None };
        let (name, value) = text.split_once('=')?;
        let (name, appends) = match name.strip_suffix('+') {
            Some(name) => (name, true),
            None => (name, false),
        };
        // `list[0]=…`
        let base = name.split_once('[').map_or(name, |(base, _)| base);
        if first.is_quoted || !is_name(base) {
            return None;
        }
        let at = text.len().saturating_sub(value.len());
        let spot = match is_verbatim {
            true => first.spot.right(text.get(..at).map_or(0, |before| before.chars().count())),
            false => first.spot.clone(),
        };
        let mut parts = Vec::new();
        if !value.is_empty() {
            let what = What::Literal(value.to_owned(), *is_verbatim);
            parts.push(Part { what, is_quoted: false, spot: spot.clone() });
        }
        parts.extend(rest.iter().cloned());
        let value = Self { parts, spot };
        Some(Assignment { name: base.to_owned(), appends, value })
    }
}
