//! Cache keys as templates: literal text and expressions, each with what makes it vary.

use std::collections::BTreeSet;
use std::ops::Range;

use super::expression::Expression;
use super::pipeline::Lookup;
use crate::finding::Place;

/// What makes a part of a cache key change.
///
/// A part with [`Class::Opaque`] may be anything; it is never taken to be volatile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Another value in every run or for every commit, whatever the circumstances.
    Volatile,
    /// Another value every day or week, or in some runs only.
    SlowVolatile,
    Branch,
    /// The dependencies or the sources of the module.
    Deps,
    /// The Go version.
    Toolchain,
    /// Operating system, its image, or the processor.
    Platform,
    /// The workflow, the job, or its leg of a matrix.
    Job,
    /// Cannot be told from the files of the repository.
    Opaque,
}

pub type Classes = BTreeSet<Class>;

/// A part of a template: text as it stands, or one expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Literal text, or an expression in its one spelling.
    pub text: String,
    pub is_literal: bool,
    pub classes: Classes,
    /// Arguments of `hashFiles`, where they are literal.
    pub hashed: Vec<String>,
    /// Bytes of the scalar that the part comes from. Parts that come from one
    /// expression share them.
    pub source: Range<usize>,
    /// The number that YAML makes of the text.
    pub shortened: Option<Shortened>,
}

/// A text without quotes that YAML reads as a number that ends before it: `1.20` is 1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened {
    pub text: String,
    pub place: Place,
}

/// A text with every `${{ … }}` in it resolved as far as the files allow.
pub type Value = Vec<Part>;

/// A cache key or restore key where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Verbatim, before anything is resolved.
    pub text: String,
    pub place: Place,
    pub parts: Value,
}

/// Beyond this a text is one opaque part. GitHub itself refuses keys of more than 512 characters.
const MAX_TEXT: usize = 1 << 14;
const MAX_PARTS: usize = 128;

impl Part {
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        let mut part = Self::new(text, []);
        part.is_literal = true;
        part
    }

    /// A part that stands for an expression.
    #[must_use]
    pub fn new(text: impl Into<String>, classes: impl IntoIterator<Item = Class>) -> Self {
        Self {
            text: text.into(),
            is_literal: false,
            classes: classes.into_iter().collect(),
            hashed: Vec::new(),
            source: 0..0,
            shortened: None,
        }
    }

    #[must_use]
    pub fn is(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }
}

impl Template {
    #[must_use]
    pub fn has(&self, class: Class) -> bool {
        self.parts.iter().any(|part| part.is(class))
    }

    /// Returns the text before the first part of a class.
    #[must_use]
    pub fn text_before(&self, class: Class) -> Option<&str> {
        self.text.get(..self.parts.iter().find(|part| part.is(class))?.source.start)
    }

