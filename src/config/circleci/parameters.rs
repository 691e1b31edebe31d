//! Parameters (`<< … >>`) and key templates (`{{ … }}`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::config::classify;
use crate::config::document::Document;
use crate::config::pipeline::Matrix;
use crate::config::scope::Scope;
use crate::config::template::{Class, Part, Template, Value, bounded};
use crate::config::yaml::NodeId;

/// What a parameter stands for.
#[derive(Debug, Clone)]
pub(super) enum Parameter {
    Text(String),
    /// Steps that a command or job is given, and what they can name.
    Steps(NodeId, Arc<Names>),
    /// A value of a matrix, or one that cannot be told.
    Open(Part),
}

/// What the steps of a job or command can name.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub parameters: BTreeMap<String, Parameter>,
    pub matrix: Matrix,
    pub environment: BTreeMap<String, Value>,
}

/// Bytes of a parameter that are put into a script, and parameters of a script.
const MAX_TEXT: usize = 1 << 14;
const MAX_IN_SCRIPT: usize = 1 << 10;

/// How deep a parameter may name another.
const MAX_DEPTH: usize = 4;

impl Names {
    /// Resolves a text with parameters and templates in it.
    pub(super) fn resolve(&self, text: &str) -> Value {
        self.value(text, MAX_DEPTH)
    }

    pub(super) fn template(&self, document: &Document<'_>, node: NodeId) -> Option<Template> {
        let text = document.tree.text(node)?.trim();
        let (place, parts) = (document.place(node), self.resolve(text));
        Some(Template { text: text.to_owned(), place, parts })
    }

    /// What the paths of Go are resolved against.
    pub(super) fn scope(&self) -> Scope {
        let env = self.environment.iter();
        let env = env.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        Scope { env: env.collect(), matrix: self.matrix.clone(), ..Scope::default() }
    }

    /// The steps that `<< parameters.x >>` stands for.
    pub(super) fn steps(&self, text: &str) -> Option<(NodeId, Arc<Self>)> {
        let name = text.trim().strip_prefix("<<")?.strip_suffix(">>")?.trim();
        match self.parameters.get(name.strip_prefix("parameters.")?)? {
            Parameter::Steps(node, names) => Some((*node, Arc::clone(names))),
            _ => None,
        }
    }

    fn value(&self, text: &str, depth: usize) -> Value {
        let mut value = Value::new();
        for (piece, range) in cut(text) {
            let parts = match piece {
                Piece::Literal(text) => vec![Part::literal(text)],
                Piece::Parameter(name) => self.parameter(name, depth),
                Piece::Template(inner) => match self.substituted(inner) {
                    Some(inner) => vec![template(&inner)],
                    None => vec![Part::new(inner, [Class::Opaque])],
                },
            };
            value.extend(parts.into_iter().map(|part| Part { source: range.clone(), ..part }));
        }
        bounded(value)
    }

    fn parameter(&self, name: &str, depth: usize) -> Value {
        let own = name.strip_prefix("parameters.").and_then(|name| self.parameters.get(name));
        let mut value = match (own, depth.checked_sub(1)) {
            (Some(Parameter::Text(text)), Some(depth)) => self.value(text, depth),
            (Some(Parameter::Open(part)), _) => vec![part.clone()],
            _ => vec![Part::new(name, [pipeline_value(name)])],
        };
        if classify::names_go_version(name.rsplit('.').next().unwrap_or_default()) {
            for part in &mut value {
                part.classes.insert(Class::Toolchain);
            }
        }
        value
    }

    /// What a script has in place of its parameters: their text, or an expression
    /// where that cannot be told. `<<` without a name and `>>` is the shell's.
    pub(super) fn in_script(&self, script: &str) -> Vec<(Range<usize>, String)> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let found = script.match_indices("<<").filter_map(|(start, _)| {
            let inner = script.get(start.saturating_add(2)..)?.split_once(">>")?.0;
            let name = inner.trim();
            let is_escaped = script.get(..start)?.ends_with('\\');
            if is_escaped || !name.contains('.') || !name.chars().all(is_part) {
                return None;
            }
            let end = start.saturating_add(inner.len()).saturating_add("<<>>".len());
            let known = name.strip_prefix("parameters.").and_then(|name| self.parameters.get(name));
            let text = match known {
                Some(Parameter::Text(text)) if text.len() <= MAX_TEXT => text.clone(),
                _ => format!("${{{{ {name} }}}}"),
            };
            Some((start..end, text))
        });
        found.take(MAX_IN_SCRIPT).collect()
    }

    /// Puts parameters into a text; `None` where one is not known.
    pub(super) fn substituted(&self, text: &str) -> Option<String> {
        let mut all = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("<<") {
            let (name, after) = after.split_once(">>")?;
            let name = name.trim().strip_prefix("parameters.")?;
            let Some(Parameter::Text(text)) = self.parameters.get(name) else { return None };
            all.push_str(before);
            all.push_str(text);
            rest = after;
        }
        all.push_str(rest);
        (all.len() <= 1 << 14).then_some(all)
    }
}

