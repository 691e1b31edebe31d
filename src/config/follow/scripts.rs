//! Scripts of the repository: how they are called, and what is read of them.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::directory::{file, parent};
use super::variables::{child, set_arguments};
use super::{Context, Follow, Frame, MAX_CALLS, State};
use crate::config::sh::{self, ShellError};
use crate::config::text::{Spot, Text};

/// Bytes of a script that are read.
const MAX_SCRIPT: usize = 1 << 20;

impl Follow<'_> {
    /// Follows what `.` and `source` read into the shell.
    pub(super) fn source(
        &mut self,
        arguments: &[Text],
        spot: &Spot,
        state: &mut State,
        frame: &Frame,
    ) {
        let path = arguments.first().and_then(|word| file(word, state, frame));
        let Some(path) = path.filter(|path| self.has_file(path)) else { return };
        let key = format!("source {path}");
        if frame.open.contains(&key) || frame.open.len() >= MAX_CALLS {
            return;
        }
        self.reached.insert(format!("script {path}"));
        let mut inner = frame.call(Context::Script, path.clone(), spot, key);
        inner.script_dir = Some(parent(&path).to_owned());
        if let Some(steps) = self.parsed_script(&path) {
            self.steps_of_library(&steps, state, &inner);
        }
    }

    /// Follows `sh x.sh` and `sh -c …`.
    pub(super) fn shell_program(
        &mut self,
        arguments: &[Text],
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &State,
        frame: &Frame,
    ) {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let known = word.known().unwrap_or_default();
            if known == "-o" || known == "+o" {
                words.next();
            } else if known.starts_with('-') && known.contains('c') && !known.starts_with("--") {
                let Some(script) = words.next() else { return };
                let mut inner = frame.clone();
                inner.depth = inner.depth.saturating_add(1);
                if frame.depth < MAX_CALLS {
                    let mut shell = child(state, prefix);
                    self.text(script, &mut shell, &inner);
                }
                return;
            } else if !known.starts_with('-') || known.is_empty() {
                let rest: Vec<Text> = words.cloned().collect();
                self.call_script(word, &rest, prefix, spot, state, frame);
                return;
            }
        }
    }

    /// A program that is called by its path: a script of the repository, perhaps.
    pub(super) fn path(
        &mut self,
        words: &[Text],
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &State,
        frame: &Frame,
    ) {
        let Some((first, rest)) = words.split_first() else { return };
        let is_open = |text: &str| text.starts_with("${{") || text.starts_with("$[[");
        if first.shown().contains('/') || is_open(&first.shown()) {
            self.call_script(first, rest, prefix, spot, state, frame);
        }
    }

    fn call_script(
        &mut self,
        word: &Text,
        arguments: &[Text],
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &State,
        frame: &Frame,
    ) {
        let path = file(word, state, frame);
        match path {
            Some(path) if self.has_file(&path) => {
                let mut shell = child(state, prefix);
                set_arguments(&mut shell, arguments);
                self.script(&path, spot, &mut shell, frame);
            }
            _ => {
                let shown = word.shown();
                let why = match word.known() {
                    None => "which program it is cannot be told",
                    Some(_) if shown.ends_with(".sh") => "it is not in the repository",
                    Some(_) => return,
                };
                self.not_followed(format!("{shown}: {why}"), spot, frame);
            }
        }
    }

    /// Follows a script of the repository; `at` is where it is called.
    pub(super) fn script(&mut self, path: &str, at: &Spot, state: &mut State, frame: &Frame) {
        let key = format!("script {path}");
        self.reached.insert(key.clone());
        if frame.open.contains(&key) || frame.open.len() >= MAX_CALLS {
            return;
        }
        let inner = frame.call(Context::Script, path.to_owned(), at, key);
        self.script_body(path, state, &inner);
    }

    pub(super) fn script_body(&mut self, path: &str, state: &mut State, frame: &Frame) {
        let Some(steps) = self.parsed_script(path) else { return };
        let mut frame = frame.clone();
        frame.script_dir = Some(parent(path).to_owned());
        self.steps(&steps, state, &frame);
    }

    fn parsed_script(&mut self, path: &str) -> Option<Rc<Vec<sh::Step>>> {
        if let Some(parsed) = self.scripts.get(path) {
            return parsed.clone();
        }
        let text = self.file(path)?;
        let start = Spot::start(&Arc::from(path));
        let parsed = if !is_shell(text) {
            None
        } else if text.len() > MAX_SCRIPT {
            let reason =
                format!("it has {} bytes, and no script has more than {MAX_SCRIPT}", text.len());
            self.unread(&ShellError { spot: start.clone(), reason });
            None
        } else {
            match sh::parse(&Text::literal(text, &start), &start, 0) {
                Ok(steps) => Some(Rc::new(steps)),
                Err(error) => {
                    self.unread(&error);
                    None
                }
            }
        };
        self.scripts.insert(path.to_owned(), parsed.clone());
        parsed
    }
}

/// A script without a first line is read by a shell; one for another program is not.
pub(in crate::config) fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix("#!") {
        Some(program) => {
            let words = program.split([' ', '/', '\t']);
            let mut names = words.filter(|word| !word.is_empty() && !word.starts_with('-'));
            names.any(|name| matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh"))
        }
        None => true,
    }
}
