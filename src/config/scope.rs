//! Resolves the expressions of one step from what the files say.

use std::collections::BTreeMap;
use std::ops::Range;

use super::classify;
use super::expression::Expression;
use super::pipeline::Matrix;
use super::shell::{self, Word};
use super::template::{Class, Classes, Part, Value, bounded, either, segments};

/// Values by name; the names are in lower case, as expressions find them.
pub(super) type Values = BTreeMap<String, Value>;

/// What the expressions of a step can name.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub env: Values,
    pub inputs: Values,
    /// Outputs of the steps before, by step id.
    pub steps: BTreeMap<String, Values>,
    /// Outputs of the jobs before, by job id.
    pub needs: BTreeMap<String, Values>,
    pub matrix: Matrix,
    /// Working directory and shell of the scripts that name none.
    pub dir: Option<Value>,
    pub shell: Option<Value>,
}

/// Stands for an expression in shell text; a character for private use.
const MARK: char = '\u{e000}';
/// How many assignments of a script are followed to find a value.
const MAX_ASSIGNMENTS: usize = 4;

impl Scope {
    /// Resolves a text with expressions in it.
    pub(super) fn resolve(&self, text: &str) -> Value {
        let mut value = Value::new();
        for segment in segments(text) {
            let parts = if segment.is_expression {
                self.expression(&Expression::parse(segment.text))
            } else {
                vec![Part::literal(segment.text)]
            };
            value.extend(from(parts, &segment.range));
        }
        bounded(value)
    }

    /// Resolves shell text as `script` would, expressions included.
    pub(super) fn resolve_shell(&self, text: &str, script: &str) -> Value {
        self.shell(text, script, MAX_ASSIGNMENTS)
    }

    fn expression(&self, expression: &Expression) -> Value {
        match expression {
            Expression::Literal(text) => vec![Part::literal(text)],
            Expression::Context(path) => self.context(path),
            Expression::Call { name, arguments } => self.call(expression, name, arguments),
            Expression::Operation { operator: "||" | "&&", .. } => {
                let alternatives: Vec<Value> =
                    expression.alternatives().into_iter().map(|a| self.expression(a)).collect();
                vec![merged(expression, either(&alternatives), &alternatives)]
            }
            // A comparison is true or false: it may tell a branch, never a run.
            Expression::Operation { .. } => vec![Part::new(expression.to_string(), [Class::Job])],
            Expression::Unparsed(text) => vec![Part::new(text, [Class::Opaque])],
        }
    }

    fn call(&self, expression: &Expression, name: &str, arguments: &[Expression]) -> Value {
        let literal = |argument: &Expression| match argument {
            Expression::Literal(text) => Some(text.clone()),
            _ => None,
        };
        match (name, arguments) {
            ("hashfiles", _) => {
                let hashed: Option<Vec<String>> = arguments.iter().map(literal).collect();
                let classes = match &hashed {
                    Some(patterns) => classify::hashed(patterns),
                    None => Classes::from([Class::Opaque]),
                };
                let mut part = Part::new(expression.to_string(), classes);
                part.hashed = hashed.unwrap_or_default();
                vec![part]
            }
            ("format", [Expression::Literal(format), values @ ..]) => {
                let values: Vec<Value> =
                    values.iter().map(|value| self.expression(value)).collect();
                formatted(format, &values)
            }
            ("join" | "tojson", _) => {
                let values: Vec<Value> =
                    arguments.iter().map(|value| self.expression(value)).collect();
                let classes =
                    values.iter().flatten().flat_map(|part| part.classes.clone()).collect();
                vec![merged(expression, classes, &values)]
            }
            _ => vec![Part::new(expression.to_string(), [Class::Opaque])],
        }
    }

