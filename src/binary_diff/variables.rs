//! Where variables without names went, by what most functions say.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Pairs of addresses that the same instruction of two functions has.
///
/// A stripped file has no names for variables, and a new one moves those after it. Functions have names
/// there too, and those that did not change tell where theirs went.
#[derive(Debug, Default)]
pub(super) struct Seen(RefCell<Vec<(u64, u64)>>);

impl Seen {
    pub(super) fn add(&self, first: u64, second: u64) {
        self.0.borrow_mut().push((first, second));
    }

    /// How many pairs there are, to go back to with [`Self::forget`].
    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Drops the pairs of a function that turned out to have changed in more than addresses.
    pub(super) fn forget(&self, len: usize) {
        self.0.borrow_mut().truncate(len);
    }

    /// The variables that two pairs agree on and none denies, and those between two that moved as far.
    pub(super) fn agreed(self) -> BTreeMap<u64, u64> {
        let mut pairs = self.0.into_inner();
        pairs.sort_unstable();
        let mut agreed = BTreeMap::new();
        let mut alone = Vec::new();
        for of_one in pairs.chunk_by(|one, other| one.0 == other.0) {
            let best = of_one.chunk_by(|one, other| one == other).max_by_key(|same| same.len());
            match best {
                Some([pair]) => alone.push(*pair),
                Some([(first, second), ..]) => drop(agreed.insert(*first, *second)),
                _ => {}
            }
        }
        let moved_as_far = |(first, second): &(u64, u64)| {
            let far =
                |pair: Option<(&u64, &u64)>| pair.map(|(one, other)| other.wrapping_sub(*one));
            let before = far(agreed.range(..first).next_back());
            let after = far(agreed.range(first..).next());
            let own = Some(second.wrapping_sub(*first));
            before == own || after == own
        };
        alone.retain(moved_as_far);
        agreed.extend(alone);
        agreed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_functions_or_the_neighbours_say_where_a_variable_went() {
        let seen = Seen::default();
        for (first, second) in
            [(16, 24), (16, 24), (16, 40), (32, 40), (48, 80), (64, 72), (64, 72)]
        {
            seen.add(first, second);
        }
        let len = seen.len();
        seen.add(80, 88);
        seen.forget(len);
        let agreed: Vec<_> = seen.agreed().into_iter().collect();
        assert_eq!(agreed, [(16, 24), (32, 40), (64, 72)]);
    }
}
