//! Build IDs, action IDs and content IDs, as `go tool buildid` prints them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Length of an ID in characters: 120 bits at 6 bits to the character.
const SHORT_LEN: usize = 20;

/// The alphabet of RFC 4648 section 5, which `HashToString` spells out as well.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The first 120 bits of a SHA-256 in URL-safe base64, 20 characters long.
///
/// Go prints action IDs, content IDs and the hashes of `file` lines this way.
///
/// Source: `HashToString` in `cmd/internal/buildid/buildid.go`, Go 1.21 to 1.27.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ShortId([u8; SHORT_LEN]);

/// The build ID stamped into a Go package archive or executable.
///
/// An archive holds `actionID/contentID`. An executable holds four fields:
/// `actionID(executable)/actionID(main.a)/contentID(main.a)/contentID(executable)`.
///
/// Source: the comment at the top of `cmd/go/internal/work/buildid.go`, Go 1.25.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BuildId {
    action: ShortId,
    /// Action ID and content ID of the main package; an executable's only.
    main: Option<(ShortId, ShortId)>,
    content: ShortId,
}

/// Why a string is not an ID or a build ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildIdError {
    #[error("build ID has {found} fields, expected 2 or 4")]
    FieldCount { found: usize },
    #[error("ID `{id}` has {} bytes, expected {SHORT_LEN}", id.len())]
    Length { id: String },
    #[error("ID `{id}` is not URL-safe base64")]
    Alphabet { id: String },
}

impl ShortId {
    /// Shortens a hash the way Go does.
    #[must_use]
    pub fn of(hash: &[u8; 32]) -> Self {
        let mut text = [0; SHORT_LEN];
        // Five groups of three bytes; the last 17 bytes of the hash are not shown.
        for (group, out) in hash.chunks_exact(3).zip(text.chunks_exact_mut(4)) {
            let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
            for (character, shift) in out.iter_mut().zip([18_u32, 12, 6, 0]) {
                *character = sextet((bits >> shift) & 0x3f);
            }
        }
        Self(text)
    }

    /// Parses 20 characters of URL-safe base64.
    ///
    /// # Errors
    ///
    /// Fails on another length and on a character outside of the alphabet.
    pub fn parse(text: &str) -> Result<Self, BuildIdError> {
        let id: [u8; SHORT_LEN] =
            text.as_bytes().try_into().map_err(|_| BuildIdError::Length { id: text.to_owned() })?;
        if id.iter().all(|byte| ALPHABET.contains(byte)) {
            Ok(Self(id))
        } else {
            Err(BuildIdError::Alphabet { id: text.to_owned() })
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // Both constructors admit characters of the alphabet only, which is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn sextet(value: u32) -> u8 {
    usize::try_from(value).ok().and_then(|index| ALPHABET.get(index)).copied().unwrap_or(b'A')
}

impl BuildId {
    /// Parses a build ID.
    ///
    /// # Errors
    ///
    /// Fails when the string has a number of fields other than 2 or 4, or when
    /// a field is not a [`ShortId`]. An empty string is an error here: a file
    /// without a build ID is `None` at the caller, never an empty [`BuildId`].
    pub fn parse(text: &str) -> Result<Self, BuildIdError> {
        let fields: Vec<&str> = text.split('/').collect();
        let (action, main, content) = match *fields {
            [action, content] => (action, None, content),
            [action, main_action, main_content, content] => {
                let main = (ShortId::parse(main_action)?, ShortId::parse(main_content)?);
                (action, Some(main), content)
            }
            _ => return Err(BuildIdError::FieldCount { found: fields.len() }),
        };
        Ok(Self { action: ShortId::parse(action)?, main, content: ShortId::parse(content)? })
    }

    /// Returns the hash of the inputs of the last action.
    ///
    /// That is the compilation of an archive, the link of an executable.
    #[must_use]
    pub fn action_id(&self) -> ShortId {
        self.action
    }

    /// Returns the hash of the file itself, with its build ID blanked.
    #[must_use]
    pub fn content_id(&self) -> ShortId {
        self.content
    }

    /// Returns the hash of the inputs of the main package; `None` for an archive.
    #[must_use]
    pub fn main_action_id(&self) -> Option<ShortId> {
        self.main.map(|(action, _)| action)
    }

    /// Returns the hash of the compiled main package; `None` for an archive.
    #[must_use]
    pub fn main_content_id(&self) -> Option<ShortId> {
        self.main.map(|(_, content)| content)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.action)?;
        if let Some((action, content)) = self.main {
            write!(f, "{action}/{content}/")?;
        }
        write!(f, "{}", self.content)
    }
}

impl FromStr for ShortId {
    type Err = BuildIdError;

