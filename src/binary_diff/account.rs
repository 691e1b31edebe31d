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
    /// The bytes of all [`Source::New`] steps, one after the other.
    new: Vec<u8>,
    /// How far the second block is made.
    end: usize,
    pub(super) hunks: Vec<Hunk>,
    /// Differing bytes by owner.
    pub(super) tally: BTreeMap<Owner, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    len: usize,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Bytes of the first block from here on.
    Copy(usize),
    /// A foretold number of `len` bytes, in the order of the file.
    Moved([u8; 8]),
    /// The next bytes of `new`.
    New,
}

impl Account {
    /// Says that the next `len` bytes are those of the first block at `first`.
    pub(super) fn copy(&mut self, first: usize, len: usize) {
        if len == 0 {
            return;
        }
        self.end += len;
        if let Some(Step { len: last, source: Source::Copy(from) }) = self.steps.last_mut()
            && *from + *last == first
        {
            *last += len;
            return;
        }
        self.steps.push(Step { len, source: Source::Copy(first) });
    }

    /// Says that the next bytes are an address, in place of one in the first block that differs in
    /// `differing` bytes.
    pub(super) fn moved(&mut self, value: &[u8], differing: usize) {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(value) {
            *to = *from;
        }
        let len = value.len().min(8);
        self.steps.push(Step { len, source: Source::Moved(bytes) });
        self.end += len;
        *self.tally.entry(Owner::Address).or_default() += differing as u64;
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
        let differing = if first_bytes.len() == bytes.len() {
            first_bytes.iter().zip(bytes).filter(|(one, other)| one != other).count()
        } else {
            first_bytes.len().max(bytes.len())
        };
        *self.tally.entry(owner).or_default() += differing as u64;
        self.end = second.end;
        self.new.extend(bytes);
        if !bytes.is_empty() {
            match self.steps.last_mut() {
                Some(Step { len, source: Source::New }) => *len += bytes.len(),
                _ => self.steps.push(Step { len: bytes.len(), source: Source::New }),
            }
        }
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

    /// Makes the second block out of the first, by the steps alone.
    ///
    /// Returns `None` when a step copies from outside of the first block.
    pub(super) fn apply(&self, first: &[u8]) -> Option<Vec<u8>> {
        let mut made = Vec::with_capacity(self.end);
        let mut new = &self.new[..];
        for step in &self.steps {
            match step.source {
                Source::Copy(from) => made.extend(first.get(from..from.checked_add(step.len)?)?),
                Source::Moved(bytes) => made.extend(bytes.get(..step.len)?),
                Source::New => {
                    let (bytes, rest) = new.split_at_checked(step.len)?;
                    made.extend(bytes);
                    new = rest;
                }
            }
        }
        Some(made)
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
        assert_eq!(account.apply(first).unwrap(), second);
        assert_eq!(account.end(), second.len());
        assert_eq!(account.hunks, [Hunk { first: 6..9, second: 6..11, owner: Owner::Value }]);
        let tally: Vec<_> = account.tally.into_iter().collect();
        assert_eq!(tally, [(Owner::Value, 5), (Owner::Address, 1)]);
    }

    #[test]
    fn what_is_not_in_the_first_block_is_no_copy() {
        let mut account = Account::default();
        account.copy(3, 4);
        assert_eq!(account.apply(b"12345"), None);
    }
}
