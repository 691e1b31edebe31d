//! Keys of cache steps.

use std::ops::Range;

use super::edit;
use super::source::Source;
use crate::config::Repository;
use crate::config::pipeline::{CacheUse, CachedBy, StepKind, System};
use crate::config::template::Template;
use crate::finding::{Edit, Place, Safety};

/// A value that stands whole behind its key, alone on a line: `key: go-${{ … }}  # comment`.
pub(in crate::rules) struct Input<'a> {
    path: &'a str,
    /// The blanks before the key.
    indent: &'a str,
    /// The quote around the value, or nothing.
    quote: &'a str,
    /// Byte of the file at which the text of the value starts.
    start: usize,
    /// Byte of the file at which the line ends, and what ends it.
    end: usize,
    line_end: &'a str,
}

impl<'a> Input<'a> {
    /// Finds the value of `key:`. `None` where it is written in a way that no line can be added to.
    pub(in crate::rules) fn of_key(repository: &'a Repository, key: &Template) -> Option<Self> {
        let source = Source::of(repository, &key.place.path)?;
        let (index, offset) = source.at(&key.place)?;
        let line = source.lines.get(index)?;
        let (before, quote, start) = around(line.text, offset, &key.text)?;
        let indent = before.strip_suffix("key: ")?;
        if !indent.bytes().all(|byte| byte == b' ') {
            return None;
        }
        // What goes on in the next line is another text than that of the value.
        let rest = line.text.get(start + key.text.len()..)?.strip_prefix(quote)?;
        if !(rest.trim().is_empty() || rest.starts_with(" #")) {
            return None;
        }
        let (end, line_end) = (line.end(), source.line_end());
        let start = line.start + start;
        Some(Self { path: source.path, indent, quote, start, end, line_end })
    }

    /// Adds `restore-keys` below the key, under the name that the system gives it.
    pub(in crate::rules) fn with_restore_keys(
        &self,
        system: System,
        prefix: &str,
        safety: Safety,
    ) -> Option<Edit> {
        // Plain text would be cut, or be a mapping.
        let is_odd = prefix.trim() != prefix || prefix.ends_with(':');
        if prefix.is_empty() || (is_odd && self.quote.is_empty()) {
            return None;
        }
        let name = match system {
            System::GitHub => "restore-keys",
            System::Azure => "restoreKeys",
            _ => return None,
        };
        let Self { indent, quote, line_end, .. } = self;
        let text = format!("{line_end}{indent}{name}: {quote}{prefix}{quote}");
        Some(edit(self.path, self.end..self.end, text, safety))
    }

    /// Makes a list of the key and a prefix of it, which is how CircleCI has restore keys.
    pub(in crate::rules) fn with_second_key(
        &self,
        prefix: &str,
        safety: Safety,
    ) -> Option<Vec<Edit>> {
        let is_odd = prefix.trim() != prefix || prefix.ends_with(':') || prefix.starts_with('{');
        if prefix.is_empty() || (is_odd && self.quote.is_empty()) {
            return None;
        }
        let Self { indent, quote, line_end, .. } = self;
        let value = self.start - quote.len();
        let item = format!("{line_end}{indent}  - ");
        Some(vec![
            edit(self.path, value - "key: ".len()..value, format!("keys:{item}"), safety),
            edit(self.path, self.end..self.end, format!("{item}{quote}{prefix}{quote}"), safety),
        ])
    }

    /// Whether the value is in quotes, so that it may begin with anything.
    pub(in crate::rules) fn is_quoted(&self) -> bool {
        !self.quote.is_empty()
    }

    /// Puts text into the value, behind `offset` bytes of it.
    pub(in crate::rules) fn with_text(&self, offset: usize, text: &str, safety: Safety) -> Edit {
        let start = self.start + offset;
        edit(self.path, start..start, escaped(text, self.quote), safety)
    }
}

/// Cuts a line around a value: what is before it, the quote around it, where its text begins.
/// `None` where it is not there as it is, but escaped.
///
/// The place of a value is that of its quote, or of its text.
fn around<'l>(line: &'l str, offset: usize, text: &str) -> Option<(&'l str, &'l str, usize)> {
    let (before, after) = line.split_at_checked(offset)?;
    let at_quote = ["\"", "'"].into_iter().find_map(|quote| {
        let rest = after.strip_prefix(quote)?.strip_prefix(text)?;
        rest.starts_with(quote).then(|| after.get(..1))?
    });
    if let Some(quote) = at_quote {
        return Some((before, quote, offset + quote.len()));
    }
    let rest = after.strip_prefix(text)?;
    let outside = before.strip_suffix(['"', '\'']).filter(|_| !text.is_empty());
    match outside.and_then(|outside| Some((outside, before.get(outside.len()..)?))) {
        Some((outside, quote)) if rest.starts_with(quote) => Some((outside, quote, offset)),
        // The quote of a text that goes on, or one that belongs to it.
        Some(_) => None,
        None => Some((before, "", offset)),
    }
}

fn escaped(text: &str, quote: &str) -> String {
    match quote {
        "'" => text.replace('\'', "''"),
        "\"" => text.replace('\\', "\\\\").replace('"', "\\\""),
        _ => text.to_owned(),
    }
}

