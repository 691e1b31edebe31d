//! Where the time of one go command went: totals, critical paths, slowest actions, concurrency.
//!
//! CPU time leads. Elapsed time is what a person waits, but on a machine that does
//! other things as well it says more of those than of the build.

pub mod concurrency;
pub mod group;
pub mod lanes;
mod order;
pub mod path;
pub mod schedule;
pub mod variant;

use std::cmp::Reverse;

use crate::golang::action_graph::GraphAction;
use crate::golang::hash_log::HashLog;
use crate::golang::inputs::Inputs;
use crate::timing::concurrency::Concurrency;
use crate::timing::group::{Group, GroupTotals, Outcome};
use crate::timing::order::Order;
use crate::timing::path::CriticalPath;
use crate::timing::schedule::Replay;
use crate::timing::variant::{Trait, Variant};

/// Where the time of one go command went. Actions are named by their index in the graph.
#[derive(Debug, Clone)]
pub struct Timing {
    pub state: State,
    pub totals: GroupTotals,
    /// Those that have actions, in the order of [`Group`].
    pub groups: Vec<(Group, GroupTotals)>,
    /// First start to last done.
    pub elapsed_ns: u64,
    /// The chain of dependencies that takes the most CPU time: with no wait and
    /// any number of cores the commands cannot end sooner.
    pub cpu_path: CriticalPath,
    /// The chain that took longest from start to done of each action.
    pub elapsed_path: CriticalPath,
    /// Actions that executed a command, the one with the most CPU time first.
    pub slowest: Vec<usize>,
    /// Runs of tests, the longest first. A graph has no CPU time of them.
    pub tests: Vec<usize>,
    /// One for each action.
    pub variants: Vec<Variant>,
    /// What is true of every compile, and so tells none apart.
    pub shared: Vec<Trait>,
    /// How often the package of each action was compiled or linked, for each action.
    pub times_built: Vec<usize>,
    pub concurrency: Concurrency,
    /// What the build would gain from the slowest actions and tests.
    pub replay: Replay,
    pub oddities: Oddities,
}

/// What a graph can say of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It holds no action.
    Empty,
    /// `go build -n`: nothing ran, and the times are those of planning.
    Plan,
    /// It was written before the actions ran: the go command was killed.
    NotFinished,
    Built,
}

/// What the go command does not write. A report says so and goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Actions whose ID an earlier one has.
    pub duplicate_ids: usize,
    /// Dependencies that name no action; left out.
    pub unknown_deps: usize,
    /// Dependencies that close a circle; left out.
    pub circular_deps: usize,
}

/// Of how many actions, and of how many tests, a replay says what they delay.
const TRIED: usize = 20;

/// Actions and dependencies that are replayed in all: about a second.
const REPLAY_LIMIT: usize = 20_000_000;

/// Commands that took this many times their CPU time waited: for cores, mostly.
pub const LOADED: f64 = 1.5;

impl Timing {
    /// Returns how many cores the build could have used: its CPU time over that of the
    /// critical path.
    #[must_use]
    pub fn useful_parallelism(&self) -> Option<f64> {
        ratio(self.totals.cpu_ns, self.cpu_path.total_ns)
    }

    /// Returns how many cores it used on average.
    #[must_use]
    pub fn effective_cores(&self) -> Option<f64> {
        ratio(self.totals.cpu_ns, self.elapsed_ns)
    }

    /// Returns how many times their CPU time the commands took, where that is more than
    /// [`LOADED`]: the machine was loaded, and elapsed times say little.
    #[must_use]
    pub fn load(&self) -> Option<f64> {
        let measured = self.totals.real_ns.saturating_sub(self.totals.unmeasured_ns);
        ratio(measured, self.totals.cpu_ns).filter(|load| *load > LOADED)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Measures one go command. `log` is its hash log, where there is one: it tells variants of a
/// package apart.
#[must_use]
pub fn measure(graph: &[GraphAction], log: Option<(&HashLog, &Inputs)>) -> Timing {
    let order = Order::of(graph);
    let state = state(graph);
    let weights = |weight: fn(&GraphAction) -> u64| match state {
        State::Built => graph.iter().map(weight).collect(),
        State::Empty | State::Plan | State::NotFinished => vec![0; graph.len()],
    };
    let (groups, totals) = group::totals(graph);
    let (variants, shared) = variant::variants(graph, &order, log);
    let by = |chosen: fn(&GraphAction) -> bool, weight: fn(&GraphAction) -> u64| {
        let mut actions: Vec<usize> =
            (0..graph.len()).filter(|&index| chosen(&graph[index])).collect();
        actions.sort_by_key(|&index| (Reverse(weight(&graph[index])), index));
        actions
    };
    let slowest = by(|action| action.ran, |action| action.cpu_ns);
    let tests = by(group::is_test_run, GraphAction::elapsed_ns);
    let concurrency = concurrency::over_time(graph);
    let size = graph.len() + order.deps.iter().map(Vec::len).sum::<usize>();
    let most = TRIED.min(REPLAY_LIMIT / size.max(1));
    let tried: Vec<usize> =
        slowest.iter().take(most).chain(tests.iter().take(most)).copied().collect();
    let replay = match state {
        State::Built => schedule::replay(graph, &order, concurrency.peak, &tried),
        State::Empty | State::Plan | State::NotFinished => Replay::default(),
    };
    Timing {
        state,
        totals,
        groups,
        elapsed_ns: concurrency::bounds(graph).map_or(0, |(first, last)| last.abs_diff(first)),
        cpu_path: path::critical(&order, &weights(|action| action.cpu_ns)),
        elapsed_path: path::critical(&order, &weights(GraphAction::elapsed_ns)),
        slowest,
        tests,
        variants,
        shared,
        times_built: times_built(graph),
        concurrency,
        replay,
        oddities: order.oddities,
    }
}

fn state(graph: &[GraphAction]) -> State {
    if graph.is_empty() {
        State::Empty
    } else if graph.iter().any(|action| action.planned) {
        State::Plan
    } else if graph.iter().all(|action| action.span().is_none()) {
        State::NotFinished
    } else {
        State::Built
    }
}

fn times_built(graph: &[GraphAction]) -> Vec<usize> {
    let key = |action: &GraphAction| (action.mode.clone(), action.package.clone());
    let mut counts = std::collections::BTreeMap::new();
    for action in graph.iter().filter(|action| Outcome::of(action) == Outcome::Ran) {
        *counts.entry(key(action)).or_default() += 1;
    }
    graph.iter().map(|action| counts.get(&key(action)).copied().unwrap_or_default()).collect()
}
