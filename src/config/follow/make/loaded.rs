//! What the makefiles of one call say: rules and variables, with all that they include.

use std::rc::Rc;
use std::sync::Arc;

use crate::config::follow::directory::directory;
use crate::config::follow::{Follow, Frame, State};
use crate::config::go_command::Context;
use crate::config::makefile::{self, Assign, Makefile, Raw, Statement, Variables};
use crate::config::text::{Spot, Text};

/// Files that one makefile may include.
const MAX_INCLUDED: usize = 64;
/// Rules that are kept.
const MAX_RULES: usize = 1 << 14;
/// Makefiles that are kept with all that they include.
const MAX_LOADED: usize = 512;

/// A rule with its names expanded.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub targets: Vec<String>,
    pub needs: Vec<String>,
    pub recipe: Vec<Raw>,
    pub spot: Spot,
    pub recipe_path: Arc<str>,
}

/// Everything that the makefiles of one call say.
#[derive(Debug, Default)]
pub(in super::super) struct Loaded {
    pub(super) variables: Variables,
    pub(super) rules: Vec<Rule>,
    /// Variables of some targets only.
    pub(super) of_targets: Vec<(Vec<String>, Assign)>,
    pub(super) is_one_shell: bool,
    included: usize,
}

impl Follow<'_> {
    /// Reads a makefile with what the call of make hands to it.
    pub(super) fn load(
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
    pub(super) fn default_goal(&self) -> Option<String> {
        let set = self.variables.value(".DEFAULT_GOAL").and_then(|goal| goal.known());
        set.map(|goal| goal.trim().to_owned()).filter(|goal| !goal.is_empty()).or_else(|| {
            let mut targets = self.rules.iter().flat_map(|rule| &rule.targets);
            targets.find(|target| !target.starts_with('.') && !target.contains('%')).cloned()
        })
    }

    /// The rules of a target, each with the stem of its pattern.
    pub(super) fn rules_for(&self, target: &str) -> Vec<(&Rule, Option<String>)> {
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
pub(super) fn matches(pattern: &str, name: &str) -> Option<String> {
    match pattern.split_once('%') {
        Some((before, after)) => {
            let stem = name.strip_prefix(before)?.strip_suffix(after)?;
            Some(stem.to_owned())
        }
        None => (pattern == name).then(String::new),
    }
}

/// The names in a text, those that cannot be told left out.
fn names(text: &Text) -> Vec<String> {
    let words = text.words();
    words.iter().filter_map(Text::known).filter(|name| name != "|").collect()
}
