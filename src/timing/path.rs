//! The critical path: the chain of dependencies that takes longest.

use crate::timing::order::Order;

/// The chain of dependencies that takes longest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// Sum of the steps.
    pub total_ns: u64,
    /// In the order in which they run; each depends on the one before it. Begins and ends with a
    /// step that takes time.
    pub steps: Vec<Step>,
}

/// One action of a critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Index in the graph.
    pub action: usize,
    pub own_ns: u64,
    /// What the longest chain would lose if this step took no time at all: no more than its own
    /// time, and less where another chain is then the longest.
    pub saving_ns: u64,
}

/// Finds the critical path where each action takes the nanoseconds in `weights`.
///
/// Takes time linear in actions and dependencies.
pub(super) fn critical(order: &Order, weights: &[u64]) -> CriticalPath {
    let chains = Chains::of(order, weights);
    // The first in order to reach the maximum: what follows it takes no time.
    let last = order
        .sequence
        .iter()
        .copied()
        .reduce(|best, next| if chains.to[next] > chains.to[best] { next } else { best });
    let Some(last) = last.filter(|&last| chains.to[last] > 0) else {
        return CriticalPath::default();
    };
    let total_ns = chains.to[last];
    let mut path: Vec<usize> =
        std::iter::successors(Some(last), |&action| chains.before[action]).collect();
    path.reverse();
    let avoiding = longest_avoiding(order, &chains, &path);
    let steps = path.iter().zip(avoiding).map(|(&action, avoiding)| {
        let own_ns = weights[action];
        Step { action, own_ns, saving_ns: own_ns.min(total_ns.saturating_sub(avoiding)) }
    });
    CriticalPath { total_ns, steps: steps.collect() }
}

/// The longest chains that end and that begin at each action, itself included.
struct Chains {
    to: Vec<u64>,
    from: Vec<u64>,
    /// The dependency through which the longest chain comes, where that takes time.
    before: Vec<Option<usize>>,
}

impl Chains {
    fn of(order: &Order, weights: &[u64]) -> Self {
        let mut to = vec![0_u64; weights.len()];
        let mut before = vec![None; weights.len()];
        for &action in &order.sequence {
            let mut longest = 0;
            for &dep in &order.deps[action] {
                if to[dep] > longest {
                    (longest, before[action]) = (to[dep], Some(dep));
                }
            }
            to[action] = longest.saturating_add(weights[action]);
        }
        let mut after = vec![0_u64; weights.len()];
        let mut from = vec![0_u64; weights.len()];
        for &action in order.sequence.iter().rev() {
            from[action] = after[action].saturating_add(weights[action]);
            for &dep in &order.deps[action] {
                after[dep] = after[dep].max(from[action]);
            }
        }
        Self { to, from, before }
    }
}

/// Returns, for each step of a path, the longest chain that does not go through it.
///
/// Seen in the order of all actions, such a chain lies wholly before the step, wholly after it,
/// or has one dependency that spans it.
fn longest_avoiding(order: &Order, chains: &Chains, path: &[usize]) -> Vec<u64> {
    let places: Vec<usize> = path.iter().map(|&action| order.position[action]).collect();
    let mut avoiding = vec![0_u64; path.len()];
    let mut longest = 0;
    let mut step = 0;
    for (place, &action) in order.sequence.iter().enumerate() {
        if places.get(step) == Some(&place) {
            avoiding[step] = longest;
            step += 1;
        }
        longest = longest.max(chains.to[action]);
    }
    longest = 0;
    for (place, &action) in order.sequence.iter().enumerate().rev() {
        if step > 0 && places[step - 1] == place {
            step -= 1;
            avoiding[step] = avoiding[step].max(longest);
        }
        longest = longest.max(chains.from[action]);
    }
    let mut spans = Spans::new(path.len());
    for (user, deps) in order.deps.iter().enumerate() {
        let end = places.partition_point(|&place| place < order.position[user]);
        for &dep in deps {
            let start = places.partition_point(|&place| place <= order.position[dep]);
            spans.raise(start, end, chains.to[dep].saturating_add(chains.from[user]));
        }
    }
    for (value, spanning) in avoiding.iter_mut().zip(spans.finish()) {
        *value = (*value).max(spanning);
    }
    avoiding
}

/// The maximum over many ranges at each place: a sparse table, filled from its top.
struct Spans {
    /// At level n each entry stands for 2^n places from its own on.
    levels: Vec<Vec<u64>>,
}

impl Spans {
    fn new(places: usize) -> Self {
        let levels = usize::BITS - places.leading_zeros();
        Self { levels: vec![vec![0; places]; levels.max(1) as usize] }
    }

    /// Raises every place in `start..end` to at least `value`.
    fn raise(&mut self, start: usize, end: usize, value: u64) {
        if start >= end {
            return;
        }
        // Two entries of one level cover the range.
        let level = (end - start).ilog2() as usize;
        for at in [start, end - (1 << level)] {
            let entry = &mut self.levels[level][at];
            *entry = (*entry).max(value);
        }
    }

    fn finish(self) -> Vec<u64> {
        let levels = self.levels.into_iter().enumerate().rev();
        let lowest = levels.reduce(|(_, upper), (level, mut lower)| {
            for (at, value) in upper.into_iter().enumerate() {
                for half in [at, at + (1 << level)] {
                    if let Some(entry) = lower.get_mut(half) {
                        *entry = (*entry).max(value);
                    }
                }
            }
            (level, lower)
        });
        lowest.map_or_else(Vec::new, |(_, places)| places)
    }
}
