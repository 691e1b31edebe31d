//! Where two builds start to differ in what they made.

use crate::diff::archives::ArchiveDiff;
use crate::diff::rows::ActionRow;
use crate::golang::hash_log::KeyKind;

/// A compile whose output differs and none of whose inputs is the output of another that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// Index into [`crate::diff::Comparison::actions`].
    pub row: usize,
    pub package: String,
    /// `build fmt`, as the hash log prints it.
    pub action: String,
    /// Whether the keys are equal: the inputs do not account for the difference.
    pub is_nondeterministic: bool,
    /// What the archives differ by, or why they could not be compared. `None`
    /// where nobody looked: the caches are there during a check only.
    pub archives: Option<Result<ArchiveDiff, String>>,
    /// Where both archives were kept.
    pub kept: Option<String>,
}

/// Compiles that differ in their output, the first of them, and how many merely follow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divergences {
    /// Those of equal keys first, then in the order of the second build.
    pub roots: Vec<Divergence>,
    /// Compiles with another output that have that of another in their inputs.
    pub followers: usize,
}

/// Finds the compiles that differ first.
pub(super) fn of(rows: &[ActionRow]) -> Divergences {
    let differs = |row: &&ActionRow| {
        let content = |side: Option<super::rows::ActionSide>| side.and_then(|side| side.content);
        let pair = content(row.first).zip(content(row.second));
        row.kind == KeyKind::Build && pair.is_some_and(|(first, second)| first != second)
    };
    let mut found = Divergences::default();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| differs(row)) {
        if !row.from.is_empty() {
            found.followers += 1;
            continue;
        }
        found.roots.push(Divergence {
            row: index,
            package: row.package.clone(),
            action: row.name(),
            is_nondeterministic: !row.is_changed(),
            archives: None,
            kept: None,
        });
    }
    found.roots.sort_by_key(|root| !root.is_nondeterministic);
    found
}