    /// Tells whether two templates have the same value wherever both are resolved.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.may_restore(other, true) && other.may_restore(self, true)
    }

    /// Tells whether the whole text is what another step, job or caller hands over.
    #[must_use]
    pub fn is_handed_over(&self) -> bool {
        let [Segment { text, is_expression: true, .. }] = segments(&self.text)[..] else {
            return false;
        };
        matches!(
            Expression::parse(text),
            Expression::Context(path) if path.first().is_some_and(|context| {
                matches!(context.as_str(), "steps" | "needs" | "inputs")
            })
        )
    }

    /// Tells whether a lookup of this key as a prefix may find an entry saved
    /// under `saved`, by a run of its own or, with `same_run`, by the same run.
    ///
    /// `false` is certain. Where two different expressions meet, they may have
    /// the same value: `true`.
    #[must_use]
    pub fn may_restore(&self, saved: &Self, same_run: bool) -> bool {
        self.reaches(saved, same_run, Lookup::Prefix)
    }

    /// Tells whether the whole of this key may be one that something is saved
    /// under, as [`Template::may_restore`] does.
    #[must_use]
    pub fn may_be(&self, saved: &Self, same_run: bool) -> bool {
        self.reaches(saved, same_run, Lookup::Whole)
    }

    fn reaches(&self, saved: &Self, same_run: bool, lookup: Lookup) -> bool {
        let (mut wanted, mut saved) = (Cursor::new(&self.parts), Cursor::new(&saved.parts));
        loop {
            match (wanted.next(), saved.next()) {
                (None, rest) => {
                    return lookup == Lookup::Prefix || !matches!(rest, Some(Piece::Text(_)));
                }
                (Some(_), None) => return false,
                (Some(Piece::Text(one)), Some(Piece::Text(other))) => {
                    let common = one.len().min(other.len());
                    if one.get(..common) != other.get(..common) {
                        return false;
                    }
                    wanted.rest = one.get(common..).unwrap_or_default();
                    saved.rest = other.get(common..).unwrap_or_default();
                }
                (Some(Piece::Part(one)), Some(Piece::Part(other))) if one.text == other.text => {
                    if one.is(Class::Volatile) && !same_run {
                        return false;
                    }
                }
                (Some(Piece::Text(_)), Some(Piece::Part(other))) => {
                    return !other.is(Class::Volatile);
                }
                (Some(Piece::Part(_)), Some(_)) => return true,
            }
        }
    }
}

/// Walks over parts; literal text may be taken by and by.
struct Cursor<'a> {
    rest: &'a [u8],
    parts: std::slice::Iter<'a, Part>,
}

enum Piece<'a> {
    Text(&'a [u8]),
    Part(&'a Part),
}

impl<'a> Cursor<'a> {
    fn new(parts: &'a [Part]) -> Self {
        Self { rest: &[], parts: parts.iter() }
    }

    fn next(&mut self) -> Option<Piece<'a>> {
        while self.rest.is_empty() {
            let part = self.parts.next()?;
            if !part.is_literal {
                return Some(Piece::Part(part));
            }
            self.rest = part.text.as_bytes();
        }
        Some(Piece::Text(std::mem::take(&mut self.rest)))
    }
}

/// Returns the value, or one opaque part in place of one that has grown too large.
#[must_use]
pub(super) fn bounded(value: Value) -> Value {
    let bytes = value.iter().fold(0_usize, |sum, part| sum.saturating_add(part.text.len()));
    if value.len() <= MAX_PARTS && bytes <= MAX_TEXT {
        return value;
    }
    vec![Part::new("too long", [Class::Opaque])]
}

/// Returns the classes of an expression that takes one of these values.
///
/// It is volatile only when each of them is.
#[must_use]
pub(super) fn either(values: &[Value]) -> Classes {
    let mut classes: Classes =
        values.iter().flatten().flat_map(|part| part.classes.clone()).collect();
    let is_volatile = |value: &Value| value.iter().any(|part| part.is(Class::Volatile));
    if classes.contains(&Class::Volatile) && !values.iter().all(is_volatile) {
        classes.remove(&Class::Volatile);
        classes.insert(Class::SlowVolatile);
    }
    classes
}

/// A piece of a text: literal, or what stands between `${{` and `}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub text: &'a str,
    pub is_expression: bool,
    /// Bytes of the whole text, the braces included.
    pub range: Range<usize>,
}

/// Cuts a text at its expressions. An expression without an end is literal.
pub(super) fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut done = 0_usize;
    while let Some((literal, inner, end)) = next_expression(text, done) {
        if !literal.is_empty() {
            segments.push(Segment {
                text: text.get(literal.clone()).unwrap_or_default(),
                is_expression: false,
                range: literal.clone(),
            });
        }
        segments.push(Segment { text: inner, is_expression: true, range: literal.end..end });
        done = end;
    }
    if let Some(rest) = text.get(done..).filter(|rest| !rest.is_empty()) {
        segments.push(Segment { text: rest, is_expression: false, range: done..text.len() });
    }
    segments
}

