//! The hash log that the go command writes to stderr under `GODEBUG=gocachehash=1`.
//!
//! One line is one `write(2)`, so lines are whole; blocks are not: lines of
//! other actions, of other hashes and of the compiler stand between the lines
//! of a block. The log proves its own reassembly: the sum that closes a block
//! is the SHA-256 of the writes before it.
//!
//! Source: `NewHash`, `Write`, `Sum`, `Subkey` and `FileHash` in
//! `cmd/go/internal/cache/hash.go`, the same from Go 1.21 to 1.27.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use sha2::{Digest as _, Sha256};

use crate::golang::inputs::{InputId, Inputs};
use crate::golang::quote;
use crate::units::LineNumber;

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
    /// The writes into the hash, in order.
    pub inputs: Box<[InputId]>,
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
    /// At most [`MAX_FAULTS`]; [`HashLog::faults_total`] counts all.
    pub faults: Vec<Fault>,
    pub faults_total: u64,
}

/// A damaged log has as many faults as lines; a report needs the first few.
pub const MAX_FAULTS: usize = 20;

impl HashLog {
    /// Returns how many build and link keys were verified, and how many there are.
    #[must_use]
    pub fn verified(&self) -> (usize, usize) {
        let keys = || self.keys.iter().filter(|key| key.kind != KeyKind::Vet);
        (keys().filter(|key| key.proof == Proof::Verified).count(), keys().count())
    }
}

/// What one line of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// `HASH[name]`
    Open {
        name: &'a [u8],
    },
    /// `HASH[name]: "quoted"`
    Write {
        name: &'a [u8],
        quoted: &'a [u8],
    },
    /// `HASH[name]: hex`
    Sum {
        name: &'a [u8],
        sum: [u8; 32],
    },
    /// `HASH subkey hex "quoted" = hex`
    Subkey,
    /// `HASH path: hex`, or an error in place of the hex.
    File,
    Foreign,
}

impl<'a> Line<'a> {
    /// Tells what a line is, without its line end.
    ///
    /// Both ends of a line decide, because names and paths are not quoted and
    /// may hold any of the characters between.
    #[must_use]
    pub fn classify(line: &'a [u8]) -> Self {
        if let Some(rest) = line.strip_prefix(b"HASH[") {
            return Self::block(rest).unwrap_or(Self::Foreign);
        }
        let Some(rest) = line.strip_prefix(b"HASH ") else { return Self::Foreign };
        if rest.strip_prefix(b"subkey ").is_some_and(is_subkey) {
            return Self::Subkey;
        }
        // Only an absolute path is hashed; a program that prints "HASH x: y" is not the go command.
        let absolute = rest.starts_with(b"/") || rest.get(1..3) == Some(b":\\".as_slice());
        if absolute && find(rest, b": ").is_some() { Self::File } else { Self::Foreign }
    }

    fn block(rest: &'a [u8]) -> Option<Self> {
        if let Some(name) = rest.strip_suffix(b"]") {
            return Some(Self::Open { name });
        }
        if rest.ends_with(b"\"") {
            let end = find(rest, b"]: \"")?;
            let quoted = rest.get(end.checked_add(3)?..)?;
            return (quoted.len() >= 2).then_some(Self::Write { name: rest.get(..end)?, quoted });
        }
        let (name, sum) = split_hex(rest, b"]: ")?;
        Some(Self::Sum { name, sum })
    }
}

/// `hex "quoted" = hex`
fn is_subkey(rest: &[u8]) -> bool {
    let middle = rest.len().checked_sub(64).and_then(|end| rest.get(64..end));
    middle.is_some_and(|middle| middle.starts_with(b" \"") && middle.ends_with(b"\" = "))
}

/// Splits a sum off the end of a line, and what stands before it.
fn split_hex<'a>(line: &'a [u8], before: &[u8]) -> Option<(&'a [u8], [u8; 32])> {
    let (head, hex) = line.split_at_checked(line.len().checked_sub(64)?)?;
    Some((head.strip_suffix(before)?, parse_hex(hex)?))
}

fn find<const N: usize>(haystack: &[u8], needle: &[u8; N]) -> Option<usize> {
    haystack.windows(N).position(|window| window == needle)
}

fn parse_hex(hex: &[u8]) -> Option<[u8; 32]> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let mut sum = [0; 32];
    let (pairs, rest) = hex.as_chunks::<2>();
    if pairs.len() != sum.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in sum.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(sum)
}

/// One block whose sum has not come yet.
struct Block {
    line: LineNumber,
    inputs: Vec<InputId>,
    hash: Sha256,
    overlapping: bool,
    damaged: bool,
}

