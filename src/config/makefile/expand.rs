//! The values of Makefile variables.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Assign, How, Raw};
use crate::config::text::{Piece, PieceKind, Spot, Text};

/// How deep variables name each other.
const MAX_DEPTH: usize = 24;
/// Variables and functions that one expansion may look up.
const MAX_LOOKUPS: usize = 2000;

/// A variable of make.
#[derive(Debug, Clone)]
pub(in crate::config) enum Variable {
    /// Expanded each time that it is used: what was assigned, in order.
    Recursive(Vec<Raw>),
    /// Expanded once.
    Simple(Text),
}

/// All variables that a recipe can name.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct Variables {
    of: Rc<BTreeMap<String, Variable>>,
    /// Names given on the command line: nothing in a file changes them.
    fixed: Rc<BTreeSet<String>>,
    /// Names that only some branch of the file assigns.
    maybe: Rc<BTreeSet<String>>,
    pub exported: Rc<BTreeSet<String>>,
    pub exports_all: bool,
}

/// What one expansion has cost, and what stands for `$(1)`.
struct Expansion<'v> {
    variables: &'v Variables,
    arguments: Vec<Text>,
    lookups: usize,
}

impl Variables {
    /// Sets a variable of the environment.
    pub(in crate::config) fn import(&mut self, name: &str, value: Text) {
        Rc::make_mut(&mut self.of).insert(name.to_owned(), Variable::Simple(value));
    }

    /// Sets a variable of the command line.
    pub(in crate::config) fn fix(&mut self, name: &str, value: Text) {
        self.import(name, value);
        Rc::make_mut(&mut self.fixed).insert(name.to_owned());
        Rc::make_mut(&mut self.exported).insert(name.to_owned());
    }

    /// Sets a variable that make sets itself, such as `@`.
    pub(in crate::config) fn set(&mut self, name: &str, value: Text) {
        self.import(name, value);
    }

    pub(in crate::config) fn names(&self) -> impl Iterator<Item = &String> {
        self.of.keys()
    }

    /// Does what an assignment says.
    pub(in crate::config) fn assign(&mut self, assign: &Assign) {
        let Some(name) = self.expand(&assign.name).known() else { return };
        if assign.is_exported {
            Rc::make_mut(&mut self.exported).insert(name.clone());
        }
        if self.fixed.contains(&name) {
            return;
        }
        let old = self.of.get(&name).cloned();
        let value = &assign.value;
        let new = match assign.how {
            How::Default if old.is_some() => return,
            How::Recursive | How::Default => Variable::Recursive(vec![value.clone()]),
            How::Simple => Variable::Simple(self.expand(value)),
            How::Shell => {
                let command = self.expand(value).shown();
                let spot = value.spot().cloned();
                let piece = spot.map(|spot| Piece::command(command, &spot));
                Variable::Simple(Text { pieces: piece.into_iter().collect() })
            }
            How::Append => match old.clone() {
                Some(Variable::Simple(mut text)) => {
                    if let Some(spot) = value.spot() {
                        text.push(Piece::made(" ", spot));
                    }
                    text.extend(self.expand(value));
                    Variable::Simple(text)
                }
                Some(Variable::Recursive(mut all)) => {
                    all.push(value.clone());
                    Variable::Recursive(all)
                }
                None => Variable::Recursive(vec![value.clone()]),
            },
        };
        let new = match old {
            // One branch of several: the words of all of them, and it is not known which.
            Some(old) if assign.is_maybe && assign.how != How::Append => {
                Rc::make_mut(&mut self.maybe).insert(name.clone());
                union(&old, new)
            }
            _ => new,
        };
        if assign.is_maybe && assign.how == How::Append {
            Rc::make_mut(&mut self.maybe).insert(name.clone());
        }
        Rc::make_mut(&mut self.of).insert(name, new);
    }

    /// The value of a variable.
    pub(in crate::config) fn value(&self, name: &str) -> Option<Text> {
        let mut expansion = Expansion { variables: self, arguments: Vec::new(), lookups: 0 };
        expansion.variable(name, 0)
    }

