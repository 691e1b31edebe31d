//! What a simple command does: it changes directory or variables, or starts another program.

use std::collections::BTreeMap;

use super::shell::assign;
use super::{Follow, Frame, State, Var, join, parent};
use crate::config::go_command::{GoCommand, OtherCommand};
use crate::config::sh::is_name;
use crate::config::text::{Piece, PieceKind, Spot, Text};

/// Programs that start the one behind their options; of these options some take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("builtin", &[]),
    ("caffeinate", &["-t", "-w"]),
    ("chronic", &[]),
    ("command", &[]),
    ("doas", &["-u", "-C"]),
    ("exec", &["-a"]),
    ("ionice", &["-c", "-n"]),
    ("nice", &["-n"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("sudo", &["-u", "-g", "-D", "-h", "-p", "-C", "-T", "-U"]),
    ("time", &["-f", "-o"]),
    ("unbuffer", &[]),
    ("xargs", &["-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s"]),
    ("xvfb-run", &["-s", "-n", "-e", "-w"]),
];

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
            let name = program(first);
            match name.as_str() {
                "env" => unwrap_env(&mut words, &mut prefix),
                "timeout" | "gtimeout" => {
                    unwrap_options(&mut words, &["-s", "-k"]);
                    remove_first(&mut words);
                }
                name if WRAPPERS.iter().any(|(wrapper, _)| *wrapper == name) => {
                    let (_, options) =
                        WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name).unwrap_or(&("", &[]));
                    let appends = name == "xargs";
                    unwrap_options(&mut words, options);
                    // `sudo A=b cmd`
                    take_assignments(&mut words, &mut prefix);
                    if appends && !words.is_empty() {
                        words.push(Text::unknown("", spot));
                    }
                }
                name => return self.program(name, words, &prefix, spot, state, frame),
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
        mut at: super::CommandAt,
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
        if line.known().is_some() && frame.depth < super::MAX_CALLS {
            let mut inner = frame.clone();
            inner.depth = inner.depth.saturating_add(1);
            self.text(&line, state, &inner);
        }
    }

    fn source(&mut self, arguments: &[Text], spot: &Spot, state: &mut State, frame: &Frame) {
        let path = arguments.first().and_then(|word| file(word, state, frame));
        let Some(path) = path.filter(|path| self.has_file(path)) else { return };
        let key = format!("source {path}");
        if frame.open.contains(&key) || frame.open.len() >= super::MAX_CALLS {
            return;
        }
        self.reached.insert(format!("script {path}"));
        let mut inner = frame.call(super::Context::Script, path.clone(), spot, key);
        inner.script_dir = Some(parent(&path).to_owned());
        if let Some(steps) = self.parsed_script(&path) {
            self.steps_of_library(&steps, state, &inner);
        }
    }

    fn shell_program(
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
                if frame.depth < super::MAX_CALLS {
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
    fn path(
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
                for (number, argument) in (1..10_usize).zip(arguments) {
                    let var = Var { value: vec![argument.clone()], is_exported: false };
                    shell.vars.insert(number.to_string(), var);
                }
                let all = Var { value: arguments.to_vec(), is_exported: false };
                shell.vars.insert("@".to_owned(), all.clone());
                shell.vars.insert("*".to_owned(), all);
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
}

/// The state of a program that a shell starts.
pub(super) fn child(state: &State, prefix: &BTreeMap<String, Text>) -> State {
    let exported = state.vars.iter().filter(|(_, var)| var.is_exported);
    let mut vars: BTreeMap<String, Var> =
        exported.map(|(name, var)| (name.clone(), var.clone())).collect();
    for (name, value) in prefix {
        vars.insert(name.clone(), Var { value: vec![value.clone()], is_exported: true });
    }
    State { vars, dir: state.dir.clone(), root_at: state.root_at.clone(), ..State::default() }
}

/// The name of a program. A variable that is named after one stands for it.
fn program(word: &Text) -> String {
    if let Some(known) = word.known() {
        let name = known.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = name.strip_suffix(".exe").unwrap_or(name);
        return match name {
            "gotip" | "richgo" | "xx-go" | "grc" => "go".to_owned(),
            name if is_versioned_go(name) => "go".to_owned(),
            name => name.to_owned(),
        };
    }
    let shown = word.shown();
    let inner = shown.trim_matches(['"', '$', '(', ')', '{', '}', ' ']).trim();
    let is_go =
        matches!(inner, "GO" | "GOCMD" | "GO_CMD" | "GOCOMMAND" | "GO_BIN" | "GOEXE" | "GO_EXE")
            || shown.ends_with("/bin/go")
            || shown.ends_with("/go")
            || is_lookup(inner, "go");
    let is_make = matches!(inner, "MAKE") || is_lookup(inner, "make");
    match (is_go, is_make) {
        (true, _) => "go".to_owned(),
        (_, true) => "make".to_owned(),
        _ => shown,
    }
}

/// `which go`, `command -v go`, with what follows it.
fn is_lookup(command: &str, name: &str) -> bool {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['(', ')', ';']));
    let asks = |word: &str| matches!(word, "which" | "command" | "type" | "shell");
    if !words.next().is_some_and(asks) {
        return false;
    }
    words.find(|word| !word.starts_with('-') && !asks(word)) == Some(name)
}

