//! Hash inputs, each text held once however many actions hash it.

use std::hash::Hasher as _;
use std::sync::Arc;

use hashbrown::HashTable;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHasher};

/// One distinct hash input. Equal IDs of one [`Inputs`] are equal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(u32);

/// The distinct hash inputs of the logs that are compared with each other.
///
/// Held as the log prints them, quoted: that is valid UTF-8 for any bytes, and
/// two texts are equal exactly when the bytes they stand for are.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The texts, one after the other: an allocation for each would take as much again.
    chunks: Vec<String>,
    /// Where each text is, by ID.
    places: Vec<Place>,
    ids: HashTable<Slot>,
    /// What was hashed into the proven keys that were read so far, by sum.
    keys: IndexMap<[u8; 32], Arc<[InputId]>, FxBuildHasher>,
    /// Bytes of all texts.
    bytes: usize,
    /// Whether some text was not kept.
    is_full: bool,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    chunk: u32,
    start: u32,
    end: u32,
    /// The ID of the text that last followed this one.
    next: u32,
}

/// The hash is kept so that a table that grows, or a collision, does not touch the text.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    id: u32,
}

impl Slot {
    /// Spreads the hash over the bits that a table takes: the lowest and the highest.
    fn spread(self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

/// Bytes of all texts, and their number. The 50,000 compiles of a large company take a tenth of it;
/// what a hostile log holds beyond that is not kept.
const MAX_BYTES: usize = 1 << 29;
const MAX_TEXTS: usize = 1 << 23;

/// Bytes of a chunk, unless one text takes more.
const CHUNK: usize = 1 << 18;

impl Inputs {
    /// Returns the ID of a text, a new one if it was not seen before.
    pub fn intern(&mut self, quoted: &str) -> InputId {
        self.intern_after(None, quoted.as_bytes())
    }

    /// As [`Inputs::intern`], for a text that is known to be UTF-8 and follows another in its key.
    ///
    /// Links list the same packages in the same order, so what followed last time is looked at first.
    pub(super) fn intern_after(&mut self, previous: Option<InputId>, quoted: &[u8]) -> InputId {
        let last = previous.and_then(|id| Some((id, self.places.get(index(id.0))?.next)));
        if let Some((_, next)) = last
            && self.text(next).as_bytes() == quoted
            && !quoted.is_empty()
        {
            return InputId(next);
        }
        let id = self.look_up(quoted);
        if let Some(place) = last.and_then(|(id, _)| self.places.get_mut(index(id.0))) {
            place.next = id.0;
        }
        id
    }

    fn look_up(&mut self, quoted: &[u8]) -> InputId {
        let is_full =
            self.places.len() >= MAX_TEXTS || self.bytes.saturating_add(quoted.len()) > MAX_BYTES;
        let id = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let id = if is_full { u32::MAX } else { id };
        let new = Slot { hash: hash(quoted), id };
        let is_it = |slot: &Slot| slot.hash == new.hash && self.text(slot.id).as_bytes() == quoted;
        if let Some(slot) = self.ids.find(new.spread(), is_it) {
            return InputId(slot.id);
        }
        self.is_full |= is_full;
        if id != u32::MAX {
            self.bytes = self.bytes.saturating_add(quoted.len());
            self.ids.insert_unique(new.spread(), new, |slot| slot.spread());
            let place = self.store(std::str::from_utf8(quoted).unwrap_or_default());
            self.places.push(place);
        }
        InputId(id)
    }

    fn store(&mut self, text: &str) -> Place {
        let fits = |chunk: &String| chunk.capacity().saturating_sub(chunk.len()) >= text.len();
        if !self.chunks.last().is_some_and(fits) {
            self.chunks.push(String::with_capacity(text.len().max(CHUNK)));
        }
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let chunk = number(self.chunks.len().saturating_sub(1));
        let last = self.chunks.last_mut();
        let start = number(last.as_ref().map_or(0, |last| last.len()));
        let end = last.map_or(start, |last| {
            last.push_str(text);
            number(last.len())
        });
        Place { chunk, start, end, next: u32::MAX }
    }

    fn text(&self, id: u32) -> &str {
        let place = self.places.get(index(id));
        let found = place.and_then(|place| {
            self.chunks.get(index(place.chunk))?.get(index(place.start)..index(place.end))
        });
        found.unwrap_or_default()
    }

    /// Says whether some text was not kept: what two logs hold beyond half a gigabyte.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Says whether the text of an input was kept.
    pub(super) fn is_kept(&self, id: InputId) -> bool {
        index(id.0) < self.places.len()
    }

    /// Returns the text of an input, quoted as the log prints it; empty where it was not kept.
    #[must_use]
    pub fn quoted(&self, id: InputId) -> &str {
        self.text(id.0)
    }

    /// Returns what was hashed into a proven key that was read before.
    pub(super) fn of_key(&self, sum: &[u8; 32]) -> Option<Arc<[InputId]>> {
        self.keys.get(sum).cloned()
    }

    /// Keeps what was hashed into a proven key. Keys of two builds are mostly equal: each is held once.
    pub(super) fn keep_key(&mut self, sum: [u8; 32], inputs: Arc<[InputId]>) {
        self.keys.insert(sum, inputs);
    }
}

fn hash(text: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    let [high, low] = [hasher.finish() >> 32, hasher.finish() & u64::from(u32::MAX)];
    u32::try_from(high ^ low).unwrap_or_default()
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_ids_and_keep_their_text() {
        let mut inputs = Inputs::default();
        let texts: Vec<String> = (0..50_000).map(|n| format!("\"file {n}.go é\\n\"")).collect();
        let ids: Vec<InputId> = texts.iter().map(|text| inputs.intern(text)).collect();
        let long = "x".repeat(CHUNK + 1);
        let long_id = inputs.intern(&long);
        for (text, &id) in texts.iter().zip(&ids) {
            assert_eq!(inputs.intern(text), id);
            assert_eq!(inputs.quoted(id), text);
        }
        assert_eq!(inputs.quoted(long_id), long);
        assert_eq!(inputs.quoted(InputId(u32::MAX)), "");
        let distinct: std::collections::BTreeSet<InputId> = ids.into_iter().collect();
        assert_eq!(distinct.len(), texts.len());
    }
}
