//! Variables of a CI system in the text of its files: `$NAME`, `${NAME}`, `$(name)`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::classify;
use super::pipeline::Matrix;
use super::scope::{Scope, Values};
use super::template::{Class, Part, Value, bounded};

/// How a CI system writes a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `$NAME` and `${NAME}`; `$$` is a dollar.
    Dollar,
    /// `$(Build.Reason)`.
    Macro,
}

/// The variables of one job.
#[derive(Debug, Clone)]
pub(super) struct Variables {
    syntax: Syntax,
    /// What the CI system itself sets.
    predefined: fn(&str) -> Option<Class>,
    matrix: Matrix,
    /// Texts as written, by name; `None` where the value cannot be told.
    texts: BTreeMap<String, Option<String>>,
    values: Values,
}

/// How often variables are followed into each other.
const MAX_DEPTH: usize = 4;

impl Variables {
    pub(super) fn new(syntax: Syntax, predefined: fn(&str) -> Option<Class>) -> Self {
        let (matrix, texts, values) = (Matrix::default(), BTreeMap::new(), Values::new());
        Self { syntax, predefined, matrix, texts, values }
    }

    /// Adds variables, which win over those already there.
    ///
    /// Each is resolved a few times over rather than where it is used: variables
    /// that name each other twice would make more text than there is memory.
    pub(super) fn extend(&mut self, texts: impl IntoIterator<Item = (String, Option<String>)>) {
        let texts: Vec<_> =
            texts.into_iter().map(|(name, text)| (self.name(&name), text)).collect();
        if !texts.is_empty() {
            self.texts.extend(texts);
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.values.clear();
        for _ in 0..MAX_DEPTH {
            let values = self.texts.iter().filter_map(|(name, text)| {
                let opaque = || vec![Part::new(self.spelt(name), [Class::Opaque])];
                // The matrix of a job is asked first.
                let value = text.as_ref().map_or_else(opaque, |text| self.resolve(text));
                (!self.matrix.values.contains_key(&name.to_ascii_lowercase()))
                    .then(|| (name.clone(), value))
            });
            self.values = values.collect();
        }
    }

    pub(super) fn set_matrix(&mut self, matrix: Matrix) {
        self.matrix = matrix;
        self.settle();
    }

    /// Resolves a text with variables in it.
    pub(super) fn resolve(&self, text: &str) -> Value {
        let mut value = Value::new();
        for (piece, range) in cut(text, self.syntax) {
            let parts = match piece {
                Piece::Literal(text) => vec![Part::literal(text)],
                Piece::Name(name) => self.variable(name),
                Piece::Unclear(text) => vec![Part::new(text, [Class::Opaque])],
            };
            value.extend(parts.into_iter().map(|part| Part { source: range.clone(), ..part }));
        }
        bounded(value)
    }

    /// The text of a variable where it is known whole.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        super::template::plain(self.values.get(&self.name(name))?)
    }

    /// What the paths of Go are resolved against.
    pub(super) fn scope(&self) -> Scope {
        let env = self.values.iter();
        let env = env.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        Scope { env: env.collect(), matrix: self.matrix.clone(), ..Scope::default() }
    }

    fn variable(&self, name: &str) -> Value {
        let lower = name.to_ascii_lowercase();
        let mut value = if self.matrix.values.contains_key(&lower) {
            vec![self.matrix.part(&[self.spelt(name)], &lower)]
        } else if let Some(value) = self.values.get(&self.name(name)) {
            value.clone()
        } else {
            let class = (self.predefined)(&lower).unwrap_or(Class::Opaque);
            vec![Part::new(self.spelt(name), [class])]
        };
        if classify::names_go_version(name) {
            for part in &mut value {
                part.classes.insert(Class::Toolchain);
            }
        }
        value
    }

    /// Azure does not tell small letters from capitals.
    fn name(&self, name: &str) -> String {
        match self.syntax {
            Syntax::Dollar => name.to_owned(),
            Syntax::Macro => name.to_ascii_lowercase(),
        }
    }