/// Reads a log line by line; memory grows with the distinct inputs, not with the lines.
pub struct Parser<'i> {
    inputs: &'i mut Inputs,
    open: IndexMap<Box<[u8]>, Vec<Block>, FxBuildHasher>,
    /// What the write at hand stands for.
    payload: Vec<u8>,
    log: HashLog,
}

impl<'i> Parser<'i> {
    /// Starts a log. Logs that are to be compared share their [`Inputs`].
    #[must_use]
    pub fn new(inputs: &'i mut Inputs) -> Self {
        Self { inputs, open: IndexMap::default(), payload: Vec::new(), log: HashLog::default() }
    }

    /// Takes the next line, without its line end.
    pub fn line(&mut self, line: &[u8]) {
        // A log that went through a Windows shell; no line of the go command ends so.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let at =
            LineNumber::from_index(usize::try_from(self.log.census.lines).unwrap_or(usize::MAX));
        let census = &mut self.log.census;
        census.lines = census.lines.saturating_add(1);
        let counter = match Line::classify(line) {
            Line::Foreign => &mut census.foreign,
            Line::Subkey => &mut census.subkeys,
            Line::File => &mut census.files,
            Line::Open { name } | Line::Write { name, .. } | Line::Sum { name, .. }
                if kind_of(name).is_none() =>
            {
                &mut census.other_block_lines
            }
            Line::Open { name } => return self.open(name, at),
            Line::Write { name, quoted } => return self.write(name, quoted, at),
            Line::Sum { name, sum } => return self.sum(name, sum, at),
        };
        *counter = counter.saturating_add(1);
    }

    fn open(&mut self, name: &[u8], line: LineNumber) {
        self.count_key_line();
        let blocks = match self.open.get_mut(name) {
            Some(blocks) => blocks,
            None => self.open.entry(name.into()).or_default(),
        };
        let overlapping = !blocks.is_empty();
        for block in blocks.iter_mut() {
            block.overlapping = true;
        }
        blocks.push(Block {
            line,
            inputs: Vec::new(),
            hash: Sha256::new(),
            overlapping,
            damaged: false,
        });
    }

    fn write(&mut self, name: &[u8], quoted: &[u8], at: LineNumber) {
        self.count_key_line();
        // Of overlapping blocks the newest takes the line; all of them are marked.
        let Some(block) = self.open.get_mut(name).and_then(|blocks| blocks.last_mut()) else {
            return self.fault(at, format!("`{}` is written before it is opened", lossy(name)));
        };
        let text = std::str::from_utf8(quoted).ok();
        if let Some(text) = text.filter(|_| quote::unquote_to(quoted, &mut self.payload)) {
            block.hash.update(&self.payload);
            block.inputs.push(self.inputs.intern(text));
        } else {
            block.damaged = true;
            self.fault(at, format!("a write of `{}` is no Go string", lossy(name)));
        }
    }

    fn sum(&mut self, name: &[u8], sum: [u8; 32], at: LineNumber) {
        self.count_key_line();
        let (Some(kind), Some(blocks)) = (kind_of(name), self.open.get_mut(name)) else {
            return self.fault(at, format!("`{}` is summed before it is opened", lossy(name)));
        };
        // The one whose writes give this sum, else the oldest.
        let index = blocks
            .iter()
            .position(|block| !block.damaged && block.hash.clone().finalize().as_slice() == sum);
        let verified = index.is_some();
        let block = blocks.remove(index.unwrap_or_default());
        if blocks.is_empty() {
            self.open.swap_remove(name);
        }
        let is_redacted = |id: &InputId| self.inputs.quoted(*id).contains(REDACTED);
        let proof = if verified {
            Proof::Verified
        } else if block.inputs.iter().any(is_redacted) {
            Proof::Redacted
        } else if block.overlapping {
            Proof::Overlapping
        } else {
            Proof::Mismatch
        };
        if proof == Proof::Mismatch {
            self.fault(at, format!("the writes of `{}` do not give its sum", lossy(name)));
        }
        let package = String::from_utf8_lossy(package_of(name)).into_owned();
        let inputs = block.inputs.into_boxed_slice();
        self.log.keys.push(Key { kind, package, sum, inputs, proof, line: block.line });
    }

    /// Ends the log. Blocks that are still open become faults.
    #[must_use]
    pub fn finish(mut self) -> HashLog {
        for (name, blocks) in std::mem::take(&mut self.open) {
            for block in blocks {
                self.fault(
                    block.line,
                    format!("`{}` is never summed: the log ends before", lossy(&name)),
                );
            }
        }
        self.log
    }

    fn count_key_line(&mut self) {
        self.log.census.key_lines = self.log.census.key_lines.saturating_add(1);
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
    for line in log.split_inclusive(|&byte| byte == b'\n') {
        parser.line(line.strip_suffix(b"\n").unwrap_or(line));
    }
    parser.finish()
}
