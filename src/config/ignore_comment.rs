//! `# goaudit: ignore[rule-id, …] reason`: a finding that the owner of a file lets pass.
//!
//! Comments are found line by line and not by a parser, so that they work alike
//! in YAML, in the scripts inside of it, in Makefiles, Dockerfiles and shell.

use super::SourceFile;
use crate::finding::Place;
use crate::units::{ColumnNumber, LineNumber};

/// Comments of one file that are read; more are an attack on the reader.
const MAX_COMMENTS: usize = 1000;

/// One comment that asks for findings to be let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreComment {
    /// Where the comment starts.
    pub place: Place,
    /// Ids of rules as written; empty where the brackets are missing or empty.
    pub rules: Vec<String>,
    /// Why; empty where the comment does not say.
    pub reason: String,
    /// The lines whose findings it is about, counted from 1: first and last.
    lines: Option<(u32, u32)>,
}

impl IgnoreComment {
    /// Tells whether the comment is about what stands at a place.
    #[must_use]
    pub fn covers(&self, place: &Place) -> bool {
        let line = place.at.map(|(line, _)| line.get());
        let inside = |(first, last)| line.is_some_and(|line| (first..=last).contains(&line));
        place.path == self.place.path && self.lines.is_some_and(inside)
    }
}

/// Finds the comments of a file.
pub(super) fn read(file: &SourceFile) -> Vec<IgnoreComment> {
    const MARK: &str = "goaudit:";
    if !file.text.contains(MARK) {
        return Vec::new();
    }
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let lines: Vec<&str> = text.lines().collect();
    let mut comments = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, after)) = line.split_once(MARK) else { continue };
        let Some(code) = before_comment(before) else { continue };
        let Some((rules, reason)) = parse(after) else { continue };
        if comments.len() >= MAX_COMMENTS {
            break;
        }
        let at = (LineNumber::from_index(index), ColumnNumber::from_index(code.chars().count()));
        comments.push(IgnoreComment {
            place: Place { path: file.path.clone(), at: Some(at) },
            rules,
            reason,
            lines: covered(&lines, index, !code.trim().is_empty()),
        });
    }
    comments
}

/// What stands before the sign that starts a comment, if `text` ends in one.
fn before_comment(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let code = text.strip_suffix("//").unwrap_or_else(|| text.trim_end_matches('#'));
    // make runs a comment in a recipe, and `@` keeps it from being printed.
    let bare = code.strip_suffix('@').filter(|before| before.trim().is_empty()).unwrap_or(code);
    let is_comment = code.len() < text.len() && !bare.ends_with(|c: char| !c.is_whitespace());
    is_comment.then_some(bare)
}

/// Reads ` ignore[a, b] reason`.
fn parse(text: &str) -> Option<(Vec<String>, String)> {
    let rest = text.trim_start().strip_prefix("ignore")?;
    let Some((rules, reason)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        // `ignored` and the like are prose.
        let is_word = rest.is_empty() || rest.starts_with([' ', '\t', '[', ':']);
        return is_word.then(|| (Vec::new(), String::new()));
    };
    let rules = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty());
    let reason = reason.trim().trim_start_matches([':', '-', '–', '—']).trim_start();
    let says_something = reason.chars().any(char::is_alphanumeric);
    let reason = if says_something { reason } else { "" };
    Some((rules.map(str::to_owned).collect(), reason.to_owned()))
}

/// The lines that a comment is about: its own, or the one below it, each with what belongs to it.
fn covered(lines: &[&str], comment: usize, is_trailing: bool) -> Option<(u32, u32)> {
    let is_comment =
        |line: &&str| line.trim_start().trim_start_matches('@').starts_with(['#', '/']);
    let first = if is_trailing {
        comment
    } else {
        let below = lines.iter().enumerate().skip(comment).find(|(_, line)| !is_comment(line));
        below.filter(|(_, line)| !line.trim().is_empty())?.0
    };
    let last = block(lines, first).max(continued(lines, first));
    let number = |index| LineNumber::from_index(index).get();
    Some((number(first), number(last)))
}

/// The last line of what is continued by a backslash.
fn continued(lines: &[&str], first: usize) -> usize {
    let goes_on = lines.iter().skip(first).take_while(|line| line.trim_end().ends_with('\\'));
    first.saturating_add(goes_on.count()).min(lines.len().saturating_sub(1))
}

