//! Which bytes of two blocks stand for the same thing, where no symbol tells.

use std::ops::Range;

/// A stretch of one block that corresponds to one of the other, byte by byte.
///
/// Corresponding bytes need not be equal: an address in the middle of a table may have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) len: usize,
}

/// Bytes that must be equal for a stretch to be found.
const WINDOW: usize = 16;
/// Distance of the places of the first block that are remembered.
const STRIDE: usize = 8;
/// How many times its length a stretch may be away from the end of the one before, so that a word that
/// recurs far away does not leave all that is before it unmatched.
const JUMP_FACTOR: usize = 8;
/// The most bytes between two stretches that are one.
const GAP_MAX: usize = 1 << 16;
/// A stretch ends where this many more bytes differ than are equal since its best end.
const PATIENCE: isize = 48;

/// Finds the stretches of two blocks that correspond, in the order of both.
///
/// The places of equal windows are found with a table, as in rsync (Tridgell 1999, chapter 3); a
/// stretch then goes on over bytes that differ as long as most are equal, as in bsdiff (Percival
/// 2003). Takes time and memory linear in the sizes.
pub(super) fn align(first: &[u8], second: &[u8]) -> Vec<Run> {
    let prefix = common_prefix(first, second);
    let suffix = common_suffix(&first[prefix..], &second[prefix..]);
    let first_end = first.len() - suffix;
    let second_end = second.len() - suffix;
    let mut runs = Runs::default();
    runs.push(run(0, 0, prefix));
    let (from, to) = (&first[..first_end], &second[..second_end]);
    if from.len() > prefix && to.len() > prefix {
        scan(from, to, prefix, &mut runs);
    }
    runs.push(run(first_end, second_end, suffix));
    runs.with_ends(first.len(), second.len())
}

#[derive(Default)]
struct Runs(Vec<Run>);

impl Runs {
    fn push(&mut self, run: Option<Run>) {
        let Some(run) = run else { return };
        match self.0.last_mut() {
            // What is between two stretches that are shifted alike has stayed in its place too.
            Some(last)
                if run.first - last.first == run.second - last.second
                    && run.first - last.first - last.len <= GAP_MAX =>
            {
                last.len = run.first + run.len - last.first;
            }
            _ => self.0.push(run),
        }
    }

    /// What is before the first stretch, and after the last, corresponds when it is of one length.
    fn with_ends(mut self, first_len: usize, second_len: usize) -> Vec<Run> {
        if let Some(run) = self.0.first_mut()
            && run.first == run.second
            && run.first <= GAP_MAX
        {
            *run = Run { first: 0, second: 0, len: run.first + run.len };
        }
        if let Some(run) = self.0.last_mut() {
            let rest = first_len - run.first - run.len;
            if rest == second_len - run.second - run.len && rest <= GAP_MAX {
                run.len += rest;
            }
        }
        self.0
    }
}

fn run(first: usize, second: usize, len: usize) -> Option<Run> {
    (len > 0).then_some(Run { first, second, len })
}

fn scan(first: &[u8], second: &[u8], start: usize, runs: &mut Runs) {
    let places = Places::of(first, start);
    let (mut first_end, mut second_end) = (start, start);
    let (mut at, mut found) = (start, 0);
    while let Some(window) = second.get(at..).and_then(|rest| rest.first_chunk()) {
        let expected = first_end + (at - second_end);
        let same_shift = first.get(expected..expected + WINDOW) == Some(window);
        let place = if same_shift { Some(expected) } else { places.next(first, window, first_end) };
        let Some(place) = place else {
            at += 1;
            if at - start > found * HOPE + HOPE_MIN {
                break;
            }
            continue;
        };
        let ahead = tolerant_len(&first[place..], &second[at..]);
        let back = common_suffix(&first[first_end..place], &second[second_end..at]);
        let len = back + ahead;
        if place - first_end > len * JUMP_FACTOR {
            at += ahead.max(1);
            continue;
        }
        runs.push(run(place - back, at - back, len));
        first_end = place - back + len;
        second_end = at - back + len;
        found += len;
        at = second_end;
    }
}

/// Two blocks of which less than one byte in so many is found again have nothing in common.
const HOPE: usize = 64;
/// Bytes that are looked at in any case.
const HOPE_MIN: usize = 1 << 20;

/// Where windows of the first block are, by a hash of their bytes.
struct Places {
    /// By hash.
    places: Vec<(u32, u32)>,
    /// Where in `places` the hashes with these upper bits begin, and at last where all end.
    starts: Vec<u32>,
    /// Bits of a hash that choose a start.
    bits: u32,
}

