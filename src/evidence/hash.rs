//! Hashes as an evidence file has them.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The first 48 bits of a SHA-256, as twelve digits in lowercase hex.
///
/// Enough to tell what differs; that files are equal is told by a whole SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Hash([u8; LEN]);

/// Bytes of a hash.
const LEN: usize = 6;

impl Hash {
    /// Of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.0.update(bytes);
        hasher.finish()
    }
}

/// A [`Hash`] in the making.
#[derive(Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    pub(super) fn finish(self) -> Hash {
        let mut short = [0; LEN];
        for (to, from) in short.iter_mut().zip(self.0.finalize()) {
            *to = from;
        }
        Hash(short)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = u64::from_str_radix(&text, 16).map_err(|_| no_hash(&text))?;
        let mut short = [0; LEN];
        for (to, from) in short.iter_mut().zip(number.to_be_bytes().into_iter().skip(2)) {
            *to = from;
        }
        let hash = Self(short);
        if hash.to_string() == text { Ok(hash) } else { Err(no_hash(&text)) }
    }
}

fn no_hash(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("`{shown}` is no hash of {} lowercase hex digits", 2 * LEN)
}
