//! From each action the shortest way to where each of its causes starts.

use std::collections::VecDeque;

use crate::diff::Comparison;
use crate::diff::rows::ActionRow;

/// How one cause comes to one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It shows in an input of the action itself.
    Own,
    /// It comes with the output of another action.
    Through {
        /// Index of the row that is one step nearer to the root.
        next: usize,
        /// Index of the row where it starts.
        root: usize,
    },
    /// No recorded input leads to a root.
    Unknown,
}

impl Way {
    /// Returns the row where the cause starts for the action of row `row`.
    pub(super) const fn root(self, row: usize) -> usize {
        match self {
            Self::Through { root, .. } => root,
            Self::Own | Self::Unknown => row,
        }
    }
}

/// Returns for each row one way for each of its first `causes` causes, in their order.
///
/// Among the shortest ways it takes the one whose root comes first. All rows at
/// once: [`crate::diff::why::chains`] answers for one, and looks at every edge for it.
pub(super) fn ways(comparison: &Comparison, causes: usize) -> Vec<Vec<Way>> {
    let rows = &comparison.actions;
    let consumers = consumers(rows);
    let shown = |row: &ActionRow| row.causes.partition_point(|&cause| cause < causes);
    let mut ways: Vec<Vec<Way>> = rows.iter().map(|row| vec![Way::Unknown; shown(row)]).collect();
    let mut roots: Vec<Vec<usize>> = vec![Vec::new(); causes];
    for (index, row) in rows.iter().enumerate() {
        for &cause in &row.own {
            if let Some(roots) = roots.get_mut(cause) {
                roots.push(index);
            }
        }
    }
    for (cause, roots) in roots.into_iter().enumerate() {
        let mut queue: VecDeque<usize> = VecDeque::new();
        for root in roots {
            if set(rows, &mut ways, root, cause, Way::Own) {
                queue.push_back(root);
            }
        }
        while let Some(from) = queue.pop_front() {
            let root = place(rows, from, cause).map_or(from, |place| ways[from][place].root(from));
            for &consumer in &consumers[from] {
                let way = Way::Through { next: from, root };
                if set(rows, &mut ways, consumer, cause, way) {
                    queue.push_back(consumer);
                }
            }
        }
    }
    ways
}

/// For each row those that hash its changed output.
fn consumers(rows: &[ActionRow]) -> Vec<Vec<usize>> {
    let mut consumers = vec![Vec::new(); rows.len()];
    for (index, row) in rows.iter().enumerate() {
        for &from in &row.from {
            if let Some(consumers) = consumers.get_mut(from) {
                consumers.push(index);
            }
        }
    }
    consumers
}

fn place(rows: &[ActionRow], row: usize, cause: usize) -> Option<usize> {
    rows.get(row)?.causes.binary_search(&cause).ok()
}

/// Notes a way, unless the row does not have the cause or has a way already.
fn set(rows: &[ActionRow], ways: &mut [Vec<Way>], row: usize, cause: usize, way: Way) -> bool {
    let Some(place) = place(rows, row, cause) else { return false };
    let Some(noted) = ways[row].get_mut(place) else { return false };
    if *noted != Way::Unknown {
        return false;
    }
    *noted = way;
    true
}