impl Places {
    fn of(block: &[u8], start: usize) -> Self {
        let windows = || {
            (start..block.len().saturating_sub(WINDOW - 1)).step_by(STRIDE).filter_map(|at| {
                let window: &[u8; WINDOW] = block[at..].first_chunk()?;
                // Padding is everywhere.
                let plain = window.iter().all(|byte| *byte == window[0]);
                (!plain).then(|| Some((hash(window), u32::try_from(at).ok()?))).flatten()
            })
        };
        let bits = (block.len() / STRIDE).max(1).ilog2().clamp(4, 28);
        // Counted, summed up, and filled from the end of each: a sort by the upper bits.
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for (hash, _) in windows() {
            starts[bucket(hash, bits)] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut places = vec![(0, 0); usize::try_from(sum).unwrap_or_default()];
        for place in windows() {
            let start = &mut starts[bucket(place.0, bits)];
            *start -= 1;
            places[usize::try_from(*start).unwrap_or_default()] = place;
        }
        let mut made = Self { places, starts, bits };
        for bucket in 0..1 << bits {
            let range = made.range(bucket);
            made.places[range].sort_unstable();
        }
        made
    }

    fn range(&self, bucket: usize) -> Range<usize> {
        let end = |at: usize| usize::try_from(self.starts[at]).unwrap_or_default();
        end(bucket)..end(bucket + 1)
    }

    /// The next place from `from` on with this window.
    fn next(&self, block: &[u8], window: &[u8; WINDOW], from: usize) -> Option<usize> {
        /// Windows of one hash that are looked at.
        const TRIES: usize = 4;
        let hash = hash(window);
        let places = &self.places[self.range(bucket(hash, self.bits))];
        if places.is_empty() {
            return None;
        }
        let key = (hash, u32::try_from(from).ok()?);
        let start = places.partition_point(|place| *place < key);
        places[start..]
            .iter()
            .take_while(|place| place.0 == hash)
            .take(TRIES)
            .filter_map(|place| usize::try_from(place.1).ok())
            .find(|place| block.get(*place..place + WINDOW) == Some(window))
    }
}

fn bucket(hash: u32, bits: u32) -> usize {
    usize::try_from(hash >> (32 - bits)).unwrap_or_default()
}

/// Mixes the two halves of a window, by multiplication with a number without a pattern (Fibonacci hashing).
fn hash(window: &[u8; WINDOW]) -> u32 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let half = |at: usize| {
        let bytes = window[at..].first_chunk();
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let (low, high) = (half(0), half(8));
    let mixed = low.wrapping_mul(GOLDEN).rotate_left(29) ^ high.wrapping_mul(GOLDEN);
    (mixed.wrapping_mul(GOLDEN) >> 32) as u32
}

/// The length up to the best place to end, where differing bytes count against equal ones.
fn tolerant_len(first: &[u8], second: &[u8]) -> usize {
    let (mut score, mut best, mut best_len) = (0_isize, 0_isize, 0);
    let mut at = 0;
    loop {
        let equal = common_prefix(&first[at..], &second[at..]);
        at += equal;
        score += equal.cast_signed();
        if score > best {
            (best, best_len) = (score, at);
        }
        if at >= first.len() || at >= second.len() || best - score > PATIENCE {
            return best_len;
        }
        at += 1;
        score -= 1;
    }
}

/// How many bytes two blocks begin with alike.
pub(super) fn common_prefix(first: &[u8], second: &[u8]) -> usize {
    const BLOCK: usize = 64;
    // Mostly the next few bytes tell.
    let near = first.iter().zip(second).take(BLOCK).take_while(|(one, other)| one == other).count();
    if near < BLOCK {
        return near;
    }
    let blocks = first.chunks_exact(BLOCK).zip(second.chunks_exact(BLOCK));
    let equal = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    let rest = first[equal..].iter().zip(&second[equal..]);
    equal + rest.take_while(|(one, other)| one == other).count()
}

fn common_suffix(first: &[u8], second: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let blocks = first.rchunks_exact(BLOCK).zip(second.rchunks_exact(BLOCK));
    let equal = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    let (first, second) = (&first[..first.len() - equal], &second[..second.len() - equal]);
    let rest = first.iter().rev().zip(second.iter().rev());
    equal + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn what_is_put_in_is_in_no_run() {
        let first = noise(1, 10_000);
        let second = [&first[..3000], &noise(2, 77), &first[3000..]].concat();
        let runs = align(&first, &second);
        assert_eq!(
            runs,
            [Run { first: 0, second: 0, len: 3000 }, Run { first: 3000, second: 3077, len: 7000 }]
        );
        let back = align(&second, &first);
        assert_eq!(
            back,
            [Run { first: 0, second: 0, len: 3000 }, Run { first: 3077, second: 3000, len: 7000 }]
        );
    }

    #[test]
    fn a_run_goes_on_over_addresses_that_moved() {
        let first = noise(3, 4096);
        let mut second = [&noise(4, 40), &first[..]].concat();
        for at in (60..second.len() - 20).step_by(40) {
            second[at] ^= 0x55;
        }
        assert_eq!(align(&first, &second), [Run { first: 0, second: 40, len: 4096 }]);
    }

    #[test]
    fn several_changes_leave_what_is_between() {
        let first = noise(5, 9000);
        let second = [&first[..1000], &first[1500..4000], &noise(6, 300), &first[4000..]].concat();
        let runs = align(&first, &second);
        assert_eq!(runs.iter().map(|run| run.len).sum::<usize>(), 8500);
        assert_eq!(runs.len(), 3);
    }

    #[test]
    fn nothing_in_common_is_no_run() {
        assert_eq!(align(&noise(7, 500), &noise(8, 700)), []);
        assert_eq!(align(b"", b"abc"), []);
        assert_eq!(align(b"", b""), []);
    }
}
