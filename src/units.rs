//! Positions in text files, each a type of its own so that 0-based and 1-based never mix.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// A line of a text file, counted from 1 as editors and SARIF count it.
///
/// An iterator's index is 0-based. [`LineNumber::from_index`] is the one place
/// where the two meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineNumber(NonZeroU32);

/// A column of a line, counted from 1 in characters, as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnNumber(NonZeroU32);

fn one_based(index: usize) -> NonZeroU32 {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    NonZeroU32::MIN.saturating_add(index)
}

impl LineNumber {
    /// Returns the line at a 0-based index. Files past 2^32 lines stay at the last.
    #[must_use]
    pub fn from_index(index: usize) -> Self {
        Self(one_based(index))
    }

    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl ColumnNumber {
    /// Returns the column at a 0-based index, counted in characters.
    #[must_use]
    pub fn from_index(index: usize) -> Self {
        Self(one_based(index))
    }

    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for LineNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ColumnNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_index_is_line_one() {
        assert_eq!(LineNumber::from_index(0).get(), 1);
        assert_eq!(ColumnNumber::from_index(41).get(), 42);
        assert_eq!(LineNumber::from_index(usize::MAX).get(), u32::MAX);
    }
}
