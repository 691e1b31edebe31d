//! The protocol between the go command and the program that GOCACHEPROG names.
//!
//! The program first says which commands it knows. Then go writes requests, each a JSON object on
//! a line and an empty line after it; the body of a `put` follows as one JSON string of base64.
//! Responses are JSON objects in any order. A response to no request, or anything that is not
//! JSON, ends the go command.
//!
//! Source: `cmd/go/internal/cacheprog` of Go 1.24 to 1.27, and what these write.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::golang::cache_entry::Hash;

/// Bytes of the JSON object of a request or a response; real ones have some hundred.
pub const LINE_LIMIT: usize = 1 << 20;

/// What the go command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// The output of an action.
    Get { action: Hash },
    /// To keep `size` bytes, which follow unless there are none, as the output of an action.
    Put { action: Hash, output: Hash, size: u64 },
    /// To end.
    Close,
}

/// A request of the go command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    pub id: i64,
    pub command: Command,
}

/// Why a line is no request or no response.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    #[error("it is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("`{0}` is no command of the protocol")]
    Command(String),
    #[error("its {0} is no SHA-256 in base64")]
    Hash(&'static str),
    #[error("its BodySize is negative")]
    Size,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawRequest<'a> {
    #[serde(rename = "ID")]
    id: i64,
    #[serde(borrow)]
    command: Cow<'a, str>,
    #[serde(borrow, default, rename = "ActionID")]
    action_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "OutputID")]
    output_id: Option<Cow<'a, str>>,
    /// What a go command with the experiment of 1.21 to 1.24 calls the output.
    #[serde(borrow, default, rename = "ObjectID")]
    object_id: Option<Cow<'a, str>>,
    #[serde(default)]
    body_size: i64,
}

/// Reads a request.
///
/// # Errors
///
/// Fails on what no go command writes.
pub fn request(line: &[u8]) -> Result<Request, ProtocolError> {
    let raw: RawRequest<'_> = serde_json::from_slice(line)?;
    let action = || hash(raw.action_id.as_deref()).ok_or(ProtocolError::Hash("ActionID"));
    let command = match raw.command.as_ref() {
        "get" => Command::Get { action: action()? },
        "put" => Command::Put {
            action: action()?,
            output: hash(raw.output_id.as_deref().or(raw.object_id.as_deref()))
                .ok_or(ProtocolError::Hash("OutputID"))?,
            size: u64::try_from(raw.body_size).map_err(|_| ProtocolError::Size)?,
        },
        "close" => Command::Close,
        other => return Err(ProtocolError::Command(other.to_owned())),
    };
    Ok(Request { id: raw.id, command })
}

fn hash(text: Option<&str>) -> Option<Hash> {
    let mut bytes = [0; 36];
    let length = STANDARD.decode_slice(text?, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// The first line of a program that knows all commands, or all but `put`.
#[must_use]
pub const fn greeting(takes_puts: bool) -> &'static str {
    match takes_puts {
        true => "{\"ID\":0,\"KnownCommands\":[\"get\",\"put\",\"close\"]}\n",
        false => "{\"ID\":0,\"KnownCommands\":[\"get\",\"close\"]}\n",
    }
}

/// A response, as it is on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Response {
    #[serde(rename = "ID")]
    pub id: i64,
    /// Why it could not be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub err: String,
    /// In the first line of a program only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_commands: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub miss: bool,
    /// Base64.
    #[serde(rename = "OutputID", skip_serializing_if = "Option::is_none")]
    pub output_id: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub size: i64,
    /// When it was stored, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Absolute path of a file with the output.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub disk_path: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(value: &i64) -> bool {
    *value == 0
}

impl Response {
    /// Reads a response of a program.
    ///
    /// # Errors
    ///
    /// Fails on what is no JSON object of one.
    pub fn parse(line: &[u8]) -> Result<Self, ProtocolError> {
        Ok(serde_json::from_slice(line)?)
    }

    /// Says that there is no output.
    #[must_use]
    pub fn miss(id: i64) -> Self {
        Self { id, miss: true, ..Self::default() }
    }

