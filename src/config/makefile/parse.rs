//! The lines of a Makefile to statements.

use std::sync::Arc;

use super::{Assign, How, Makefile, Raw, Rule, Statement};
use crate::config::text::Spot;

/// Statements of one file that are kept.
const MAX_STATEMENTS: usize = 1 << 14;

/// Reads a Makefile. Whatever is no statement is passed over.
pub(in crate::config) fn parse(path: &Arc<str>, text: &str) -> Makefile {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let mut reader = Reader {
        path,
        lines,
        next: 0,
        file: Makefile { recipe_prefix: '\t', ..Makefile::default() },
        maybe: 0,
        has_rule: false,
    };
    while reader.next < reader.lines.len() && reader.file.statements.len() < MAX_STATEMENTS {
        reader.statement();
    }
    reader.file
}

struct Reader<'t> {
    path: &'t Arc<str>,
    lines: Vec<&'t str>,
    next: usize,
    file: Makefile,
    /// How many `if…` are open.
    maybe: usize,
    /// Whether recipe lines belong to the last statement.
    has_rule: bool,
}

impl<'t> Reader<'t> {
    fn spot(&self, line: usize, column: usize) -> Spot {
        Spot { path: Arc::clone(self.path), line, column }
    }

    fn take(&mut self) -> Option<(usize, &'t str)> {
        let index = self.next;
        self.next = index.saturating_add(1);
        self.lines.get(index).map(|line| (index, *line))
    }

    /// A logical line of a recipe: the shell sees the line ends.
    fn recipe_line(&mut self) -> Option<Raw> {
        let prefix = self.file.recipe_prefix;
        let (index, line) = self.take()?;
        let mut part = line.strip_prefix(prefix).unwrap_or(line).to_owned();
        let indent = part.len().saturating_sub(part.trim_start().len());
        let start = part.get(indent..).unwrap_or_default().to_owned();
        let mut raw = Raw::new(&start, self.spot(index, indent.saturating_add(1)));
        while ends_with_backslash(&part) {
            let Some((index, line)) = self.take() else { break };
            let column = usize::from(line.starts_with(prefix));
            part = line.strip_prefix(prefix).unwrap_or(line).to_owned();
            raw.text.push('\n');
            raw.push_line(&part, self.spot(index, column));
        }
        Some(raw)
    }

    /// A logical line of a Makefile: a continuation is one space.
    fn logical_line(&mut self) -> Option<Raw> {
        let (index, line) = self.take()?;
        let mut continues = ends_with_backslash(line);
        let first =
            if continues { line.strip_suffix('\\').unwrap_or(line).trim_end() } else { line };
        let mut raw = Raw::new(first, self.spot(index, 0));
        while continues {
            let Some((index, line)) = self.take() else { break };
            continues = ends_with_backslash(line);
            let indent = line.len().saturating_sub(line.trim_start().len());
            let part = line.get(indent..).unwrap_or_default();
            let part =
                if continues { part.strip_suffix('\\').unwrap_or(part).trim_end() } else { part };
            let part = part.to_owned();
            let column = line.get(..indent).map_or(0, |before| before.chars().count());
            raw.text.push(' ');
            raw.push_line(&part, self.spot(index, column));
        }
        Some(raw)
    }

    fn statement(&mut self) {
        let line = self.lines.get(self.next).copied().unwrap_or_default();
        if line.starts_with(self.file.recipe_prefix) && self.has_rule {
            // A comment in a recipe goes to the shell, which passes over it.
            let recipe = self.recipe_line();
            if let (Some(Statement::Rule(rule)), Some(line)) =
                (self.file.statements.last_mut(), recipe)
            {
                rule.recipe.push(line);
            }
            return;
        }
        let Some(raw) = self.logical_line() else { return };
        let raw = without_comment(&raw).trimmed();
        let word = raw.text.split_whitespace().next().unwrap_or_default();
        match word {
            "" => {}
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => self.maybe = self.maybe.saturating_add(1),
            "else" => {}
            "endif" => self.maybe = self.maybe.saturating_sub(1),
            "include" | "-include" | "sinclude" => {
                let names = raw.slice(word.len(), raw.text.len()).trimmed();
                self.push(Statement::Include(names));
            }
            "define" => self.define(&raw),
            "undefine" | "vpath" | "unexport" => {}
            _ => self.assignment_or_rule(&raw),
        }
    }

    fn push(&mut self, statement: Statement) {
        self.has_rule = matches!(statement, Statement::Rule(_));
        self.file.statements.push(statement);
    }

