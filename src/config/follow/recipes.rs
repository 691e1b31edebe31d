//! Calls of just: from the recipes that are asked for to their lines.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::directory::{join, parent};
use super::release::templates;
use super::variables::child;
use super::{Follow, Frame, MAX_CALLS, State, Var};
use crate::config::go_command::Context;
use crate::config::justfile::{self, Justfile};
use crate::config::text::{PieceKind, Spot, Text};

const NAMES: &[&str] = &["justfile", "Justfile", ".justfile", "JUSTFILE"];

impl Follow<'_> {
    /// Follows `just …` from a shell.
    pub(super) fn just(
        &mut self,
        arguments: &[Text],
        prefix: &BTreeMap<String, Text>,
        spot: &Spot,
        state: &State,
        frame: &Frame,
    ) {
        // It looks in the folders above, too.
        let mut dir = state.dir.clone();
        let mut path = None;
        while let Some(here) = dir {
            path = self.find(&here, None, NAMES);
            dir = (path.is_none() && !here.is_empty()).then(|| parent(&here).to_owned());
        }
        let Some(path) = path else {
            self.not_followed(
                "just: its justfile is not in the repository".to_owned(),
                spot,
                frame,
            );
            return;
        };
        let Some(file) = self.justfile(&path) else { return };
        let environment = child(state, prefix);
        let mut names =
            arguments.iter().filter_map(Text::known).filter(|word| !word.starts_with('-'));
        let name = names.next().or_else(|| file.recipes.first().map(|recipe| recipe.name.clone()));
        let given: Vec<String> = names.collect();
        if let Some(name) = name {
            self.run_recipe(&file, &path, &name, &given, &environment, Some(spot), frame);
            // What is no argument of the first is a recipe of its own.
            for name in &given {
                self.run_recipe(&file, &path, name, &[], &environment, Some(spot), frame);
            }
        }
    }

    /// The recipes of a file that nothing reached.
    pub(super) fn unreached_recipes(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !justfile::is_justfile(name) || name.ends_with(".just") {
            return;
        }
        let Some(file) = self.justfile(path) else { return };
        let names: Vec<String> = file.recipes.iter().map(|recipe| recipe.name.clone()).collect();
        for name in names {
            if !self.reached.contains(&format!("recipe {path} {name}")) {
                self.root();
                let frame = Frame::new(Context::JustRecipe, "");
                let environment = State { dir: Some(parent(path).to_owned()), ..State::default() };
                self.run_recipe(&file, path, &name, &[], &environment, None, &frame);
            }
        }
    }

    fn justfile(&mut self, path: &str) -> Option<Rc<Justfile>> {
        let text = self.file(path)?;
        let mut file = justfile::parse(path, text);
        // One level: an import of an import is rare.
        for import in file.imports.clone() {
            let imported =
                join(parent(path), &import).and_then(|path| Some((self.file(&path)?, path)));
            if let Some((text, path)) = imported {
                let other = justfile::parse(&path, text);
                file.recipes.extend(other.recipes);
                for (name, value) in other.variables {
                    file.variables.entry(name).or_insert(value);
                }
            }
        }
        Some(Rc::new(file))
    }

    #[expect(clippy::too_many_arguments, reason = "they are what a call of a recipe is made of")]
    fn run_recipe(
        &mut self,
        file: &Justfile,
        path: &str,
        name: &str,
        given: &[String],
        environment: &State,
        at: Option<&Spot>,
        frame: &Frame,
    ) {
        let Some(recipe) = file.recipes.iter().find(|recipe| recipe.name == name) else { return };
        let key = format!("recipe {path} {name}");
        self.reached.insert(key.clone());
        if frame.open.contains(&key) || frame.open.len() >= MAX_CALLS || self.is_spent() {
            return;
        }
        let subject = format!("{}, recipe {name}", recipe.spot.path);
        let inner = match at {
            Some(at) => frame.call(Context::JustRecipe, subject, at, key),
            None => {
                let mut inner = frame.clone();
                inner.subject = subject;
                Rc::make_mut(&mut inner.open).push(key);
                inner
            }
        };
        for need in &recipe.needs {
            self.run_recipe(file, path, need, &[], environment, Some(&recipe.spot), &inner);
        }
        let mut values = file.variables.clone();
        for (index, (name, default)) in recipe.parameters.iter().enumerate() {
            values.remove(name);
            match (given.get(index), default) {
                (Some(value), _) => {
                    values.insert(name.clone(), Text::made(value, &recipe.spot));
                }
                (None, Some(default)) => {
                    values.insert(name.clone(), default.clone());
                }
                (None, None) => {}
            }
        }
        let mut state = environment.clone();
        state.dir = Some(parent(path).to_owned());
        for name in
            file.variables.keys().filter(|name| file.exports_all || file.exported.contains(name))
        {
            if let Some(value) = values.get(name) {
                state
                    .vars
                    .insert(name.clone(), Var { value: vec![value.clone()], is_exported: true });
            }
        }
        let expand = |text: &Text| templates(text.clone(), &|inner| values.get(inner).cloned());
        if recipe.is_script {
            let mut script = Text::default();
            recipe.lines.iter().for_each(|line| script.extend(expand(line)));
            if super::scripts::is_shell(&script.shown()) {
                self.text(&script, &mut state, &inner);
            }
            return;
        }
        for line in &recipe.lines {
            self.text(&without_prefix(expand(line)), &mut state.clone(), &inner);
        }
    }
}

/// Takes `@` and `-` off the start of a line.
fn without_prefix(mut line: Text) -> Text {
    if let Some(first) = line.pieces.first_mut().filter(|first| first.kind == PieceKind::Literal) {
        let text = first.text.trim_start_matches(['@', '-']);
        let taken = first.text.len().saturating_sub(text.len());
        first.spot = first.spot_at(taken);
        first.text = text.to_owned();
    }
    line
}