    /// Returns the output that it names, where it names one.
    #[must_use]
    pub fn output(&self) -> Option<Hash> {
        hash(self.output_id.as_deref())
    }

    /// Returns it as a line.
    #[must_use]
    pub fn line(&self) -> String {
        // Its fields are text and numbers.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Writes a hash as the protocol has it.
#[must_use]
pub fn base64(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// Returns a request for the output of an action.
#[must_use]
pub fn get(id: i64, action: &Hash) -> String {
    let action = base64(action);
    format!("{{\"ID\":{id},\"Command\":\"get\",\"ActionID\":\"{action}\"}}\n\n")
}

/// Writes bytes as a body has them.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes of base64 that `size` bytes make.
#[must_use]
pub const fn encoded(size: u64) -> u64 {
    size.div_ceil(3).saturating_mul(4)
}

/// Decodes base64 of a body: whole groups of four, and padding at its end alone.
#[must_use]
pub fn decode(text: &[u8], into: &mut [u8]) -> Option<usize> {
    STANDARD.decode_slice(text, into).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_real_go_commands_are_read() {
        let lines = include_str!("../../fixtures/cacheprog/requests.txt");
        let lines: Vec<&str> = lines.lines().filter(|line| line.starts_with('{')).collect();
        let read: Vec<Request> =
            lines.iter().map(|line| request(line.as_bytes()).unwrap()).collect();
        let gets = read.iter().filter(|one| matches!(one.command, Command::Get { .. })).count();
        let puts = read.iter().filter(|one| matches!(one.command, Command::Put { .. })).count();
        assert_eq!(
            (gets, puts, read.last().map(|one| &one.command)),
            (4, 3, Some(&Command::Close))
        );
        for (line, one) in lines.iter().zip(&read) {
            let Command::Put { action, output, size } = one.command else { continue };
            assert!(line.contains(&base64(&action)) && line.contains(&base64(&output)), "{line}");
            assert!(size == 0 || line.contains(&format!("\"BodySize\":{size}")), "{line}");
        }
    }

    #[test]
    fn what_no_go_command_writes_is_refused() {
        for (line, why) in [
            ("", "it is not JSON"),
            ("{\"ID\":1}", "it is not JSON"),
            ("{\"ID\":1,\"Command\":\"get2\"}", "`get2` is no command of the protocol"),
            ("{\"ID\":1,\"Command\":\"get\"}", "its ActionID is no SHA-256 in base64"),
            (
                "{\"ID\":1,\"Command\":\"get\",\"ActionID\":\"AAAA\"}",
                "its ActionID is no SHA-256 in base64",
            ),
        ] {
            assert_eq!(request(line.as_bytes()).unwrap_err().to_string(), why, "{line}");
        }
        let hash = base64(&[7; 32]);
        let line = format!(
            "{{\"ID\":1,\"Command\":\"put\",\"ActionID\":\"{hash}\",\"OutputID\":\"{hash}\",\"BodySize\":-1}}"
        );
        assert_eq!(request(line.as_bytes()).unwrap_err().to_string(), "its BodySize is negative");
    }

    #[test]
    fn a_response_has_only_what_it_says() {
        assert_eq!(Response::miss(7).line(), "{\"ID\":7,\"Miss\":true}\n");
        let hit = Response {
            id: 8,
            output_id: Some(base64(&[0; 32])),
            size: 3,
            disk_path: "/c/00/x-d".to_owned(),
            ..Response::default()
        };
        assert_eq!(
            hit.line(),
            "{\"ID\":8,\"OutputID\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"Size\":3,\"DiskPath\":\"/c/00/x-d\"}\n"
        );
        let read = Response::parse(hit.line().as_bytes()).unwrap();
        assert_eq!((&read, read.output()), (&hit, Some([0; 32])));
    }

    #[test]
    fn the_length_of_base64_is_known_beforehand() {
        for size in [0_u8, 1, 2, 3, 4, 100] {
            let bytes = vec![size; usize::from(size)];
            assert_eq!(STANDARD.encode(&bytes).len() as u64, encoded(size.into()));
        }
    }
}
