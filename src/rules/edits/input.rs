//! Inputs of a step: `with:` of GitHub Actions and its like.

use super::block::Block;
use super::edit;
use super::source::Source;
use crate::config::Repository;
use crate::finding::{Edit, Place, Safety};
use crate::units::{ColumnNumber, LineNumber};

/// Adds an input to a step of GitHub Actions that does not have it.
pub(in crate::rules) fn add_input(
    repository: &Repository,
    step: &Place,
    name: &str,
    value: &str,
    safety: Safety,
) -> Option<Edit> {
    let step = Block::of(repository, step)?;
    let line_end = step.source.line_end();
    let path = step.source.path;
    if step.is_merged() {
        return None;
    }
    if let Some((with, rest)) = step.key("with") {
        if !is_comment(rest) {
            return None;
        }
        let (first, end, column) = step.below(with)?;
        let mut inputs = step.source.lines.within(first..end);
        let is_given = inputs.any(|line| {
            let own = line.text.get(column..).filter(|_| line.indent() == column);
            own.is_some_and(|own| own.starts_with("<<") || own.starts_with(&format!("{name}:")))
        });
        let last = step.source.lines.get(end.checked_sub(1)?)?;
        let text = format!("{line_end}{}{name}: {value}", " ".repeat(column));
        return (!is_given).then(|| edit(path, last.end()..last.end(), text, safety));
    }
    let (uses, rest) = step.key("uses")?;
    let is_plain =
        rest.trim().starts_with(|c: char| c.is_ascii_alphanumeric() || ".\"'".contains(c));
    if !is_plain || step.goes_on(uses) {
        return None;
    }
    let at = step.source.lines.get(uses)?.end();
    let indent = " ".repeat(step.column);
    let text = format!("{line_end}{indent}with:{line_end}{indent}  {name}: {value}");
    Some(edit(path, at..at, text, safety))
}

/// Puts another value in place of that of an input, where that is this text in one line.
pub(in crate::rules) fn change_input(
    repository: &Repository,
    step: &Place,
    name: &str,
    old: &str,
    new: &str,
    safety: Safety,
) -> Option<Edit> {
    let step = Block::of(repository, step)?;
    let (with, rest) = step.key("with")?;
    let (first, end, column) = step.below(with).filter(|_| is_comment(rest))?;
    let mut lines = step.source.lines.within(first..end);
    let line = lines.find(|line| {
        let own = line.text.get(column..).filter(|_| line.indent() == column);
        own.is_some_and(|own| own.starts_with(&format!("{name}: ")))
    })?;
    if lines.find(|line| !line.is_blank()).is_some_and(|line| line.indent() > column) {
        return None;
    }
    let value = line.text.get(column + name.len() + ": ".len()..)?;
    let (start, quote) = value_in(value, old)?;
    let start = line.end() - value.len() + start;
    let new = if quote.is_empty() { new } else { new.trim_matches('\'') };
    Some(edit(step.source.path, start..start + old.len(), new, safety))
}

/// Puts another text in place of one that is the value of one line of a step: `path: x`, `- x` or
/// a line of a block.
pub(in crate::rules) fn change_line(
    repository: &Repository,
    step: &Place,
    old: &str,
    new: &str,
) -> Option<Edit> {
    let step = Block::of(repository, step)?;
    let mut found = step.lines().filter_map(|(_, line)| {
        let text = line.text.trim_start();
        let text = text.strip_prefix("- ").unwrap_or(text).trim_start();
        let value = text.strip_prefix("path: ").unwrap_or(text).trim_start();
        let (start, quote) = value_in(value, old)?;
        Some((line.end() - value.len() + start, quote))
    });
    let (start, quote) = found.next()?;
    // Two of them: which one is meant cannot be told. A backslash would be an escape.
    if found.next().is_some() || (quote == "\"" && new.contains('\\')) {
        return None;
    }
    Some(edit(step.source.path, start..start + old.len(), new, Safety::Unsafe))
}

/// Where the only line of a step that is a value begins with it.
pub(in crate::rules) fn line_of(
    repository: &Repository,
    step: &Place,
    value: &str,
) -> Option<Place> {
    let step = Block::of(repository, step)?;
    let mut found = step.lines().filter_map(|(number, line)| {
        let text = line.text.trim_start();
        let text = text.strip_prefix("- ").unwrap_or(text).trim_start();
        let text = text.strip_prefix("path: ").unwrap_or(text).trim_start();
        value_in(text, value)?;
        let before = line.text.get(..line.text.len().checked_sub(text.len())?)?;
        Some((number, before.chars().count()))
    });
    let (number, column) = found.next()?;
    let at = (LineNumber::from_index(number), ColumnNumber::from_index(column));
    let place = Place { path: step.source.path.to_owned(), at: Some(at) };
    found.next().is_none().then_some(place)
}

/// Puts quotes around a text that has none.
pub(in crate::rules) fn quotes(repository: &Repository, place: &Place, text: &str) -> Option<Edit> {
    let source = Source::of(repository, &place.path)?;
    let (index, offset) = source.at(place)?;
    let line = source.lines.get(index)?;
    line.text.get(offset..)?.strip_prefix(text)?;
    let start = line.start + offset;
    Some(edit(source.path, start..start + text.len(), format!("'{text}'"), Safety::Safe))
}

/// Where a text is the whole of a value, and the quote around it.
fn value_in<'v>(value: &'v str, text: &str) -> Option<(usize, &'v str)> {
    let quote = match value.chars().next() {
        Some('"' | '\'') => value.get(..1)?,
        _ => "",
    };
    let rest = value.strip_prefix(quote)?.strip_prefix(text)?.strip_prefix(quote)?;
    is_comment(rest).then_some((quote.len(), quote))
}

/// Whether nothing but a comment is left of a line.
fn is_comment(rest: &str) -> bool {
    rest.trim().is_empty() || (rest.starts_with(' ') && rest.trim_start().starts_with('#'))
}
