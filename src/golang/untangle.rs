//! Two blocks of one name whose lines mix: which line is whose.
//!
//! The go command hashes what two variants of a package share in one order. So
//! of the lines that occur twice, one block is ahead, and the other takes them
//! as the first did; lines that occur once are tried with either. The sums of
//! both blocks say when all is right.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest as _, Sha256};

use crate::golang::inputs::InputId;

/// What happened to a name while two blocks of it were open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Open,
    Write(InputId),
    Sum([u8; 32]),
}

/// Lines that are tried for all pairs of a log; one of `go vet std` took up to 8,500.
pub(super) const BUDGET: u32 = 1 << 19;

/// Events of a pair; the largest packages have some hundred files and imports. The search calls
/// itself for a line at most.
pub(super) const MAX_EVENTS: usize = 1 << 10;

/// Bytes of the lines of a pair: they are hashed again for every way that is tried to its end.
const MAX_BYTES: usize = 1 << 17;

/// Bytes that are hashed for the price of one line.
const BYTES_A_LINE: usize = 1 << 10;

/// The writes of two blocks, in the order of their sums.
pub(super) type Pair = [Vec<InputId>; 2];

/// Tells the lines of two blocks apart. `payload` gives what a line stands for.
///
/// `None` when these are not two whole blocks, or the search takes too long. `budget` is what it may
/// take, and then what it left.
pub(super) fn untangle(
    events: &[Event],
    mut payload: impl FnMut(InputId) -> Option<Vec<u8>>,
    budget: &mut u32,
) -> Option<Pair> {
    let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
    let opened = count(|event| matches!(event, Event::Open));
    if (opened, count(|event| matches!(event, Event::Sum(_)))) != (2, 2) {
        return None;
    }
    let mut lines: BTreeMap<InputId, (Vec<u8>, usize)> = BTreeMap::new();
    for event in events {
        if let Event::Write(id) = event {
            match lines.get_mut(id) {
                Some((_, times)) => *times = times.saturating_add(1),
                None => drop(lines.insert(*id, (payload(*id)?, 1))),
            }
        }
    }
    let bytes = lines.values().fold(0_usize, |sum, (line, _)| sum.saturating_add(line.len()));
    if bytes > MAX_BYTES {
        return None;
    }
    let mut search = Search { events, lines: &lines, left: *budget };
    let found = search.run(0, State::default());
    *budget = search.left;
    found
}

/// A way to tell the lines up to some event apart.
#[derive(Debug, Clone, Default)]
struct State {
    blocks: [Vec<InputId>; 2],
    opened: usize,
    /// Of the first sum, which block had it.
    first: Option<usize>,
    /// What the block that is ahead has taken and the other has not.
    ahead: VecDeque<InputId>,
    leader: usize,
    /// Which block took the last line that occurs once.
    last: usize,
}

impl State {
    fn give(mut self, block: usize, id: InputId) -> Self {
        if let Some(lines) = self.blocks.get_mut(block) {
            lines.push(id);
        }
        self
    }
}

struct Search<'a> {
    events: &'a [Event],
    lines: &'a BTreeMap<InputId, (Vec<u8>, usize)>,
    left: u32,
}

impl Search<'_> {
    fn run(&mut self, from: usize, mut state: State) -> Option<Pair> {
        for (at, event) in self.events.iter().enumerate().skip(from) {
            self.left = self.left.checked_sub(1)?;
            let next = at.saturating_add(1);
            let id = match event {
                Event::Open => {
                    state.opened = state.opened.saturating_add(1);
                    continue;
                }
                Event::Sum(sum) => return self.summed(next, state, sum),
                Event::Write(id) => *id,
            };
            let is_shared = self.lines.get(&id).is_some_and(|(_, times)| *times >= 2);
            state = if let Some(first) = state.first {
                state.give(1_usize.saturating_sub(first), id)
            } else if is_shared && state.ahead.front() == Some(&id) {
                state.ahead.pop_front();
                let follower = 1_usize.saturating_sub(state.leader);
                state.give(follower, id)
            } else if state.opened < 2 || (is_shared && !state.ahead.is_empty()) {
                if is_shared {
                    state.ahead.push_back(id);
                }
                let leader = state.leader;
                state.give(leader, id)
            } else {
                return self.either(next, &state, id, is_shared);
            };
        }
        None
    }

    /// Tries a line with both blocks.
    fn either(&mut self, next: usize, state: &State, id: InputId, is_shared: bool) -> Option<Pair> {
        let likely = if is_shared { state.leader } else { state.last };
        [likely, 1_usize.saturating_sub(likely)].into_iter().find_map(|block| {
            // A copy costs what it holds.
            let lines =
                state.blocks.iter().fold(0_usize, |sum, lines| sum.saturating_add(lines.len()));
            let price = u32::try_from(lines.div_euclid(64)).unwrap_or(u32::MAX);
            self.left = self.left.saturating_sub(price);
            let mut state = state.clone();
            if is_shared {
                state.leader = block;
                state.ahead.push_back(id);
            } else {
                state.last = block;
            }
            self.run(next, state.give(block, id))
        })
    }

    fn summed(&mut self, next: usize, state: State, sum: &[u8; 32]) -> Option<Pair> {
        if let Some(first) = state.first {
            let second = 1_usize.saturating_sub(first);
            if !self.gives(state.blocks.get(second)?, sum) {
                return None;
            }
            let [one, other] = state.blocks;
            return Some(if first == 0 { [one, other] } else { [other, one] });
        }
        let block = (0..2_usize)
            .find(|&block| state.blocks.get(block).is_some_and(|lines| self.gives(lines, sum)))?;
        self.run(next, State { first: Some(block), ..state })
    }

    fn gives(&mut self, lines: &[InputId], sum: &[u8; 32]) -> bool {
        let mut hash = Sha256::new();
        let mut bytes = 0_usize;
        for (payload, _) in lines.iter().filter_map(|id| self.lines.get(id)) {
            hash.update(payload);
            bytes = bytes.saturating_add(payload.len());
        }
        let price = u32::try_from(bytes.div_euclid(BYTES_A_LINE)).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(price);
        hash.finalize().as_slice() == sum
    }
}
