//! Instructions of a Dockerfile.

use super::edit;
use super::source::Source;
use crate::config::Repository;
use crate::config::dockerfile::{Instruction, Mount, Run};
use crate::finding::{Edit, Safety};

/// Mounts a cache for a `RUN`, in front of what it runs.
pub(in crate::rules) fn mount(
    repository: &Repository,
    instruction: &Instruction,
    run: &Run,
    target: &str,
) -> Option<Edit> {
    let place = run.command_at.place();
    let source = Source::of(repository, &place.path)?;
    let (first, column) = source.at(&instruction.spot.place())?;
    let name = source.lines.get(first)?.text.get(column..)?.split_whitespace().next()?;
    let (line, offset) = source.at(&place)?;
    let line = source.lines.get(line)?;
    let (before, after) = line.text.split_at_checked(offset)?;
    let is_free = before.is_empty() || before.ends_with([' ', '\t']);
    if !name.eq_ignore_ascii_case("RUN") || !is_free || after.starts_with([' ', '\t', '-', '\\']) {
        return None;
    }
    let at = line.start + offset;
    let text = format!("--mount=type=cache,target={target} ");
    Some(edit(source.path, at..at, text, Safety::Unsafe))
}

/// Puts another target in place of that of a mount.
pub(in crate::rules) fn mount_target(
    repository: &Repository,
    mount: &Mount,
    target: &str,
) -> Option<Edit> {
    let place = mount.spot.place();
    let source = Source::of(repository, &place.path)?;
    let (line, offset) = source.at(&place)?;
    let line = source.lines.get(line)?;
    line.text.get(offset..)?.strip_prefix(&mount.text)?;
    let old = mount.target.as_deref()?;
    let mut found = mount.text.match_indices(old);
    let (at, _) = found.next().filter(|(at, _)| {
        let before = mount.text.get(..*at).unwrap_or_default();
        ["target=", "dst=", "destination="].iter().any(|key| before.ends_with(key))
    })?;
    let start = line.start + offset + at;
    let is_odd = |c: char| c.is_whitespace() || c == ',' || c == '"';
    if found.next().is_some() || target.contains(is_odd) {
        return None;
    }
    Some(edit(source.path, start..start + old.len(), target, Safety::Unsafe))
}

/// Copies go.mod and go.sum and downloads what they name before an instruction that copies all.
pub(in crate::rules) fn download_before(
    repository: &Repository,
    copy: &Instruction,
) -> Option<Edit> {
    let place = copy.spot.place();
    let source = Source::of(repository, &place.path)?;
    let (index, column) = source.at(&place)?;
    let line = source.lines.get(index)?;
    let words: Vec<&str> = line.text.get(column..)?.split_whitespace().collect();
    // Into the working directory, and nothing else said about it.
    let [name, ".", "." | "./"] = words.as_slice() else { return None };
    let indent = line.text.get(..column).filter(|indent| indent.trim().is_empty())?;
    let (copy, run) = match *name {
        "COPY" | "ADD" => ("COPY", "RUN"),
        "copy" | "add" => ("copy", "run"),
        _ => return None,
    };
    let line_end = source.line_end();
    let text =
        format!("{indent}{copy} go.mod go.sum ./{line_end}{indent}{run} go mod download{line_end}");
    Some(edit(source.path, line.start..line.start, text, Safety::Unsafe))
}
