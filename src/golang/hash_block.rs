//! The blocks of a hash log whose sums have not come yet.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use sha2::{Digest as _, Sha256};

use crate::golang::hash_line::{Line, head_of};
use crate::golang::inputs::{InputId, Inputs};
use crate::golang::quote;
use crate::golang::untangle::{self, Event, untangle};
use crate::units::LineNumber;

/// Bytes that are hashed at once: each call has its price, and this much stays in the fastest cache.
const HASHED_AT_ONCE: usize = 1 << 13;

/// Bytes of texts that one block, and all together, may hold back until their sum has come.
const HELD_BY_ONE: usize = 1 << 20;
const HELD_BY_ALL: usize = 1 << 24;

/// A go command has as many blocks open as it runs actions at a time.
const MAX_NAMES: usize = 1 << 14;

/// `go vet` was seen to have two blocks of one name open.
const MAX_OF_ONE_NAME: usize = 32;

/// Inputs of one key. The link of a program of a hundred thousand packages has that many.
const MAX_INPUTS: usize = 1 << 21;

/// One block whose sum has not come yet.
pub(super) struct Block {
    pub(super) line: LineNumber,
    /// Another block of the same name was open at the same time.
    pub(super) overlapping: bool,
    /// A write could not be read.
    damaged: bool,
    hash: Sha256,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    /// What was written and is not hashed yet.
    payload: Vec<u8>,
    inputs: Vec<InputId>,
    /// Texts that have no ID yet, one after the other, and where each ends. A key that was read
    /// before needs no IDs, and which key it is says only its sum.
    quoted: Vec<u8>,
    ends: Vec<usize>,
}

impl Buffers {
    fn clear(&mut self) {
        self.payload.clear();
        self.inputs.clear();
        self.quoted.clear();
        self.ends.clear();
    }

    fn intern(&mut self, inputs: &mut Inputs) {
        let mut start = 0;
        for end in self.ends.drain(..) {
            let quoted = self.quoted.get(start..end).unwrap_or_default();
            self.inputs.push(inputs.intern_after(self.inputs.last().copied(), quoted));
            start = end;
        }
        self.quoted.clear();
    }
}

impl Block {
    /// Takes what a write line says.
    fn write(&mut self, quoted: &[u8]) -> Taken {
        if self.buffers.inputs.len() >= MAX_INPUTS {
            self.damaged = true;
            return Taken::TooManyInputs;
        }
        let Buffers { payload, quoted: texts, ends, .. } = &mut self.buffers;
        let before = payload.len();
        let is_utf8 = quoted.is_ascii() || std::str::from_utf8(quoted).is_ok();
        if !is_utf8 || !quote::unquote_onto(quoted, payload) {
            payload.truncate(before);
            self.damaged = true;
            return Taken::NoString;
        }
        texts.extend_from_slice(quoted);
        ends.push(texts.len());
        if payload.len() >= HASHED_AT_ONCE {
            self.hash.update(&*payload);
            payload.clear();
        }
        Taken::Yes
    }

    fn gives(&mut self, sum: &[u8; 32]) -> bool {
        self.hash.update(&self.buffers.payload);
        self.buffers.payload.clear();
        !self.damaged && self.hash.clone().finalize().as_slice() == sum
    }
}

/// All open blocks, by name.
pub(super) struct OpenBlocks {
    by_name: IndexMap<Box<[u8]>, Vec<Block>, FxBuildHasher>,
    /// How the lines of the block at hand start, and where it is in `by_name`.
    at_hand: Option<(Vec<u8>, usize)>,
    /// Bytes of texts without an ID.
    held: usize,
    /// For the next block.
    spare: Vec<Buffers>,
    /// What happened to each name since two blocks of it are open.
    tangles: IndexMap<Box<[u8]>, Vec<Event>, FxBuildHasher>,
    budget: u32,
}

impl Default for OpenBlocks {
    fn default() -> Self {
        Self {
            by_name: IndexMap::default(),
            at_hand: None,
            held: 0,
            spare: Vec::new(),
            tangles: IndexMap::default(),
            budget: untangle::BUDGET,
        }
    }
}

/// What became of a line of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    NotOpen,
    NoString,
    TooManyOpen,
    TooManyInputs,
}

/// A block that was summed.
pub(super) struct Summed {
    pub(super) line: LineNumber,
    pub(super) inputs: Arc<[InputId]>,
    pub(super) verified: bool,
    /// Whether all its texts were kept.
    pub(super) kept: bool,
    pub(super) overlapping: bool,
    /// Where it was the last of two that were open at the same time: what was written to each, proven.
    pub(super) untangled: Vec<Untangled>,
}

/// A sum, and the writes that give it.
pub(super) type Untangled = ([u8; 32], Arc<[InputId]>);

impl OpenBlocks {
    pub(super) fn open(&mut self, name: &[u8], line: LineNumber, inputs: &mut Inputs) -> Taken {
        let names = self.by_name.len();
        let blocks = match self.by_name.get_mut(name) {
            Some(blocks) => blocks,
            None if names >= MAX_NAMES => return Taken::TooManyOpen,
            None => self.by_name.entry(name.into()).or_default(),
        };
        if blocks.len() >= MAX_OF_ONE_NAME {
            return Taken::TooManyOpen;
        }
        let overlapping = !blocks.is_empty();
        if let [block] = blocks.as_mut_slice() {
            self.held = self.held.saturating_sub(block.buffers.quoted.len());
            block.buffers.intern(inputs);
            let writes = block.buffers.inputs.iter().map(|&id| Event::Write(id));
            let events = std::iter::once(Event::Open).chain(writes).collect();
            self.tangles.entry(name.into()).or_insert(events);
        }
        for block in blocks.iter_mut() {
            block.overlapping = true;
        }
        let buffers = self.spare.pop().unwrap_or_default();
        let hash = Sha256::new();
        blocks.push(Block { line, overlapping, damaged: false, hash, buffers });
        self.tangle(name, Event::Open);
        Taken::Yes
    }

