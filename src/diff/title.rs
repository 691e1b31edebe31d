//! One line that says what a cause is.

use std::collections::BTreeSet;

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::diff::Change;
use crate::diff::category::Category;
use crate::diff::cause::Root;

/// Returns what differs, in the words of the category.
pub(super) fn of(category: Category, about: &str, change: &Change, roots: &[Root]) -> String {
    let (first, second) = shown(change);
    let subject = change.subject.strip_prefix("build ").unwrap_or(&change.subject);
    match category {
        Category::Workdir => {
            format!("the directory of the main module is hashed: {first} → {second}")
        }
        Category::ModuleLocation => format!("the place of modules is hashed: {first} → {second}"),
        Category::Goroot => format!("the path of GOROOT is hashed: {first} → {second}"),
        Category::Trimpath => "-trimpath is given on one side only".to_owned(),
        Category::Toolchain => format!("another Go version: {first} → {second}"),
        Category::Target => format!("another target: {subject} {first} → {second}"),
        Category::Instrumentation => format!("instrumentation or build mode: {first} → {second}"),
        Category::GoDirective => format!("the go line or a GODEBUG default: {first} → {second}"),
        Category::Source => format!("files of {about} differ: {}", files(roots)),
        // A directory or a module line has no subject of its own.
        Category::DependencyVersion if subject.is_empty() => {
            format!("a dependency has another version: {first} → {second}")
        }
        Category::DependencyVersion => format!("{subject}: {first} → {second}"),
        Category::CompileFlags => format!("{about}: {first} → {second}"),
        Category::LinkFlags => format!("-ldflags: {first} → {second}"),
        Category::Cgo => match about {
            "directory" => format!("C flags hold the directory of the build: {first} → {second}"),
            "flags" => format!("C flags: {first} → {second}"),
            _ => format!("{about}: {first} → {second}"),
        },
        Category::CCompiler => format!("another C compiler: {first} → {second}"),
        Category::Pgo => format!("another PGO profile: {first} → {second}"),
        Category::VcsStamp => format!("the version control stamp: {subject} {first} → {second}"),
        Category::Nondeterminism => format!("equal inputs gave another output in {about}"),
        Category::CommandKind => {
            format!("go build, go run and go test hash main differently: {first} → {second}")
        }
        Category::BuildSettings
        | Category::TestInput
        | Category::CacheState
        | Category::Signature
        | Category::Packaging => {
            format!("{about}: {first} → {second}")
        }
        Category::Unknown => format!("{about}: {first} → {second}"),
    }
}

/// Files that a title names.
const FILES: usize = 4;

fn files(roots: &[Root]) -> String {
    // A copy for a PGO profile or a test has the same files.
    let names: BTreeSet<&str> = roots.iter().map(|root| root.change.subject.as_str()).collect();
    let shown: Vec<&str> = names.iter().take(FILES).copied().collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns what to do about a cause: of its category, or of what it is about within it.
pub(super) fn fix(category: Category, about: &str) -> Option<&'static str> {
    match (category, about) {
        (Category::Cgo, "directory") => Some(
            "name headers relative to the file (#include \"include/x.h\") in place of ${SRCDIR} in #cgo lines, or build with CGO_ENABLED=0",
        ),
        (Category::Cgo, "CGO_ENABLED") => Some("set CGO_ENABLED, to 0 or to 1, on both sides"),
        (Category::Cgo, "CC") => {
            Some("name the C compiler alike on both sides, without a path: CC=gcc")
        }
        _ => category.fix(),
    }
}

/// Longest value that is shown whole beside its counterpart.
const WIDTH: usize = 50;

fn shown(change: &Change) -> (String, String) {
    match (&change.first, &change.second) {
        (Some(first), Some(second)) if first.len().max(second.len()) > WIDTH => {
            narrowed(first, second)
        }
        (first, second) => {
            let value = |side: &Option<String>| side.as_deref().map_or("(none)".to_owned(), plain);
            (value(first), value(second))
        }
    }
}

