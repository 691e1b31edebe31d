//! Blocks that have no name of their own: `testResult`, `testInputs`, `open`, `stat`.
//!
//! Tests run side by side, so several blocks of one name are open at a time,
//! and nothing but their sums says which line is whose. A block mostly comes in
//! one piece, so pieces are tried: one, then two, then more, within a budget.

use sha2::{Digest as _, Sha256};

/// Blocks of one name that are kept open. One that reads a file younger than two seconds is never summed.
const MAX_OPEN: usize = 16;

/// Writes of one name that are held. A directory has one for each of its entries.
const MAX_LINES: usize = 1 << 14;
const MAX_BYTES: usize = 1 << 24;

/// Into how many pieces a block may have come.
const MAX_PIECES: usize = 5;

/// Lines that are hashed for one sum beyond those of the newest block, and for all sums of a name.
const BUDGET: usize = 1 << 14;
const BUDGET_OF_ALL: usize = 1 << 20;

/// The open blocks of one name.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The first line that may belong to each open block, in the order in which they were opened.
    open: Vec<usize>,
    /// What was written and belongs to no block that was summed.
    lines: Vec<Option<Box<[u8]>>>,
    bytes: usize,
    budget: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { open: Vec::new(), lines: Vec::new(), bytes: 0, budget: BUDGET_OF_ALL }
    }
}

impl Blocks {
    pub(super) fn open(&mut self) {
        if self.open.len() >= MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push(self.lines.len());
    }

    pub(super) fn write(&mut self, payload: &[u8]) {
        if self.open.is_empty() {
            return;
        }
        if self.lines.len() >= MAX_LINES || self.bytes > MAX_BYTES {
            return self.clear();
        }
        self.bytes = self.bytes.saturating_add(payload.len());
        self.lines.push(Some(payload.into()));
    }

    /// Returns the writes of the block that has this sum, without the version that starts each block.
    /// `None` when they cannot be told from those of others.
    pub(super) fn sum(&mut self, sum: &[u8; 32]) -> Option<Vec<Box<[u8]>>> {
        let found = self.find(sum);
        let first = found.as_ref().and_then(|indices| indices.first().copied()).unwrap_or(0);
        let opened = self.open.iter().rposition(|&start| start <= first).unwrap_or_default();
        if opened < self.open.len() {
            self.open.remove(opened);
        }
        let lines = found.map(|indices| {
            let line = |index: &usize| self.lines.get_mut(*index).and_then(Option::take);
            indices.iter().filter_map(line).skip(1).collect()
        });
        if self.open.is_empty() {
            self.clear();
        }
        lines
    }

    fn clear(&mut self) {
        self.open.clear();
        self.lines.clear();
        self.bytes = 0;
    }

    fn find(&mut self, sum: &[u8; 32]) -> Option<Vec<usize>> {
        let from = self.open.first().copied()?;
        let held: Vec<(usize, &[u8])> = self
            .lines
            .iter()
            .enumerate()
            .skip(from)
            .filter_map(|(index, line)| Some((index, line.as_deref()?)))
            .collect();
        let mut search = Search { held, sum, left: usize::MAX, taken: Vec::new() };
        let mut found = search.newest();
        if !found {
            search.left = BUDGET.min(self.budget);
            self.budget = self.budget.saturating_sub(search.left);
            found = (1..=MAX_PIECES).any(|pieces| search.start(pieces));
            self.budget = self.budget.saturating_add(search.left);
        }
        let Search { held, taken, .. } = search;
        found.then(|| taken.iter().filter_map(|&at| Some(held.get(at)?.0)).collect())
    }
}

/// The search for the lines that give a sum.
struct Search<'a> {
    held: Vec<(usize, &'a [u8])>,
    sum: &'a [u8; 32],
    /// Lines that may still be hashed.
    left: usize,
    taken: Vec<usize>,
}

impl Search<'_> {
    /// Tries the block that was opened last, in one piece: mostly it is that one.
    fn newest(&mut self) -> bool {
        let newest = (0..self.held.len()).rev().find(|&at| self.is_start(at));
        newest.is_some_and(|at| self.piece(at, &Sha256::new(), 1))
    }

    /// The newest first: what is summed soon was opened last.
    fn start(&mut self, pieces: usize) -> bool {
        let starts: Vec<usize> =
            (0..self.held.len()).rev().filter(|&at| self.is_start(at)).collect();
        starts.into_iter().any(|at| self.piece(at, &Sha256::new(), pieces))
    }

    /// Takes lines from `at` on, up to where another block starts; then looks for the next piece.
    fn piece(&mut self, at: usize, before: &Sha256, pieces: usize) -> bool {
        let taken = self.taken.len();
        let mut hash = before.clone();
        let mut states = Vec::new();
        let mut next = at;
        while let Some((_, line)) = self.held.get(next).copied() {
            if (next != at && self.is_start(next)) || self.left == 0 {
                break;
            }
            self.left = self.left.saturating_sub(1);
            hash.update(line);
            self.taken.push(next);
            next = next.saturating_add(1);
            if hash.clone().finalize().as_slice() == self.sum {
                return true;
            }
            if pieces > 1 {
                states.push((next, hash.clone()));
            }
        }
        // A piece is mostly as long as it can be.
        for (end, hash) in states.into_iter().rev() {
            self.taken.truncate(taken.saturating_add(end.saturating_sub(at)));
            let gap = end.saturating_add(usize::from(!self.is_start(end)));
            for next in gap..self.held.len() {
                if !self.is_start(next) && self.piece(next, &hash, pieces.saturating_sub(1)) {
                    return true;
                }
                if self.left == 0 {
                    break;
                }
            }
        }
        self.taken.truncate(taken);
        false
    }

    /// Says whether a line is the version of the go command, by which each block starts.
    fn is_start(&self, at: usize) -> bool {
        self.held.get(at).is_some_and(|(_, line)| {
            (line.starts_with(b"go1") || line.starts_with(b"devel ")) && !line.ends_with(b"\n")
        })
    }
}
