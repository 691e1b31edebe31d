//! Calls of make: from the targets that are asked for to the recipes that run.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::directory::{directory, join, parent};
use super::variables::{assignment, child};
use super::{Follow, Frame, MAX_CALLS, State, Var, is_for_go};
use crate::config::go_command::Context;
use crate::config::makefile::{self, Assign, Makefile, Raw, Statement, Variables};
use crate::config::text::{PieceKind, Spot, Text};

/// Files that one makefile may include, and rules that are kept.
const MAX_INCLUDED: usize = 64;
const MAX_RULES: usize = 1 << 14;
/// Makefiles that are kept with all that they include.
const MAX_LOADED: usize = 512;
/// Names that make looks for.
const NAMES: &[&str] = &["GNUmakefile", "makefile", "Makefile"];
/// Options of make that take the next word.
const WITH_VALUE: &[&str] =
    &["-C", "-f", "-I", "-o", "-W", "-l", "--directory", "--file", "--makefile"];

/// A rule with its names expanded.
#[derive(Debug, Clone)]
struct Rule {
    targets: Vec<String>,
    needs: Vec<String>,
    recipe: Vec<Raw>,
    spot: Spot,
    recipe_path: Arc<str>,
}

/// Everything that the makefiles of one call say.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    variables: Variables,
    rules: Vec<Rule>,
    /// Variables of some targets only.
    of_targets: Vec<(Vec<String>, Assign)>,
    is_one_shell: bool,
    included: usize,
}

