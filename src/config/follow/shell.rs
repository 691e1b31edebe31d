//! The steps of a script, walked in order.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::variables::{assign, set_arguments};
use super::{Follow, Frame, Function, MAX_WORDS, State, Var};
use crate::config::sh::{self, Command, Part, Step, What, Word};
use crate::config::text::{Piece, Spot, Text};

/// Substitutions in substitutions that are followed.
const MAX_DEPTH: usize = 8;

impl Follow<'_> {
    /// Walks a script, and then the functions of it that nothing called.
    pub(super) fn steps(&mut self, steps: &Rc<Vec<Step>>, state: &mut State, frame: &Frame) {
        let known = state.functions.clone();
        self.range(steps, 0, state, frame);
        let own: Vec<(String, Function)> = state
            .functions
            .iter()
            .filter(|(name, _)| !known.contains_key(*name))
            .map(|(name, function)| (name.clone(), function.clone()))
            .collect();
        for (name, function) in own {
            let key = function_key(&name, &function);
            if !self.reached.contains(&key) {
                let mut inner = state.clone();
                let mut maybe = frame.clone();
                maybe.is_maybe = true;
                self.function(&name, &function, &[], &mut inner, &maybe);
            }
        }
    }

    /// Walks a script for what it leaves behind; its functions are for others to call.
    pub(super) fn steps_of_library(
        &mut self,
        steps: &Rc<Vec<Step>>,
        state: &mut State,
        frame: &Frame,
    ) {
        self.range(steps, 0, state, frame);
    }

    /// Walks from a step to the end of the script or of the function that it is in.
    fn range(&mut self, steps: &Rc<Vec<Step>>, start: usize, state: &mut State, frame: &Frame) {
        let mut frame = frame.clone();
        let outer_maybe = frame.is_maybe;
        let mut maybe = 0_usize;
        let mut saved: Vec<State> = Vec::new();
        let mut index = start;
        while let Some(step) = steps.get(index) {
            index = index.saturating_add(1);
            match step {
                Step::Open => saved.push(state.clone()),
                Step::Close => {
                    if let Some(before) = saved.pop() {
                        *state = before;
                    }
                }
                Step::OpenMaybe => maybe = maybe.saturating_add(1),
                Step::CloseMaybe => maybe = maybe.saturating_sub(1),
                Step::Function(name) => {
                    let function = Function { steps: Rc::clone(steps), start: index };
                    state.functions.insert(name.clone(), function);
                    index = end_of_function(steps, index);
                }
                Step::FunctionEnd => return,
                Step::Command(command) => {
                    if self.is_spent() {
                        return;
                    }
                    frame.is_maybe = outer_maybe || maybe > 0 || command.is_fallback;
                    self.command(command, state, &frame);
                }
            }
        }
    }

    fn command(&mut self, command: &Command, state: &mut State, frame: &Frame) {
        let mut prefix = BTreeMap::new();
        for assignment in &command.assignments {
            let mut value = self.values(&assignment.value, state, frame);
            if command.words.is_empty() {
                assign(state, &assignment.name, value, assignment.appends, frame.is_maybe);
            } else {
                let value = if value.is_empty() { Text::default() } else { value.swap_remove(0) };
                prefix.insert(assignment.name.clone(), value);
            }
        }
        let mut words = Vec::new();
        for word in &command.words {
            words.extend(self.fields(word, state, frame));
            if words.len() > MAX_WORDS {
                return;
            }
        }
        for (_, target) in &command.redirects {
            self.fields(target, state, frame);
        }
        if let Some(spot) = command.words.first().map(|word| word.spot.clone()) {
            let outcome = self.simple(words, prefix, &spot, state, frame);
            if let Some((name, arguments)) = outcome
                && let Some(function) = state.functions.get(&name).cloned()
            {
                self.function(&name, &function, &arguments, state, frame);
            }
        }
    }

    fn function(
        &mut self,
        name: &str,
        function: &Function,
        arguments: &[Text],
        state: &mut State,
        frame: &Frame,
    ) {
        let key = function_key(name, function);
        self.reached.insert(key.clone());
        if frame.open.contains(&key) || frame.open.len() >= super::MAX_CALLS {
            return;
        }
        let mut inner = frame.clone();
        Rc::make_mut(&mut inner.open).push(key);
        let outer: Vec<(String, Option<Var>)> = (1..10_usize)
            .map(|number| number.to_string())
            .chain(["@".to_owned(), "*".to_owned()])
            .map(|name| (name.clone(), state.vars.remove(&name)))
            .collect();
        set_arguments(state, arguments);
        self.range(&function.steps, function.start, state, &inner);
        for (name, var) in outer {
            match var {
                Some(var) => state.vars.insert(name, var),
                None => state.vars.remove(&name),
            };
        }
    }

    /// The value of an assignment: one text, or the items of an array.
    fn values(&mut self, word: &Word, state: &mut State, frame: &Frame) -> Vec<Text> {
        if let [Part { what: What::Array(words), .. }] = word.parts.as_slice() {
            let mut items = Vec::new();
            for word in words.iter().take(MAX_WORDS) {
                items.extend(self.fields(word, state, frame));
            }
            return items;
        }
        let mut text = Text::default();
        for part in &word.parts {
            // No word splitting in an assignment.
            let quoted = Part { is_quoted: true, ..part.clone() };
            for (index, field) in self.part(&quoted, state, frame).into_iter().enumerate() {
                if index > 0 {
                    text.push(Piece::made(" ", &part.spot));
                }
                text.extend(field);
            }
        }
        if text.pieces.is_empty() {
            text.push(Piece::made("", &word.spot));
        }
        vec![text]
    }

    /// The fields that a word gives.
    pub(super) fn fields(&mut self, word: &Word, state: &mut State, frame: &Frame) -> Vec<Text> {
        let mut fields: Vec<Text> = Vec::new();
        let mut current: Option<Text> = None;
        for part in &word.parts {
            let values = self.part(part, state, frame);
            let is_list = matches!(part.what, What::Variable { is_list: true, .. });
            let splits = !part.is_quoted && matches!(part.what, What::Variable { .. });
            if part.is_quoted && is_list && values.is_empty() {
                continue;
            }
            let pieces: Vec<Text> = if splits {
                values.iter().flat_map(Text::words).collect()
            } else if is_list {
                values
            } else {
                let mut all = Text::default();
                for value in values {
                    all.extend(value);
                }
                vec![all]
            };
            for (index, piece) in pieces.into_iter().enumerate() {
                if index > 0 {
                    fields.extend(current.take());
                }
                current.get_or_insert_with(Text::default).extend(piece);
            }
        }
        fields.extend(current);
        fields
    }

    /// What a part of a word gives: one text, or several for a list.
    fn part(&mut self, part: &Part, state: &mut State, frame: &Frame) -> Vec<Text> {
        let spot = &part.spot;
        match &part.what {
            What::Literal(text, true) => vec![Text::literal(text, spot)],
            What::Literal(text, false) => vec![Text::made(text, spot)],
            What::Unknown(shown) => vec![Text::unknown(shown, spot)],
            What::Array(_) => vec![Text::unknown("(…)", spot)],
            What::Command(inner) => {
                if frame.depth < MAX_DEPTH {
                    let mut frame = frame.clone();
                    frame.depth = frame.depth.saturating_add(1);
                    frame.is_substitution = true;
                    let mut shell = state.clone();
                    self.text(inner, &mut shell, &frame);
                }
                vec![Text { pieces: vec![Piece::command(inner.shown(), spot)] }]
            }
            What::Variable { name, default, is_list } => {
                match state.vars.get(name) {
                    Some(var) if *is_list => return var.value.clone(),
                    Some(var) => return vec![var.value.first().cloned().unwrap_or_default()],
                    None => {}
                }
                match default {
                    Some(default) => vec![self.default(default, spot, state, frame)],
                    None => vec![Text::unknown(format!("${name}"), spot)],
                }
            }
        }
    }

    /// The text behind `:-`.
    fn default(&mut self, text: &Text, spot: &Spot, state: &mut State, frame: &Frame) -> Text {
        if frame.depth >= MAX_DEPTH {
            return Text::unknown("${…}", spot);
        }
        // Its words are those of an `echo`.
        let mut line = Text::made(": ", spot);
        line.extend(text.clone());
        let Ok(steps) = sh::parse(&line, spot, frame.depth.saturating_add(1)) else {
            return Text::unknown("${…}", spot);
        };
        let mut inner = frame.clone();
        inner.depth = inner.depth.saturating_add(1);
        let mut value = Text::default();
        for step in &steps {
            let Step::Command(command) = step else { return Text::unknown("${…}", spot) };
            for (index, word) in command.words.iter().skip(1).enumerate() {
                for field in self.fields(word, state, &inner) {
                    if index > 0 {
                        value.push(Piece::made(" ", spot));
                    }
                    value.extend(field);
                }
            }
        }
        value
    }
}

fn function_key(name: &str, function: &Function) -> String {
    let command = function.steps.get(function.start..).unwrap_or_default().iter();
    let spot = command.filter_map(|step| match step {
        Step::Command(command) => command.words.first().map(|word| &word.spot),
        _ => None,
    });
    match spot.take(1).next() {
        Some(spot) => format!("function {name} {}:{}:{}", spot.path, spot.line, spot.column),
        None => format!("function {name}"),
    }
}

fn end_of_function(steps: &[Step], start: usize) -> usize {
    let mut nested = 0_usize;
    for (index, step) in steps.iter().enumerate().skip(start) {
        match step {
            Step::Function(_) => nested = nested.saturating_add(1),
            Step::FunctionEnd if nested == 0 => return index.saturating_add(1),
            Step::FunctionEnd => nested = nested.saturating_sub(1),
            _ => {}
        }
    }
    steps.len()
}