    pub(in crate::config) fn expand(&self, raw: &Raw) -> Text {
        let mut expansion = Expansion { variables: self, arguments: Vec::new(), lookups: 0 };
        expansion.raw(raw, 0)
    }
}

fn union(old: &Variable, new: Variable) -> Variable {
    match (old, new) {
        (Variable::Recursive(old), Variable::Recursive(new)) => {
            Variable::Recursive(old.iter().cloned().chain(new).collect())
        }
        (Variable::Simple(old), Variable::Simple(new)) => {
            let mut text = old.clone();
            if let Some(spot) = new.spot().cloned() {
                text.push(Piece::made(" ", &spot));
            }
            text.extend(new);
            Variable::Simple(text)
        }
        (_, new) => new,
    }
}

impl Expansion<'_> {
    fn raw(&mut self, raw: &Raw, depth: usize) -> Text {
        let mut text = Text::default();
        let bytes = raw.text.as_bytes();
        let mut start = 0_usize;
        let mut at = 0_usize;
        while let Some(byte) = bytes.get(at) {
            if *byte != b'$' {
                at = at.saturating_add(1);
                continue;
            }
            raw.pieces(start, at, &mut text);
            let Some(spot) = raw.spot_at(at) else { break };
            if self.lookups > MAX_LOOKUPS {
                text.push(Piece::unknown(raw.text.get(at..).unwrap_or_default(), &spot));
                return text;
            }
            let next = at.saturating_add(1);
            let end = match bytes.get(next) {
                Some(b'$') => {
                    text.push(Piece { is_verbatim: false, ..Piece::literal("$", &spot) });
                    next.saturating_add(1)
                }
                Some(open @ (b'(' | b'{')) => {
                    let inner = next.saturating_add(1);
                    let Some(end) = closing(raw, inner, *open) else {
                        text.push(Piece::unknown(raw.text.get(at..).unwrap_or_default(), &spot));
                        return text;
                    };
                    let reference = raw.slice(inner, end);
                    let shown = raw.text.get(at..=end).unwrap_or_default();
                    let mut value = self.reference(&reference, shown, &spot, depth);
                    if depth == 0 {
                        value.pieces.iter_mut().for_each(|piece| piece.via = Some(spot.clone()));
                    }
                    text.extend(value);
                    end.saturating_add(1)
                }
                Some(_) => {
                    let c =
                        raw.text.get(next..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
                    let value = self.variable(&c.to_string(), depth.saturating_add(1));
                    text.extend(value.unwrap_or_else(|| Text::unknown(format!("${c}"), &spot)));
                    next.saturating_add(c.len_utf8())
                }
                None => next,
            };
            start = end;
            at = end;
        }
        raw.pieces(start, raw.text.len(), &mut text);
        text
    }

    /// The value of what stands in `$(…)`.
    fn reference(&mut self, inner: &Raw, shown: &str, spot: &Spot, depth: usize) -> Text {
        self.lookups = self.lookups.saturating_add(1);
        if depth >= MAX_DEPTH || self.lookups > MAX_LOOKUPS {
            return Text::unknown(shown, spot);
        }
        let depth = depth.saturating_add(1);
        let name = inner.text.split([' ', '\t']).next().unwrap_or_default();
        if name.len() < inner.text.len()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        {
            let rest = inner.slice(name.len(), inner.text.len());
            return self.function(name, &rest.trimmed(), shown, spot, depth);
        }
        let name = if inner.text.contains('$') {
            match self.raw(inner, depth).known() {
                Some(name) => name,
                None => return Text::unknown(shown, spot),
            }
        } else {
            inner.text.clone()
        };
        // `$(NAME:.c=.o)`
        if name.contains(':') {
            return Text::unknown(shown, spot);
        }
        match self.variable(name.trim(), depth) {
            Some(value) => value,
            None if name.trim() == "MAKE" => Text::made("make", spot),
            None => Text::unknown(shown, spot),
        }
    }

    fn variable(&mut self, name: &str, depth: usize) -> Option<Text> {
        if depth >= MAX_DEPTH {
            return None;
        }
        if let Ok(number) = name.parse::<usize>() {
            return number.checked_sub(1).and_then(|index| self.arguments.get(index)).cloned();
        }
        let mut text = match self.variables.of.get(name)? {
            Variable::Simple(text) => text.clone(),
            Variable::Recursive(all) => {
                let mut text = Text::default();
                for (index, raw) in all.iter().enumerate() {
                    if let Some(spot) = raw.spot().filter(|_| index > 0) {
                        text.push(Piece::made(" ", spot));
                    }
                    text.extend(self.raw(raw, depth.saturating_add(1)));
                }
                text
            }
        };
        if self.variables.maybe.contains(name)
            && let Some(spot) = text.spot().cloned()
        {
            text.push(Piece::made(" ", &spot));
            text.push(Piece::unknown("", &spot));
        }
        Some(text)
    }

    fn function(&mut self, name: &str, rest: &Raw, shown: &str, spot: &Spot, depth: usize) -> Text {
        match name {
            "shell" => {
                let command = self.raw(rest, depth).shown();
                Text { pieces: vec![Piece::command(command, spot)] }
            }
            "strip" => self.raw(rest, depth),
            "info" | "warning" | "error" | "eval" => Text::default(),
            // One of the branches.
            "if" => {
                let mut text = Text::default();
                for branch in arguments(rest).iter().skip(1) {
                    text.extend(self.raw(branch, depth));
                    text.push(Piece::made(" ", spot));
                }
                text.push(Piece::unknown("", spot));
                text
            }
            "call" => {
                let mut given = arguments(rest).into_iter();
                let Some(name) = given.next().and_then(|name| self.raw(&name, depth).known())
                else {
                    return Text::unknown(shown, spot);
                };
                let given: Vec<Text> = given.map(|value| self.raw(&value, depth)).collect();
                let outer = std::mem::replace(&mut self.arguments, given);
                let value = self.variable(name.trim(), depth);
                self.arguments = outer;
                value.unwrap_or_else(|| Text::unknown(shown, spot))
            }
            _ => Text::unknown(shown, spot),
        }
    }
}

