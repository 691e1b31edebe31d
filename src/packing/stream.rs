//! Reads what is unpacked, counted against the budget.

use std::cell::RefCell;
use std::io::{self, Read};

use super::budget::{Budget, Ratio};
use super::{Digest, PackingError};

/// How much is read at a time.
const CHUNK: usize = 16 << 10;

/// Charges what it reads; the error that a limit gives is kept aside, since
/// readers in between wrap it.
pub(super) struct Meter<'a, 'b, R> {
    inner: R,
    budget: &'a RefCell<&'b mut Budget>,
    packed: u64,
    /// Bytes that the same file gave to others before.
    before: u64,
    /// Bytes read so far.
    pub(super) position: u64,
    pub(super) stopped: Option<PackingError>,
}

impl<'a, 'b, R: Read> Meter<'a, 'b, R> {
    pub(super) fn new(inner: R, packed: usize, budget: &'a RefCell<&'b mut Budget>) -> Self {
        Self { inner, budget, packed: packed as u64, before: 0, position: 0, stopped: None }
    }

    pub(super) fn after(self, before: u64) -> Self {
        Self { before, ..self }
    }

    /// Says why reading failed, in terms of `what`.
    pub(super) fn error(
        &mut self,
        what: &'static str,
        source: &(dyn std::error::Error + 'static),
    ) -> PackingError {
        self.stopped.take().unwrap_or_else(|| broken(what, self.position, source))
    }
}

/// Says why reading failed.
pub(super) fn broken(
    what: &'static str,
    offset: u64,
    source: &(dyn std::error::Error + 'static),
) -> PackingError {
    let mut inner = source;
    let mut cut = is_end(inner);
    while let Some(next) = inner.source() {
        inner = next;
        cut = cut || is_end(inner);
    }
    // What flate2, zstd and tar say of a stream that stops.
    let why = inner.to_string();
    let ends = ["unexpected EOF", "incomplete frame", "failed to read entire block"];
    if cut || ends.iter().any(|end| why.contains(end)) {
        return PackingError::Truncated { what, offset };
    }
    PackingError::Damaged { what, offset, why }
}

fn is_end(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

impl<R: Read> Read for Meter<'_, '_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.position = self.position.saturating_add(read as u64);
        let unpacked = self.before.saturating_add(self.position);
        let of = Ratio { unpacked, packed: self.packed };
        if let Err(error) = self.budget.borrow_mut().unpack(read as u64, of) {
            self.stopped = Some(error);
            return Err(io::Error::other("a limit is reached"));
        }
        Ok(read)
    }
}

/// Reads to the end; gives size and digest.
pub(super) fn digest(mut from: impl Read) -> io::Result<(u64, Digest)> {
    use sha2::Digest as _;
    let mut sum = sha2::Sha256::new();
    let mut size = 0_u64;
    chunks(&mut from, |chunk| {
        sum.update(chunk);
        size = size.saturating_add(chunk.len() as u64);
    })?;
    Ok((size, Digest(sum.finalize().into())))
}

/// Reads to the end; gives the size and whether all of it is zero.
pub(super) fn zeros(mut from: impl Read) -> io::Result<(u64, bool)> {
    let (mut size, mut zero) = (0_u64, true);
    chunks(&mut from, |chunk| {
        size = size.saturating_add(chunk.len() as u64);
        zero = zero && chunk.iter().all(|byte| *byte == 0);
    })?;
    Ok((size, zero))
}

fn chunks(from: &mut impl Read, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = [0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => each(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
