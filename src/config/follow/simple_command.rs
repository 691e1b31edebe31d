//! What a simple command does: it changes directory or variables, or starts another program.

use std::collections::BTreeMap;

use super::directory::{change_directory, directory, join};
use super::program_name::program_name;
use super::variables::{assignment, declare};
use super::wrappers::unwrap;
use super::{Follow, Frame, MAX_CALLS, State, Var};
use crate::config::go_command::{CommandAt, GoCommand, OtherCommand};
use crate::config::text::{Piece, Spot, Text};

/// Programs that say something about builds without being `go`.
const OTHERS: &[&str] = &[
    "buildah",
    "docker",
    "gh",
    "ghr",
    "goreleaser",
    "hub",
    "podman",
    "rm",
    "apk",
    "apt-get",
    "cosign",
    "sha256sum",
    "shasum",
    "tar",
    "zip",
    "upx",
    "nfpm",
    "svu",
];

/// A call of a function of the script: its name and its arguments.
pub(super) type Call = Option<(String, Vec<Text>)>;

impl Follow<'_> {
    /// Does what a command says.
    pub(super) fn simple(
        &mut self,
        mut words: Vec<Text>,
        mut prefix: BTreeMap<String, Text>,
        spot: &Spot,
        state: &mut State,
        frame: &Frame,
    ) -> Call {
        while let Some(first) = words.first() {
            let name = program_name(first);
            if !unwrap(&name, &mut words, &mut prefix, spot) {
                return self.program(&name, words, &prefix, spot, state, frame);
            }
        }
        None
    }

    fn program(
        &mut self,
        name: &str,
        words: Vec<Text>,
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &mut State,
        frame: &Frame,
    ) -> Call {
        let arguments = words.get(1..).unwrap_or_default();
        let whole = words.first().and_then(Text::known);
        if whole.as_deref().is_some_and(|whole| state.functions.contains_key(whole)) {
            return Some((whole.unwrap_or_default(), arguments.to_vec()));
        }
        match name {
            "cd" | "pushd" => change_directory(name, arguments, state, frame),
            "popd" => state.dir = state.stack.pop().unwrap_or_default(),
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                declare(name, arguments, state, frame);
            }
            "unset" => {
                for name in arguments.iter().filter_map(Text::known) {
                    state.vars.remove(&name);
                }
            }
            "shift" => {
                state
                    .vars
                    .retain(|name, _| name.parse::<usize>().is_err() && name != "@" && name != "*");
            }
            "eval" => self.eval(arguments, spot, state, frame),
            "." | "source" => self.source(arguments, spot, state, frame),
            "sh" | "bash" | "dash" | "zsh" | "ash" => {
                self.shell_program(arguments, prefix, spot, state, frame);
            }
            "make" | "gmake" | "mingw32-make" => self.make(arguments, prefix, spot, state, frame),
            "task" | "go-task" => self.task(arguments, prefix, spot, state, frame),
            "just" => self.just(arguments, prefix, spot, state, frame),
            "go" => {
                let at = self.at(spot, state, prefix, frame);
                self.go(words, 1, at, state, frame);
            }
            "gotestsum"
                if arguments
                    .iter()
                    .any(|word| word.known().as_deref() == Some("--raw-command")) =>
            {
                let rest =
                    arguments.iter().skip_while(|word| word.known().as_deref() != Some("--"));
                let rest: Vec<Text> = rest.skip(1).cloned().collect();
                return self.simple(rest, prefix.clone(), spot, state, frame);
            }
            "gotestsum" => {
                let separator =
                    arguments.iter().position(|word| word.known().as_deref() == Some("--"));
                // Without `--` it runs `go test ./...`.
                let mut line = vec![Text::made("gotestsum", spot), Text::made("test", spot)];
                if let Some(at) = separator {
                    line.extend(arguments.iter().skip(at.saturating_add(1)).cloned());
                }
                let at = self.at(spot, state, prefix, frame);
                self.go(line, 1, at, state, frame);
            }
            "garble" => {
                let mut line = words;
                // The flags of garble itself come before the verb.
                while line.get(1).and_then(Text::known).is_some_and(|word| word.starts_with('-')) {
                    line.remove(1);
                }
                let at = self.at(spot, state, prefix, frame);
                self.go(line, 1, at, state, frame);
            }
            name if OTHERS.contains(&name) => {
                let at = self.at(spot, state, prefix, frame);
                self.found.others.push(OtherCommand { words, at });
            }
            _ => self.path(&words, prefix, spot, state, frame),
        }
        None
    }

    /// Keeps a go command, and what it does to the commands behind it.
    fn go(
        &mut self,
        words: Vec<Text>,
        skip: usize,
        mut at: CommandAt,
        state: &mut State,
        frame: &Frame,
    ) {
        // `go -C dir build` and `go build -C dir`
        let mut words = words;
        for index in [skip, skip.saturating_add(1)] {
            let word = words.get(index).and_then(Text::known).unwrap_or_default();
            if word == "-C" {
                at.dir = words
                    .get(index.saturating_add(1))
                    .and_then(|dir| directory(dir, at.dir.as_deref(), frame));
                if index == skip {
                    words.drain(index..index.saturating_add(2).min(words.len()));
                }
            } else if let Some(dir) = word.strip_prefix("-C=") {
                at.dir = at.dir.as_deref().and_then(|base| join(base, dir));
            }
        }
        let command = GoCommand::new(words, skip, at);
        if command.verb() == "env" && command.command.flags.iter().any(|flag| flag.name == "w") {
            for word in command.words.iter().skip(skip.saturating_add(1)) {
                if let Some((name, value)) = assignment(word) {
                    state.vars.entry(name).or_insert(Var { value: vec![value], is_exported: true });
                }
            }
        }
        self.found.go.push(command);
    }

    fn eval(&mut self, arguments: &[Text], spot: &Spot, state: &mut State, frame: &Frame) {
        let mut line = Text::default();
        for word in arguments {
            line.extend(word.clone());
            line.push(Piece::made(" ", spot));
        }
        if line.known().is_some() && frame.depth < MAX_CALLS {
            let mut inner = frame.clone();
            inner.depth = inner.depth.saturating_add(1);
            self.text(&line, state, &inner);
        }
    }
}