/// `go1.22.5`
fn is_versioned_go(name: &str) -> bool {
    name.strip_prefix("go1.")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'))
}

fn remove_first(words: &mut Vec<Text>) {
    if !words.is_empty() {
        words.remove(0);
    }
}

/// Takes a program and its options off; `with_value` are those that take the next word.
fn unwrap_options(words: &mut Vec<Text>, with_value: &[&str]) {
    remove_first(words);
    while let Some(word) = words.first().and_then(Text::known) {
        if !word.starts_with('-') || word == "-" {
            return;
        }
        remove_first(words);
        if word == "--" {
            return;
        }
        if with_value.contains(&word.as_str()) {
            remove_first(words);
        }
    }
}

fn take_assignments(words: &mut Vec<Text>, prefix: &mut BTreeMap<String, Text>) {
    while let Some((name, value)) = words.first().and_then(assignment) {
        prefix.insert(name, value);
        remove_first(words);
    }
}

fn unwrap_env(words: &mut Vec<Text>, prefix: &mut BTreeMap<String, Text>) {
    unwrap_options(words, &["-u", "--unset", "-C", "--chdir"]);
    take_assignments(words, prefix);
}

/// Splits `NAME=value`.
pub(super) fn assignment(word: &Text) -> Option<(String, Text)> {
    let (first, rest) = word.pieces.split_first()?;
    if first.kind != PieceKind::Literal {
        return None;
    }
    let (name, value) = first.text.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let at = first.text.len().saturating_sub(value.len());
    let piece = Piece { text: value.to_owned(), spot: first.spot_at(at), ..first.clone() };
    let mut text = Text { pieces: vec![piece] };
    text.pieces.extend(rest.iter().cloned());
    Some((name.to_owned(), text))
}

fn declare(how: &str, arguments: &[Text], state: &mut State, frame: &Frame) {
    let exports =
        how == "export" || arguments.iter().any(|word| word.known().as_deref() == Some("-x"));
    for word in arguments {
        let name = match assignment(word) {
            Some((name, value)) => {
                assign(state, &name, vec![value], false, frame.is_maybe);
                name
            }
            None => match word.known() {
                Some(name) if is_name(&name) => name,
                _ => continue,
            },
        };
        if exports {
            // An export of a name without a value passes on what may be set.
            if let Some(var) = state.vars.get_mut(&name) {
                var.is_exported = true;
            }
        }
    }
}

fn change_directory(how: &str, arguments: &[Text], state: &mut State, frame: &Frame) {
    if how == "pushd" {
        state.stack.push(state.dir.clone());
    }
    let target = arguments
        .iter()
        .find(|word| word.known().is_none_or(|known| !known.starts_with('-') || known == "-"));
    let absolute = target.and_then(Text::known).filter(|path| path.starts_with('/'));
    state.dir = match (absolute, &state.root_at) {
        (Some(path), Some(root)) => super::docker::below(root, path.trim_end_matches('/')),
        _ => target.and_then(|word| directory(word, state.dir.as_deref(), frame)),
    };
}

/// The file that a word names, from the directory of a state.
fn file(word: &Text, state: &State, frame: &Frame) -> Option<String> {
    directory(word, state.dir.as_deref(), frame).filter(|path| !path.is_empty())
}

/// Where a path leads, from a directory; `None` where it cannot be told.
pub(super) fn directory(path: &Text, from: Option<&str>, frame: &Frame) -> Option<String> {
    let (first, rest) = path.pieces.split_first()?;
    let rest: Option<String> = rest
        .iter()
        .map(|piece| (piece.kind == PieceKind::Literal).then_some(piece.text.as_str()))
        .collect();
    let rest = rest?;
    let (base, path) = match first.kind {
        PieceKind::Literal => (from?.to_owned(), format!("{}{rest}", first.text)),
        PieceKind::Unknown | PieceKind::Command => {
            if !rest.is_empty() && !rest.starts_with('/') {
                return None;
            }
            let base = known_directory(&first.text, from, frame)?;
            (base, rest.trim_start_matches('/').to_owned())
        }
    };
    join(&base, &path)
}

/// The directory that a spelling stands for in any repository.
fn known_directory(spelling: &str, from: Option<&str>, frame: &Frame) -> Option<String> {
    let inner = spelling.trim_matches(['"', '$', '(', ')', '{', '}', ' ', '`']).trim();
    match inner {
        "PWD" | "pwd" | "CURDIR" | "pwd -P" => from.map(str::to_owned),
        "GITHUB_WORKSPACE"
        | "github.workspace"
        | "CI_PROJECT_DIR"
        | "BUILD_SOURCESDIRECTORY"
        | "BUILDKITE_BUILD_CHECKOUT_PATH"
        | "DRONE_WORKSPACE"
        | "CI_WORKSPACE"
        | "git rev-parse --show-toplevel"
        | "justfile_directory" => Some(String::new()),
        _ if inner.contains("dirname")
            && (inner.contains("$0") || inner.contains("BASH_SOURCE") || inner.contains("${0")) =>
        {
            let up = inner.matches("/..").count();
            let dir = frame.script_dir.as_deref()?;
            join(dir, &"../".repeat(up))
        }
        _ if inner.starts_with("BASH_SOURCE") && inner.contains("%/*") => frame.script_dir.clone(),
        _ => None,
    }
}
