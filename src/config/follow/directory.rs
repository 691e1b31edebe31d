//! Which file or folder of the repository a path leads to.

use super::{Follow, Frame, State, docker};
use crate::config::text::{PieceKind, Text};

impl Follow<'_> {
    /// The file in a folder that a program reads: the one that it is told, or the first of those that
    /// it looks for.
    pub(super) fn find(&self, dir: &str, told: Option<&str>, names: &[&str]) -> Option<String> {
        match told {
            Some(file) => join(dir, file).filter(|path| self.has_file(path)),
            None => {
                names.iter().filter_map(|name| join(dir, name)).find(|path| self.has_file(path))
            }
        }
    }
}

/// The folder of a path; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Goes from a folder along a relative path; `None` where that leaves the repository.
pub(super) fn join(dir: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.starts_with('~') {
        return None;
    }
    let mut folders: Vec<&str> = dir.split('/').filter(|folder| !folder.is_empty()).collect();
    for folder in path.split('/') {
        match folder {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            folder => folders.push(folder),
        }
    }
    Some(folders.join("/"))
}

/// Does what `cd` and `pushd` do.
pub(super) fn change_directory(how: &str, arguments: &[Text], state: &mut State, frame: &Frame) {
    if how == "pushd" {
        state.stack.push(state.dir.clone());
    }
    let target = arguments
        .iter()
        .find(|word| word.known().is_none_or(|known| !known.starts_with('-') || known == "-"));
    let absolute = target.and_then(Text::known).filter(|path| path.starts_with('/'));
    state.dir = match (absolute, &state.root_at) {
        (Some(path), Some(root)) => docker::below(root, path.trim_end_matches('/')),
        _ => target.and_then(|word| directory(word, state.dir.as_deref(), frame)),
    };
}

/// The file that a word names, from the directory of a state.
pub(super) fn file(word: &Text, state: &State, frame: &Frame) -> Option<String> {
    directory(word, state.dir.as_deref(), frame).filter(|path| !path.is_empty())
}

/// Where a path leads, from a directory; `None` where it cannot be told.
pub(super) fn directory(path: &Text, from: Option<&str>, frame: &Frame) -> Option<String> {
    let (first, rest) = path.pieces.split_first()?;
    let rest: Option<String> = rest
        .iter()
        .map(|piece| (piece.kind == PieceKind::Literal).then_some(piece.text.as_str()))
        .collect();
    let rest = rest?;
    let (base, path) = match first.kind {
        PieceKind::Literal => (from?.to_owned(), format!("{}{rest}", first.text)),
        PieceKind::Unknown | PieceKind::Command => {
            if !rest.is_empty() && !rest.starts_with('/') {
                return None;
            }
            let base = known_directory(&first.text, from, frame)?;
            (base, rest.trim_start_matches('/').to_owned())
        }
    };
    join(&base, &path)
}

/// The directory that a spelling stands for in any repository.
fn known_directory(spelling: &str, from: Option<&str>, frame: &Frame) -> Option<String> {
    let inner = spelling.trim_matches(['"', '$', '(', ')', '{', '}', ' ', '`']).trim();
    match inner {
        "PWD" | "pwd" | "CURDIR" | "pwd -P" => from.map(str::to_owned),
        "GITHUB_WORKSPACE"
        | "github.workspace"
        | "CI_PROJECT_DIR"
        | "BUILD_SOURCESDIRECTORY"
        | "BUILDKITE_BUILD_CHECKOUT_PATH"
        | "DRONE_WORKSPACE"
        | "CI_WORKSPACE"
        | "git rev-parse --show-toplevel"
        | "justfile_directory" => Some(String::new()),
        _ if inner.contains("dirname")
            && (inner.contains("$0") || inner.contains("BASH_SOURCE") || inner.contains("${0")) =>
        {
            let up = inner.matches("/..").count();
            let dir = frame.script_dir.as_deref()?;
            join(dir, &"../".repeat(up))
        }
        _ if inner.starts_with("BASH_SOURCE") && inner.contains("%/*") => frame.script_dir.clone(),
        _ => None,
    }
}
