//! What became of tests whose result may be cached: as the cache was seen, or by counting.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::{Looked, TestLog, TestOutcome};
use crate::golang::cache_entry::{self, Hash};

/// What a go command found in its cache and stored there, by action ID, where that was seen.
#[derive(Debug, Default)]
pub struct Observed {
    pub found: BTreeSet<Hash>,
    pub stored: BTreeSet<Hash>,
}

impl TestLog {
    /// Returns what became of each test whose result was looked for by its link. One that is found by
    /// the content of its executable does not say of which link that is.
    pub(super) fn outcomes(&self, observed: &Observed) -> BTreeMap<usize, TestOutcome> {
        let is_found = |index: usize| {
            let uses = self.uses.iter().filter(|(result, _)| *result == index);
            let sum = self.results.get_index(index).map(|(sum, _)| *sum).unwrap_or_default();
            let mut keys = uses.map(|(_, inputs)| kept_under(&sum, inputs));
            !observed.stored.contains(&sum) && keys.any(|key| observed.found.contains(&key))
        };
        let is_of_link = |looked: &Looked| self.links.contains_key(&looked.binary);
        let all = || self.results.iter().enumerate();
        let mut outcomes = BTreeMap::new();
        let mut rest = Vec::new();
        for (index, (sum, _)) in all().filter(|(_, (_, looked))| is_of_link(looked)) {
            if observed.stored.contains(sum) {
                outcomes.insert(index, TestOutcome::Ran);
            } else if is_found(index) {
                outcomes.insert(index, TestOutcome::Found);
            } else {
                rest.push(index);
            }
        }
        let by_content =
            all().filter(|(index, (_, looked))| !is_of_link(looked) && is_found(*index)).count();
        let outcome = match by_content {
            0 => TestOutcome::NotKept,
            found if found == rest.len() => TestOutcome::Found,
            _ => TestOutcome::Unclear,
        };
        outcomes.extend(rest.into_iter().map(|index| (index, outcome)));
        outcomes
    }

    /// Returns what became of each test by how often its result was used, and of one whose result was
    /// not.
    pub(super) fn inferred(&self) -> (BTreeMap<usize, TestOutcome>, TestOutcome) {
        let groups = self.groups();
        let mut outcomes = BTreeMap::new();
        for group in groups.values() {
            group.tell(&mut outcomes);
        }
        // Looked for by content alone: found so, of a link that is not known.
        let has_stray = groups.values().any(|group| group.by_link.is_empty());
        (outcomes, if has_stray { TestOutcome::Unclear } else { TestOutcome::NotKept })
    }

    /// Returns the uses of results by the sum of what was read. Tests that read the same share it.
    fn groups(&self) -> BTreeMap<[u8; 32], Group> {
        let mut groups: BTreeMap<[u8; 32], Group> = BTreeMap::new();
        for (at, (result, inputs)) in self.uses.iter().enumerate() {
            let Some((_, looked)) = self.results.get_index(*result) else { continue };
            let group = groups.entry(*inputs).or_default();
            if self.links.contains_key(&looked.binary) {
                group.by_link.entry(*result).or_default().push(at);
            } else {
                group.by_content.insert(*result, looked.at);
            }
        }
        groups
    }
}

/// The key of a test's output: its result's, with the sum of what it read.
///
/// Source: `testAndInputKey` in `cmd/go/internal/test/test.go` and `Subkey` in
/// `cmd/go/internal/cache/hash.go`.
fn kept_under(result: &Hash, inputs: &Hash) -> Hash {
    let hash = Sha256::new().chain_update(b"subkey:").chain_update(result);
    let inputs = format!("inputs:{}", cache_entry::hex(inputs));
    hash.chain_update(inputs).finalize().into()
}

/// Results that were used with the same inputs.
#[derive(Debug, Default)]
struct Group {
    /// By the action ID of their link, each with its uses.
    by_link: BTreeMap<usize, Vec<usize>>,
    /// By the content of their executable, which is known once it is linked; each with where in the
    /// order of uses it was first looked up.
    by_content: BTreeMap<usize, usize>,
}

impl Group {
    /// A result that is found by its link is used once and not linked. One that is not is looked up
    /// by content, and where it is kept then used again under both.
    fn tell(&self, outcomes: &mut BTreeMap<usize, TestOutcome>) {
        let linked = self.by_content.len();
        let first_linked = self.by_content.values().min().copied().unwrap_or(usize::MAX);
        let is_after = |uses: &[usize]| uses.last().is_some_and(|last| *last >= first_linked);
        let kept = self.by_link.values().filter(|uses| uses.len() > 1 || is_after(uses)).count();
        for (result, uses) in &self.by_link {
            let outcome = match uses.len() > 1 || is_after(uses) {
                _ if linked == 0 => TestOutcome::Found,
                true if uses.len() > 1 || kept <= linked => TestOutcome::Ran,
                // As many as were linked are accounted for.
                false if kept >= linked => TestOutcome::Found,
                false if linked >= self.by_link.len() => TestOutcome::NotKept,
                _ => TestOutcome::Unclear,
            };
            outcomes.insert(*result, outcome);
        }
    }
}
