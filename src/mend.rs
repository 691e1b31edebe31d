//! Files with the edits of findings made in them, and what that changes as a patch.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use similar::TextDiff;

use crate::config::{Repository, SourceFile};
use crate::finding::{Edit, Finding, Safety};
use crate::rules;

/// Most lines need one round, and some as many as rules have something to say of them.
const MAX_ROUNDS: usize = 8;

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
/// are in a line with those of another one, for what that makes of the line may
/// ask for other edits ([`mend_all`] makes them next), and where the finding
/// would be there all the same, or the file could no longer be read: what is
/// written in an unforeseen way stays as it is.
#[must_use]
pub fn mend(repository: &Repository, findings: &[&Finding], up_to: Safety) -> Vec<Mended> {
    let is_asked = |finding: &&&Finding| {
        !finding.edits.is_empty() && finding.edits.iter().all(|edit| edit.safety <= up_to)
    };
    let asked: Vec<&Finding> = findings.iter().filter(is_asked).copied().collect();
    let lines = Lines::of(repository);
    let mut made: Vec<&Edit> = Vec::new();
    let mut mended = Vec::new();
    for finding in &asked {
        if let Some(with) = joined(&made, finding, &lines) {
            made = with;
            mended.push(*finding);
        }
    }
    // Most often all of them hold, and the rules need not be asked for each.
    if !holds(repository, &mended, &made) {
        made.clear();
        for finding in asked {
            made = match joined(&made, finding, &lines) {
                Some(with) if holds(repository, &[finding], &with) => with,
                _ => made,
            };
        }
    }
    changed(repository, &made)
}

/// Mends until nothing is left that can be, and returns the files that differ from those at first.
///
/// `judge` returns the findings in a repository that are to be mended.
#[must_use]
pub fn mend_all(
    repository: &Repository,
    judge: impl Fn(&Repository) -> Vec<Finding>,
    up_to: Safety,
) -> Vec<Mended> {
    let mut now = repository.with_files(repository.files().to_vec());
    for _ in 0..MAX_ROUNDS {
        let findings = judge(&now);
        let mended = mend(&now, &findings.iter().collect::<Vec<_>>(), up_to);
        if mended.is_empty() {
            break;
        }
        now = with(&now, &mended);
    }
    let pairs = repository.files().iter().zip(now.files());
    let changed = pairs.filter(|(before, after)| before.text != after.text);
    let mended = changed.map(|(before, after)| Mended {
        path: before.path.clone(),
        before: before.text.clone(),
        after: after.text.clone(),
    });
    mended.collect()
}

/// The edits with those of a finding; `None` where they are in one line.
fn joined<'a>(made: &[&'a Edit], finding: &'a Finding, lines: &Lines<'_>) -> Option<Vec<&'a Edit>> {
    let new: Vec<&Edit> = finding.edits.iter().filter(|edit| !made.contains(edit)).collect();
    let overlaps = new.iter().any(|edit| made.iter().any(|other| lines.meet(edit, other)));
    (!overlaps).then(|| made.iter().copied().chain(new).collect())
}

/// The bytes at which the lines of each file end, in order.
struct Lines<'a>(BTreeMap<&'a str, Vec<usize>>);

impl<'a> Lines<'a> {
    fn of(repository: &'a Repository) -> Self {
        let ends = |text: &str| text.match_indices('\n').map(|(end, _)| end).collect();
        let files = repository.files().iter();
        Self(files.map(|file| (file.path.as_str(), ends(&file.text))).collect())
    }

    /// Tells whether two edits are in one line.
    fn meet(&self, one: &Edit, other: &Edit) -> bool {
        let Some(ends) = self.0.get(one.path.as_str()) else { return true };
        let line = |byte: usize| ends.partition_point(|end| *end < byte);
        // An edit that takes a whole line away ends where the next one starts.
        let lines =
            |edit: &Edit| (line(edit.start), line(edit.end.saturating_sub(1).max(edit.start)));
        let ((first, last), (other_first, other_last)) = (lines(one), lines(other));
        one.path == other.path && first <= other_last && other_first <= last
    }
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
