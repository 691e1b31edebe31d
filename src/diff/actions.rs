//! The actions of a recording: keys of the hash log joined to the action graph.

use std::collections::BTreeMap;

use crate::golang::action_graph::GraphAction;
use crate::golang::build_id::ShortId;
use crate::golang::hash_log::{Key, KeyKind, Proof};
use crate::golang::inputs::Inputs;
use crate::golang::variant::Variant;
use crate::recording::{Invocation, Recording};

/// One compile or link of a recording.
#[derive(Debug, Clone)]
pub(super) struct Action<'r> {
    pub(super) key: &'r Key,
    /// Index of the go command in the recording, and of the key in its log.
    pub(super) at: (usize, usize),
    pub(super) variant: Variant,
    /// The go command that it belongs to.
    pub(super) invocation: &'r Invocation,
    /// Short form of the sum; the name of the action in the graph.
    pub(super) id: ShortId,
    /// Hash of what it made, where the graph says it.
    pub(super) content: Option<ShortId>,
    /// Whether a command was executed, where the graph says it.
    pub(super) ran: Option<bool>,
    pub(super) cpu_ns: Option<u64>,
}

impl Action<'_> {
    /// Returns the name of the action as the hash log prints it: `build fmt`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.key.kind.name(), self.key.package)
    }
}

/// The actions of one side, each once, with how much of their keys is proven.
#[derive(Debug, Default)]
pub(super) struct Actions<'r> {
    pub(super) all: Vec<Action<'r>>,
    pub(super) verified: usize,
    pub(super) total: usize,
}

/// Collects the compiles and links of a recording.
///
/// A go command that finds an old target computes the key of a link that it
/// then does not run; where there is a graph, only keys in it are actions.
pub(super) fn collect<'r>(recording: &'r Recording, inputs: &Inputs) -> Actions<'r> {
    let mut actions = Actions::default();
    let mut seen: BTreeMap<(KeyKind, [u8; 32]), usize> = BTreeMap::new();
    for (command, invocation) in recording.invocations.iter().enumerate() {
        let graph = Graph::of(invocation);
        // A plan runs nothing, and its graph holds the action ID in place of the content ID.
        let is_plan = invocation.info.command().is_set("n");
        for (number, key) in invocation.log.keys.iter().enumerate() {
            if key.kind == KeyKind::Vet {
                continue;
            }
            let id = ShortId::of(&key.sum);
            let node = graph.by_id.get(&id).copied();
            if node.is_none() && !graph.by_id.is_empty() {
                continue;
            }
            let done = node.filter(|_| !is_plan);
            let action = Action {
                key,
                at: (command, number),
                variant: Variant::of(key, inputs),
                invocation,
                id,
                content: done.and_then(|node| node.content_id),
                ran: done.map(|node| node.ran),
                cpu_ns: done.map(|node| node.cpu_ns.saturating_add(graph.helpers(key))),
            };
            match seen.get(&(key.kind, key.sum)) {
                // A later command finds in the cache what an earlier one made.
                Some(&index) if actions.all[index].ran != Some(true) => actions.all[index] = action,
                Some(_) => {}
                None => {
                    seen.insert((key.kind, key.sum), actions.all.len());
                    actions.all.push(action);
                }
            }
        }
    }
    actions.total = actions.all.len();
    actions.verified =
        actions.all.iter().filter(|action| action.key.proof == Proof::Verified).count();
    actions
}

/// The graph of one go command, by action ID.
struct Graph<'r> {
    by_id: BTreeMap<ShortId, &'r GraphAction>,
    /// CPU time of actions that have no key of their own and serve a compile: cgo, cover.
    helpers: BTreeMap<&'r str, u64>,
}

impl<'r> Graph<'r> {
    fn of(invocation: &'r Invocation) -> Self {
        let mut graph = Self { by_id: BTreeMap::new(), helpers: BTreeMap::new() };
        for node in &invocation.graph {
            match node.action_id {
                Some(id) => drop(graph.by_id.insert(id, node)),
                None if node.mode.starts_with("cgo ") || node.mode == "cover" => {
                    *graph.helpers.entry(&node.package).or_default() += node.cpu_ns;
                }
                None => {}
            }
        }
        graph
    }

    fn helpers(&self, key: &Key) -> u64 {
        match key.kind {
            KeyKind::Build => self.helpers.get(key.package.as_str()).copied().unwrap_or_default(),
            KeyKind::Link | KeyKind::Vet => 0,
        }
    }
}
