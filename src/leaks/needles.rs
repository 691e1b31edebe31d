//! The values to search for, and which of them can be told from other text.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::{Kind, NotSearched, Searched};

/// A value of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    pub kind: Kind,
    pub text: String,
    /// Whether it was made for this build and is random: nothing else is equal to it.
    pub is_marked: bool,
}

/// Fewer bytes are found anywhere.
const SHORTEST: usize = 4;

/// Bytes from which on a name without digits or hyphens is not taken for a word.
const DISTINCTIVE: usize = 8;

/// Where all the world has its temporary files: programs name these without having been there.
const SHARED: &[&str] = &["/tmp", "/var/tmp", "/private/tmp", "/usr/tmp", "/dev/shm"];

/// Names that are words, too.
const COMMON: &[&str] = &["administrator", "localhost", "localhost.localdomain", "postgres"];

/// Values of one build, ready to be searched for.
#[derive(Debug)]
pub struct Needles {
    automaton: Option<AhoCorasick>,
    all: Vec<Needle>,
    not_searched: Vec<NotSearched>,
}

/// A value that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit<'n> {
    pub(super) needle: &'n Needle,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Needles {
    /// Leaves out values that cannot be told from other text. Of two kinds with one value the first
    /// one given has it.
    #[must_use]
    pub fn new(given: impl IntoIterator<Item = Needle>) -> Self {
        let mut kept: BTreeMap<String, Needle> = BTreeMap::new();
        let mut not_searched = Vec::new();
        for mut needle in given {
            if needle.kind.is_directory() {
                needle.text.truncate(needle.text.trim_end_matches('/').len());
            }
            match why_not(&needle) {
                Some(_) if needle.text.is_empty() => {}
                Some(why) => {
                    let why = why.to_owned();
                    not_searched.push(NotSearched { kind: needle.kind, why });
                }
                None => drop(kept.entry(needle.text.clone()).or_insert(needle)),
            }
        }
        let all: Vec<Needle> = kept.into_values().collect();
        let texts = all.iter().map(|needle| &needle.text);
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts).ok();
        Self { automaton, all, not_searched }
    }

    /// The kinds that are searched for, in order.
    #[must_use]
    pub fn searched(&self) -> Vec<Searched> {
        let mut kinds: BTreeMap<Kind, bool> = BTreeMap::new();
        for needle in self.all.iter().filter(|_| self.automaton.is_some()) {
            *kinds.entry(needle.kind).or_default() |= needle.is_marked;
        }
        kinds.into_iter().map(|(kind, is_certain)| Searched { kind, is_certain }).collect()
    }

    /// The values that are not searched for. A kind may have another value that is.
    #[must_use]
    pub fn not_searched(&self) -> &[NotSearched] {
        &self.not_searched
    }

    /// Calls `found` for each value in some bytes, in order.
    pub(super) fn each<'n>(&'n self, bytes: &[u8], mut found: impl FnMut(Hit<'n>)) {
        let Some(automaton) = &self.automaton else { return };
        let mut at = 0;
        while let Some(hit) = automaton.find(Input::new(bytes).range(at..)) {
            let longest = self.all.get(hit.pattern().as_usize());
            let hit = longest.and_then(|longest| self.standing(longest, bytes, hit.start()));
            // `/home/bob` may stand where `/home/bob/src` only begins a longer name.
            match hit {
                Some(hit) => {
                    at = hit.end;
                    found(hit);
                }
                None => at = hit_start_after(automaton, bytes, at),
            }
        }
    }

    fn standing<'n>(&'n self, longest: &Needle, bytes: &[u8], start: usize) -> Option<Hit<'n>> {
        let begins = |needle: &&Needle| longest.text.starts_with(&needle.text);
        let fitting = self.all.iter().filter(begins).filter_map(|needle| {
            let end = start.checked_add(needle.text.len())?;
            stands(needle, bytes, start, end).then_some(Hit { needle, start, end })
        });
        fitting.max_by_key(|hit| hit.end)
    }

    /// The text with names and variables of this build as their placeholders.
    pub(super) fn hidden(&self, text: &str) -> String {
        let all = self.all.iter().filter(|needle| !needle.kind.is_directory());
        all.fold(text.to_owned(), |text, needle| {
            text.replace(&needle.text, needle.kind.placeholder())
        })
    }
}