/// Characters at which a value may be cut: between the parts of a path and between words.
const CUTS: &[char] = &['/', ' ', '"', ',', ';', '\t'];

/// Cuts off what two values share at both ends, and drops words from the middle that they share.
fn narrowed(first: &str, second: &str) -> (String, String) {
    let head = common_head(first, second);
    let tail = common_tail(&first[head..], &second[head..]);
    let cut = |value: &str| {
        let middle = &value[head..value.len() - tail];
        let (before, after) = (if head > 0 { "…" } else { "" }, if tail > 0 { "…" } else { "" });
        format!("{before}{middle}{after}")
    };
    let (one, other) = (cut(first), cut(second));
    if one.len().max(other.len()) <= 2 * WIDTH {
        return (plain(&one), plain(&other));
    }
    let (one, other) = differing_words(first, second);
    (plain(&one), plain(&other))
}

/// Bytes that both start with, up to and without the last place where a value may be cut.
fn common_head(first: &str, second: &str) -> usize {
    let common = first.bytes().zip(second.bytes()).take_while(|(one, other)| one == other).count();
    let head = (0..=common)
        .rfind(|&at| first.is_char_boundary(at) && second.is_char_boundary(at))
        .unwrap_or(0);
    first[..head].rfind(CUTS).unwrap_or(0)
}

fn common_tail(first: &str, second: &str) -> usize {
    let common = first
        .bytes()
        .rev()
        .zip(second.bytes().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let from = |value: &str| value.len() - common;
    let at = (0..=common).find(|&skip| {
        first.is_char_boundary(from(first) + skip) && second.is_char_boundary(from(second) + skip)
    });
    let tail = &first[from(first) + at.unwrap_or(common)..];
    // The character at which it is cut stays, so that `…/x/…` reads as part of a path.
    tail.find(CUTS).map_or(0, |cut| tail.len() - cut - 1)
}

/// A value on one line, without the quotes and brackets of a list of one word.
fn plain(value: &str) -> String {
    let value = value.trim();
    if value.is_empty() || value == "[]" {
        return "(empty)".to_owned();
    }
    if value.chars().count() > 2 * WIDTH {
        return value.chars().take(2 * WIDTH).chain("…".chars()).collect();
    }
    value.replace(['\n', '\t'], " ")
}

/// Returns the words that only one of two long values has.
fn differing_words(first: &str, second: &str) -> (String, String) {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_words(first, second);
    let side = |tag: ChangeTag| {
        let words = diff.iter_all_changes().filter(|change| change.tag() == tag);
        words.map(|change| change.value()).collect::<Vec<_>>().join(" ")
    };
    (side(ChangeTag::Delete), side(ChangeTag::Insert))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_shows_what_differs_with_a_word_of_its_surroundings() {
        let path = |dir: &str| {
            format!("/tmp/goaudit-rYAWtv/{dir}/app/internal/a/package/with/a/long/name")
        };
        let (first, second) = narrowed(&path("1"), &path("another-place"));
        assert_eq!((first.as_str(), second.as_str()), ("…/1/…", "…/another-place/…"));
        let flags =
            |time: &str| format!("[\"-s\" \"-w\" \"-X\" \"main.built=2026-11-20T23:38:{time}Z\"]");
        let (first, second) = narrowed(&flags("20"), &flags("30"));
        assert_eq!(first, "…\"main.built=2026-11-20T23:38:20Z\"…");
        assert_eq!(second, "…\"main.built=2026-11-20T23:38:30Z\"…");
    }

    #[test]
    fn values_that_end_or_start_alike_at_any_byte_are_cut_at_characters() {
        for (first, second) in
            [("é", "è"), ("aé/b", "aè/b"), ("", "x"), ("a/b/c", "a/b/c/d"), ("ñ/ñ", "/ñ")]
        {
            let (one, other) = narrowed(first, second);
            assert!(!one.is_empty() && !other.is_empty(), "{first} {second}");
        }
    }
}
