//! The file that evidence is kept in.

use serde::Deserialize;

use super::{Evidence, SCHEMA};

/// Bytes of the largest evidence file that is read. A program of 100 MB has one of less than a megabyte.
pub const LIMIT: u64 = 64 << 20;

/// What the schema of any evidence file starts with.
const FAMILY: &str = "goaudit.evidence.";

/// Why a file cannot be read as evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("it has {bytes} bytes, and evidence has at most {LIMIT}: it is another file")]
    TooLarge { bytes: u64 },
    #[error(
        "it is cut off in line {line}, column {column}: copy it again, or write it again with `goaudit record --evidence`"
    )]
    Cut { line: usize, column: usize },
    #[error("it is no evidence of goaudit: its schema is `{found}`, not `{SCHEMA}`")]
    OtherSchema { found: String },
    #[error(
        "it is no evidence of goaudit: a JSON document that starts with \"schema\": \"{SCHEMA}\""
    )]
    NoSchema,
    #[error(
        "its schema is `{found}` and this goaudit reads `{SCHEMA}`: use a newer goaudit, or write it again with this one"
    )]
    TooNew { found: String },
    #[error("it is not valid; write it again with `goaudit record --evidence`")]
    Json(#[source] serde_json::Error),
}

/// Whether a file is meant to be evidence, whole or not: JSON that names its schema.
#[must_use]
pub fn is_evidence(file: &[u8]) -> bool {
    /// The schema comes first, also where a program that sorts keys wrote the file again.
    const HEAD: usize = 64 << 10;
    let file = without_mark(file);
    let start = file.iter().find(|byte| !byte.is_ascii_whitespace());
    let ends = [
        file.get(..HEAD).unwrap_or(file),
        file.get(file.len().saturating_sub(HEAD)..).unwrap_or(file),
    ];
    start == Some(&b'{')
        && ends.iter().any(|end| memchr::memmem::find(end, FAMILY.as_bytes()).is_some())
}

#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

impl Evidence {
    /// Reads an evidence file.
    ///
    /// # Errors
    ///
    /// Fails on a file that is too large, cut off, no JSON, of another schema or a newer version, and
    /// on values that no goaudit writes.
    pub fn parse(file: &[u8]) -> Result<Self, EvidenceError> {
        let bytes = file.len() as u64;
        if bytes > LIMIT {
            return Err(EvidenceError::TooLarge { bytes });
        }
        let json = without_mark(file);
        let head: Head = serde_json::from_slice(json).map_err(|err| unread(json, err))?;
        match head.schema {
            Some(schema) if schema == SCHEMA => {}
            Some(found) if found.starts_with(FAMILY) => {
                return Err(EvidenceError::TooNew { found: shown(&found) });
            }
            Some(found) => return Err(EvidenceError::OtherSchema { found: shown(&found) }),
            None => return Err(EvidenceError::NoSchema),
        }
        serde_json::from_slice(json).map_err(|err| unread(json, err))
    }

    /// Writes an evidence file: each package is a line of its own.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A value of these types is always JSON.
        let json = serde_json::to_string(self).unwrap_or_default();
        let lines = [("{\"path\":", "\n{\"path\":"), ("\"packages\":[", "\n\"packages\":[")];
        let mut text = lines.iter().fold(json, |text, (from, to)| text.replace(from, to));
        text.push('\n');
        text
    }
}

fn unread(json: &[u8], err: serde_json::Error) -> EvidenceError {
    if !is_evidence(json) {
        return EvidenceError::NoSchema;
    }
    if err.is_eof() {
        return EvidenceError::Cut { line: err.line(), column: err.column() };
    }
    EvidenceError::Json(err)
}

/// Some editors put a mark in front of UTF-8.
fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}