/// The class of `pipeline.git.branch` and its kin.
fn pipeline_value(name: &str) -> Class {
    match name {
        "pipeline.id" | "pipeline.number" | "pipeline.git.revision" => Class::Volatile,
        "pipeline.git.branch" | "pipeline.git.tag" => Class::Branch,
        _ => Class::Opaque,
    }
}

/// Reads what stands between `{{` and `}}`.
fn template(inner: &str) -> Part {
    let words: Vec<&str> = inner.split_whitespace().collect();
    let spelt = words.join(" ");
    if let Some(file) = spelt.strip_prefix("checksum ") {
        let file = file.trim().trim_matches(['"', '\'']).to_owned();
        let hashed = vec![file];
        let mut part = Part::new(spelt, classify::hashed(&hashed));
        part.hashed = hashed;
        return part;
    }
    let class = match words.as_slice() {
        [".Revision" | ".BuildNum" | "epoch"] => Class::Volatile,
        ["epoch", ..] => Class::SlowVolatile,
        [".Branch"] => Class::Branch,
        ["arch"] => Class::Platform,
        [name] => match name.strip_prefix(".Environment.") {
            Some(name) => variable(name),
            None => Class::Opaque,
        },
        _ => Class::Opaque,
    };
    Part::new(spelt, [class])
}

/// The class of a variable that CircleCI sets.
///
/// Source: <https://circleci.com/docs/reference/variables/>.
fn variable(name: &str) -> Class {
    match name {
        "CIRCLE_SHA1"
        | "CIRCLE_BUILD_NUM"
        | "CIRCLE_WORKFLOW_ID"
        | "CIRCLE_WORKFLOW_JOB_ID"
        | "CIRCLE_PREVIOUS_BUILD_NUM"
        | "CIRCLE_BUILD_URL"
        | "CIRCLE_PIPELINE_ID" => Class::Volatile,
        "CIRCLE_BRANCH" | "CIRCLE_TAG" | "CIRCLE_PR_NUMBER" => Class::Branch,
        "CIRCLE_JOB"
        | "CIRCLE_PROJECT_REPONAME"
        | "CIRCLE_PROJECT_USERNAME"
        | "CIRCLE_NODE_INDEX"
        | "CIRCLE_NODE_TOTAL" => Class::Job,
        name if classify::names_go_version(name) => Class::Toolchain,
        _ => Class::Opaque,
    }
}

enum Piece<'a> {
    Literal(&'a str),
    Parameter(&'a str),
    Template(&'a str),
}

/// Cuts a text at its parameters and templates, each with the bytes that it takes.
fn cut(text: &str) -> Vec<(Piece<'_>, Range<usize>)> {
    let mut pieces = Vec::new();
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..) {
        let [parameter, template] = ["<<", "{{"].map(|open| rest.find(open).unwrap_or(usize::MAX));
        let (start, close) =
            if parameter < template { (parameter, ">>") } else { (template, "}}") };
        let found = rest
            .split_at_checked(start)
            .and_then(|(before, open)| Some((before, open.get(2..)?.split_once(close)?.0)));
        let Some((before, inner)) = found else {
            if !rest.is_empty() {
                pieces.push((Piece::Literal(rest), at..text.len()));
            }
            break;
        };
        let open = at.saturating_add(before.len());
        let end = open.saturating_add(inner.len()).saturating_add(4);
        if !before.is_empty() {
            pieces.push((Piece::Literal(before), at..open));
        }
        let piece = match close {
            ">>" => Piece::Parameter(inner.trim()),
            _ => Piece::Template(inner),
        };
        pieces.push((piece, open..end));
        at = end;
    }
    pieces
}
