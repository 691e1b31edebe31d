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
    /// Equal but for addresses of the same things.
    ///
    /// A literal edited to another of its length is a difference of the constants ([`super::Owner::Constant`]), not
    /// of the function, whose instructions stay: it loads what is at the place of the old one. One
    /// of another length changes the function, which holds the length.
    Moved,
    Changed {
        first_bytes: usize,
        second_bytes: usize,
    },
    OnlyFirst,
    OnlySecond,
}