/// One call of make.
struct Make<'m> {
    loaded: &'m Loaded,
    dir: String,
    path: String,
    done: BTreeSet<String>,
    /// What a recipe finds in its environment where its target has no variables of its own.
    base: Option<State>,
}

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
        let mut make =
            Make { loaded: &loaded, dir, path: path.to_owned(), done: BTreeSet::new(), base: None };
        for target in &default {
            self.target(&mut make, target, environment, at, frame, &loaded.variables);
        }
    }

    /// All targets of a makefile that have a recipe and that nothing reached.
    pub(super) fn unreached_targets(&mut self, path: &str, frame: &Frame) {
        let dir = parent(path).to_owned();
        let environment = State { dir: Some(dir.clone()), ..State::default() };
        let loaded = self.load(path, &dir, Vec::new(), &environment);
        let mut make =
            Make { loaded: &loaded, dir, path: path.to_owned(), done: BTreeSet::new(), base: None };
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

    fn target(
        &mut self,
        make: &mut Make<'_>,
        target: &str,
        environment: &State,
        at: Option<&Spot>,
        frame: &Frame,
        outer: &Variables,
    ) {
        if !make.done.insert(target.to_owned()) || frame.open.len() >= MAX_CALLS || self.is_spent()
        {
            return;
        }
        let loaded = make.loaded;
        let rules: Vec<(&Rule, Option<String>)> = loaded.rules_for(target);
        if rules.is_empty() {
            return;
        }
        let mut own = None;
        for (targets, assign) in &loaded.of_targets {
            if targets.iter().any(|pattern| matches(pattern, target).is_some()) {
                own.get_or_insert_with(|| outer.clone()).assign(assign);
            }
        }
        // What a target sets holds for its needs, too.
        let is_own = own.is_some() || !std::ptr::eq(outer, &loaded.variables);
        let variables = own.as_ref().unwrap_or(outer);
        if !is_own && make.base.is_none() {
            make.base = Some(environment_of_recipe(variables, environment, &make.dir));
        }
        for (rule, stem) in &rules {
            for need in &rule.needs {
                let need = with_stem(need, stem.as_deref());
                let frame = self.frame_of_target(make, rule, target, at, frame);
                if let Some(frame) = frame {
                    self.target(make, &need, environment, Some(&rule.spot), &frame, variables);
                }
            }
        }
        for (rule, stem) in &rules {
            if !rule.recipe.is_empty()
                && let Some(frame) = self.frame_of_target(make, rule, target, at, frame)
            {
                let state = match &make.base {
                    Some(state) if !is_own => state.clone(),
                    _ => environment_of_recipe(variables, environment, &make.dir),
                };
                self.recipe(make, rule, target, stem.as_deref(), &state, &frame, variables);
            }
        }
    }

    /// The frame of a recipe, or `None` where it is open already.
    fn frame_of_target(
        &mut self,
        make: &Make<'_>,
        rule: &Rule,
        target: &str,
        at: Option<&Spot>,
        frame: &Frame,
    ) -> Option<Frame> {
        let key = target_key(&make.path, &rule.spot, target);
        self.reached.insert(key.clone());
        if rule.targets.iter().any(|name| name.contains('%')) {
            self.reached.insert(target_key(&make.path, &rule.spot, "%"));
        }
        if frame.open.contains(&key) {
            return None;
        }
        let subject = format!("{}, target {target}", rule.recipe_path);
        Some(match at {
            Some(at) => frame.call(Context::MakeTarget, subject, at, key),
            None => {
                let mut frame = frame.clone();
                frame.context = Context::MakeTarget;
                frame.subject = subject;
                Rc::make_mut(&mut frame.open).push(key);
                frame
            }
        })
    }

    #[expect(clippy::too_many_arguments, reason = "they are what a recipe is made of")]
    fn recipe(
        &mut self,
        make: &Make<'_>,
        rule: &Rule,
        target: &str,
        stem: Option<&str>,
        state: &State,
        frame: &Frame,
        variables: &Variables,
    ) {
        let mut variables = variables.clone();
        variables.set("@", Text::made(target, &rule.spot));
        variables.set("*", Text::made(stem.unwrap_or_default(), &rule.spot));
        if let Some(first) = rule.needs.first() {
            variables.set("<", Text::made(with_stem(first, stem), &rule.spot));
        }
        if make.loaded.is_one_shell {
            let mut script = Text::default();
            for line in &rule.recipe {
                script.extend(variables.expand(line));
                script.push(crate::config::text::Piece::made("\n", &rule.spot));
            }
            self.text(&without_prefix(script), &mut state.clone(), frame);
            return;
        }
        for line in &rule.recipe {
            for line in makefile::lines(&variables.expand(line)) {
                self.text(&without_prefix(line), &mut state.clone(), frame);
            }
        }
    }

    fn load(
        &mut self,
        path: &str,
        dir: &str,
        given: Vec<(String, Text)>,
        environment: &State,
    ) -> Rc<Loaded> {
        let mut key = format!("{path}\n{dir}\n");
        for (name, value) in &given {
            key.push_str(&format!("{name}={}\n", value.shown()));
        }
        for (name, var) in environment.vars.iter().filter(|(_, var)| var.is_exported) {
            let text = var.value.first();
            let value = text.map(Text::shown).unwrap_or_default();
            key.push_str(&format!("{name}:{value}\n"));
            // What is found about flags is told where this caller sets them.
            if name == "GOFLAGS"
                && let Some(spot) = text.and_then(Text::spot)
            {
                key.push_str(&format!("{}:{}:{}\n", spot.path, spot.line, spot.column));
            }
        }
        if let Some(loaded) = self.loaded.get(&key) {
            return Rc::clone(loaded);
        }
        let mut loaded = Loaded::default();
        for (name, var) in environment.vars.iter().filter(|(_, var)| var.is_exported) {
            loaded.variables.import(name, var.value.first().cloned().unwrap_or_default());
            Rc::make_mut(&mut loaded.variables.exported).insert(name.clone());
        }
        for (name, value) in given {
            loaded.variables.fix(&name, value);
        }
        self.load_file(path, dir, &mut loaded, &mut Vec::new());
        let loaded = Rc::new(loaded);
        if self.loaded.len() < MAX_LOADED {
            self.loaded.insert(key, Rc::clone(&loaded));
        }
        loaded
    }

    fn load_file(&mut self, path: &str, dir: &str, loaded: &mut Loaded, open: &mut Vec<String>) {
        let Some(file) = self.makefile(path) else { return };
        if open.iter().any(|other| other == path) || loaded.included > MAX_INCLUDED {
            return;
        }
        loaded.included = loaded.included.saturating_add(1);
        loaded.is_one_shell |= file.is_one_shell;
        open.push(path.to_owned());
        let name: Arc<str> = Arc::from(path);
        for statement in &file.statements {
            match statement {
                Statement::Assign(assign) => match &assign.targets {
                    None => loaded.variables.assign(assign),
                    Some(targets) => {
                        let targets = names(&loaded.variables.expand(targets));
                        loaded.of_targets.push((targets, assign.clone()));
                    }
                },
                Statement::Export(names_of) => {
                    let exported = names(&loaded.variables.expand(names_of));
                    loaded.variables.exports_all |= exported.is_empty();
                    for name in exported {
                        Rc::make_mut(&mut loaded.variables.exported).insert(name);
                    }
                }
                Statement::Include(paths) => {
                    for word in
                        loaded.variables.expand(paths).words().into_iter().take(MAX_INCLUDED)
                    {
                        let frame = Frame::new(Context::MakeTarget, "");
                        if let Some(path) = directory(&word, Some(dir), &frame) {
                            self.load_file(&path, dir, loaded, open);
                        }
                    }
                }
                Statement::Rule(rule) if loaded.rules.len() < MAX_RULES => {
                    let targets = names(&loaded.variables.expand(&rule.targets));
                    let needs = names(&loaded.variables.expand(&rule.needs));
                    let Some(spot) = rule.targets.spot().cloned() else { continue };
                    let recipe = rule.recipe.clone();
                    let recipe_path = Arc::clone(&name);
                    loaded.rules.push(Rule { targets, needs, recipe, spot, recipe_path });
                }
                Statement::Rule(_) => {}
            }
        }
        open.pop();
    }

    fn makefile(&mut self, path: &str) -> Option<Rc<Makefile>> {
        if let Some(file) = self.makefiles.get(path) {
            return file.clone();
        }
        let name: Arc<str> = Arc::from(path);
        let file = self.file(path).map(|text| Rc::new(makefile::parse(&name, text)));
        self.makefiles.insert(path.to_owned(), file.clone());
        file
    }
}

