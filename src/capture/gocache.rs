//! Reads what a build left in its GOCACHE. Nothing is written to it, and no time in it is touched.

pub mod measure;
pub mod prune;
pub mod scan;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::capture::side::invocation_folder;
use crate::golang::build_id::ShortId;
use crate::recording::{JSON_LIMIT, redact};

/// Bytes of an archive that is read; those of large generated packages have some 100 MB.
const ARCHIVE_LIMIT: u64 = 512 << 20;
/// Bytes of an index entry: `v1 ACTION OUTPUT SIZE TIME`.
const ENTRY: usize = 175;

/// Why there is no output of an action in a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("`{path}` is not in the cache of the build or cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` is no entry of a Go build cache")]
    Entry { path: PathBuf },
    #[error("`{path}` has more than {ARCHIVE_LIMIT} bytes")]
    TooLarge { path: PathBuf },
}

/// Returns what a cache holds as the output of the action with that key.
///
/// Source: `cmd/go/internal/cache/cache.go`, the same from Go 1.21 to 1.27.
///
/// # Errors
///
/// Fails when it is not there, cannot be read, or is too large.
pub fn output(cache: &Path, action: &[u8; 32]) -> Result<Vec<u8>, CacheError> {
    let name = hex(action);
    let path = file(cache, &name, 'a');
    let entry = read(&path, ENTRY as u64)?;
    let fields: Vec<&[u8]> =
        entry.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect();
    let output = match fields.as_slice() {
        [b"v1", action, output, ..] if *action == name.as_bytes() => std::str::from_utf8(output),
        _ => return Err(CacheError::Entry { path }),
    };
    let is_name = |name: &&str| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    match output.ok().filter(is_name) {
        Some(output) => read(&file(cache, output, 'd'), ARCHIVE_LIMIT),
        None => Err(CacheError::Entry { path }),
    }
}

fn hex(sum: &[u8]) -> String {
    sum.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn file(cache: &Path, name: &str, kind: char) -> PathBuf {
    cache.join(name.get(..2).unwrap_or_default()).join(format!("{name}-{kind}"))
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, CacheError> {
    let error = |source| CacheError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(error)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() as u64 > limit {
        return Err(CacheError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    #[serde(default, rename = "ActionID")]
    action_id: Option<String>,
    #[serde(default)]
    cmd: Option<Vec<String>>,
}

/// Returns the commands that the n-th go command of a build executed for an
/// action, a line each and without credentials; none where its action graph does not say.
///
/// `records` is the folder of the stand-ins, `number` counts from 1.
#[must_use]
pub fn commands(records: &Path, number: usize, action: ShortId) -> Vec<String> {
    // A recording holds no command lines; the folder that it was packed from does.
    let path = invocation_folder(records, number).join("graph.raw");
    if fs::metadata(&path).is_ok_and(|data| data.len() > JSON_LIMIT) {
        return Vec::new();
    }
    let nodes: Vec<Node> = fs::read(&path)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let node = nodes.into_iter().find(|node| node.action_id.as_deref() == Some(action.as_str()));
    let lines = node.and_then(|node| node.cmd).unwrap_or_default();
    lines.iter().map(|line| redact::command_word(line)).collect()
}
