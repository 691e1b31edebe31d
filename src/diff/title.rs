//! One line that says what a cause is.

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
        | Category::Signature => {
            format!("{about}: {first} → {second}")
        }
        Category::Unknown => format!("{about}: {first} → {second}"),
    }
}

fn files(roots: &[Root]) -> String {
    let names: Vec<&str> = roots.iter().map(|root| root.change.subject.as_str()).collect();
    names.join(", ")
}

/// Longest part of a value that fits a line beside its counterpart.
const WIDTH: usize = 60;

fn shown(change: &Change) -> (String, String) {
    match (&change.first, &change.second) {
        (Some(first), Some(second)) if first.len() > WIDTH || second.len() > WIDTH => {
            let (first, second) = differing_words(first, second);
            (quoted(&first), quoted(&second))
        }
        (first, second) => {
            let value = |side: &Option<String>| side.as_deref().map_or("(none)".to_owned(), quoted);
            (value(first), value(second))
        }
    }
}

fn quoted(value: &str) -> String {
    let value = value.trim();
    if value.is_empty() {
        return "(empty)".to_owned();
    }
    if value.chars().count() <= WIDTH * 2 {
        return value.to_owned();
    }
    let head: String = value.chars().take(WIDTH).collect();
    format!("{head}…")
}

/// Returns the words that only one of two long values has.
#[must_use]
pub(super) fn differing_words(first: &str, second: &str) -> (String, String) {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_words(first, second);
    let side = |tag: ChangeTag| {
        let words = diff.iter_all_changes().filter(|change| change.tag() == tag);
        words.map(|change| change.value()).collect::<Vec<_>>().join(" ")
    };
    (side(ChangeTag::Delete), side(ChangeTag::Insert))
}
