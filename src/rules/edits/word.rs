//! Words of a command line, wherever it stands: a workflow, a Makefile, a script, a Dockerfile.

use std::ops::Range;

use super::edit;
use super::source::{Line, Source};
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand, GoFlag};
use crate::config::text::{PieceKind, Text};
use crate::finding::{Edit, Safety};
use crate::golang::flags::Origin;

/// A word that stands in a line of a file as the command has it.
struct Word<'a> {
    source: Source<'a>,
    line: usize,
    /// Bytes of the line.
    range: Range<usize>,
}

/// Takes a flag out of a command or out of the GOFLAGS that it gets, its value included.
pub(in crate::rules) fn without_flag(
    repository: &Repository,
    command: &GoCommand,
    flag: &GoFlag,
) -> Option<Edit> {
    let is_flag = |word: &Text| {
        let text = word.known().unwrap_or_default();
        let name = text.trim_start_matches('-');
        text.starts_with('-') && name.split('=').next() == Some(flag.name.as_str())
    };
    if flag.origin == Origin::Goflags {
        let words = command.at.env.get("GOFLAGS")?.words();
        let word = words.iter().find(|word| is_flag(word))?;
        let word = Word::find(repository, word)?;
        // `ENV GOFLAGS -a` would be left without a value.
        let before = word.before()?.trim_end();
        return if before.ends_with("GOFLAGS") { None } else { word.removed(Safety::Unsafe) };
    }
    let is_here = |word: &Text| word.spot().map(|spot| spot.place()) == flag.place;
    let index = command.words.iter().position(|word| is_here(word) && is_flag(word))?;
    let mut word = Word::find(repository, command.words.get(index)?)?;
    let has_own = command.words.get(index)?.known()?.contains('=');
    if !has_own && flag.value.is_some() {
        // The value is the next word, on the same line, with blanks between.
        let value = Word::find(repository, command.words.get(index + 1)?)?;
        let between = word.text()?.get(word.range.end..value.range.start);
        let is_next = between.is_some_and(|between| between.trim().is_empty());
        if value.line != word.line || value.source.path != word.source.path || !is_next {
            return None;
        }
        word.range.end = value.range.end;
    }
    word.removed(word.safety(command))
}

/// Puts a flag behind the verb of a command.
pub(in crate::rules) fn behind_verb(
    repository: &Repository,
    command: &GoCommand,
    flag: &str,
) -> Option<Edit> {
    let is_verb = |word: &&Text| word.known().as_deref() == Some(command.verb());
    let word = Word::find(repository, command.words.iter().skip(1).find(is_verb)?)?;
    let before = word.before()?;
    // An item of a list is one word, and what is in quotes may be one.
    let is_free = before.ends_with([' ', '\t'])
        && !before.trim_end().is_empty()
        && !before.trim_end().ends_with(['-', ',', '[', ':']);
    let after = word.after()?;
    if !is_free || !(after.is_empty() || after.starts_with([' ', '\t'])) {
        return None;
    }
    let at = word.line()?.start + word.range.end;
    let safety = word.safety(command);
    Some(edit(word.source.path, at..at, format!(" {flag}"), safety))
}

impl<'a> Word<'a> {
    /// `None` where the word is put together, quoted in part, or not literally at its place.
    fn find(repository: &'a Repository, word: &Text) -> Option<Self> {
        let [piece] = word.pieces.as_slice() else { return None };
        if piece.kind != PieceKind::Literal || !piece.is_verbatim || piece.text.contains('\n') {
            return None;
        }
        let source = Source::of(repository, &piece.spot.path)?;
        let (line, start) = source.at(&piece.spot.place())?;
        let range = start..start + piece.text.len();
        let is_there = source.lines.get(line)?.text.get(range.clone()) == Some(&piece.text);
        is_there.then_some(Self { source, line, range })
    }

    /// Unsafe where the word is not in the lines of the command, but in a variable: others may use
    /// that too.
    fn safety(&self, command: &GoCommand) -> Safety {
        let place = &command.at.place;
        let first = self.source.at(place).filter(|_| place.path == self.source.path);
        let is_own = first.is_some_and(|(first, column)| {
            let mut lines = self.source.lines.within(first..self.line);
            let goes_on =
                |line: Line<'_>| line.text.trim_end().ends_with('\\') || line.is_comment();
            (first, column) <= (self.line, self.range.start) && lines.all(goes_on)
        });
        match is_own || command.at.context == Context::GoReleaser {
            true => Safety::Safe,
            false => Safety::Unsafe,
        }
    }

