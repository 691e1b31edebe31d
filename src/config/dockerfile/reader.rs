//! Reads instructions, with the here-documents behind them.

use std::sync::Arc;

use super::logical::Logical;
use super::{Copy, Mount, Run, What};
use crate::config::follow::is_shell;
use crate::config::sh::ShellError;
use crate::config::text::{Piece, Spot, Text};

/// The lines of a Dockerfile, read one instruction after another.
pub(super) struct Reader<'t> {
    path: Arc<str>,
    escape: char,
    lines: Vec<&'t str>,
    next: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(path: &str, text: &'t str) -> Self {
        let lines: Vec<&str> =
            text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect();
        Self { path: Arc::from(path), escape: escape(&lines), lines, next: 0 }
    }

    fn continues(&self, line: &str) -> bool {
        line.trim_end().ends_with(self.escape)
    }

    /// The next instruction with its continuation lines.
    pub(super) fn instruction(&mut self) -> Result<Option<Logical>, ShellError> {
        let mut lines: Vec<(String, Spot)> = Vec::new();
        while let Some(line) = self.lines.get(self.next).copied() {
            let index = self.next;
            self.next = index.saturating_add(1);
            let trimmed = line.trim();
            // Comments and empty lines stand between the lines of an instruction, too.
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let indent = match lines.is_empty() {
                true => line.len().saturating_sub(line.trim_start().len()),
                false => 0,
            };
            let column = line.get(..indent).map_or(0, |before| before.chars().count());
            let spot = Spot { path: Arc::clone(&self.path), line: index, column };
            lines.push((line.get(indent..).unwrap_or_default().to_owned(), spot));
            if !self.continues(line) {
                break;
            }
        }
        Ok(lines.first().map(|(_, spot)| spot.clone()).map(|spot| Logical { lines, spot }))
    }

    /// What an instruction says; here-documents are taken off the lines behind it.
    pub(super) fn what(&mut self, name: &str, rest: &Logical) -> Result<What, ShellError> {
        Ok(match name {
            "RUN" => What::Run(self.run(rest)?),
            "COPY" | "ADD" => {
                let (options, body) = rest.options();
                self.here_documents(&body)?;
                let mut words: Vec<String> =
                    body.words().into_iter().map(|(word, _)| unquoted(&word)).collect();
                let target = words.pop().unwrap_or_default();
                let from = options.iter().find_map(|(option, _)| option.strip_prefix("--from="));
                What::Copy(Copy { sources: words, target, from: from.map(str::to_owned) })
            }
            "ENV" => What::Env(pairs(&rest.text())),
            "ARG" => What::Arg(
                rest.words()
                    .into_iter()
                    .map(|(word, _)| match word.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Some(unquoted(value))),
                        None => (word, None),
                    })
                    .collect(),
            ),
            "WORKDIR" => What::WorkDir(unquoted(rest.text().trim())),
            "USER" => What::User(rest.text().trim().to_owned()),
            "SHELL" => What::Shell(["sh\"", "bash\"", "ash\""].iter().any(|name| {
                rest.text().contains(&format!("/{name}"))
                    || rest.text().contains(&format!("\"{name}"))
            })),
            _ => What::Other,
        })
    }

    fn run(&mut self, rest: &Logical) -> Result<Run, ShellError> {
        let (options, body) = rest.options();
        let mounts = options.iter().filter_map(|(option, spot)| mount(option, spot)).collect();
        let command_at = body.lines.first().map_or(rest.spot.clone(), |(_, spot)| spot.clone());
        let documents = self.here_documents(&body)?;
        let script = match documents.as_slice() {
            [] => match exec_form(&body) {
                Some(script) => script,
                None => self.shell_form(&body),
            },
            [document, ..] => {
                let command = body.text();
                let program = command.split_whitespace().next().unwrap_or_default();
                let name = program.rsplit('/').next().unwrap_or_default();
                let is_script = program.starts_with("<<") || matches!(name, "sh" | "bash" | "ash");
                let is_shell = is_script && is_shell(&document.known().unwrap_or_default());
                if is_shell { document.clone() } else { Text::default() }
            }
        };
        Ok(Run { mounts, script, command_at })
    }

    fn shell_form(&self, body: &Logical) -> Text {
        let mut text = Text::default();
        for (line, spot) in &body.lines {
            let kept = match self.continues(line) {
                true => line.trim_end().strip_suffix(self.escape).unwrap_or(line),
                false => line,
            };
            text.pieces.push(Piece::literal(kept, spot));
            if self.continues(line) {
                text.pieces.push(Piece::made("\\\n", spot));
            }
        }
        text
    }

    /// The bodies of the here-documents that an instruction opens.
    fn here_documents(&mut self, body: &Logical) -> Result<Vec<Text>, ShellError> {
        let mut documents = Vec::new();
        for (word, spot) in body.words() {
            let Some(at) = word.find("<<").filter(|_| !word.contains("<<<")) else { continue };
            let before = word.get(..at).unwrap_or_default();
            if !before.chars().all(|c| c.is_ascii_digit()) {
                continue;
            }
            let tag = word.get(at.saturating_add(2)..).unwrap_or_default();
            let (tag, strips_tabs) = match tag.strip_prefix('-') {
                Some(tag) => (tag, true),
                None => (tag, false),
            };
            let delimiter =
                unquoted(tag.split([';', '&', '|', '>', ')']).next().unwrap_or_default());
            let is_name = !delimiter.is_empty()
                && delimiter.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if !is_name {
                continue;
            }
            documents.push(self.here_document(&delimiter, strips_tabs, &spot)?);
        }
        Ok(documents)
    }

    fn here_document(
        &mut self,
        delimiter: &str,
        strips_tabs: bool,
        open: &Spot,
    ) -> Result<Text, ShellError> {
        let mut text = Text::default();
        while let Some(line) = self.lines.get(self.next).copied() {
            let index = self.next;
            self.next = index.saturating_add(1);
            let kept = if strips_tabs { line.trim_start_matches('\t') } else { line };
            if kept == delimiter {
                return Ok(text);
            }
            let spot = Spot {
                path: Arc::clone(&self.path),
                line: index,
                column: line.len().saturating_sub(kept.len()),
            };
            text.pieces.push(Piece::literal(format!("{kept}\n"), &spot));
        }
        let reason = format!("the here-document {delimiter} is not closed");
        Err(ShellError { spot: open.clone(), reason })
    }
}

