//! Which parts of a value change from build to build, by how they are written.

use crate::config::text::{Piece, PieceKind, Text};

/// Why a value is another one in the next build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Volatile {
    /// The time of the build.
    Time,
    /// A number of the run, or a random one.
    Run,
    Commit,
    /// The directory of the checkout.
    Directory,
}

impl Volatile {
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Time => "the time of the build",
            Self::Run => "a number that each run has anew",
            Self::Commit => "the commit",
            Self::Directory => "the directory of the checkout",
        }
    }
}

/// The first part of a text that changes, and how it is written.
pub(super) fn first(text: &Text) -> Option<(Volatile, &Piece)> {
    text.pieces.iter().find_map(|piece| Some((of_piece(piece)?, piece)))
}

/// All kinds of change in a text.
pub(super) fn all(text: &Text) -> impl Iterator<Item = (Volatile, &Piece)> {
    text.pieces.iter().filter_map(|piece| Some((of_piece(piece)?, piece)))
}

fn of_piece(piece: &Piece) -> Option<Volatile> {
    match piece.kind {
        PieceKind::Literal => of_template(&piece.text),
        PieceKind::Command => of_command(&piece.text),
        PieceKind::Unknown => of_name(&piece.text).or_else(|| of_template(&piece.text)),
    }
}

/// Whether a template of GoReleaser is for the time of the build.
pub(super) fn is_time_template(text: &str) -> bool {
    of_template(text) == Some(Volatile::Time)
}

/// The templates of GoReleaser.
fn of_template(text: &str) -> Option<Volatile> {
    text.contains("{{").then_some(())?;
    let is = |names: &[&str]| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
            .any(|word| names.contains(&word))
    };
    if is(&[".Date", ".Timestamp", ".Now", ".Now.Format", ".Now.Unix", "time"]) {
        Some(Volatile::Time)
    } else if is(&[".Commit", ".FullCommit", ".ShortCommit"]) {
        Some(Volatile::Commit)
    } else {
        None
    }
}

fn of_command(command: &str) -> Option<Volatile> {
    // A date that is read from somewhere is not that of the build.
    let is_given = ["SOURCE_DATE_EPOCH", "git ", "@$", "-r ", "--reference", "stat "]
        .iter()
        .any(|other| command.contains(other));
    let words: Vec<&str> =
        command.split(|c: char| c.is_whitespace() || "|;()$`\"'".contains(c)).collect();
    let has = |name: &str| words.iter().any(|word| word.rsplit('/').next() == Some(name));
    let reads = |call: &str| {
        let mut words = call.split_whitespace();
        words.any(|word| word == "-d" || word.starts_with("-d@") || word.starts_with("--date"))
    };
    // `-d` of another program of the line is not that of `date`.
    let dates = command.split(['|', ';', '&']).filter(|call| call.contains("date"));
    if has("date") && !is_given && !dates.into_iter().any(reads) {
        return Some(Volatile::Time);
    }
    if has("uuidgen") {
        return Some(Volatile::Run);
    }
    let asks_git =
        has("git") && ["rev-parse", "describe", "log", "show"].iter().any(|verb| has(verb));
    if asks_git
        && !command.contains("--show-toplevel")
        && !command.contains("--abbrev-ref")
        && !command.contains("--abbrev=0")
    {
        return Some(Volatile::Commit);
    }
    (command.trim() == "pwd").then_some(Volatile::Directory)
}

/// Variables and expressions that CI systems set.
fn of_name(text: &str) -> Option<Volatile> {
    let inner = text.trim_matches(['$', '{', '}', '(', ')', ' ']);
    Some(match inner {
        "GITHUB_SHA"
        | "github.sha"
        | "CI_COMMIT_SHA"
        | "CI_COMMIT_SHORT_SHA"
        | "CIRCLE_SHA1"
        | "BUILD_SOURCEVERSION"
        | "BUILDKITE_COMMIT"
        | "DRONE_COMMIT_SHA" => Volatile::Commit,
        "GITHUB_RUN_ID" | "github.run_id" | "GITHUB_RUN_NUMBER" | "github.run_number"
        | "RANDOM" | "CI_PIPELINE_ID" | "CI_JOB_ID" | "CIRCLE_BUILD_NUM" | "BUILD_NUMBER"
        | "EPOCHSECONDS" => Volatile::Run,
        "PWD" | "CURDIR" | "GITHUB_WORKSPACE" | "github.workspace" | "CI_PROJECT_DIR" => {
            Volatile::Directory
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::text::Spot;

    fn command(text: &str) -> Option<Volatile> {
        let spot = Spot { path: Arc::from("x"), line: 0, column: 0 };
        let kind = PieceKind::Command;
        of_piece(&Piece { kind, text: text.to_owned(), spot, is_verbatim: false, via: None })
    }

    #[test]
    fn commands_that_tell_the_time_or_the_commit() {
        assert_eq!(command("date -u +%Y-%m-%d"), Some(Volatile::Time));
        assert_eq!(command("/bin/date +%s | tr -d x"), Some(Volatile::Time));
        assert_eq!(command("date -u -d @$SOURCE_DATE_EPOCH"), None);
        assert_eq!(command("date -r go.mod +%s"), None);
        assert_eq!(command("git log -1 --format=%cd --date=short"), Some(Volatile::Commit));
        assert_eq!(command("git rev-parse --show-toplevel"), None);
        assert_eq!(command("cat VERSION"), None);
        assert_eq!(command("./update.sh"), None);
    }
}