/// Finds the first expression from `start` on: the literal text before it, its
/// inside, and where it ends.
fn next_expression(text: &str, start: usize) -> Option<(Range<usize>, &str, usize)> {
    let (before, rest) = text.get(start..)?.split_once("${{")?;
    // `}}` in a string does not end the expression.
    let mut in_string = false;
    let close = rest.char_indices().find(|(index, c)| {
        in_string ^= *c == '\'';
        !in_string && rest.get(*index..).is_some_and(|rest| rest.starts_with("}}"))
    })?;
    let open = start.saturating_add(before.len());
    let end = open.saturating_add("${{}}".len()).saturating_add(close.0);
    Some((start..open, rest.get(..close.0)?, end))
}

/// The text of a value that has no open parts.
pub(super) fn plain(value: &[Part]) -> Option<String> {
    value.iter().map(|part| part.is_literal.then_some(part.text.as_str())).collect()
}

/// Splits a value at the line ends that its inputs brought in.
pub(super) fn split_lines(value: Value) -> Vec<Value> {
    let mut lines = vec![Value::new()];
    for part in value {
        let text = part.text.clone();
        let pieces = if part.is_literal { text.split('\n').collect() } else { vec![text.as_str()] };
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                lines.push(Value::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| !piece.is_empty()) {
                line.push(Part { text: piece.to_owned(), ..part.clone() });
            }
        }
    }
    lines.retain(|line| plain(line).is_none_or(|text| !text.trim().is_empty()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::scope::Scope;

    fn template(text: &str) -> Template {
        let place = Place { path: String::new(), at: None };
        Template { text: text.to_owned(), place, parts: Scope::default().resolve(text) }
    }

    #[test]
    fn a_text_is_cut_at_its_expressions() {
        let texts =
            |text| segments(text).into_iter().map(|s| (s.text, s.range)).collect::<Vec<_>>();
        assert_eq!(texts("a${{b}}c"), [("a", 0..1), ("b", 1..7), ("c", 7..8)]);
        assert_eq!(texts("${{ '}}' }}"), [(" '}}' ", 0..11)]);
        assert_eq!(texts("a${{b"), [("a${{b", 0..5)]);
        assert_eq!(texts(""), []);
    }

    #[test]
    fn what_a_key_may_restore() {
        let saved = template("${{ runner.os }}-go-${{ github.sha }}");
        let reaches = |key: &str, same_run| template(key).may_restore(&saved, same_run);
        assert!(reaches("${{runner.os}}-go-", false));
        assert!(reaches("${{runner.os}}-g", false));
        assert!(!reaches("${{runner.os}}-mod-", false));
        assert!(!reaches("${{ runner.os }}-go-${{ github.sha }}", false));
        assert!(reaches("${{ runner.os }}-go-${{ github.sha }}", true));
        assert!(!reaches("${{ runner.os }}-go-x", false));
        assert!(!reaches("${{ runner.os }}-go-${{ github.sha }}-x", true));
        // These cannot be told.
        assert!(reaches("Linux-go-", false));
        assert!(reaches("${{ matrix.os }}-mod-", false));
        assert!(reaches("${{ runner.os }}-go-${{ github.event.before }}", false));
    }

    #[test]
    fn a_text_before_a_class_is_verbatim() {
        let key = template("${{ runner.os }}-${{  hashFiles('go.sum') }}-x");
        assert_eq!(key.text_before(Class::Deps), Some("${{ runner.os }}-"));
        assert_eq!(key.text_before(Class::Volatile), None);
    }

    #[test]
    fn a_value_that_is_too_long_is_opaque() {
        let long = template(&"${{ github.sha }}".repeat(10_000));
        assert_eq!(long.parts.len(), 1);
        assert!(long.has(Class::Opaque) && !long.has(Class::Volatile));
    }
}
