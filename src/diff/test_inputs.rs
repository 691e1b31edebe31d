//! What differs between what two runs of a test read.

use std::collections::BTreeMap;

use crate::golang::test_log::{FileState, InputKind, Stat, TestInput};

/// One thing that two runs did not read alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputChange {
    /// A variable has another value, or is set in one run only.
    Variable(String),
    /// GODEBUG is hashed since Go 1.23: the two runs can never share a result.
    Godebug,
    File {
        path: String,
        how: FileChange,
    },
    /// Read in the second run only: what it did before that differs.
    Further(String),
}

/// What differs in a file that both runs looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileChange {
    Content,
    Mode {
        first: String,
        second: String,
    },
    /// The time alone; whether the content is known to be equal.
    Time {
        same_content: bool,
    },
    /// The same time, told in another time zone.
    Zone,
    /// The same file of another checkout.
    Path,
    Gone,
    Come,
    /// A directory has other entries.
    Entries {
        come: Vec<String>,
        gone: Vec<String>,
    },
    /// Something that the log does not say.
    Unknown,
}

/// Stands in a title for the files of all tests of a cause.
pub(super) const FILES: &str = "\0files";

impl InputChange {
    pub(super) fn file(&self) -> Option<&str> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Variable(_) | Self::Godebug | Self::Further(_) => None,
        }
    }

    /// Returns what is told together, in which words, and what to do.
    pub(super) fn told(&self) -> (String, String, Option<&'static str>) {
        const TIMES: Option<&str> = Some(
            "give files a fixed time after checkout, such as that of their last commit; or let the test embed them",
        );
        let (path, how) = match self {
            Self::Variable(name) => {
                return (
                    format!("variable {name}"),
                    format!("the variable {name} has another value, or is set on one side only"),
                    Some("set it alike on both sides, or do not read it in tests"),
                );
            }
            Self::Godebug => {
                return (
                    "variable GODEBUG".to_owned(),
                    "the two were recorded under different GODEBUG, which is part of the key of every test since Go 1.23: they are not comparable".to_owned(),
                    Some("record both sides the same way"),
                );
            }
            Self::Further(name) => {
                return (
                    format!("further {name}"),
                    format!("it read {name}, which it did not before"),
                    None,
                );
            }
            Self::File { path, how } => (path, how),
        };
        let alone = |title: String, fix| (title.clone(), title, fix);
        match how {
            FileChange::Content => alone(format!("{path} has another content"), None),
            FileChange::Time { same_content: true } => {
                alone(format!("only the time of {FILES} differs, the content is equal"), TIMES)
            }
            FileChange::Time { same_content: false } => {
                alone(format!("only the time of {FILES} differs, and perhaps the content"), TIMES)
            }
            FileChange::Zone => alone(
                format!("the time zone is another one, and the time of {FILES} is hashed with it"),
                Some("set TZ alike on both sides"),
            ),
            FileChange::Path => alone(
                format!("{FILES} lies at another path"),
                Some("check out to the same path, or let the test embed its files"),
            ),
            FileChange::Mode { first, second } => alone(
                format!("the mode of {path} differs: {first} → {second}"),
                Some("use the same umask on both sides"),
            ),
            FileChange::Gone => alone(format!("{path} is gone"), None),
            FileChange::Come => alone(format!("{path} is there now"), None),
            FileChange::Entries { come, gone } => {
                let list = |what: &str, names: &[String]| match names {
                    [] => String::new(),
                    [one] => format!(", {one} is {what}"),
                    [one, rest @ ..] => format!(", {one} and {} more are {what}", rest.len()),
                };
                let entries = list("new", come) + &list("gone", gone);
                alone(format!("the directory {path} has other entries{entries}"), None)
            }
            FileChange::Unknown => alone(
                format!("{path} differs; in what is not in the log"),
                Some("record with `go test -p 1`"),
            ),
        }
    }
}

