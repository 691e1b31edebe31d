//! Which causes reach which actions, along the content IDs that one action hashes of another.

use std::collections::BTreeMap;

use crate::diff::Step;
use crate::golang::build_id::ShortId;
use crate::golang::hash_input::Slot;

/// A set of causes, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CauseSet(Vec<u64>);

impl CauseSet {
    pub(super) fn insert(&mut self, cause: usize) {
        let (word, bit) = (cause / 64, cause % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, theirs) in self.0.iter_mut().zip(&other.0) {
            *own |= theirs;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit)
        })
    }
}

/// Returns for each step those whose changed output it hashes.
pub(super) fn edges(steps: &[Step<'_>]) -> Vec<Vec<usize>> {
    let producers = Producers::of(steps);
    steps.iter().map(|step| producers.behind(step)).collect()
}

/// Adds to each step's own causes those of the steps whose output it hashes.
///
/// Steps are taken in topological order, so each is looked at once.
pub(super) fn propagate(edges: &[Vec<usize>], own: &mut [CauseSet]) {
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut consumers: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (consumer, from) in edges.iter().enumerate() {
        for &producer in from {
            consumers[producer].push(consumer);
        }
    }
    let mut ready: Vec<usize> = (0..edges.len()).filter(|&index| waiting[index] == 0).collect();
    while let Some(producer) = ready.pop() {
        for &consumer in &consumers[producer] {
            let causes = own[producer].clone();
            own[consumer].add(&causes);
            waiting[consumer] -= 1;
            if waiting[consumer] == 0 {
                ready.push(consumer);
            }
        }
    }
}

/// The steps by what they make.
struct Producers<'a> {
    /// By the content ID of their output. A plan knows no outputs and stands in the action ID.
    by_output: BTreeMap<ShortId, Vec<usize>>,
    by_package: BTreeMap<&'a str, Vec<usize>>,
    steps: &'a [Step<'a>],
}

impl<'a> Producers<'a> {
    fn of(steps: &'a [Step<'a>]) -> Self {
        let mut producers = Self { by_output: BTreeMap::new(), by_package: BTreeMap::new(), steps };
        for (index, step) in steps.iter().enumerate() {
            for id in [Some(step.second.id), step.second.content].into_iter().flatten() {
                let makers = producers.by_output.entry(id).or_default();
                if !makers.contains(&index) {
                    makers.push(index);
                }
            }
            producers.by_package.entry(&step.second.key.package).or_default().push(index);
        }
        producers
    }

    /// Returns the steps whose changed output a step hashes.
    fn behind(&self, step: &Step<'_>) -> Vec<usize> {
        let mut behind: Vec<usize> = Vec::new();
        for change in step.changes.iter().filter(|change| change.is_edge()) {
            let value = change.second.as_deref().unwrap_or_default();
            // `packagemain` carries the whole build ID: action ID, then content ID.
            let ids = value.split('/').filter_map(|id| ShortId::parse(id).ok());
            let makers: Vec<usize> =
                ids.flat_map(|id| self.by_output.get(&id).into_iter().flatten()).copied().collect();
            let package = match change.slot {
                Slot::PackageMain => step.second.key.package.as_str(),
                _ => change.subject.as_str(),
            };
            // Two packages can have equal outputs; the name decides. Where no ID is known, the name is all there is.
            let named: Vec<usize> = makers
                .iter()
                .copied()
                .filter(|&index| self.steps[index].second.key.package == package)
                .collect();
            match (named.is_empty(), makers.is_empty()) {
                (false, _) => behind.extend(named),
                (true, false) => behind.extend(makers),
                (true, true) => behind.extend(self.by_package.get(package).into_iter().flatten()),
            }
        }
        behind.sort_unstable();
        behind.dedup();
        // A link is no producer of its own main package.
        behind
            .retain(|&index| !std::ptr::eq(&raw const self.steps[index], std::ptr::from_ref(step)));
        behind
    }
}
