//! From one action back to its causes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::diff::Comparison;
use crate::diff::rows::{ActionRow, ActionSide};
use crate::golang::inputs::{InputId, Inputs};
use crate::recording::Recording;

/// How one cause comes to an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Index into [`Comparison::causes`].
    pub cause: usize,
    /// Indices into [`Comparison::actions`]: the action first, and last the nearest one that shows
    /// the cause in an input of its own. Each hashes the output of the next.
    pub actions: Vec<usize>,
}

/// Returns the shortest chain from an action to each of its causes, in the order of the causes.
#[must_use]
pub fn chains(comparison: &Comparison, action: usize) -> Vec<Chain> {
    let Some(row) = comparison.actions.get(action) else { return Vec::new() };
    let causes = row.causes.iter();
    causes.filter_map(|&cause| chain(comparison, action, cause)).collect()
}

/// Breadth first, so that the first way found is a shortest one.
fn chain(comparison: &Comparison, action: usize, cause: usize) -> Option<Chain> {
    let rows = &comparison.actions;
    let mut before: Vec<Option<usize>> = vec![None; rows.len()];
    let mut queue = VecDeque::from([action]);
    while let Some(at) = queue.pop_front() {
        if rows[at].own.contains(&cause) {
            let mut actions: Vec<usize> =
                std::iter::successors(Some(at), |&at| before[at]).collect();
            actions.reverse();
            return Some(Chain { cause, actions });
        }
        for &producer in &rows[at].from {
            // An action that the cause does not reach leads nowhere.
            let reached = rows[producer].causes.contains(&cause);
            if reached && producer != action && before[producer].is_none() {
                before[producer] = Some(at);
                queue.push_back(producer);
            }
        }
    }
    None
}

/// Returns the actions of a package: by its import path, or by the end of one that no other has.
///
/// `module` is the path of the main module, to which `./internal/a` is relative.
///
/// # Errors
///
/// Fails where there is no such package, or several packages end so.
pub fn find(
    comparison: &Comparison,
    package: &str,
    module: Option<&str>,
) -> Result<Vec<usize>, NotFound> {
    let relative = package.strip_prefix("./").or((package == ".").then_some(""));
    let wanted = match (relative, module) {
        (Some(below), Some(module)) => format!("{module}/{below}").trim_end_matches('/').to_owned(),
        _ => package.trim_end_matches('/').to_owned(),
    };
    let rows = |name: &str| -> Vec<usize> {
        let numbered = comparison.actions.iter().enumerate();
        numbered.filter(|(_, row)| row.package == name).map(|(index, _)| index).collect()
    };
    let exact = rows(&wanted);
    if !exact.is_empty() {
        return Ok(exact);
    }
    let mut names: Vec<&str> = comparison.actions.iter().map(|row| row.package.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let ends = |name: &&&str| name.strip_suffix(&wanted).is_some_and(|rest| rest.ends_with('/'));
    let ending: Vec<&str> = names.iter().filter(ends).copied().collect();
    match ending.as_slice() {
        [only] => Ok(rows(only)),
        [] => Err(NotFound::None(nearest(&wanted, &names))),
        several => Err(NotFound::Several(several.iter().map(|&name| name.to_owned()).collect())),
    }
}

/// Why a package was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// With the nearest import paths, best first.
    None(Vec<String>),
    /// All that end so.
    Several(Vec<String>),
}

/// How many other names an error gives.
const NEAREST: usize = 3;
/// How much of a word may be mistyped.
const ALIKE: f32 = 0.7;

/// As long an end of each import path is held against what was asked for.
fn nearest(wanted: &str, names: &[&str]) -> Vec<String> {
    let slashes = wanted.matches('/').count();
    let end = |name: &str| -> usize {
        name.rmatch_indices('/').nth(slashes).map_or(0, |(slash, _)| slash + 1)
    };
    let mut by_end: BTreeMap<&str, &str> = BTreeMap::new();
    for name in names {
        by_end.entry(&name[end(name)..]).or_insert(name);
    }
    let ends: Vec<&str> = by_end.keys().copied().collect();
    let close = similar::get_close_matches(wanted, &ends, NEAREST, ALIKE);
    close.into_iter().map(|end| by_end[end].to_owned()).collect()
}

/// One input of the keys of an action, unquoted, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyLine {
    /// Both keys have it.
    Both(String),
    First(String),
    Second(String),
}

/// Returns the inputs of an action in both builds, in the order in which the second hashes them.
/// Inputs are compared as sets: one that only stands elsewhere is in both.
#[must_use]
pub fn key_lines(
    row: &ActionRow,
    first: &Recording,
    second: &Recording,
    inputs: &Inputs,
) -> Vec<KeyLine> {
    let ids = |side: Option<ActionSide>, recording: &Recording| -> Vec<InputId> {
        let at = side.map(|side| side.key);
        let key =
            at.and_then(|(command, key)| recording.invocations.get(command)?.log.keys.get(key));
        key.map(|key| key.inputs.to_vec()).unwrap_or_default()
    };
    let (ours, theirs) = (ids(row.first, first), ids(row.second, second));
    let (in_first, in_second): (BTreeSet<_>, BTreeSet<_>) =
        (ours.iter().collect(), theirs.iter().collect());
    let mut lines = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &ours, &theirs) {
        let (_, one, other) = op.as_tag_tuple();
        if op.tag() != DiffTag::Equal {
            let gone = ours[one].iter().filter(|id| !in_second.contains(id));
            lines.extend(gone.map(|&id| KeyLine::First(shown(inputs, id))));
        }
        lines.extend(theirs[other].iter().map(|id| match in_first.contains(id) {
            true => KeyLine::Both(shown(inputs, *id)),
            false => KeyLine::Second(shown(inputs, *id)),
        }));
    }
    lines
}

fn shown(inputs: &Inputs, id: InputId) -> String {
    let quoted = inputs.quoted(id);
    let line = quoted.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(quoted);
    line.strip_suffix("\\n").unwrap_or(line).to_owned()
}