/// Puts text in place of a part of a template that stands verbatim at its place.
pub(in crate::rules) fn change(
    repository: &Repository,
    template: &Template,
    part: Range<usize>,
    text: &str,
    safety: Safety,
) -> Option<Edit> {
    let source = Source::of(repository, &template.place.path)?;
    let (index, offset) = source.at(&template.place)?;
    let line = source.lines.get(index)?;
    let (_, quote, start) = around(line.text, offset, &template.text)?;
    let start = line.start + start;
    let range = start + part.start..start + part.end;
    Some(edit(source.path, range, escaped(text, quote), safety))
}

/// Puts a prefix in place of a restore key, or takes its line away where there is none.
pub(in crate::rules) fn drop_or_change(
    repository: &Repository,
    restore_key: &Template,
    prefix: Option<&str>,
    safety: Safety,
) -> Option<Edit> {
    let source = Source::of(repository, &restore_key.place.path)?;
    let (index, offset) = source.at(&restore_key.place)?;
    let line = source.lines.get(index)?;
    let (before, quote, start) = around(line.text, offset, &restore_key.text)?;
    let rest = line.text.get(start + restore_key.text.len()..)?.strip_prefix(quote)?;
    let is_block = before.trim().is_empty() && quote.is_empty();
    let is_alone = before.trim() == "restore-keys:" && !before.ends_with(':');
    if !(is_block || is_alone) || !(rest.trim().is_empty() || (is_alone && rest.starts_with(" #")))
    {
        return None;
    }
    match prefix {
        Some(prefix) if prefix.trim() == prefix && !prefix.ends_with(':') => {
            change(repository, restore_key, 0..restore_key.text.len(), prefix, safety)
        }
        Some(_) => None,
        None if is_block => Some(edit(source.path, line.start..source.behind(index)?, "", safety)),
        None => None,
    }
}

/// Tells whether other steps may count on the key as it is: what saves and what restores would no
/// longer meet if one of them got another key.
pub(in crate::rules) fn is_shared<'a>(
    one: &CachedBy<'_>,
    all: impl IntoIterator<Item = CachedBy<'a>>,
) -> bool {
    let key = &one.cache.key;
    let meets = |other: CachedBy<'_>| {
        let (cache, place) = (other.cache, &other.cache.key.place);
        let mut keys = [&cache.key].into_iter().chain(&cache.restore_keys);
        cache.how != CacheUse::Both && *place != key.place && keys.any(|k| k.may_restore(key, true))
    };
    one.cache.how != CacheUse::Both || all.into_iter().any(meets)
}

/// Lets a key follow go.sum, and finds what was saved before by what is left of it.
pub(in crate::rules) fn with_sum(repository: &Repository, one: &CachedBy<'_>) -> Option<Vec<Edit>> {
    let (cache, key, system) = (one.cache, &one.cache.key, one.pipeline.system);
    let has_sum = |path: &String| path == "go.sum" || path.ends_with("/go.sum");
    let is_in_root = repository.paths().iter().any(|path| path == "go.sum");
    let input = Input::of_key(repository, key)?;
    let mut edits = Vec::new();
    let mut add = |text: &str| edits.push(input.with_text(key.text.len(), text, Safety::Unsafe));
    match system {
        System::GitHub => {
            let before = one.job.steps.iter().take_while(|step| !std::ptr::eq(*step, one.step));
            let is_checkout = |kind: &StepKind| matches!(kind, StepKind::Checkout(_));
            let is_there = before.into_iter().any(|step| is_checkout(&step.kind));
            if !is_there || !repository.paths().iter().any(has_sum) {
                return None;
            }
            add("-${{ hashFiles('**/go.sum') }}");
            if cache.restore_keys.is_empty() {
                let prefix = format!("{}-", key.text);
                edits.push(input.with_restore_keys(system, &prefix, Safety::Unsafe)?);
            }
        }
        // What restores the key as it was is a prefix of what it becomes.
        System::CircleCi if is_in_root => add("-{{ checksum \"go.sum\" }}"),
        System::Azure if is_in_root => add(" | go.sum"),
        _ => return None,
    }
    let is_lone = system == System::CircleCi || !is_shared(one, repository.caches());
    is_lone.then_some(edits)
}

/// Puts a line before the first key of a step: `- uses: x` becomes `- id: y`, then `uses: x`.
pub(in crate::rules) fn first_key(
    repository: &Repository,
    step: &Place,
    text: &str,
) -> Option<Edit> {
    let source = Source::of(repository, &step.path)?;
    let (index, offset) = source.at(step)?;
    let line = source.lines.get(index)?;
    let (before, after) = line.text.split_at_checked(offset)?;
    let dash = before.trim_start_matches(' ').strip_prefix('-')?;
    if after.starts_with(['{', '&', '*', '!']) || !dash.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let start = line.start + offset;
    let text = format!("{text}{}{}", source.line_end(), " ".repeat(offset));
    Some(edit(source.path, start..start, text, Safety::Unsafe))
}
