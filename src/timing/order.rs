//! The actions of a graph in an order in which each comes after what it depends on.

use std::collections::{BTreeMap, VecDeque};

use crate::golang::action_graph::GraphAction;
use crate::timing::Oddities;

/// A graph without circles. Actions are named by their index in the graph.
#[derive(Debug)]
pub(super) struct Order {
    /// Every action once, dependencies first.
    pub(super) sequence: Vec<usize>,
    /// Where in [`Order::sequence`] each action is.
    pub(super) position: Vec<usize>,
    /// What each action depends on; all of it has a lower position.
    pub(super) deps: Vec<Vec<usize>>,
    pub(super) oddities: Oddities,
}

impl Order {
    /// Orders a graph, whatever a file says. Takes time linear in actions and dependencies, and
    /// no stack: a chain may be as long as memory allows.
    pub(super) fn of(graph: &[GraphAction]) -> Self {
        let mut oddities = Oddities::default();
        let mut deps = resolve(graph, &mut oddities);
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); graph.len()];
        let mut waits: Vec<usize> = deps.iter().map(Vec::len).collect();
        for (action, deps) in deps.iter().enumerate() {
            for &dep in deps {
                users[dep].push(action);
            }
        }
        let mut sequence = Vec::with_capacity(graph.len());
        let mut position = vec![usize::MAX; graph.len()];
        let mut free: VecDeque<usize> =
            (0..graph.len()).filter(|&action| waits[action] == 0).collect();
        let mut unplaced = 0..graph.len();
        loop {
            // In a circle nothing is ever free: it is cut open at its first action.
            let next = free
                .pop_front()
                .or_else(|| unplaced.by_ref().find(|&action| position[action] == usize::MAX));
            let Some(action) = next else { break };
            position[action] = sequence.len();
            sequence.push(action);
            for &user in &users[action] {
                waits[user] -= 1;
                if waits[user] == 0 && position[user] == usize::MAX {
                    free.push_back(user);
                }
            }
        }
        for (action, deps) in deps.iter_mut().enumerate() {
            let before = deps.len();
            deps.retain(|&dep| position[dep] < position[action]);
            oddities.circular_deps += before - deps.len();
        }
        Self { sequence, position, deps, oddities }
    }
}

/// Returns the index of what each action depends on.
fn resolve(graph: &[GraphAction], oddities: &mut Oddities) -> Vec<Vec<usize>> {
    let mut indices = BTreeMap::new();
    for (index, action) in graph.iter().enumerate() {
        if *indices.entry(action.id).or_insert(index) != index {
            oddities.duplicate_ids += 1;
        }
    }
    let mut resolved = Vec::with_capacity(graph.len());
    for action in graph {
        let known: Vec<usize> =
            action.deps.iter().filter_map(|id| indices.get(id).copied()).collect();
        oddities.unknown_deps += action.deps.len() - known.len();
        resolved.push(known);
    }
    resolved
}
