//! Which bytes of two blocks stand for the same thing, where no symbol tells.

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
    runs.0
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
}

fn run(first: usize, second: usize, len: usize) -> Option<Run> {
    (len > 0).then_some(Run { first, second, len })
}

fn scan(first: &[u8], second: &[u8], start: usize, runs: &mut Runs) {
    let places = Places::of(first, start);
    let (mut first_end, mut second_end) = (start, start);
    let mut at = start;
    while let Some(window) = second.get(at..at + WINDOW) {
        let expected = first_end + (at - second_end);
        let same_shift = first.get(expected..expected + WINDOW) == Some(window);
        let place = if same_shift { Some(expected) } else { places.next(first, window, first_end) };
        let Some(place) = place else {
            at += 1;
            continue;
        };
        let back = common_suffix(&first[first_end..place], &second[second_end..at]);
        let len = back + tolerant_len(&first[place..], &second[at..]);
        if place - first_end > len * JUMP_FACTOR {
            at += 1;
            continue;
        }
        runs.push(run(place - back, at - back, len));
        first_end = place - back + len;
        second_end = at - back + len;
        at = second_end;
    }
}

/// Where windows of the first block are, by a hash of their bytes.
struct Places(Vec<(u32, u32)>);

impl Places {
    fn of(block: &[u8], start: usize) -> Self {
        let starts = (start..block.len().saturating_sub(WINDOW - 1)).step_by(STRIDE);
        let mut places: Vec<(u32, u32)> = starts
            .filter_map(|at| {
                let window = &block[at..at + WINDOW];
                // Padding is everywhere.
                let plain = window.iter().all(|byte| *byte == window[0]);
                (!plain).then(|| Some((hash(window), u32::try_from(at).ok()?))).flatten()
            })
            .collect();
        places.sort_unstable();
        Self(places)
    }

    /// The next place from `from` on with this window.
    fn next(&self, block: &[u8], window: &[u8], from: usize) -> Option<usize> {
        /// Windows of one hash that are looked at.
        const TRIES: usize = 4;
        let key = (hash(window), u32::try_from(from).ok()?);
        let start = self.0.partition_point(|place| *place < key);
        self.0[start..]
            .iter()
            .take_while(|place| place.0 == key.0)
            .take(TRIES)
            .filter_map(|place| usize::try_from(place.1).ok())
            .find(|place| block.get(*place..place + WINDOW) == Some(window))
    }
}

/// Mixes the two halves of a window, by multiplication with a number without a pattern (Fibonacci hashing).
fn hash(window: &[u8]) -> u32 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let half = |at: usize| {
        window[at..at + 8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let mixed = half(0).wrapping_mul(GOLDEN).rotate_left(29) ^ half(8).wrapping_mul(GOLDEN);
    u32::try_from(mixed.wrapping_mul(GOLDEN) >> 32).unwrap_or_default()
}

/// The length up to the best place to end, where differing bytes count against equal ones.
fn tolerant_len(first: &[u8], second: &[u8]) -> usize {
    let (mut score, mut best, mut best_len) = (0_isize, 0_isize, 0);
    for (at, (one, other)) in first.iter().zip(second).enumerate() {
        score += if one == other { 1 } else { -1 };
        if score > best {
            (best, best_len) = (score, at + 1);
        } else if best - score > PATIENCE {
            break;
        }
    }
    best_len
}

pub(super) fn common_prefix(first: &[u8], second: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let blocks = first.chunks_exact(BLOCK).zip(second.chunks_exact(BLOCK));
    let equal = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    equal
        + first[equal..]
            .iter()
            .zip(&second[equal..])
            .take_while(|(one, other)| one == other)
            .count()
}

fn common_suffix(first: &[u8], second: &[u8]) -> usize {
    first.iter().rev().zip(second.iter().rev()).take_while(|(one, other)| one == other).count()
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
