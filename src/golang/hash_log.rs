//! The hash log that the go command writes to stderr under `GODEBUG=gocachehash=1`.
//!
//! One line is one `write(2)`, so lines are whole; blocks are not: lines of
//! other actions, of other hashes and of the compiler stand between the lines
//! of a block. The log proves its own reassembly: the sum that closes a block
//! is the SHA-256 of the writes before it.
//!
//! Source: `NewHash`, `Write`, `Sum`, `Subkey` and `FileHash` in
//! `cmd/go/internal/cache/hash.go`, the same from Go 1.21 to 1.27.

use std::io::{self, Read};
use std::sync::Arc;

use crate::golang::hash_block::{OpenBlocks, Taken};
use crate::golang::hash_line::is_index_write;
use crate::golang::inputs::{InputId, Inputs};
use crate::golang::test_log::{TestLog, TestRun};
use crate::units::LineNumber;

pub use crate::golang::hash_line::Line;

/// What kind of action a hash block is the key of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    Build,
    Link,
    Vet,
}

impl KeyKind {
    /// Returns the word that the hash log prints before the package.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Link => "link",
            Self::Vet => "vet",
        }
    }
}

/// The key of one action: its full action ID and everything that was hashed into it.
#[derive(Debug, Clone)]
pub struct Key {
    pub kind: KeyKind,
    /// Import path. Several actions can share it; only [`Key::sum`] tells them apart.
    pub package: String,
    /// The action ID, in full.
    pub sum: [u8; 32],
    /// The writes into the hash, in order. Keys of one sum share them.
    pub inputs: Arc<[InputId]>,
    pub proof: Proof,
    /// Line of the log that opened the block.
    pub line: LineNumber,
}

/// Whether the inputs of a key are known to be the ones that were hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The SHA-256 of the writes is the sum.
    Verified,
    /// It is not: lines are missing, foreign or damaged.
    Mismatch,
    /// Another block of the same name was open at the same time, and the lines
    /// of the two cannot be told apart.
    Overlapping,
    /// The recorder took a credential out of a line of the block.
    Redacted,
}

/// Stands in a recording where a credential was taken out.
pub const REDACTED: &str = "goaudit-redacted";

/// How many lines of each kind a log holds. Every line is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    pub lines: u64,
    /// Opens, writes and sums of build, link and vet blocks.
    pub key_lines: u64,
    /// Lines of blocks that are no action: module index, C compiler probes, test results.
    pub other_block_lines: u64,
    pub subkeys: u64,
    pub files: u64,
    /// Everything that is not of the hash log: diagnostics, scripts, output of tools.
    pub foreign: u64,
}

/// A line or block that could not be read as what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: LineNumber,
    pub what: String,
}

/// Everything read from one hash log.
#[derive(Debug, Clone, Default)]
pub struct HashLog {
    /// Build, link and vet keys, in the order in which they were summed.
    pub keys: Vec<Key>,
    pub census: Census,
    /// Runs of tests whose results may be cached.
    pub tests: Vec<TestRun>,
    /// At most [`MAX_FAULTS`]; [`HashLog::faults_total`] counts all.
    pub faults: Vec<Fault>,
    pub faults_total: u64,
}

/// A damaged log has as many faults as lines; a report needs the first few.
pub const MAX_FAULTS: usize = 20;

/// Bytes of a line. The longest real one is the build info of a main package: about 80 bytes a module.
pub const LINE_LIMIT: usize = 16 << 20;

/// Keys of a log. The largest builds that are known have some ten thousand.
const MAX_KEYS: usize = 1 << 20;

/// Bytes that are read at once.
const BUFFER: usize = 1 << 17;

impl HashLog {
    /// Returns how many build and link keys were verified, and how many there are.
    #[must_use]
    pub fn verified(&self) -> (usize, usize) {
        let keys = || self.keys.iter().filter(|key| key.kind != KeyKind::Vet);
        (keys().filter(|key| key.proof == Proof::Verified).count(), keys().count())
    }
}

