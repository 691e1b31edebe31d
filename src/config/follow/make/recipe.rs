//! Targets of one call of make: what they need first, and their recipes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::loaded::{Loaded, Rule, matches};
use crate::config::follow::{Follow, Frame, MAX_CALLS, State, Var, is_for_go};
use crate::config::go_command::Context;
use crate::config::makefile::{self, Variables};
use crate::config::text::{Piece, PieceKind, Spot, Text};

/// One call of make.
pub(super) struct Make<'m> {
    loaded: &'m Loaded,
    dir: String,
    path: String,
    done: BTreeSet<String>,
    /// What a recipe finds in its environment where its target has no variables of its own.
    base: Option<State>,
}

impl<'m> Make<'m> {
    pub(super) fn new(loaded: &'m Loaded, dir: String, path: &str) -> Self {
        Self { loaded, dir, path: path.to_owned(), done: BTreeSet::new(), base: None }
    }
}

impl Follow<'_> {
    /// Follows a target; `at` is where it is asked for, if anything asks.
    pub(super) fn target(
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
                script.push(Piece::made("\n", &rule.spot));
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
}

pub(super) fn target_key(path: &str, rule: &Spot, target: &str) -> String {
    format!("target {path} {}:{} {target}", rule.path, rule.line)
}

/// The name of what a pattern rule needs.
fn with_stem(need: &str, stem: Option<&str>) -> String {
    match stem {
        Some(stem) => need.replacen('%', stem, 1),
        None => need.to_owned(),
    }
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
