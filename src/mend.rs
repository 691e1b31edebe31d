//! Files with the edits of findings made in them, and what that changes as a patch.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use similar::TextDiff;

use crate::config::{Repository, SourceFile};
use crate::finding::{Edit, Finding, Safety};
use crate::rules;

/// A file that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// Relative to the audited root, with `/`.
    pub path: String,
    pub before: String,
    pub after: String,
}

/// Makes the edits of findings, up to a safety, and returns the files that they change, by path.
///
/// The edits of one finding are made together. They are left out where they
/// overlap with those of another one (the next run makes them), and where the
/// finding would be there all the same, or the file could no longer be read:
/// what is written in an unforeseen way stays as it is.
#[must_use]
pub fn mend(repository: &Repository, findings: &[&Finding], up_to: Safety) -> Vec<Mended> {
    let is_asked = |finding: &&&Finding| {
        !finding.edits.is_empty() && finding.edits.iter().all(|edit| edit.safety <= up_to)
    };
    let asked: Vec<&Finding> = findings.iter().filter(is_asked).copied().collect();
    let mut made: Vec<&Edit> = Vec::new();
    let mut mended = Vec::new();
    for finding in &asked {
        if let Some(with) = joined(&made, finding) {
            made = with;
            mended.push(*finding);
        }
    }
    // Most often all of them hold, and the rules need not be asked for each.
    if !holds(repository, &mended, &made) {
        made.clear();
        for finding in asked {
            made = match joined(&made, finding) {
                Some(with) if holds(repository, &[finding], &with) => with,
                _ => made,
            };
        }
    }
    changed(repository, &made)
}

/// The edits with those of a finding; `None` where they overlap.
fn joined<'a>(made: &[&'a Edit], finding: &'a Finding) -> Option<Vec<&'a Edit>> {
    let new: Vec<&Edit> = finding.edits.iter().filter(|edit| !made.contains(edit)).collect();
    let overlaps = new.iter().any(|edit| made.iter().any(|other| overlap(edit, other)));
    (!overlaps).then(|| made.iter().copied().chain(new).collect())
}

/// Insertions at one place have no order that could be told.
fn overlap(one: &Edit, other: &Edit) -> bool {
    one.path == other.path
        && (one.start == other.start || (one.start < other.end && other.start < one.end))
}

/// Tells whether findings are gone with these edits, and no file is lost to the audit.
fn holds(repository: &Repository, findings: &[&Finding], edits: &[&Edit]) -> bool {
    let after = with(repository, &changed(repository, edits));
    let (had, left) = (rules::check_files(repository), rules::check_files(&after));
    let count = |all: &[Finding], finding: &Finding| {
        let is_same =
            |other: &&Finding| (other.rule, &other.subject) == (finding.rule, &finding.subject);
        all.iter().filter(is_same).count()
    };
    findings.iter().all(|finding| count(&left, finding) < count(&had, finding))
        && after.unread().count() <= repository.unread().count()
}

/// The repository with these files mended.
#[must_use]
pub fn with(repository: &Repository, mended: &[Mended]) -> Repository {
    let mut files = repository.files().to_vec();
    for file in &mut files {
        if let Some(mended) = mended.iter().find(|mended| mended.path == file.path) {
            file.text.clone_from(&mended.after);
        }
    }
    repository.with_files(files)
}

fn changed(repository: &Repository, edits: &[&Edit]) -> Vec<Mended> {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(&edit.path).or_default().push(edit);
    }
    let files = repository.files();
    let file = |path: &str| files.iter().find(|file| file.path == path);
    by_file
        .into_iter()
        .filter_map(|(path, edits)| {
            let file = file(path)?;
            let after = apply(file, edits)?;
            (after != file.text).then(|| Mended {
                path: path.to_owned(),
                before: file.text.clone(),
                after,
            })
        })
        .collect()
}

/// `None` where an edit is not within the text.
fn apply(file: &SourceFile, mut edits: Vec<&Edit>) -> Option<String> {
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let mut text = String::with_capacity(file.text.len());
    let mut done = 0;
    for edit in edits {
        text.push_str(file.text.get(done..edit.start)?);
        text.push_str(&edit.replacement);
        done = edit.end.max(edit.start);
    }
    text.push_str(file.text.get(done..)?);
    Some(text)
}

/// The changes as a patch that `git apply` and `patch -p1` take.
#[must_use]
pub fn patch(mended: &[Mended]) -> String {
    let one = |file: &Mended| {
        let (old, new) = (format!("a/{}", file.path), format!("b/{}", file.path));
        TextDiff::from_lines(&file.before, &file.after)
            .unified_diff()
            .context_radius(3)
            .header(&old, &new)
            .to_string()
    };
    mended.iter().map(one).collect()
}
