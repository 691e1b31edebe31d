//! Which lines differ in two small texts.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Larger files are told by the offset alone.
const TEXT: usize = 1 << 20;
/// Lines that are compared with each other: the time is their product.
const LINES: usize = 4000;
/// Changes that are kept.
const CHANGES: usize = 5;
/// Characters of a line that are kept.
const WIDTH: usize = 200;

/// How two texts differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextDiff {
    /// The first few.
    pub changes: Vec<LineChange>,
    /// Lines that differ besides; of long texts all that follow the first change.
    pub more: usize,
    /// Whether only `\r\n` stands for `\n`, or the other way round.
    pub is_line_ends: bool,
}

/// One line that is another, or is there on one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// From 1 on: in FIRST, or in SECOND for a line that FIRST does not have.
    pub line: usize,
    pub first: Option<String>,
    pub second: Option<String>,
}

/// Compares two texts; `None` unless both are small and UTF-8.
#[must_use]
pub fn compare(first: &[u8], second: &[u8]) -> Option<TextDiff> {
    let [one, other] = [text(first)?, text(second)?];
    if one.replace("\r\n", "\n") == other.replace("\r\n", "\n") {
        return Some(TextDiff { is_line_ends: true, ..TextDiff::default() });
    }
    let (one, other): (Vec<&str>, Vec<&str>) =
        (one.split('\n').collect(), other.split('\n').collect());
    let before = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let (one, other) =
        (one.get(before..).unwrap_or_default(), other.get(before..).unwrap_or_default());
    let after = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |lines: &[&str]| lines.len().saturating_sub(after);
    let (one, other) = (
        one.get(..middle(one)).unwrap_or_default(),
        other.get(..middle(other)).unwrap_or_default(),
    );
    let mut diff = TextDiff::default();
    if one.len().saturating_add(other.len()) > LINES {
        diff.add(before, before, one.first().copied(), other.first().copied());
        diff.more = one.len().max(other.len()).saturating_sub(1);
        return Some(diff);
    }
    for op in capture_diff_slices(Algorithm::Myers, one, other) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (old, new) = (op.old_range(), op.new_range());
        for step in 0..old.len().max(new.len()) {
            let at = |range: &std::ops::Range<usize>| {
                Some(range.start.saturating_add(step)).filter(|at| *at < range.end)
            };
            let line = |range: &std::ops::Range<usize>| {
                before.saturating_add(range.start).saturating_add(step)
            };
            let removed = at(&old).and_then(|at| one.get(at)).copied();
            let added = at(&new).and_then(|at| other.get(at)).copied();
            diff.add(line(&old), line(&new), removed, added);
        }
    }
    Some(diff)
}

impl TextDiff {
    /// `old` and `new` count from 0 on.
    fn add(&mut self, old: usize, new: usize, first: Option<&str>, second: Option<&str>) {
        if self.changes.len() >= CHANGES {
            self.more = self.more.saturating_add(1);
            return;
        }
        let line = if first.is_some() { old } else { new }.saturating_add(1);
        let [first, second] = [first, second].map(|line| line.map(cut));
        self.changes.push(LineChange { line, first, second });
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    if bytes.len() > TEXT || bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

fn cut(line: &str) -> String {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut kept: String = line.chars().take(WIDTH).collect();
    if kept.len() < line.len() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(first: &str, second: &str) -> Vec<String> {
        let diff = compare(first.as_bytes(), second.as_bytes()).unwrap();
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let change =
            |it: &LineChange| format!("{} {} {}", it.line, side(&it.first), side(&it.second));
        diff.changes.iter().map(change).collect()
    }

    #[test]
    fn changed_added_and_removed_lines_have_their_numbers() {
        assert_eq!(shown("a\nb\nc\n", "a\nx\nc\n"), ["2 b x"]);
        assert_eq!(shown("a\nc\n", "a\nb\nc\n"), ["2 - b"]);
        assert_eq!(shown("a\nb\nc\nd\n", "a\nc\ne\n"), ["2 b -", "4 d e"]);
    }

    #[test]
    fn long_texts_are_told_by_their_first_change() {
        let text =
            |word: &str| (0..5000).map(|line| format!("{word} {line}\n")).collect::<String>();
        let diff = compare(text("a").as_bytes(), text("b").as_bytes()).unwrap();
        assert_eq!((diff.changes.len(), diff.more), (1, 4999));
        let few = compare(b"1\n2\n3\n4\n5\n6\n7\n", b"a\nb\nc\nd\ne\nf\ng\n").unwrap();
        assert_eq!((few.changes.len(), few.more), (CHANGES, 2));
    }

    #[test]
    fn line_ends_are_told_and_binary_files_are_none() {
        assert!(compare(b"a\nb\n", b"a\r\nb\r\n").unwrap().is_line_ends);
        assert_eq!(compare(b"a\0", b"b"), None);
        assert_eq!(compare(b"\xff", b"b"), None);
    }
}
