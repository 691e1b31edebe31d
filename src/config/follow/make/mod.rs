//! Calls of make: from the targets that are asked for to the recipes that run.

mod loaded;
mod recipe;

use std::collections::BTreeMap;

pub(super) use self::loaded::Loaded;
use self::recipe::{Make, target_key};
use super::directory::{directory, join, parent};
use super::variables::{assignment, child};
use super::{Follow, Frame, State};
use crate::config::text::{Spot, Text};

/// Names that make looks for.
const NAMES: &[&str] = &["GNUmakefile", "makefile", "Makefile"];
/// Options of make that take the next word.
const WITH_VALUE: &[&str] =
    &["-C", "-f", "-I", "-o", "-W", "-l", "--directory", "--file", "--makefile"];

impl Follow<'_> {
    /// Follows `make …` from a shell.
    pub(super) fn make(
        &mut self,
        arguments: &[Text],
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &State,
        frame: &Frame,
    ) {
        let mut targets = Vec::new();
        let mut given = Vec::new();
        let mut dir = state.dir.clone();
        let mut file = None;
        let mut words = arguments.iter();
        let mut is_open = false;
        while let Some(word) = words.next() {
            if let Some(pair) = assignment(word) {
                given.push(pair);
                continue;
            }
            let Some(known) = word.known() else {
                is_open = true;
                continue;
            };
            let (option, value) = match known.split_once('=') {
                Some((option, value)) if option.starts_with("--") => {
                    (option.to_owned(), Some(value.to_owned()))
                }
                _ => (known.clone(), None),
            };
            let takes = WITH_VALUE.contains(&option.as_str());
            let value = match value {
                Some(value) => Some(Text::made(value, spot)),
                None if takes => words.next().cloned(),
                None => None,
            };
            match (option.as_str(), value) {
                ("-C" | "--directory", Some(value)) => {
                    dir = directory(&value, dir.as_deref(), frame)
                }
                ("-f" | "--file" | "--makefile", Some(value)) => file = value.known(),
                ("-n" | "--dry-run" | "--just-print", _) => return,
                (option, _) if option.starts_with("-C") && !option.starts_with("--") => {
                    let value = option.strip_prefix("-C").unwrap_or_default();
                    dir = dir.and_then(|dir| join(&dir, value));
                }
                (option, _) if option.starts_with('-') => {}
                (target, _) => targets.push(target.to_owned()),
            }
        }
        let is_known = dir.is_some();
        let path = dir.as_deref().and_then(|dir| self.find(dir, file.as_deref(), NAMES));
        let (Some(dir), Some(path)) = (dir, path) else {
            let why = match is_known {
                true => "make: its makefile is not in the repository",
                false => "make: in which folder cannot be told",
            };
            self.not_followed(why.to_owned(), spot, frame);
            return;
        };
        if is_open && targets.is_empty() {
            self.not_followed(format!("make: which targets of {path} cannot be told"), spot, frame);
            return;
        }
        let environment = child(state, prefix);
        self.run_make(&path, dir, &targets, given, &environment, Some(spot), frame);
    }

    /// Follows targets of a makefile; `at` is where it is called, if anything calls it.
    #[expect(clippy::too_many_arguments, reason = "they are what a call of make is made of")]
    fn run_make(
        &mut self,
        path: &str,
        dir: String,
        targets: &[String],
        given: Vec<(String, Text)>,
        environment: &State,
        at: Option<&Spot>,
        frame: &Frame,
    ) {
        let loaded = self.load(path, &dir, given, environment);
        let default: Vec<String> = match targets {
            [] => loaded.default_goal().into_iter().collect(),
            targets => targets.to_vec(),
        };
        let mut make = Make::new(&loaded, dir, path);
        for target in &default {
            self.target(&mut make, target, environment, at, frame, &loaded.variables);
        }
    }

    /// All targets of a makefile that have a recipe and that nothing reached.
    pub(super) fn unreached_targets(&mut self, path: &str, frame: &Frame) {
        let dir = parent(path).to_owned();
        let environment = State { dir: Some(dir.clone()), ..State::default() };
        let loaded = self.load(path, &dir, Vec::new(), &environment);
        let mut make = Make::new(&loaded, dir, path);
        for rule in &loaded.rules {
            for target in &rule.targets {
                // Each with its own needs only: they have a turn of their own.
                let is_special = target.starts_with('.') && !target.contains('/');
                let name = if target.contains('%') { "%" } else { target };
                let key = target_key(path, &rule.spot, name);
                if !is_special && !self.reached.contains(&key) {
                    self.root();
                    self.target(&mut make, target, &environment, None, frame, &loaded.variables);
                }
            }
        }
    }
}
