//! The `.goaudit` file: a zstd-compressed tar of text and JSON.
//!
//! ```text
//! goaudit.json                      Manifest
//! invocations/0001/invocation.json  InvocationInfo
//! invocations/0001/hash.log         the hash log, as printed, without credentials
//! invocations/0001/graph.json       the action graph, without command lines
//! invocations/0001/cache.jsonl      what go looked up in its cache and stored, from Go 1.24 on
//! invocations/0001/tests.json       the runs of tests and what they read, where there are any
//! ```
//!
//! `tar --zstd -xf NAME.goaudit` opens it.

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde::de::DeserializeOwned;

use crate::golang::inputs::Inputs;
use crate::golang::{action_graph, hash_log};
use crate::recording::cache_use::CacheUse;
use crate::recording::{Invocation, Manifest, Recording};

/// Version of the format that this goaudit writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Names of the entries of a recording.
pub mod tar_entries {
    pub const MANIFEST: &str = "goaudit.json";
    pub const INVOCATION: &str = "invocation.json";
    pub const HASH_LOG: &str = "hash.log";
    pub const GRAPH: &str = "graph.json";
    pub const CACHE: &str = "cache.jsonl";
    pub const TESTS: &str = "tests.json";

    /// Returns the folder of the n-th invocation, counted from 1.
    #[must_use]
    pub fn folder(number: usize) -> String {
        format!("invocations/{number:04}")
    }
}

/// Why a file cannot be read as a recording, a hash log or an action graph.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("failed to read it")]
    Io(#[source] io::Error),
    #[error("failed to read it: it is cut or damaged")]
    Damaged(#[source] io::Error),
    #[error("failed to unpack it: its {format} data is cut or damaged")]
    Packed { format: &'static str, source: io::Error },
    #[error(
        "it is no recording, and none of its {lines} lines is of a hash log: make a recording with `goaudit record`, or keep what go writes to stderr under GODEBUG=gocachehash=1"
    )]
    NoHashes { lines: u64 },
    #[error(
        "it is a hash log without a compile or a link in its {lines} lines: it is cut, or go only loaded packages"
    )]
    NoKeys { lines: u64 },
    #[error("it is no action graph as `go build -debug-actiongraph=FILE` writes it, or cut")]
    NoGraph { source: serde_json::Error },
    #[error("failed to read `{entry}` in it")]
    Json { entry: String, source: serde_json::Error },
    #[error("it holds no `{}`, so it is no recording of goaudit", tar_entries::MANIFEST)]
    NoManifest,
    #[error("its format is {found} and this goaudit reads up to {FORMAT}: use a newer goaudit")]
    TooNew { found: u64 },
    #[error("`{entry}` in it has more than {limit} bytes")]
    TooLarge { entry: String, limit: u64 },
}

impl ReadError {
    /// What cannot be read of a compressed file is mostly the compression's fault.
    pub(super) fn of_packed(self, packing: Option<&'static str>) -> Self {
        match (self, packing) {
            (Self::Io(source) | Self::Damaged(source), Some(format)) => {
                Self::Packed { format, source }
            }
            (other, _) => other,
        }
    }
}

/// Bytes of one JSON document. The graph of a build of 100,000 actions takes about 100 MB.
pub const JSON_LIMIT: u64 = 512 << 20;

/// Reads a recording. Its hash log is parsed as it is decompressed, and never held as text.
///
/// # Errors
///
/// Fails when the file is no recording, is cut or damaged, or is of a newer
/// format. A hash log or action graph that is itself incomplete is not an
/// error here: it says so in the invocation.
pub fn read(file: impl Read, inputs: &mut Inputs) -> Result<Recording, ReadError> {
    read_tar(zstd::Decoder::new(file).map_err(ReadError::Damaged)?, inputs)
}

/// Reads a recording that is decompressed already, as [`read`] does.
///
/// # Errors
///
/// Fails as [`read`] does.
pub(super) fn read_tar(file: impl Read, inputs: &mut Inputs) -> Result<Recording, ReadError> {
    let mut archive = tar::Archive::new(file);
    let mut manifest = None;
    let mut invocations: BTreeMap<String, Invocation> = BTreeMap::new();
    for entry in archive.entries().map_err(ReadError::Damaged)? {
        let mut entry = entry.map_err(ReadError::Damaged)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if path == tar_entries::MANIFEST {
            manifest = Some(parse_manifest(&path, &read_json(&path, &mut entry)?)?);
            continue;
        }
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let slot = invocations.entry(folder.to_owned()).or_insert_with(empty_invocation);
        match name {
            tar_entries::INVOCATION => {
                slot.info = parse_json(&path, &read_json(&path, &mut entry)?)?
            }
            tar_entries::HASH_LOG => {
                let log = hash_log::read(&mut entry, inputs).map_err(ReadError::Damaged)?;
                let tests = std::mem::replace(&mut slot.log, log).tests;
                if !tests.is_empty() {
                    slot.log.tests = tests;
                }
            }
            tar_entries::TESTS => {
                slot.log.tests = parse_json(&path, &read_json(&path, &mut entry)?)?
            }
            tar_entries::GRAPH => {
                slot.graph = action_graph::parse(&read_json(&path, &mut entry)?)
                    .map_err(|source| ReadError::Json { entry: path, source })?;
            }
            tar_entries::CACHE => {
                let text = String::from_utf8_lossy(&read_json(&path, &mut entry)?).into_owned();
                let uses = CacheUse::read(&text).map_err(|(line, source)| ReadError::Json {
                    entry: format!("{path}:{line}"),
                    source,
                })?;
                slot.cache = Some(uses);
            }
            _ => {}
        }
    }
    let manifest = manifest.ok_or(ReadError::NoManifest)?;
    Ok(Recording { manifest, invocations: invocations.into_values().collect() })
}

fn empty_invocation() -> Invocation {
    Invocation { info: Default::default(), log: Default::default(), graph: Vec::new(), cache: None }
}

/// Reads the format before the rest, so that a newer recording is told from a damaged one.
fn parse_manifest(entry: &str, json: &[u8]) -> Result<Manifest, ReadError> {
    let value: serde_json::Value = parse_json(entry, json)?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found > u64::from(FORMAT) => Err(ReadError::TooNew { found }),
        _ => serde_json::from_value(value)
            .map_err(|source| ReadError::Json { entry: entry.to_owned(), source }),
    }
}

fn parse_json<T: DeserializeOwned>(entry: &str, json: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(json)
        .map_err(|source| ReadError::Json { entry: entry.to_owned(), source })
}

pub(super) fn read_json(entry: &str, file: &mut impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    file.take(JSON_LIMIT + 1).read_to_end(&mut bytes).map_err(ReadError::Damaged)?;
    if bytes.len() as u64 > JSON_LIMIT {
        return Err(ReadError::TooLarge { entry: entry.to_owned(), limit: JSON_LIMIT });
    }
    Ok(bytes)
}