    fn context(&self, path: &[String]) -> Value {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let found = match names.as_slice() {
            ["env", name] => self.variable(name),
            ["inputs", name] | ["github", "event", "inputs", name] => {
                self.inputs.get(*name).cloned()
            }
            ["steps", id, "outputs", name] => output(&self.steps, id, name),
            ["needs" | "jobs", id, "outputs", name] => output(&self.needs, id, name),
            ["matrix", rest @ ..] => Some(vec![self.matrix.part(path, &rest.join("."))]),
            _ => classify::context(path).map(|class| vec![Part::new(path.join("."), [class])]),
        };
        let mut value = found.unwrap_or_else(|| vec![Part::new(path.join("."), [Class::Opaque])]);
        let named = names.get(1..).unwrap_or_default().join(".");
        if classify::names_go_version(&named) {
            for part in &mut value {
                part.classes.insert(Class::Toolchain);
            }
        }
        value
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.env.get(&name.to_ascii_lowercase()).cloned().or_else(|| {
            let path = classify::default_variable(name)?;
            classify::context(&path).map(|class| vec![Part::new(path.join("."), [class])])
        })
    }

    fn shell(&self, text: &str, script: &str, budget: usize) -> Value {
        // The shell sees what the expressions gave: each is one mark in its
        // text, as it may well stand within a command.
        let mut marked = String::new();
        let mut expressions = Vec::new();
        for segment in segments(text) {
            if segment.is_expression {
                expressions.push(self.expression(&Expression::parse(segment.text)));
                marked.push(MARK);
            } else {
                marked.push_str(&segment.text.replace(MARK, ""));
            }
        }
        let mut expressions = expressions.into_iter();
        let mut value = Value::new();
        for word in shell::words(&marked) {
            match word {
                Word::Literal(text) => {
                    for (index, text) in text.split(MARK).enumerate() {
                        if index > 0 {
                            value.extend(expressions.next().unwrap_or_default());
                        }
                        value.extend(unquoted(text));
                    }
                }
                Word::Variable(name) => value.extend(self.shell_variable(name, script, budget)),
                Word::Command(text) | Word::Unclear(text) => {
                    let inside = expressions.by_ref().take(text.matches(MARK).count()).count();
                    let is_command = inside == 0 && matches!(word, Word::Command(_));
                    let class = if is_command { classify::command(text) } else { Class::Opaque };
                    value.push(Part::new(format!("$({text})"), [class]));
                }
            }
        }
        bounded(value)
    }

    fn shell_variable(&self, name: &str, script: &str, budget: usize) -> Value {
        if matches!(name, "RANDOM" | "SRANDOM" | "EPOCHSECONDS" | "EPOCHREALTIME") {
            return vec![Part::new("$RANDOM", [Class::Volatile])];
        }
        let assigned = || {
            let text = shell::assigned(script, name)?;
            Some(self.shell(text, script, budget.checked_sub(1)?))
        };
        let opaque = || vec![Part::new(format!("${name}"), [Class::Opaque])];
        assigned().or_else(|| self.variable(name)).unwrap_or_else(opaque)
    }
}

/// Literal shell text without its quotes.
fn unquoted(text: &str) -> Option<Part> {
    let text = text.replace(['"', '\''], "");
    (!text.is_empty()).then(|| Part::literal(text))
}

fn output(outputs: &BTreeMap<String, Values>, id: &str, name: &str) -> Option<Value> {
    outputs.get(id)?.get(name).cloned()
}

/// Says of all parts that they come from the same place.
fn from(parts: Value, source: &Range<usize>) -> impl Iterator<Item = Part> {
    parts.into_iter().map(move |part| Part { source: source.clone(), ..part })
}

/// One part for an expression that is made of several values.
fn merged(expression: &Expression, classes: Classes, values: &[Value]) -> Part {
    let mut part = Part::new(expression.to_string(), classes);
    part.hashed = values.iter().flatten().flat_map(|part| part.hashed.clone()).collect();
    part
}

/// `format('{0}-{1}', a, b)`, where `{{` stands for a brace.
fn formatted(format: &str, values: &[Value]) -> Value {
    let mut parts = Value::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(Part::literal(before.replace("}}", "}")));
        if let Some(after) = after.strip_prefix('{') {
            parts.push(Part::literal("{"));
            rest = after;
            continue;
        }
        let Some((index, after)) = after.split_once('}') else { break };
        match index.parse::<usize>().ok().and_then(|index| values.get(index)) {
            Some(value) => parts.extend(value.iter().cloned()),
            None => parts.push(Part::new(index, [Class::Opaque])),
        }
        rest = after;
    }
    parts.push(Part::literal(rest.replace("}}", "}")));
    bounded(parts)
}
