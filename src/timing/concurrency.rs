//! How many actions ran, and how many could have, over time.

use std::collections::BTreeMap;

use crate::golang::action_graph::GraphAction;
use crate::timing::lanes;

/// How many actions ran, and how many could have, over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Concurrency {
    /// Nanoseconds of a bucket; the first begins with the first start.
    pub bucket_ns: u64,
    /// Running actions in each bucket, on average.
    pub running: Vec<f64>,
    /// Actions in each bucket, on average, that waited for a worker and nothing else.
    pub runnable: Vec<f64>,
    /// The most that ran at one time; as many lanes have actions.
    pub peak: usize,
    /// The most that waited at one time.
    pub peak_runnable: usize,
}

/// What changed at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Nanoseconds since the Unix epoch.
    pub at_ns: i64,
    /// From then on.
    pub running: usize,
    pub runnable: usize,
}

/// As many as fit a line of a terminal with what stands beside them.
const BUCKETS: u64 = 56;

/// Returns the first start and the last done, in nanoseconds since the Unix epoch.
#[must_use]
pub fn bounds(graph: &[GraphAction]) -> Option<(i64, i64)> {
    let spans = || graph.iter().filter_map(GraphAction::span);
    Some((spans().map(|(start, _)| start).min()?, spans().map(|(_, done)| done).max()?))
}

pub(super) fn over_time(graph: &[GraphAction]) -> Concurrency {
    let Some((first, last)) = bounds(graph) else { return Concurrency::default() };
    let bucket_ns = last.abs_diff(first).div_ceil(BUCKETS).max(1);
    let mut running = Buckets::new(first, bucket_ns);
    let mut runnable = Buckets::new(first, bucket_ns);
    for action in graph {
        let Some((start, done)) = action.span() else { continue };
        running.add(start, done);
        if let Some(ready) = action.ready_ns.filter(|&ready| ready < start) {
            runnable.add(ready.max(first), start);
        }
    }
    let lanes = lanes::assign(graph);
    let peak = lanes.into_iter().flatten().max().map_or(0, |lane| lane.0 + 1);
    Concurrency {
        bucket_ns,
        running: running.average(),
        runnable: runnable.average(),
        peak,
        peak_runnable: changes(graph).iter().map(|change| change.runnable).max().unwrap_or(0),
    }
}

struct Buckets {
    first: i64,
    width: u64,
    /// Nanoseconds of all actions together.
    sums: Vec<u64>,
}

impl Buckets {
    fn new(first: i64, width: u64) -> Self {
        Self { first, width, sums: (0..BUCKETS).map(|_| 0).collect() }
    }

    fn add(&mut self, start: i64, end: i64) {
        let (mut from, end) = (start.abs_diff(self.first), end.abs_diff(self.first));
        for (number, sum) in (1..=BUCKETS).zip(&mut self.sums) {
            let until = end.min(number.saturating_mul(self.width));
            if until > from {
                *sum = sum.saturating_add(until - from);
                from = until;
            }
        }
    }

    fn average(self) -> Vec<f64> {
        self.sums.into_iter().map(|sum| sum as f64 / self.width as f64).collect()
    }
}

/// Returns every moment at which the number of running or runnable actions changed.
#[must_use]
pub fn changes(graph: &[GraphAction]) -> Vec<Change> {
    let mut steps: BTreeMap<i64, (isize, isize)> = BTreeMap::new();
    let Some((first, _)) = bounds(graph) else { return Vec::new() };
    for action in graph {
        let Some((start, done)) = action.span() else { continue };
        steps.entry(start).or_default().0 += 1;
        steps.entry(done).or_default().0 -= 1;
        if let Some(ready) = action.ready_ns.filter(|&ready| ready < start) {
            steps.entry(ready.max(first)).or_default().1 += 1;
            steps.entry(start).or_default().1 -= 1;
        }
    }
    let (mut running, mut runnable) = (0_isize, 0_isize);
    steps
        .into_iter()
        .map(|(at_ns, (more_running, more_runnable))| {
            running += more_running;
            runnable += more_runnable;
            let count = |number: isize| usize::try_from(number).unwrap_or_default();
            Change { at_ns, running: count(running), runnable: count(runnable) }
        })
        .collect()
}