/// Reads a log line by line; memory grows with the distinct inputs, not with the lines.
pub struct Parser<'i> {
    inputs: &'i mut Inputs,
    open: OpenBlocks,
    tests: TestLog,
    log: HashLog,
}

impl<'i> Parser<'i> {
    /// Starts a log. Logs that are to be compared share their [`Inputs`].
    #[must_use]
    pub fn new(inputs: &'i mut Inputs) -> Self {
        let (open, tests) = (OpenBlocks::default(), TestLog::default());
        Self { inputs, open, tests, log: HashLog::default() }
    }

    /// Takes the next line, without its line end.
    pub fn line(&mut self, line: &[u8]) {
        // A log that went through a Windows shell; no line of the go command ends so.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > LINE_LIMIT {
            return self.endless_line();
        }
        self.log.census.lines = self.log.census.lines.saturating_add(1);
        if let Some(taken) = self.open.write_on(line, self.inputs) {
            return self.key_line(taken, line);
        }
        let census = &mut self.log.census;
        if is_index_write(line) {
            census.other_block_lines = census.other_block_lines.saturating_add(1);
            return;
        }
        let kind = Line::classify(line);
        let counter = match kind {
            Line::Foreign => &mut census.foreign,
            Line::Subkey => {
                self.tests.take(kind, line);
                &mut census.subkeys
            }
            Line::File => &mut census.files,
            Line::Open { name } | Line::Write { name, .. } | Line::Sum { name, .. }
                if kind_of(name).is_none() =>
            {
                self.tests.take(kind, line);
                &mut census.other_block_lines
            }
            Line::Open { name } => {
                let taken = self.open.open(name, self.at(), self.inputs);
                return self.key_line(taken, line);
            }
            Line::Write { name, quoted } => {
                let taken = self.open.write(name, quoted, self.inputs);
                return self.key_line(taken, line);
            }
            Line::Sum { name, sum } => {
                self.tests.take(kind, line);
                return self.sum(name, sum);
            }
        };
        *counter = counter.saturating_add(1);
    }

    /// Counts a line that is longer than any real one, and says so. Nothing of it is kept.
    fn endless_line(&mut self) {
        self.log.census.lines = self.log.census.lines.saturating_add(1);
        self.log.census.foreign = self.log.census.foreign.saturating_add(1);
        self.fault(self.at(), format!("the line has more than {LINE_LIMIT} bytes"));
    }

    /// The line at hand.
    fn at(&self) -> LineNumber {
        let index = self.log.census.lines.saturating_sub(1);
        LineNumber::from_index(usize::try_from(index).unwrap_or(usize::MAX))
    }

    fn key_line(&mut self, taken: Taken, line: &[u8]) {
        self.log.census.key_lines = self.log.census.key_lines.saturating_add(1);
        let what = match taken {
            Taken::Yes => return,
            Taken::NotOpen => "is written before it is opened",
            Taken::NoString => "has a write that is no Go string",
            Taken::TooManyOpen => "is opened while too many blocks are open",
            Taken::TooManyInputs => "has more inputs than any key has",
        };
        let (Line::Open { name } | Line::Write { name, .. }) = Line::classify(line) else { return };
        self.fault(self.at(), format!("`{}` {what}", lossy(name)));
    }

    fn sum(&mut self, name: &[u8], sum: [u8; 32]) {
        self.log.census.key_lines = self.log.census.key_lines.saturating_add(1);
        let summed = self.open.sum(name, &sum, self.inputs);
        let (Some(kind), Some(block)) = (kind_of(name), summed) else {
            return self
                .fault(self.at(), format!("`{}` is summed before it is opened", lossy(name)));
        };
        let is_redacted = |id: &InputId| self.inputs.quoted(*id).contains(REDACTED);
        let proof = if block.verified {
            Proof::Verified
        } else if block.inputs.iter().any(is_redacted) {
            Proof::Redacted
        } else if block.overlapping {
            Proof::Overlapping
        } else {
            Proof::Mismatch
        };
        if proof == Proof::Mismatch {
            let what = match block.kept {
                true => "do not give its sum",
                false => "are more than goaudit keeps of two logs, half a gigabyte",
            };
            self.fault(self.at(), format!("the writes of `{}` {what}", lossy(name)));
        }
        if self.log.keys.len() >= MAX_KEYS {
            return self.fault(
                self.at(),
                format!("`{}` is beyond the keys that goaudit reads of a log", lossy(name)),
            );
        }
        let package = String::from_utf8_lossy(package_of(name)).into_owned();
        self.log.keys.push(Key {
            kind,
            package,
            sum,
            inputs: block.inputs,
            proof,
            line: block.line,
        });
        for (sum, inputs) in block.untangled {
            let mut keys = self.log.keys.iter_mut().rev();
            let is_it = |key: &&mut Key| key.sum == sum && key.proof == Proof::Overlapping;
            if let Some(key) = keys.find(is_it) {
                (key.inputs, key.proof) = (inputs, Proof::Verified);
            }
        }
    }

    /// Ends the log. Blocks that are still open become faults.
    #[must_use]
    pub fn finish(mut self) -> HashLog {
        for (name, line) in std::mem::take(&mut self.open).unsummed() {
            self.fault(line, format!("`{}` is never summed: the log ends before", lossy(&name)));
        }
        self.log.tests = std::mem::take(&mut self.tests).finish();
        self.log
    }

    fn fault(&mut self, line: LineNumber, what: String) {
        self.log.faults_total = self.log.faults_total.saturating_add(1);
        if self.log.faults.len() < MAX_FAULTS {
            self.log.faults.push(Fault { line, what });
        }
    }
}