    /// Takes a line if it is a write to the block that was written to last.
    pub(super) fn write_on(&mut self, line: &[u8], inputs: &mut Inputs) -> Option<Taken> {
        let (head, index) = self.at_hand.as_ref()?;
        let quoted = Line::write_to(head, line)?;
        Some(self.write_to(*index, quoted, inputs))
    }

    pub(super) fn write(&mut self, name: &[u8], quoted: &[u8], inputs: &mut Inputs) -> Taken {
        let Some(index) = self.by_name.get_index_of(name) else { return Taken::NotOpen };
        self.at_hand = head_of(name).map(|head| (head, index));
        self.write_to(index, quoted, inputs)
    }

    fn write_to(&mut self, index: usize, quoted: &[u8], inputs: &mut Inputs) -> Taken {
        // Of overlapping blocks the newest takes the line; all of them are marked.
        let blocks = self.by_name.get_index_mut(index).map(|(_, blocks)| blocks);
        let Some(block) = blocks.and_then(|blocks| blocks.last_mut()) else {
            return Taken::NotOpen;
        };
        let taken = block.write(quoted);
        if taken != Taken::Yes {
            return taken;
        }
        if block.overlapping {
            let event = Event::Write(inputs.intern_after(None, quoted));
            let name = self.by_name.get_index(index).map(|(name, _)| name.clone());
            self.tangle(&name.unwrap_or_default(), event);
        }
        self.taken(index, quoted.len(), inputs)
    }

    /// Counts what is held back, and gives it IDs where that is too much.
    fn taken(&mut self, index: usize, bytes: usize, inputs: &mut Inputs) -> Taken {
        let blocks = self.by_name.get_index_mut(index).map(|(_, blocks)| blocks);
        let Some(block) = blocks.and_then(|blocks| blocks.last_mut()) else {
            return Taken::NotOpen;
        };
        self.held = self.held.saturating_add(bytes);
        let held = block.buffers.quoted.len();
        if held > HELD_BY_ONE || self.held > HELD_BY_ALL {
            self.held = self.held.saturating_sub(held);
            block.buffers.intern(inputs);
        }
        Taken::Yes
    }

    /// Takes out the block whose writes give this sum, else the oldest of the name.
    pub(super) fn sum(
        &mut self,
        name: &[u8],
        sum: &[u8; 32],
        inputs: &mut Inputs,
    ) -> Option<Summed> {
        self.tangle(name, Event::Sum(*sum));
        let (index, _, blocks) = self.by_name.get_full_mut(name)?;
        let found = blocks.iter_mut().position(|block| block.gives(sum));
        let verified = found.is_some();
        let Block { line, overlapping, mut buffers, .. } = blocks.remove(found.unwrap_or_default());
        let mut untangled = Vec::new();
        if blocks.is_empty() {
            self.by_name.swap_remove_index(index);
            // Another block may have taken its place.
            self.at_hand = None;
            if let Some(events) = self.tangles.swap_remove(name) {
                untangled = self.untangle(&events, inputs);
            }
        }
        self.held = self.held.saturating_sub(buffers.quoted.len());
        let known = inputs.of_key(sum).filter(|_| verified);
        let mut kept = true;
        let ids = known.unwrap_or_else(|| {
            buffers.intern(inputs);
            let ids: Arc<[InputId]> = Arc::from(buffers.inputs.as_slice());
            kept = !inputs.is_full() || ids.iter().all(|&id| inputs.is_kept(id));
            if verified && kept {
                inputs.keep_key(*sum, Arc::clone(&ids));
            }
            ids
        });
        if buffers.quoted.capacity() <= HELD_BY_ONE && self.spare.len() < 4 {
            buffers.clear();
            self.spare.push(buffers);
        }
        Some(Summed { line, inputs: ids, verified: verified && kept, kept, overlapping, untangled })
    }

    fn tangle(&mut self, name: &[u8], event: Event) {
        if let Some(events) = self.tangles.get_mut(name) {
            if events.len() < untangle::MAX_EVENTS {
                events.push(event);
            } else {
                self.tangles.swap_remove(name);
            }
        }
    }

    fn untangle(&mut self, events: &[Event], inputs: &mut Inputs) -> Vec<Untangled> {
        let payload = |id| {
            let mut payload = Vec::new();
            quote::unquote_onto(inputs.quoted(id).as_bytes(), &mut payload).then_some(payload)
        };
        let Some(pair) = untangle(events, payload, &mut self.budget) else { return Vec::new() };
        let sums = events.iter().filter_map(|event| match event {
            Event::Sum(sum) => Some(*sum),
            Event::Open | Event::Write(_) => None,
        });
        let proven = sums.zip(pair.map(Arc::<[InputId]>::from)).collect::<Vec<_>>();
        for (sum, ids) in &proven {
            inputs.keep_key(*sum, Arc::clone(ids));
        }
        proven
    }

    /// Returns the names of the blocks that are still open, and where each was opened.
    pub(super) fn unsummed(self) -> impl Iterator<Item = (Box<[u8]>, LineNumber)> {
        let blocks = self.by_name.into_iter();
        blocks.flat_map(|(name, blocks)| blocks.into_iter().map(move |b| (name.clone(), b.line)))
    }
}
