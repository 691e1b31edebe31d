//! The body of a `put`: a JSON string of base64 whose length is known.

use std::io::{self, BufRead, Read};

use crate::golang::cache_protocol;

/// Bytes of base64 that are decoded at once; whole groups of four.
const CHUNK: usize = 32 << 10;

/// Bytes of the body as they come. Reads from the stream no more than the string.
pub(super) struct Body<'a, R> {
    from: &'a mut R,
    /// Base64 that is still in the stream.
    left: u64,
    text: Box<[u8]>,
    decoded: Box<[u8]>,
    /// The part of `decoded` that was not yet handed out.
    ready: std::ops::Range<usize>,
}

impl<'a, R: BufRead> Body<'a, R> {
    /// Begins to read the body of that many bytes. An empty one is not in the stream.
    ///
    /// # Errors
    ///
    /// Fails when the stream breaks and when it goes on with something else.
    pub(super) fn begin(from: &'a mut R, size: u64) -> io::Result<Self> {
        let mut body = Self {
            from,
            left: cache_protocol::encoded(size),
            text: vec![0; CHUNK].into(),
            decoded: vec![0; CHUNK].into(),
            ready: 0..0,
        };
        if size > 0 {
            body.expect_quote(true)?;
        }
        Ok(body)
    }

    fn expect_quote(&mut self, after_space: bool) -> io::Result<()> {
        let mut byte = [0];
        loop {
            self.from.read_exact(&mut byte)?;
            match byte {
                [b'"'] => return Ok(()),
                [byte] if after_space && byte.is_ascii_whitespace() => {}
                _ => return Err(invalid()),
            }
        }
    }

    /// Reads what nobody wanted, so that the next request can be read.
    ///
    /// # Errors
    ///
    /// Fails as reading does.
    pub(super) fn skip(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink()).map(drop)
    }
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no string of base64 of its size")
}

impl<R: BufRead> Read for Body<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() && self.left > 0 {
            let length = usize::try_from(self.left).unwrap_or(CHUNK).min(CHUNK);
            let text = &mut self.text[..length];
            self.from.read_exact(text)?;
            self.left -= length as u64;
            let decoded = cache_protocol::decode(text, &mut self.decoded).ok_or_else(invalid)?;
            self.ready = 0..decoded;
            if self.left == 0 {
                self.expect_quote(false)?;
            }
        }
        let ready = &self.decoded[self.ready.clone()];
        let count = ready.len().min(into.len());
        into[..count].copy_from_slice(&ready[..count]);
        self.ready.start += count;
        Ok(count)
    }
}