/// The character that `# escape=` names.
fn escape(lines: &[&str]) -> char {
    for line in lines {
        let Some(directive) = line.trim().strip_prefix('#') else { break };
        let Some((name, value)) = directive.split_once('=') else { break };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

fn mount(option: &str, spot: &Spot) -> Option<Mount> {
    let text = option.strip_prefix("--mount=")?;
    let mut mount = Mount {
        kind: "bind".to_owned(),
        target: None,
        text: option.to_owned(),
        spot: spot.clone(),
    };
    for field in text.split(',') {
        match field.split_once('=') {
            Some(("type", kind)) => mount.kind = kind.to_owned(),
            Some(("target" | "dst" | "destination", target)) => {
                mount.target = Some(unquoted(target))
            }
            _ => {}
        }
    }
    Some(mount)
}

/// `["go", "build"]` as words in quotes.
fn exec_form(body: &Logical) -> Option<Text> {
    let text = body.text();
    let words: Vec<String> = serde_json::from_str(text.trim()).ok()?;
    let spot = &body.lines.first()?.1;
    let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    Some(Text::made(quoted.collect::<Vec<_>>().join(" "), spot))
}

/// `NAME=value …`, or `NAME value` of old.
fn pairs(text: &str) -> Vec<(String, String)> {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        let value = text.get(first.len()..).unwrap_or_default().trim();
        return vec![(first.to_owned(), unquoted(value))];
    }
    let words =
        shlex::split(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
    let pair = |word: &String| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    words.iter().filter_map(pair).collect()
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}
