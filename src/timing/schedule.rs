//! What a build would have taken, had an action taken no time: the go command's own way to
//! choose what is next, played again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::golang::action_graph::GraphAction;
use crate::timing::order::Order;

/// A build played again with the same number of workers.
///
/// A critical path says what time could be saved with cores without number; on
/// few cores an action off the path delays others as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// As many as ran at one time.
    pub workers: usize,
    /// What the replay of the build as it was takes. The nearer to what it took, the better it
    /// says what would be.
    pub elapsed_ns: u64,
    /// Of some actions, by index in the graph, how much sooner the build would be done if the
    /// action took no time.
    pub savings: Vec<(usize, u64)>,
}

impl Replay {
    /// Returns the saving of an action, where it was tried.
    #[must_use]
    pub fn saving(&self, action: usize) -> Option<u64> {
        let found = self.savings.iter().find(|(tried, _)| *tried == action);
        found.map(|(_, saving)| *saving)
    }
}

/// Replays a build as it was, and once without the time of each action in `tried`.
pub(super) fn replay(
    graph: &[GraphAction],
    order: &Order,
    workers: usize,
    tried: &[usize],
) -> Replay {
    let schedule = Schedule::of(graph, order, workers);
    let mut weights: Vec<u64> = graph.iter().map(GraphAction::elapsed_ns).collect();
    let elapsed_ns = schedule.elapsed(&weights);
    let mut savings = Vec::with_capacity(tried.len());
    for &action in tried {
        let own = std::mem::take(&mut weights[action]);
        // With less to do a list schedule may end later; there is then nothing to save.
        savings.push((action, elapsed_ns.saturating_sub(schedule.elapsed(&weights))));
        weights[action] = own;
    }
    Replay { workers, elapsed_ns, savings }
}

struct Schedule {
    workers: usize,
    users: Vec<Vec<usize>>,
    /// How many dependencies each action has.
    waits: Vec<usize>,
    /// The lower goes first.
    priority: Vec<i64>,
}

impl Schedule {
    fn of(graph: &[GraphAction], order: &Order, workers: usize) -> Self {
        let mut users = vec![Vec::new(); graph.len()];
        for (action, deps) in order.deps.iter().enumerate() {
            for &dep in deps {
                users[dep].push(action);
            }
        }
        let waits = order.deps.iter().map(Vec::len).collect();
        let priority = graph.iter().map(|action| action.priority).collect();
        Self { workers, users, waits, priority }
    }

    /// Returns when the last action is done: a free worker takes, of the actions
    /// whose dependencies are done, the one of the lowest priority.
    fn elapsed(&self, weights: &[u64]) -> u64 {
        let mut waits = self.waits.clone();
        let mut ready: BinaryHeap<Reverse<(i64, usize)>> = (0..waits.len())
            .filter(|&action| waits[action] == 0)
            .map(|action| Reverse((self.priority[action], action)))
            .collect();
        let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut now = 0_u64;
        loop {
            while running.len() < self.workers
                && let Some(Reverse((_, action))) = ready.pop()
            {
                running.push(Reverse((now.saturating_add(weights[action]), action)));
            }
            let Some(Reverse((done, action))) = running.pop() else { return now };
            now = done;
            for &user in &self.users[action] {
                waits[user] -= 1;
                if waits[user] == 0 {
                    ready.push(Reverse((self.priority[user], user)));
                }
            }
        }
    }
}