    fn line(&self) -> Option<Line<'a>> {
        self.source.lines.get(self.line)
    }

    fn text(&self) -> Option<&'a str> {
        self.line().map(|line| line.text)
    }

    fn before(&self) -> Option<&'a str> {
        self.text()?.get(..self.range.start)
    }

    fn after(&self) -> Option<&'a str> {
        self.text()?.get(self.range.end..)
    }

    /// The edit that takes the word out, with the blanks or the line that it leaves.
    fn removed(&self, safety: Safety) -> Option<Edit> {
        let (before, after) = (self.before()?, self.after()?);
        let range = if before.trim().is_empty() {
            self.at_line_start(after)?
        } else if before.ends_with([' ', '\t']) {
            self.behind_blanks(before, after)?
        } else {
            self.in_value(before, after)?
        };
        Some(edit(self.source.path, range, "", safety))
    }

    /// A word that starts a line: one that goes on from the line before.
    fn at_line_start(&self, after: &str) -> Option<Range<usize>> {
        let line = self.line()?;
        let previous = self.source.lines.get(self.line.checked_sub(1)?)?;
        let kept = previous.text.trim_end().strip_suffix('\\')?.trim_end_matches([' ', '\t']);
        match after.trim() {
            // The line before is the last one now.
            "" => Some(previous.start + kept.len()..line.end()),
            "\\" => Some(line.start..self.source.behind(self.line)?),
            rest if rest.starts_with('#') || !after.starts_with([' ', '\t']) => None,
            _ => {
                let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
                Some(line.start + self.range.start..line.start + self.range.end + blanks)
            }
        }
    }

    /// A word in the middle or at the end of a line.
    fn behind_blanks(&self, before: &str, after: &str) -> Option<Range<usize>> {
        let line = self.line()?;
        let kept = before.trim_end();
        if kept.trim_start() == "-" {
            return self.list_item(after);
        }
        // An item of a list in brackets or a value would be left empty.
        let is_value = kept.ends_with([':', ',', '[', '{', '-', '(']);
        let ends =
            after.is_empty() || after.starts_with([' ', '\t', ';', ')', '&', '|', '"', '\'', '`']);
        if is_value || !ends {
            return None;
        }
        Some(line.start + kept.len()..line.start + self.range.end)
    }

    /// A word behind `=` or a quote.
    fn in_value(&self, before: &str, after: &str) -> Option<Range<usize>> {
        let line = self.line()?;
        let (start, end) = (line.start + self.range.start, line.start + self.range.end);
        let is_assigned = |before: &str| before.trim_end().ends_with(['=', ':']);
        let is_end = |after: &str| after.is_empty() || after.starts_with([' ', '\t', ';']);
        if before.ends_with('=') {
            return is_end(after).then_some(start..end);
        }
        let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\''))?;
        let outside = before.strip_suffix(quote)?;
        if let Some(behind) = after.strip_prefix(quote) {
            if outside.trim() == "-" {
                return self.list_item(behind);
            }
            let is_whole = is_assigned(outside) && (is_end(behind) || behind.starts_with('}'));
            return is_whole.then_some(start..end);
        }
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        let goes_on = blanks > 0 && !after.trim().is_empty() && after.trim() != "\\";
        goes_on.then_some(start..end + blanks)
    }

    /// A word that is an item of a list, the line of it. The list keeps at least one.
    fn list_item(&self, after: &str) -> Option<Range<usize>> {
        let line = self.line()?;
        let is_sibling = |index: Option<usize>| {
            index.and_then(|index| self.source.lines.get(index)).is_some_and(|other| {
                other.indent() == line.indent() && other.text.trim_start().starts_with("- ")
            })
        };
        let has_other = is_sibling(self.line.checked_sub(1)) || is_sibling(Some(self.line + 1));
        let is_alone = after.trim().is_empty() && has_other && !line.line_end.is_empty();
        is_alone.then_some(line.start..self.source.behind(self.line)?)
    }
}