/// Where to go on after a match that was none.
fn hit_start_after(automaton: &AhoCorasick, bytes: &[u8], at: usize) -> usize {
    let hit = automaton.find(Input::new(bytes).range(at..));
    hit.map_or(bytes.len(), |hit| hit.start().saturating_add(1))
}

fn why_not(needle: &Needle) -> Option<&'static str> {
    let text = needle.text.as_str();
    if text.len() < SHORTEST {
        return Some("has fewer than 4 bytes, which stand anywhere");
    }
    if needle.is_marked {
        return None;
    }
    if needle.kind.is_directory() {
        let shared = SHARED.contains(&text) || !text.starts_with('/');
        return shared.then_some("is where every machine has it");
    }
    let is_odd = text.len() >= 6 && text.chars().any(|char| !char.is_ascii_alphabetic());
    let is_word = COMMON.contains(&text) || !(is_odd || text.len() >= DISTINCTIVE);
    is_word.then_some("is too short or common a word to be told from others")
}

/// Says whether a value is itself there, and not the middle of something longer.
fn stands(needle: &Needle, bytes: &[u8], start: usize, end: usize) -> bool {
    if needle.is_marked {
        return true;
    }
    let before = start.checked_sub(1).and_then(|at| bytes.get(at).copied());
    let after = bytes.get(end).copied();
    let next = end.checked_add(1).and_then(|at| bytes.get(at).copied());
    let goes_on = after.is_some_and(is_name)
        || (after == Some(b'.') && next.is_some_and(|byte| byte.is_ascii_alphanumeric()));
    let is_inside = before.is_some_and(is_name);
    match needle.kind.is_directory() {
        false => !goes_on && !is_inside,
        // `-I/home/bob` has no space before it, and strings of Go have nothing between them.
        true if needle.text.matches('/').count() > 1 => !goes_on,
        true => after == Some(b'/') && !is_inside && before != Some(b'.'),
    }
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(all: &[(Kind, &str, bool)]) -> Needles {
        Needles::new(all.iter().map(|&(kind, text, is_marked)| Needle {
            kind,
            text: text.to_owned(),
            is_marked,
        }))
    }

    fn found(needles: &Needles, text: &str) -> Vec<(Kind, usize)> {
        let mut all = Vec::new();
        needles.each(text.as_bytes(), |hit| all.push((hit.needle.kind, hit.start)));
        all
    }

    #[test]
    fn the_longest_directory_has_the_place() {
        let all =
            needles(&[(Kind::Home, "/home/bob/", false), (Kind::Workdir, "/home/bob/src", false)]);
        let text = "-I/home/bob/src/x /home/bob/srcs /home/bobby /home/bob.x /home/bob";
        assert_eq!(found(&all, text), [(Kind::Workdir, 2), (Kind::Home, 18), (Kind::Home, 57)]);
    }

    #[test]
    fn a_marked_value_needs_no_bounds_and_another_does() {
        let text = "xxgoaudit-user-1a2b3cyy build-host-7z build-host-7";
        let marked = needles(&[(Kind::User, "goaudit-user-1a2b3c", true)]);
        assert_eq!(found(&marked, text), [(Kind::User, 2)]);
        let plain = needles(&[(Kind::Host, "build-host-7", false)]);
        assert_eq!(found(&plain, text), [(Kind::Host, 38)]);
    }

    #[test]
    fn a_directory_of_one_part_has_to_begin_a_path() {
        let all = needles(&[(Kind::Workdir, "/app", false)]);
        assert_eq!(found(&all, "/x/app/y /apple /app \0/app/main.go"), [(Kind::Workdir, 22)]);
    }

    #[test]
    fn what_is_too_common_is_not_searched() {
        let all = needles(&[
            (Kind::User, "root", false),
            (Kind::User, "bob", true),
            (Kind::Host, "localhost", false),
            (Kind::Host, "", false),
            (Kind::Tmpdir, "/tmp", false),
            (Kind::Home, "/", false),
            (Kind::Goroot, "go", false),
        ]);
        assert_eq!(all.searched(), []);
        let kinds: Vec<_> = all.not_searched().iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [Kind::User, Kind::User, Kind::Host, Kind::Tmpdir, Kind::Goroot]);
        assert_eq!(found(&all, "root bob localhost /tmp/x"), []);
    }
}