    fn spelt(&self, name: &str) -> String {
        match self.syntax {
            Syntax::Dollar => format!("${name}"),
            Syntax::Macro => format!("$({name})"),
        }
    }
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Literal(&'a str),
    Name(&'a str),
    /// `${NAME:-default}`.
    Unclear(&'a str),
}

/// Cuts a text at its variables, each with the bytes that it takes.
fn cut(text: &str, syntax: Syntax) -> Vec<(Piece<'_>, Range<usize>)> {
    let mut pieces = Vec::new();
    let (mut literal, mut at) = (0_usize, 0_usize);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('$')) {
        let start = at.saturating_add(found);
        let rest = text.get(start..).unwrap_or_default();
        let Some((piece, length)) = variable(rest, syntax) else {
            at = start.saturating_add(1);
            continue;
        };
        if let Some(before) = text.get(literal..start).filter(|before| !before.is_empty()) {
            pieces.push((Piece::Literal(before), literal..start));
        }
        at = start.saturating_add(length);
        pieces.push((piece, start..at));
        literal = at;
    }
    if let Some(rest) = text.get(literal..).filter(|rest| !rest.is_empty()) {
        pieces.push((Piece::Literal(rest), literal..text.len()));
    }
    pieces
}

/// Reads a variable at the start of a text, and its length.
fn variable(text: &str, syntax: Syntax) -> Option<(Piece<'_>, usize)> {
    let rest = text.strip_prefix('$')?;
    let whole = |after: &str| text.len().saturating_sub(after.len());
    if syntax == Syntax::Macro {
        let (name, after) = rest.strip_prefix('(')?.split_once(')')?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let named = !name.is_empty() && name.chars().all(is_name);
        return named.then(|| (Piece::Name(name), whole(after)));
    }
    if let Some(after) = rest.strip_prefix('$') {
        return Some((Piece::Literal("$"), whole(after)));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(inner) = rest.strip_prefix('{') {
        let (name, after) = inner.split_once('}')?;
        let named = !name.is_empty() && name.chars().all(is_name);
        let spelt = text.get(..whole(after)).unwrap_or(name);
        return Some((if named { Piece::Name(name) } else { Piece::Unclear(spelt) }, whole(after)));
    }
    let (name, after) = rest.split_at_checked(rest.find(|c| !is_name(c)).unwrap_or(rest.len()))?;
    (!name.is_empty()).then(|| (Piece::Name(name), whole(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &Value) -> Vec<&str> {
        value.iter().map(|part| part.text.as_str()).collect()
    }

    fn none(_: &str) -> Option<Class> {
        None
    }

    #[test]
    fn a_text_is_cut_at_its_variables() {
        let pieces = |text, syntax| cut(text, syntax).into_iter().map(|(piece, _)| piece);
        let dollar: Vec<_> = pieces("a-$B.${C}$$${D:-x}$(e)", Syntax::Dollar).collect();
        use Piece::{Literal, Name, Unclear};
        assert_eq!(
            dollar,
            [
                Literal("a-"),
                Name("B"),
                Literal("."),
                Name("C"),
                Literal("$"),
                Unclear("${D:-x}"),
                Literal("$(e)")
            ]
        );
        let macros: Vec<_> = pieces("$(A.b)|$c|$(d e)", Syntax::Macro).collect();
        assert_eq!(macros, [Name("A.b"), Literal("|$c|$(d e)")]);
    }

    #[test]
    fn variables_are_followed_and_circles_end() {
        let mut variables = Variables::new(Syntax::Dollar, none);
        let text = |text: &str| Some(text.to_owned());
        variables.extend([
            ("A".to_owned(), text("$B/x")),
            ("B".to_owned(), text("b")),
            ("C".to_owned(), text("$C$D")),
            ("E".to_owned(), None),
        ]);
        assert_eq!(texts(&variables.resolve("$A")), ["b", "/x"]);
        assert_eq!(variables.text("A").as_deref(), Some("b/x"));
        assert!(variables.resolve("$C").iter().all(|part| part.is(Class::Opaque)));
        assert!(variables.resolve("$E")[0].is(Class::Opaque));
    }

    #[test]
    fn variables_that_multiply_stay_small() {
        let mut variables = Variables::new(Syntax::Dollar, none);
        let level =
            |level: usize| (format!("V{level}"), Some(format!("$V{}", level + 1).repeat(1000)));
        variables.extend((0..50).map(level));
        assert!(variables.resolve("$V0").len() <= 128);
    }
}
