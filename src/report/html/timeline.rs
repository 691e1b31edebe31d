//! When each action ran, and on which worker.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diff::Comparison;
use crate::diff::rows::{ActionRow, ActionSide};
use crate::golang::action_graph::GraphAction;
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::timing::lanes;

/// The spans of each build; none where no action graph says when its actions ran.
#[derive(Debug, Default, Serialize)]
pub(super) struct Timeline {
    pub(super) first: Vec<Span>,
    pub(super) second: Vec<Span>,
}

/// One action on one worker. Times are milliseconds since the first action of the build started.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "(usize, f64, f64, usize)")]
pub(super) struct Span {
    /// Number of the worker, counted from 0.
    pub(super) lane: usize,
    pub(super) start_ms: f64,
    pub(super) end_ms: f64,
    /// Index into [`Comparison::actions`].
    pub(super) row: usize,
}

impl From<Span> for (usize, f64, f64, usize) {
    fn from(span: Span) -> Self {
        let Span { lane, start_ms, end_ms, row } = span;
        (lane, start_ms, end_ms, row)
    }
}

/// Returns the timeline of both builds.
pub(super) fn of(comparison: &Comparison, first: &Recording, second: &Recording) -> Timeline {
    Timeline {
        first: spans(&comparison.actions, first, |row| row.first),
        second: spans(&comparison.actions, second, |row| row.second),
    }
}

/// Returns the spans of one build in the order in which they started.
fn spans(
    rows: &[ActionRow],
    recording: &Recording,
    side: fn(&ActionRow) -> Option<ActionSide>,
) -> Vec<Span> {
    let by_id: BTreeMap<_, usize> =
        rows.iter().enumerate().filter_map(|(row, action)| Some((side(action)?.id, row))).collect();
    let compiles: BTreeMap<&str, usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.kind == KeyKind::Build && side(row).is_some())
        .map(|(index, row)| (row.package.as_str(), index))
        .collect();
    let row_of = |node: &GraphAction| match node.action_id {
        Some(id) => by_id.get(&id).copied(),
        // Has no key of its own, and serves the compile of its package.
        None if node.mode.starts_with("cgo ") || node.mode == "cover" => {
            compiles.get(node.package.as_str()).copied()
        }
        None => None,
    };
    // Go commands can run at the same time, and their workers are others then.
    let shown: Vec<(GraphAction, usize)> = recording
        .invocations
        .iter()
        .flat_map(|invocation| &invocation.graph)
        .filter(|node| !node.planned && node.span().is_some())
        .filter_map(|node| Some((node.clone(), row_of(node)?)))
        .collect();
    let (nodes, rows): (Vec<GraphAction>, Vec<usize>) = shown.into_iter().unzip();
    let Some(start) = nodes.iter().filter_map(|node| node.start_ns).min() else {
        return Vec::new();
    };
    let mut spans: Vec<Span> = nodes
        .iter()
        .zip(lanes::assign(&nodes))
        .zip(rows)
        .filter_map(|((node, lane), row)| {
            let (from, to) = node.span()?;
            let ms = |at: i64| milliseconds(at.abs_diff(start));
            Some(Span { lane: lane?.0, start_ms: ms(from), end_ms: ms(to), row })
        })
        .collect();
    spans.sort_by(|one, other| {
        one.start_ms.total_cmp(&other.start_ms).then(one.lane.cmp(&other.lane))
    });
    spans
}

/// To a microsecond: more digits are no use, and stand in the page for every action.
#[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn milliseconds(nanoseconds: u64) -> f64 {
    (nanoseconds / 1_000) as f64 / 1e3
}