/// The end of a reference whose inside starts at `from`.
fn closing(raw: &Raw, from: usize, open: u8) -> Option<usize> {
    let close = if open == b'(' { b')' } else { b'}' };
    let mut nested = 0_usize;
    for (index, byte) in raw.text.bytes().enumerate().skip(from) {
        if byte == open {
            nested = nested.saturating_add(1);
        } else if byte == close {
            if nested == 0 {
                return Some(index);
            }
            nested = nested.saturating_sub(1);
        }
    }
    None
}

/// Splits at the commas outside of references.
fn arguments(raw: &Raw) -> Vec<Raw> {
    let mut all = Vec::new();
    let mut open = 0_usize;
    let mut start = 0_usize;
    for (index, c) in raw.text.char_indices() {
        match c {
            '(' | '{' => open = open.saturating_add(1),
            ')' | '}' => open = open.saturating_sub(1),
            ',' if open == 0 => {
                all.push(raw.slice(start, index).trimmed());
                start = index.saturating_add(1);
            }
            _ => {}
        }
    }
    all.push(raw.slice(start, raw.text.len()).trimmed());
    all
}

/// Splits an expanded text at its line ends, but for those behind a backslash.
pub(in crate::config) fn lines(text: &Text) -> Vec<Text> {
    let mut lines = vec![Text::default()];
    for piece in &text.pieces {
        if piece.kind != PieceKind::Literal || !piece.text.contains('\n') {
            if let Some(last) = lines.last_mut() {
                last.push(piece.clone());
            }
            continue;
        }
        let mut start = 0_usize;
        for part in piece.text.split_inclusive('\n') {
            let spot = piece.spot_at(start);
            let is_end = part.ends_with('\n') && !part.ends_with("\\\n");
            let kept = if is_end { part.trim_end_matches('\n') } else { part };
            if let Some(last) = lines.last_mut() {
                last.push(Piece { text: kept.to_owned(), spot, ..piece.clone() });
            }
            if is_end {
                lines.push(Text::default());
            }
            start = start.saturating_add(part.len());
        }
    }
    lines
}
