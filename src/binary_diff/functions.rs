//! What became of each function.

/// A function of either file, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Function<'a> {
    pub name: &'a [u8],
    pub change: FunctionChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionChange {
    /// Equal bytes.
    Identical,
    /// Equal but for addresses that the layout foretells.
    Moved,
    Changed {
        first_bytes: usize,
        second_bytes: usize,
    },
    OnlyFirst,
    OnlySecond,
}
