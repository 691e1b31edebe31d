//! Reads the requests of a go command one by one.

use std::io::{BufRead, Read as _};

use crate::capture::cacheprog::CacheProgError;
use crate::golang::cache_protocol::{self, LINE_LIMIT, Request};

/// The requests on a stream, with the body of each `put` still to be read.
pub(super) struct Requests<R> {
    from: R,
    line: Vec<u8>,
    /// Lines so far, for messages.
    pub(super) lines: u64,
}

impl<R: BufRead> Requests<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, line: Vec::new(), lines: 0 }
    }

    /// Returns the next request, with the line that it is; `None` at the end.
    ///
    /// # Errors
    ///
    /// Fails when the stream breaks, and on what is no request.
    pub(super) fn next(&mut self) -> Result<Option<(Request, &[u8])>, CacheProgError> {
        loop {
            self.line.clear();
            self.lines += 1;
            let limit = LINE_LIMIT as u64 + 1;
            let read = self.from.by_ref().take(limit).read_until(b'\n', &mut self.line);
            if read.map_err(CacheProgError::Read)? == 0 {
                return Ok(None);
            }
            if self.line.len() > LINE_LIMIT {
                return Err(CacheProgError::TooLong { line: self.lines });
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let line = self.lines;
        let request = cache_protocol::request(&self.line)
            .map_err(|source| CacheProgError::Request { line, source })?;
        Ok(Some((request, &self.line)))
    }

    /// Returns the stream, where the body of the last request begins.
    pub(super) fn stream(&mut self) -> &mut R {
        &mut self.from
    }
}
