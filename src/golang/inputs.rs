//! Hash inputs, each text held once however many actions hash it.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// One distinct hash input. Equal IDs of one [`Inputs`] are equal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(u32);

/// The distinct hash inputs of the logs that are compared with each other.
///
/// Held as the log prints them, quoted: that is valid UTF-8 for any bytes, and
/// two texts are equal exactly when the bytes they stand for are.
#[derive(Debug, Default)]
pub struct Inputs {
    texts: IndexSet<Box<str>, FxBuildHasher>,
}

impl Inputs {
    /// Returns the ID of a text, a new one if it was not seen before.
    pub fn intern(&mut self, quoted: &str) -> InputId {
        let index = match self.texts.get_index_of(quoted) {
            Some(index) => index,
            None => self.texts.insert_full(quoted.into()).0,
        };
        // 2^32 distinct inputs are 400 GB of log; beyond that all share the last ID.
        InputId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Returns the text of an input, quoted as the log prints it.
    #[must_use]
    pub fn quoted(&self, id: InputId) -> &str {
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        self.texts.get_index(index).map_or("", |text| text)
    }
}
