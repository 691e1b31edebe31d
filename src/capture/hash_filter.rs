//! Splits the stderr of a go command: hash lines to the record, everything else on.

use std::io::{self, BufWriter, Read, Write};
use std::thread;
use std::time::Duration;

use crate::golang::hash_log::Line;
use crate::golang::test_log::{Observed, TestLog, TestRun};
use crate::recording::redact;

/// A hash line that is longer than this is passed on as it is; the longest
/// real one, the build info of a large program, has some 100 KB.
const LONGEST_LINE: usize = 8 << 20;

/// Level 1 keeps up with any build; the log compresses about six times at it.
const ZSTD_LEVEL: i32 = 1;

/// How long lines may gather before they are read.
const PAUSE: Duration = Duration::from_millis(1);

/// What the stderr of a go command said.
#[derive(Default)]
pub(super) struct Filtered {
    /// Bytes of the hash log before compression.
    pub(super) bytes: u64,
    /// With the sums of variables in full: not to be recorded as they are.
    pub(super) tests: Vec<TestRun>,
}

/// Reads `from` to its end, and calls `done` with the number of compiles that have ended.
/// `observed` is asked once the end is there.
///
/// # Errors
///
/// Fails when the log cannot be written; `from` is read and passed on to its
/// end all the same, because a build must not stop for its record.
pub(super) fn run(
    mut from: impl Read,
    on: &mut impl Write,
    log: impl Write,
    mut done: impl FnMut(u64),
    observed: impl FnOnce() -> Option<Observed>,
) -> io::Result<Filtered> {
    let mut filter = Filter {
        passed: Vec::new(),
        pending: Vec::new(),
        in_foreign_line: false,
        actions: 0,
        tests: TestLog::default(),
        log: Log::new(log),
    };
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(read) => read,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            Err(err) => return Err(err),
        };
        if read == 0 {
            break;
        }
        filter.take(&chunk[..read]);
        // A reader that went away is the build's business, not the record's.
        let _ = on.write_all(&filter.passed).and_then(|()| on.flush());
        filter.passed.clear();
        done(filter.actions);
        // Go writes line by line. Woken for each, this process would cost more than the lines:
        // the pipe holds them until there are many, and nobody sees so short a delay.
        if read < chunk.len() / 4 {
            thread::sleep(PAUSE);
        }
    }
    let _ = on.write_all(&filter.pending);
    if let Some(observed) = observed() {
        filter.tests.observe(observed);
    }
    let tests = filter.tests.finish();
    Ok(Filtered { bytes: filter.log.finish()?, tests })
}

struct Filter<W: Write> {
    /// What goes on, of the chunk at hand.
    passed: Vec<u8>,
    /// The start of a line that may still turn out to be a hash line.
    pending: Vec<u8>,
    /// Whether the line at hand was found to be no hash line before its end came.
    in_foreign_line: bool,
    /// Compiles that were found in the cache or have ended.
    actions: u64,
    tests: TestLog,
    log: Log<W>,
}

impl<W: Write> Filter<W> {
    fn take(&mut self, chunk: &[u8]) {
        for piece in chunk.split_inclusive(|&byte| byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            if self.in_foreign_line {
                self.passed.extend_from_slice(piece);
                self.in_foreign_line = !ends;
                continue;
            }
            self.pending.extend_from_slice(piece);
            if ends {
                self.whole_line();
            } else if !may_be_hash(&self.pending) || self.pending.len() > LONGEST_LINE {
                // A prompt or a progress line without an end must not wait for one.
                self.passed.append(&mut self.pending);
                self.in_foreign_line = true;
            }
        }
    }

    fn whole_line(&mut self) {
        let line = self.pending.strip_suffix(b"\n").unwrap_or(&self.pending);
        let kind = Line::classify(line);
        if kind == Line::Foreign {
            self.passed.append(&mut self.pending);
        } else {
            self.tests.take(kind, line);
            // What a compile printed is the last that is stored or looked up of it.
            self.actions += u64::from(line.starts_with(b"HASH subkey ") && find_stdout(line));
            if let Some(line) = redact::hash_line(line) {
                self.log.write(&line);
            }
            self.pending.clear();
        }
    }
}

fn find_stdout(line: &[u8]) -> bool {
    line.get(b"HASH subkey ".len() + 64..).is_some_and(|rest| rest.starts_with(b" \"stdout\" = "))
}

fn may_be_hash(start: &[u8]) -> bool {
    let length = start.len().min(4);
    start[..length] == b"HASH"[..length] && matches!(start.get(4), None | Some(b'[' | b' '))
}

/// The compressed log. After the first failure it takes nothing more.
struct Log<W: Write> {
    state: io::Result<BufWriter<zstd::Encoder<'static, W>>>,
    bytes: u64,
}

impl<W: Write> Log<W> {
    fn new(to: W) -> Self {
        let encoder = zstd::Encoder::new(to, ZSTD_LEVEL);
        Self { state: encoder.map(|encoder| BufWriter::with_capacity(1 << 16, encoder)), bytes: 0 }
    }

    fn write(&mut self, line: &[u8]) {
        let Ok(encoder) = &mut self.state else { return };
        match encoder.write_all(line).and_then(|()| encoder.write_all(b"\n")) {
            Ok(()) => self.bytes += line.len() as u64 + 1,
            Err(err) => self.state = Err(err),
        }
    }

    fn finish(self) -> io::Result<u64> {
        self.state?.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?.flush()?;
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }

    const MIXED: &[u8] = b"# example.com/x\nHASH[build x]\nHASHED by hand\nHASH[build x]: \"compile\\n\"\n\
        ./x.go:1: oops\nHASH /src/x.go: 7d1593b54c916cbee3db28afcc2279403cccc1456ac87124aaab08e9cce315ce\nHAS";

    fn split(from: impl Read) -> (String, String) {
        let (mut passed, mut log) = (Vec::new(), Vec::new());
        let bytes = run(from, &mut passed, &mut log, |_| {}, || None).unwrap().bytes;
        let log = zstd::decode_all(&log[..]).unwrap();
        assert_eq!(bytes, log.len() as u64);
        (String::from_utf8(passed).unwrap(), String::from_utf8(log).unwrap())
    }

    #[test]
    fn hash_lines_are_taken_out_and_all_else_goes_on_unchanged() {
        let (passed, log) = split(MIXED);
        assert_eq!(passed, "# example.com/x\nHASHED by hand\n./x.go:1: oops\nHAS");
        assert_eq!(log.lines().count(), 3);
        assert_eq!(split(Trickle(MIXED)), (passed, log));
    }

    #[test]
    fn what_cannot_be_a_hash_line_does_not_wait_for_its_end() {
        let mut filter = Filter {
            passed: Vec::new(),
            pending: Vec::new(),
            in_foreign_line: false,
            actions: 0,
            tests: TestLog::default(),
            log: Log::new(Vec::new()),
        };
        filter.take(b"password: ");
        assert_eq!(filter.passed, b"password: ");
        filter.take(b"HASH[build x]\n");
        assert_eq!(filter.passed, b"password: HASH[build x]\n");
    }

    /// A device that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_fails_the_record_and_not_the_build() {
        let mut passed = Vec::new();
        let err = run(MIXED, &mut passed, Full, |_| {}, || None).err().unwrap();
        assert_eq!(err.kind(), io::ErrorKind::StorageFull);
        assert!(passed.ends_with(b"oops\nHAS"));
    }
}
