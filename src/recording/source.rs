//! Tells a recording from a raw hash log, and reads either.

use std::io::{self, Read};

use crate::golang::action_graph::{self, GraphAction};
use crate::golang::hash_log::{self, HashLog};
use crate::golang::inputs::Inputs;
use crate::recording::{
    Depth, FORMAT, Invocation, InvocationInfo, Manifest, ReadError, Recording, file, places,
};

const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const GZIP: &[u8] = &[0x1f, 0x8b];

/// A tar header says so behind the name and numbers of its first entry (POSIX.1-1988).
const TAR_MAGIC: (usize, &[u8]) = (257, b"ustar");

/// The content of a file, unpacked.
pub struct Unpacked<'a> {
    /// Its first bytes, as many as a tar header takes to be told.
    pub start: Vec<u8>,
    pub content: Box<dyn Read + 'a>,
    packing: Option<&'static str>,
}

impl<'a> Unpacked<'a> {
    /// Unpacks what is packed with gzip or zstd. Whether it is, its bytes say, not its name.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be read, or is cut within its first bytes.
    pub fn of(file: impl Read + 'a) -> Result<Self, ReadError> {
        let (start, file) = peek(file, ZSTD.len()).map_err(ReadError::Io)?;
        let (packing, content): (_, Box<dyn Read + 'a>) = if start.starts_with(ZSTD) {
            (Some("zstd"), Box::new(zstd::Decoder::new(file).map_err(ReadError::Damaged)?))
        } else if start.starts_with(GZIP) {
            (Some("gzip"), Box::new(flate2::read::MultiGzDecoder::new(file)))
        } else {
            (None, Box::new(file))
        };
        let (at, magic) = TAR_MAGIC;
        let (start, content) =
            peek(content, at + magic.len()).map_err(|err| ReadError::Io(err).of_packed(packing))?;
        Ok(Self { start, content: Box::new(content), packing })
    }

    /// Says whether it is a tar, as a recording is.
    #[must_use]
    pub fn is_tar(&self) -> bool {
        let (at, magic) = TAR_MAGIC;
        self.start.get(at..) == Some(magic)
    }

    /// Reads it as a recording.
    ///
    /// # Errors
    ///
    /// Fails when it is none, is cut or damaged, or is of a newer format.
    pub fn recording(self, inputs: &mut Inputs) -> Result<Recording, ReadError> {
        let packing = self.packing;
        file::read_tar(self.content, inputs).map_err(|err| err.of_packed(packing))
    }
}

/// Reads a recording, or a raw `GODEBUG=gocachehash=1` log: plain, gzip or zstd. `name` stands for
/// the command of a raw log, which does not hold it.
///
/// # Errors
///
/// Fails when it is neither, is cut or damaged, or is a recording of a newer format.
pub fn open(file: impl Read, name: &str, inputs: &mut Inputs) -> Result<Recording, ReadError> {
    let unpacked = Unpacked::of(file)?;
    if unpacked.is_tar() {
        return unpacked.recording(inputs);
    }
    let log = hash_log::read(unpacked.content, inputs)
        .map_err(|err| ReadError::Io(err).of_packed(unpacked.packing))?;
    if log.keys.is_empty() {
        let census = &log.census;
        return Err(match census.key_lines + census.other_block_lines + census.files {
            0 => ReadError::NoHashes { lines: log.census.lines },
            _ => ReadError::NoKeys { lines: log.census.lines },
        });
    }
    Ok(of_log(log, name, inputs))
}

/// Reads the first bytes, and returns them with a reader that starts with them again.
fn peek<R: Read>(mut file: R, length: usize) -> io::Result<(Vec<u8>, impl Read)> {
    let mut start = Vec::with_capacity(length);
    (&mut file).take(length as u64).read_to_end(&mut start)?;
    Ok((start.clone(), io::Cursor::new(start).chain(file)))
}

/// What a raw log says of its build: no command, no settings, and directories as far as they are hashed.
fn of_log(log: HashLog, name: &str, inputs: &Inputs) -> Recording {
    let mut info = InvocationInfo::default();
    let salt = log.keys.iter().find_map(|key| key.inputs.first());
    if let Some(version) = salt.map(|&id| inputs.quoted(id).trim_matches('"').to_owned()) {
        info.settings.insert("GOVERSION".to_owned(), version);
    }
    let manifest = Manifest {
        format: FORMAT,
        goaudit: env!("CARGO_PKG_VERSION").to_owned(),
        depth: Depth::Build,
        cold: false,
        command: vec![name.to_owned()],
        places: places::of_log(&log, inputs),
        environment: Vec::new(),
        go_mod: Default::default(),
        variations: Vec::new(),
        artifacts: Vec::new(),
        unmatched_artifacts: Vec::new(),
        notes: Vec::new(),
        leaks: None,
    };
    let invocations = vec![Invocation { info, log, graph: Vec::new(), cache: None }];
    Recording { manifest, invocations }
}

/// Reads an action graph that was written beside a raw log: plain, gzip or zstd.
///
/// # Errors
///
/// Fails when it is none, or is larger than any graph.
pub fn open_graph(file: impl Read, name: &str) -> Result<Vec<GraphAction>, ReadError> {
    let mut unpacked = Unpacked::of(file)?;
    let json = file::read_json(name, &mut unpacked.content)
        .map_err(|err| err.of_packed(unpacked.packing))?;
    action_graph::parse(&json).map_err(|source| ReadError::NoGraph { source })
}