fn kind_of(name: &[u8]) -> Option<KeyKind> {
    let (kind, _) = name.split_at_checked(name.iter().position(|&byte| byte == b' ')?)?;
    match kind {
        b"build" => Some(KeyKind::Build),
        b"link" => Some(KeyKind::Link),
        b"vet" => Some(KeyKind::Vet),
        _ => None,
    }
}

fn package_of(name: &[u8]) -> &[u8] {
    name.splitn(2, |&byte| byte == b' ').nth(1).unwrap_or_default()
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Parses a whole log that is in memory.
#[must_use]
pub fn parse(log: &[u8], inputs: &mut Inputs) -> HashLog {
    let mut parser = Parser::new(inputs);
    let rest = whole_lines(log, &mut parser);
    if let Some(last) = log.get(rest..).filter(|last| !last.is_empty()) {
        parser.line(last);
    }
    parser.finish()
}

/// Reads a log to its end, without ever holding more than a line of it.
///
/// # Errors
///
/// Fails when `reader` does. What is no hash log has no keys, and is no error.
pub fn read(mut reader: impl Read, inputs: &mut Inputs) -> io::Result<HashLog> {
    let mut parser = Parser::new(inputs);
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    // Whether the line at hand is longer than any may be, and is passed over up to its end.
    let mut is_endless = false;
    loop {
        if filled == buffer.len() {
            buffer.resize(buffer.len().saturating_mul(2), 0);
        }
        let count = match reader.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            break;
        }
        filled = filled.saturating_add(count);
        let mut taken = 0;
        if is_endless {
            let end = memchr::memchr(b'\n', buffer.get(..filled).unwrap_or_default());
            is_endless = end.is_none();
            taken = end.map_or(filled, |end| end.saturating_add(1));
        }
        let whole = whole_lines(buffer.get(taken..filled).unwrap_or_default(), &mut parser);
        taken = taken.saturating_add(whole);
        if filled.saturating_sub(taken) > LINE_LIMIT {
            parser.endless_line();
            is_endless = true;
            taken = filled;
        }
        buffer.copy_within(taken..filled, 0);
        filled = filled.saturating_sub(taken);
    }
    if let Some(last) = buffer.get(..filled).filter(|last| !last.is_empty()) {
        parser.line(last);
    }
    Ok(parser.finish())
}

/// Gives all lines that have an end to a parser. Returns how many bytes they take.
fn whole_lines(text: &[u8], parser: &mut Parser<'_>) -> usize {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        parser.line(text.get(start..end).unwrap_or_default());
        start = end.saturating_add(1);
    }
    start
}