impl Loaded {
    fn default_goal(&self) -> Option<String> {
        let set = self.variables.value(".DEFAULT_GOAL").and_then(|goal| goal.known());
        set.map(|goal| goal.trim().to_owned()).filter(|goal| !goal.is_empty()).or_else(|| {
            let mut targets = self.rules.iter().flat_map(|rule| &rule.targets);
            targets.find(|target| !target.starts_with('.') && !target.contains('%')).cloned()
        })
    }

    /// The rules of a target, each with the stem of its pattern.
    fn rules_for(&self, target: &str) -> Vec<(&Rule, Option<String>)> {
        let exact = |rule: &&Rule| rule.targets.iter().any(|name| name == target);
        let mut found: Vec<(&Rule, Option<String>)> =
            self.rules.iter().filter(exact).map(|rule| (rule, None)).collect();
        if found.iter().all(|(rule, _)| rule.recipe.is_empty()) {
            let pattern = self.rules.iter().find_map(|rule| {
                let stem = rule.targets.iter().find_map(|pattern| {
                    pattern.contains('%').then(|| matches(pattern, target)).flatten()
                })?;
                Some((rule, Some(stem)))
            });
            found.extend(pattern);
        }
        found
    }
}

/// Matches a name against a pattern with `%`, and returns the stem.
fn matches(pattern: &str, name: &str) -> Option<String> {
    match pattern.split_once('%') {
        Some((before, after)) => {
            let stem = name.strip_prefix(before)?.strip_suffix(after)?;
            Some(stem.to_owned())
        }
        None => (pattern == name).then(String::new),
    }
}

/// The name of what a pattern rule needs.
fn with_stem(need: &str, stem: Option<&str>) -> String {
    match stem {
        Some(stem) => need.replacen('%', stem, 1),
        None => need.to_owned(),
    }
}

fn target_key(path: &str, rule: &Spot, target: &str) -> String {
    format!("target {path} {}:{} {target}", rule.path, rule.line)
}

/// The names in a text, those that cannot be told left out.
fn names(text: &Text) -> Vec<String> {
    let words = text.words();
    words.iter().filter_map(Text::known).filter(|name| name != "|").collect()
}

/// What the shell of a recipe finds in its environment.
fn environment_of_recipe(variables: &Variables, environment: &State, dir: &str) -> State {
    let mut vars: BTreeMap<String, Var> = environment.vars.clone();
    let mut exported: Vec<String> = variables.exported.iter().cloned().collect();
    if variables.exports_all {
        exported.extend(variables.names().filter(|name| is_for_go(name)).cloned());
    }
    for name in exported {
        if let Some(value) = variables.value(&name) {
            vars.insert(name, Var { value: vec![value], is_exported: true });
        }
    }
    State { vars, dir: Some(dir.to_owned()), ..State::default() }
}

/// Takes `@`, `-` and `+` off the start of a recipe line.
///
/// `$(Q)go build` with an unknown `Q` is a common way to be quiet: it goes too.
fn without_prefix(mut line: Text) -> Text {
    loop {
        let [first, rest @ ..] = line.pieces.as_mut_slice() else { return line };
        if first.kind == PieceKind::Literal {
            let text = first.text.trim_start_matches(['@', '-', '+', ' ', '\t']);
            let taken = first.text.len().saturating_sub(text.len());
            first.spot = first.spot_at(taken);
            first.text = text.to_owned();
            if !first.text.is_empty() {
                return line;
            }
        } else {
            let is_prefix = first.text.is_empty()
                || rest.first().is_some_and(|next| {
                    next.kind == PieceKind::Literal
                        && next.text.starts_with(|c: char| c.is_ascii_alphanumeric())
                })
                || (!rest.is_empty()
                    && matches!(first.text.as_str(), "$(Q)" | "${Q}" | "$Q" | "$(AT)" | "$(V)"));
            if !is_prefix {
                return line;
            }
        }
        line.pieces.remove(0);
    }
}