/// The last line of the YAML block scalar whose key is in a line; no comment fits into one.
fn block(lines: &[&str], first: usize) -> usize {
    let Some(line) = lines.get(first) else { return first };
    let code = line.split(" #").next().unwrap_or(line).trim_end();
    let head = code.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    let is_block = ["|", ">"]
        .iter()
        .any(|sign| head.strip_suffix(sign).is_some_and(|key| key.ends_with([' ', '\t', ':'])));
    if !is_block {
        return first;
    }
    // `- run: |` holds what is indented deeper than `run`.
    let key = line.trim_start_matches([' ', '-']);
    let indent = line.len().saturating_sub(key.len());
    let inside = |line: &&&str| {
        let own = line.len().saturating_sub(line.trim_start_matches(' ').len());
        line.trim().is_empty() || own > indent
    };
    let rest = lines.iter().skip(first.saturating_add(1));
    first.saturating_add(rest.take_while(inside).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str) -> Vec<IgnoreComment> {
        read(&SourceFile { path: "f".to_owned(), text: text.to_owned() })
    }

    /// Line and column, rules, reason, and the lines covered of the first comment.
    fn first(text: &str) -> String {
        let comments = comments(text);
        let Some(comment) = comments.first() else { return "none".to_owned() };
        let (line, column) = comment.place.at.unwrap();
        let lines = comment.lines.map_or("nothing".to_owned(), |(a, b)| format!("{a}-{b}"));
        format!("{line}:{column} {:?} {:?} covers {lines}", comment.rules, comment.reason)
    }

    #[test]
    fn on_the_line_or_above_it() {
        insta::assert_snapshot!(
            first("key: x # goaudit: ignore[a-b] why not\n"),
            @r#"1:8 ["a-b"] "why not" covers 1-1"#
        );
        insta::assert_snapshot!(
            first("  #goaudit:ignore[a,b , c]: why\n  # more\n  key: x\n"),
            @r#"1:3 ["a", "b", "c"] "why" covers 3-3"#
        );
        insta::assert_snapshot!(
            first("\t@# goaudit: ignore[a] why\n\tgo build -a\n"),
            @r#"1:2 ["a"] "why" covers 2-2"#
        );
        insta::assert_snapshot!(first("# goaudit: ignore[a] why\n\nkey: x\n"), @r#"1:1 ["a"] "why" covers nothing"#);
        insta::assert_snapshot!(first("# goaudit: ignore[a] why"), @r#"1:1 ["a"] "why" covers nothing"#);
        insta::assert_snapshot!(first("toolchain go1.25 // goaudit: ignore[a] why"), @r#"1:18 ["a"] "why" covers 1-1"#);
    }

    #[test]
    fn a_line_with_all_that_belongs_to_it() {
        insta::assert_snapshot!(
            first("# goaudit: ignore[stray-a] why\ngo build \\\n  -a \\\n  ./...\ngo vet\n"),
            @r#"1:1 ["stray-a"] "why" covers 2-4"#
        );
        insta::assert_snapshot!(
            first("- run: | # goaudit: ignore[a] why\n    b\n\n    c\n  with: d\n"),
            @r#"1:10 ["a"] "why" covers 1-4"#
        );
        insta::assert_snapshot!(
            first("# goaudit: ignore[a] why\nkey: >-2\n  x\ny: z\n"),
            @r#"1:1 ["a"] "why" covers 2-3"#
        );
        insta::assert_snapshot!(
            first("# goaudit: ignore[a] why\ncat x |\n  sort\n"),
            @r#"1:1 ["a"] "why" covers 2-3"#
        );
    }

    #[test]
    fn what_says_too_little_says_so() {
        insta::assert_snapshot!(first("x # goaudit: ignore[a]"), @r#"1:3 ["a"] "" covers 1-1"#);
        insta::assert_snapshot!(first("x # goaudit: ignore[a] -- "), @r#"1:3 ["a"] "" covers 1-1"#);
        insta::assert_snapshot!(first("x # goaudit: ignore a why"), @r#"1:3 [] "" covers 1-1"#);
        insta::assert_snapshot!(first("x # goaudit: ignore[a why"), @r#"1:3 [] "" covers 1-1"#);
        insta::assert_snapshot!(first("x # goaudit: ignore[] why"), @r#"1:3 [] "why" covers 1-1"#);
        for prose in
            ["x # goaudit: ignored", "x # see goaudit: ignore[a]", "x#goaudit: ignore[a] b"]
        {
            assert_eq!(comments(prose), [], "{prose}");
        }
    }

    #[test]
    fn many_comments_are_cut() {
        assert_eq!(comments(&"# goaudit: ignore[a] b\n".repeat(3000)).len(), MAX_COMMENTS);
    }
}