    fn from_str(text: &str) -> Result<Self, BuildIdError> {
        Self::parse(text)
    }
}

impl FromStr for BuildId {
    type Err = BuildIdError;

    fn from_str(text: &str) -> Result<Self, BuildIdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ShortId {
    type Error = BuildIdError;

    fn try_from(text: String) -> Result<Self, BuildIdError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for BuildId {
    type Error = BuildIdError;

    fn try_from(text: String) -> Result<Self, BuildIdError> {
        Self::parse(&text)
    }
}

impl From<ShortId> for String {
    fn from(id: ShortId) -> Self {
        id.to_string()
    }
}

impl From<BuildId> for String {
    fn from(id: BuildId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Printed by `go tool buildid` for a hello-world executable, Go 1.25.5, linux/amd64.
    const EXECUTABLE: &str =
        "TA4kwdoSdQMvP0abwQ26/fRWTtUyRbL7j2yivzCJ5/8XSdSavnaopdpjda-MGj/pgAy0B8Jy0bAIq12i1n6";

    #[test]
    fn an_executable_has_four_fields() {
        let id = BuildId::parse(EXECUTABLE).unwrap();
        assert_eq!(id.action_id().as_str(), "TA4kwdoSdQMvP0abwQ26");
        assert_eq!(id.main_action_id().unwrap().as_str(), "fRWTtUyRbL7j2yivzCJ5");
        assert_eq!(id.main_content_id().unwrap().as_str(), "8XSdSavnaopdpjda-MGj");
        assert_eq!(id.content_id().as_str(), "pgAy0B8Jy0bAIq12i1n6");
        assert_eq!(id.to_string(), EXECUTABLE);
    }

    #[test]
    fn an_archive_has_two() {
        let id = BuildId::parse("TA4kwdoSdQMvP0abwQ26/pgAy0B8Jy0bAIq12i1n6").unwrap();
        assert_eq!(id.main_action_id(), None);
        assert_eq!(id.to_string(), "TA4kwdoSdQMvP0abwQ26/pgAy0B8Jy0bAIq12i1n6");
    }

    /// From hash logs and action graphs of real builds, Go 1.25.5.
    #[test]
    fn short_ids_are_those_of_go() {
        // The content ID of an empty output.
        let empty: [u8; 32] = Sha256::digest(b"").into();
        assert_eq!(ShortId::of(&empty).as_str(), "47DEQpj8HBSa-_TImW-5");
        // `8fe300ae31a66c…` is `j-MArjGmbMOHf8KF6Rok`: the first 7 bytes give 9 characters.
        let mut hash = [0; 32];
        hash[..7].copy_from_slice(&[0x8f, 0xe3, 0x00, 0xae, 0x31, 0xa6, 0x6c]);
        assert!(ShortId::of(&hash).as_str().starts_with("j-MArjGmb"));
        assert_eq!(ShortId::of(&[0xff; 32]).as_str(), "____________________");
    }

    #[test]
    fn what_is_not_an_id_is_named() {
        let error = |text| BuildId::parse(text).unwrap_err().to_string();
        assert_eq!(error(""), "build ID has 1 fields, expected 2 or 4");
        assert_eq!(error("TA4kwdoSdQMvP0abwQ26/short"), "ID `short` has 5 bytes, expected 20");
        assert_eq!(
            error("TA4kwdoSdQMvP0abwQ26/TA4kwdoSdQMvP0abwQ2+"),
            "ID `TA4kwdoSdQMvP0abwQ2+` is not URL-safe base64"
        );
    }

    #[test]
    fn a_build_id_is_a_string_in_json() {
        let id = BuildId::parse(EXECUTABLE).unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{EXECUTABLE}\""));
        assert_eq!(serde_json::from_str::<BuildId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<BuildId>("\"a/b\"").is_err());
    }
}
