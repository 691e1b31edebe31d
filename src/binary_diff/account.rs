//! The account of two files: each byte of the second is a copy, a foretold address, or new.

use std::collections::BTreeMap;
use std::ops::Range;

use super::owner::Owner;

/// Two stretches of the same meaning that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// In the first block (the file, or a debug section unpacked), in bytes.
    pub first: Range<usize>,
    pub second: Range<usize>,
    pub owner: Owner,
}

/// Steps that make one block of bytes out of another, and who owns what is new.
///
/// The steps are in the order of the second block and cover it.
#[derive(Debug, Default)]
pub(super) struct Account {
    steps: Vec<Step>,
    /// The bytes of all steps that copy nothing, one after the other.
    new: Vec<u8>,
    /// How far the second block is made.
    end: usize,
    pub(super) hunks: Vec<Hunk>,
    /// Differing bytes by owner.
    pub(super) tally: BTreeMap<Owner, u64>,
}

/// Large programs have millions of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    len: usize,
    /// Where in the first block, or [`NEW`].
    from: usize,
}

/// In place of an offset: a foretold number, or what has an owner. No slice is this long.
const NEW: usize = usize::MAX;

/// How many bytes of two stretches count as differing: of one length those that do, else the longer length.
#[must_use]
pub fn differing_bytes(first: &[u8], second: &[u8]) -> u64 {
    let count = if first.len() == second.len() {
        first.iter().zip(second).filter(|(one, other)| one != other).count()
    } else {
        first.len().max(second.len())
    };
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Account {
    /// Says that the next `len` bytes are those of the first block at `first`.
    pub(super) fn copy(&mut self, first: usize, len: usize) {
        if len == 0 {
            return;
        }
        self.end += len;
        match self.steps.last_mut() {
            Some(last) if last.from != NEW && last.from + last.len == first => last.len += len,
            _ => self.steps.push(Step { len, from: first }),
        }
    }

    /// Says that the next bytes are an address, in place of one in the first block that differs in
    /// `differing` bytes.
    pub(super) fn moved(&mut self, value: &[u8], differing: usize) {
        self.put(value);
        *self.tally.entry(Owner::Address).or_default() += differing as u64;
    }

    fn put(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.end += bytes.len();
        self.new.extend(bytes);
        match self.steps.last_mut() {
            Some(Step { len, from: NEW }) => *len += bytes.len(),
            _ => self.steps.push(Step { len: bytes.len(), from: NEW }),
        }
    }

    /// Says that the next bytes are new, in place of a stretch of the first block.
    ///
    /// Of stretches of one length the bytes that differ count, else the longer length.
    pub(super) fn new_bytes(
        &mut self,
        first: Range<usize>,
        first_bytes: &[u8],
        bytes: &[u8],
        owner: Owner,
    ) {
        if first_bytes.is_empty() && bytes.is_empty() {
            return;
        }
        let second = self.end..self.end + bytes.len();
        *self.tally.entry(owner).or_default() += differing_bytes(first_bytes, bytes);
        self.put(bytes);
        match self.hunks.last_mut() {
            Some(last)
                if last.owner == owner
                    && last.first.end == first.start
                    && last.second.end == second.start =>
            {
                last.first.end = first.end;
                last.second.end = second.end;
            }
            _ => self.hunks.push(Hunk { first, second, owner }),
        }
    }

    /// As [`Self::new_bytes`], for a part of two stretches of one length.
    pub(super) fn changed(
        &mut self,
        first: usize,
        part: Range<usize>,
        old: &[u8],
        new: &[u8],
        owner: Owner,
    ) {
        let (old, new) = (&old[part.clone()], &new[part.clone()]);
        let first = first + part.start..first + part.end;
        if old == new {
            self.copy(first.start, new.len());
        } else {
            self.new_bytes(first, old, new, owner);
        }
    }

    /// How far the second block is made, in bytes.
    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// Whether the steps alone make the second block out of the first.
    pub(super) fn makes(&self, first: &[u8], second: &[u8]) -> bool {
        let (mut new, mut rest) = (&self.new[..], second);
        for step in &self.steps {
            let bytes = if step.from == NEW {
                new.split_off(..step.len)
            } else {
                step.from.checked_add(step.len).and_then(|end| first.get(step.from..end))
            };
            let made = rest.split_off(..step.len);
            if made.is_none() || bytes != made {
                return false;
            }
        }
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_make_the_second_block() {
        let first = b"value=one; call 0010; end";
        let second = b"value=three; call 0012; end";
        let mut account = Account::default();
        account.copy(0, 6);
        account.new_bytes(6..9, b"one", b"three", Owner::Value);
        account.copy(9, 7);
        account.moved(b"0012", 1);
        account.copy(20, 1);
        account.copy(21, 4);
        assert!(account.makes(first, second));
        assert!(!account.makes(first, b"value=three; call 0012; eng"));
        assert!(!account.makes(first, b"value=three; call 0012; ends"));
        assert_eq!(account.end(), second.len());
        assert_eq!(account.hunks, [Hunk { first: 6..9, second: 6..11, owner: Owner::Value }]);
        let tally: Vec<_> = account.tally.into_iter().collect();
        assert_eq!(tally, [(Owner::Value, 5), (Owner::Address, 1)]);
    }

    #[test]
    fn what_is_not_in_the_first_block_is_no_copy() {
        let mut account = Account::default();
        account.copy(3, 4);
        assert!(!account.makes(b"12345", b"45"));
    }
}