    fn define(&mut self, head: &Raw) {
        let name = head.slice("define".len(), head.text.len()).trimmed();
        let end = name.text.trim_end_matches(['=', ':', '?', '+', ' ']).len();
        let name = name.slice(0, end);
        let mut value = Raw::default();
        let mut nested = 0_usize;
        while let Some((index, line)) = self.take() {
            let line = line.to_owned();
            match line.split_whitespace().next() {
                Some("define") => nested = nested.saturating_add(1),
                Some("endef") if nested == 0 => break,
                Some("endef") => nested = nested.saturating_sub(1),
                _ => {}
            }
            if !value.text.is_empty() {
                value.text.push('\n');
            }
            let indent = line.len().saturating_sub(line.trim_start().len());
            let spot = self.spot(index, indent);
            value.push_line(line.trim_start(), spot);
        }
        let is_maybe = self.maybe > 0;
        self.push(Statement::Assign(Assign {
            targets: None,
            name,
            how: How::Recursive,
            value,
            is_exported: false,
            is_maybe,
        }));
    }

    fn assignment_or_rule(&mut self, raw: &Raw) {
        let (raw, is_exported) = without_modifiers(raw);
        if let Some(assign) = self.assignment(&raw, None, is_exported) {
            if assign.name.text == ".RECIPEPREFIX" {
                self.file.recipe_prefix = assign.value.text.chars().next().unwrap_or('\t');
            }
            self.push(Statement::Assign(assign));
            return;
        }
        if is_exported {
            self.push(Statement::Export(raw));
            return;
        }
        let Some(colon) = top_level(&raw.text, ':') else { return };
        let targets = raw.slice(0, colon).trimmed();
        let mut rest = colon.saturating_add(1);
        if raw.text.get(rest..).is_some_and(|rest| rest.starts_with(':')) {
            rest = rest.saturating_add(1);
        }
        let rest = raw.slice(rest, raw.text.len());
        let (inner, is_exported) = without_modifiers(&rest.trimmed());
        if let Some(assign) = self.assignment(&inner, Some(targets.clone()), is_exported) {
            self.push(Statement::Assign(assign));
            return;
        }
        self.file.is_one_shell |= targets.text.split_whitespace().any(|name| name == ".ONESHELL");
        let (needs, recipe) = match top_level(&rest.text, ';') {
            Some(at) => {
                let line = rest.slice(at.saturating_add(1), rest.text.len()).trimmed();
                (rest.slice(0, at).trimmed(), vec![line])
            }
            None => (rest.trimmed(), Vec::new()),
        };
        self.push(Statement::Rule(Rule { targets, needs, recipe }));
    }

    fn assignment(&self, raw: &Raw, targets: Option<Raw>, is_exported: bool) -> Option<Assign> {
        let equals = top_level(&raw.text, '=')?;
        // In `target: NAME = value` the colon comes first; it is a rule.
        let before = raw.text.get(..equals)?;
        let operators = [
            (":::", How::Simple),
            ("::", How::Simple),
            (":", How::Simple),
            ("?", How::Default),
            ("+", How::Append),
            ("!", How::Shell),
            ("", How::Recursive),
        ];
        let (end, how) = operators
            .into_iter()
            .find_map(|(operator, how)| Some((before.strip_suffix(operator)?.len(), how)))?;
        let name = raw.slice(0, end).trimmed();
        let is_name = !name.text.is_empty()
            && top_level(&name.text, ':').is_none()
            && top_level(&name.text, ' ').is_none()
            && top_level(&name.text, '\t').is_none();
        if !is_name {
            return None;
        }
        let value = raw.slice(equals.saturating_add(1), raw.text.len()).trimmed();
        let is_maybe = self.maybe > 0;
        Some(Assign { targets, name, how, value, is_exported, is_maybe })
    }
}

/// Takes `export`, `override` and `private` off a line, and tells whether `export` was there.
fn without_modifiers(raw: &Raw) -> (Raw, bool) {
    let mut raw = raw.clone();
    let mut is_exported = false;
    loop {
        let word = raw.text.split_whitespace().next().unwrap_or_default();
        let rest = raw.text.get(word.len()..).unwrap_or_default().trim_start();
        // `export = x` is a variable of that name.
        if rest.starts_with(['=', ':', '?', '+']) && !word.is_empty() {
            return (raw, is_exported);
        }
        match word {
            "export" => is_exported = true,
            "override" | "private" => {}
            _ => return (raw, is_exported),
        }
        raw = raw.slice(word.len(), raw.text.len()).trimmed();
    }
}

/// An odd number of backslashes continues a line.
fn ends_with_backslash(line: &str) -> bool {
    let backslashes = line.len().saturating_sub(line.trim_end_matches('\\').len());
    backslashes % 2 == 1
}

fn without_comment(raw: &Raw) -> Raw {
    let mut previous = ' ';
    for (index, c) in raw.text.char_indices() {
        if c == '#' && previous != '\\' {
            return raw.slice(0, index);
        }
        previous = c;
    }
    raw.clone()
}

/// Finds a character outside of `$(…)` and `${…}`.
fn top_level(text: &str, wanted: char) -> Option<usize> {
    let mut open = 0_usize;
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        match c {
            '(' | '{' if previous == '$' || open > 0 => open = open.saturating_add(1),
            ')' | '}' => open = open.saturating_sub(1),
            c if c == wanted && open == 0 => return Some(index),
            _ => {}
        }
        previous = c;
    }
    None
}
