//! Which action of the second build is which of the first.

use std::collections::BTreeMap;

use crate::diff::actions::Action;
use crate::golang::hash_log::KeyKind;
use crate::golang::inputs::InputId;

/// Indices of two actions that are the same step of the two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) first: usize,
    pub(super) second: usize,
}

/// The actions of two builds, paired.
#[derive(Debug, Default)]
pub(super) struct Matching {
    pub(super) pairs: Vec<Pair>,
    pub(super) only_first: Vec<usize>,
    pub(super) only_second: Vec<usize>,
}

/// Pairs actions by kind and package; where several share these, equal keys
/// first, then those of one variant that share the most inputs.
pub(super) fn match_actions(first: &[Action<'_>], second: &[Action<'_>]) -> Matching {
    type Group = (Vec<usize>, Vec<usize>);
    let mut groups: BTreeMap<(KeyKind, &str, bool), Group> = BTreeMap::new();
    for (index, action) in first.iter().enumerate() {
        groups.entry(step_of(action)).or_default().0.push(index);
    }
    for (index, action) in second.iter().enumerate() {
        groups.entry(step_of(action)).or_default().1.push(index);
    }
    let mut matching = Matching::default();
    for (_, (mut ours, mut theirs)) in groups {
        take_equal(&mut ours, &mut theirs, first, second, &mut matching);
        take_closest(&mut ours, &mut theirs, first, second, &mut matching);
        matching.only_first.append(&mut ours);
        matching.only_second.append(&mut theirs);
    }
    matching.pairs.sort_by_key(|pair| pair.second);
    matching
}

/// What two actions must share to be one step. A package with its own test files is another
/// action, which only `go test` and `go vet` have.
fn step_of<'a>(action: &'a Action<'_>) -> (KeyKind, &'a str, bool) {
    (action.key.kind, &action.key.package, action.variant.test)
}

fn take_equal(
    ours: &mut Vec<usize>,
    theirs: &mut Vec<usize>,
    first: &[Action<'_>],
    second: &[Action<'_>],
    matching: &mut Matching,
) {
    ours.retain(|&one| {
        let equal = theirs.iter().position(|&other| first[one].key.sum == second[other].key.sum);
        let Some(at) = equal else { return true };
        matching.pairs.push(Pair { first: one, second: theirs.remove(at) });
        false
    });
}

fn take_closest(
    ours: &mut Vec<usize>,
    theirs: &mut Vec<usize>,
    first: &[Action<'_>],
    second: &[Action<'_>],
    matching: &mut Matching,
) {
    if let ([one], [other]) = (ours.as_slice(), theirs.as_slice()) {
        matching.pairs.push(Pair { first: *one, second: *other });
        ours.clear();
        theirs.clear();
        return;
    }
    // No package has that many variants; each pair of them would be looked at.
    if ours.len().saturating_mul(theirs.len()) > MAX_PAIRS {
        let pairs = ours.len().min(theirs.len());
        let numbers = ours.drain(..pairs).zip(theirs.drain(..pairs));
        matching.pairs.extend(numbers.map(|(first, second)| Pair { first, second }));
        return;
    }
    let mut candidates = Vec::new();
    for &one in ours.iter() {
        for &other in theirs.iter() {
            candidates.push((closeness(&first[one], &second[other]), one, other));
        }
    }
    // The closest first; among equals the order of the logs.
    candidates.sort_by_key(|&(closeness, one, other)| (std::cmp::Reverse(closeness), one, other));
    for (_, one, other) in candidates {
        if ours.contains(&one) && theirs.contains(&other) {
            matching.pairs.push(Pair { first: one, second: other });
            ours.retain(|&index| index != one);
            theirs.retain(|&index| index != other);
        }
    }
}

/// Pairs of actions of one package that are held against each other.
const MAX_PAIRS: usize = 4096;

/// Whether two actions are of one variant, and how many inputs they share.
fn closeness(one: &Action<'_>, other: &Action<'_>) -> (bool, usize) {
    (one.variant == other.variant, shared(&one.key.inputs, &other.key.inputs))
}

fn shared(one: &[InputId], other: &[InputId]) -> usize {
    let (gone, _) = difference(one, other);
    one.len() - gone.len()
}

/// Returns the inputs that only one of two keys has. Order does not matter, number does.
pub(super) fn difference(one: &[InputId], other: &[InputId]) -> (Vec<InputId>, Vec<InputId>) {
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    let (mut only_one, mut only_other) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (one.into_iter().peekable(), other.into_iter().peekable());
    loop {
        match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if a == b => {
                left.next();
                right.next();
            }
            (Some(a), Some(b)) if a < b => only_one.extend(left.next()),
            (Some(_), None) => only_one.extend(left.next()),
            (_, Some(_)) => only_other.extend(right.next()),
            (None, None) => return (only_one, only_other),
        }
    }
}
