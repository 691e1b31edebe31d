//! What a watched build compiled, in the order in which one package depends on another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::golang::action_graph::GraphAction;
use crate::golang::build_id::ShortId;

/// What a build compiled, or found compiled in its cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// A package comes after those that it imports.
    pub packages: Vec<Compiled>,
}

/// A package as it was compiled. One path may be there more than once, as in a build of tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiled {
    /// Import path, also of a main package.
    pub path: String,
    /// Hash of its inputs.
    pub action: ShortId,
    /// Hash of its archive.
    pub content: ShortId,
}

impl Build {
    /// Of the action graphs of a build's go commands; `None` where they compile nothing.
    #[must_use]
    pub fn of_graphs(graphs: &[Vec<GraphAction>]) -> Option<Self> {
        let mut packages = Vec::new();
        let mut seen = BTreeSet::new();
        for action in graphs.iter().flat_map(|graph| in_order(graph)) {
            let (Some(key), Some(content)) = (action.action_id, action.content_id) else {
                continue;
            };
            // A plan has no contents: it puts the key in their place.
            if action.mode == "build" && !action.planned && seen.insert((&action.package, key)) {
                packages.push(Compiled { path: action.package.clone(), action: key, content });
            }
        }
        (!packages.is_empty()).then_some(Self { packages })
    }
}

/// Actions after those that they depend on. A graph with loops, which go does not write, gives an order
/// all the same.
fn in_order(graph: &[GraphAction]) -> Vec<&GraphAction> {
    let by_id: BTreeMap<u64, usize> =
        graph.iter().enumerate().map(|(index, action)| (action.id, index)).collect();
    let mut order = Vec::with_capacity(graph.len());
    let mut entered = vec![false; graph.len()];
    for root in 0..graph.len() {
        // An action and how many of its dependencies are done.
        let mut open = vec![(root, 0)];
        while let Some((index, done)) = open.pop() {
            let (Some(action), Some(entered)) = (graph.get(index), entered.get_mut(index)) else {
                continue;
            };
            if done == 0 && std::mem::replace(entered, true) {
                continue;
            }
            match action.deps.get(done) {
                Some(dep) => {
                    open.push((index, done + 1));
                    open.extend(by_id.get(dep).map(|dep| (*dep, 0)));
                }
                None => order.push(action),
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(id: u64, mode: &str, package: &str, deps: &[u64]) -> GraphAction {
        let short = |text: &str| ShortId::of(&[text.len().try_into().unwrap(); 32]);
        GraphAction {
            id,
            mode: mode.into(),
            package: package.into(),
            deps: deps.to_vec(),
            action_id: Some(short(package)),
            content_id: Some(short(mode)),
            ..GraphAction::default()
        }
    }

    #[test]
    fn packages_come_after_what_they_import() {
        let graph = vec![
            action(0, "link", "main", &[1, 2]),
            action(1, "build", "main", &[3, 2, 4]),
            action(2, "build", "fmt", &[4, 99]),
            action(3, "build", "a", &[2]),
            action(4, "build", "runtime", &[]),
            action(5, "vet", "x", &[4]),
        ];
        let build = Build::of_graphs(&[graph.clone(), graph]).unwrap();
        let paths: Vec<_> = build.packages.iter().map(|package| package.path.as_str()).collect();
        assert_eq!(paths, ["runtime", "fmt", "a", "main"]);
        assert_eq!(Build::of_graphs(&[]), None);
    }

    #[test]
    fn a_loop_ends() {
        let graph = vec![
            action(0, "build", "a", &[1]),
            action(1, "build", "bb", &[0]),
            action(2, "build", "ccc", &[2]),
        ];
        assert_eq!(Build::of_graphs(&[graph]).unwrap().packages.len(), 3);
    }
}