/// Names files by one of them, or by the directory that holds them all.
pub(super) fn named(files: &[String]) -> String {
    let [first, rest @ ..] = files else { return "files".to_owned() };
    if rest.is_empty() {
        return first.clone();
    }
    let mut parent = first.rsplit_once('/').map_or("", |(parent, _)| parent);
    while !rest
        .iter()
        .all(|file| file.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/')))
    {
        // Names that are not absolute, such as those of Windows, may share no directory.
        let Some((above, _)) = parent.rsplit_once('/') else {
            return format!("{} files such as {first}", files.len());
        };
        parent = above;
    }
    format!("{} files below {parent}/", files.len())
}

/// Returns what differs between two lists of inputs, in the order of the second.
///
/// `roots` are the checkouts of the two sides; empty where they are not known.
pub(super) fn between(
    first: &[TestInput],
    second: &[TestInput],
    roots: [&str; 2],
) -> Vec<InputChange> {
    type Key<'a> = (InputKind, bool, &'a str);
    fn key<'a>(input: &'a TestInput, root: &str) -> Key<'a> {
        let below =
            input.name.strip_prefix(root).filter(|rest| !root.is_empty() && rest.starts_with('/'));
        (input.kind, below.is_some(), below.unwrap_or(&input.name))
    }
    let before: BTreeMap<Key<'_>, &TestInput> =
        first.iter().map(|input| (key(input, roots[0]), input)).collect();
    let mut changes = Vec::new();
    let mut further = Vec::new();
    for input in second {
        let Some(old) = before.get(&key(input, roots[1])) else {
            further.push(InputChange::Further(input.name.clone()));
            continue;
        };
        // A recording keeps the start of the sum of a variable.
        let is_same = old.sum.starts_with(&input.sum) || input.sum.starts_with(&old.sum);
        let change = match input.kind {
            InputKind::Env if is_same => continue,
            InputKind::Env if input.name == "GODEBUG" => InputChange::Godebug,
            InputKind::Env => InputChange::Variable(input.name.clone()),
            InputKind::Open | InputKind::Stat | InputKind::Chdir => {
                let Some(how) = file_change(old, input) else { continue };
                InputChange::File { path: input.name.clone(), how }
            }
        };
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    // What a run reads further follows from what it read before.
    if changes.is_empty() { further } else { changes }
}

fn file_change(old: &TestInput, new: &TestInput) -> Option<FileChange> {
    let moved = old.name != new.name;
    if old.sum == new.sum && !moved {
        return None;
    }
    let how = match (&old.file, &new.file) {
        _ if old.sum == new.sum => None,
        (Some(FileState::Missing(_)), Some(FileState::Missing(_))) => None,
        (Some(FileState::Missing(_)), Some(_)) => Some(FileChange::Come),
        (Some(_), Some(FileState::Missing(_))) => Some(FileChange::Gone),
        (Some(FileState::File(one)), Some(FileState::File(other))) => {
            stat_change(one, other, old.content.as_ref().zip(new.content.as_ref()))
        }
        (
            Some(FileState::Directory { stat, entries }),
            Some(FileState::Directory { stat: other, entries: others }),
        ) => directory_change((stat, entries), (other, others)),
        (Some(_), Some(_)) => Some(FileChange::Content),
        _ => Some(FileChange::Unknown),
    };
    Some(how.unwrap_or(if moved { FileChange::Path } else { FileChange::Unknown }))
}

fn stat_change(
    one: &Stat,
    other: &Stat,
    contents: Option<(&String, &String)>,
) -> Option<FileChange> {
    let same_content = contents.map(|(one, other)| one == other);
    if one.bytes != other.bytes || same_content == Some(false) {
        return Some(FileChange::Content);
    }
    if one.mode != other.mode {
        return Some(FileChange::Mode { first: one.mode.clone(), second: other.mode.clone() });
    }
    time_change(one, other, same_content == Some(true))
}

fn time_change(one: &Stat, other: &Stat, same_content: bool) -> Option<FileChange> {
    if one.modified == other.modified {
        return None;
    }
    let times = one.unix_nanos().zip(other.unix_nanos());
    Some(match times.is_some_and(|(one, other)| one == other) {
        true => FileChange::Zone,
        false => FileChange::Time { same_content },
    })
}

type Directory<'a> = (&'a Stat, &'a BTreeMap<String, Stat>);

fn directory_change(one: Directory<'_>, other: Directory<'_>) -> Option<FileChange> {
    let only = |these: &BTreeMap<String, Stat>, those: &BTreeMap<String, Stat>| {
        these.keys().filter(|name| !those.contains_key(*name)).cloned().collect::<Vec<_>>()
    };
    let (come, gone) = (only(other.1, one.1), only(one.1, other.1));
    if !come.is_empty() || !gone.is_empty() {
        return Some(FileChange::Entries { come, gone });
    }
    let entries = one.1.iter().zip(other.1.values());
    let of_entries = entries.filter_map(|((_, one), other)| stat_change(one, other, None));
    // The worst is told: content, then mode, then time.
    let worst = of_entries.min();
    // The size of a directory itself says nothing.
    let mode = (one.0.mode != other.0.mode)
        .then(|| FileChange::Mode { first: one.0.mode.clone(), second: other.0.mode.clone() });
    worst.or(mode).or_else(|| time_change(one.0, other.0, false))
}
