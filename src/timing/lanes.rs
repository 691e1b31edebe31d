//! Which worker did what.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::golang::action_graph::GraphAction;

/// The row of one worker, from 0.
///
/// The go command does not write which of its workers did an action; the lanes
/// are as few as there were actions at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane(pub usize);

/// Assigns a lane to each action, so that none of one lane overlap: to the one that starts first
/// the lowest that is free. `None` for an action without a [`GraphAction::span`].
#[must_use]
pub fn assign(graph: &[GraphAction]) -> Vec<Option<Lane>> {
    let mut spans: Vec<(i64, i64, usize)> = graph
        .iter()
        .enumerate()
        .filter_map(|(index, action)| action.span().map(|(start, done)| (start, done, index)))
        .collect();
    spans.sort_unstable();
    let mut lanes = vec![None; graph.len()];
    let mut used = 0;
    let mut free = BTreeSet::new();
    let mut busy: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    for (start, done, index) in spans {
        while let Some(&Reverse((until, lane))) = busy.peek()
            && until <= start
        {
            busy.pop();
            free.insert(lane);
        }
        let lane = free.pop_first().unwrap_or_else(|| {
            used += 1;
            used - 1
        });
        busy.push(Reverse((done, lane)));
        lanes[index] = Some(Lane(lane));
    }
    lanes
}
