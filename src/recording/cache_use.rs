//! What a go command looked up in its cache and what it stored there, as `goaudit cacheprog` saw it.
//!
//! A line of JSON for each, in the order of the answers:
//!
//! ```text
//! {"outcome":"miss","action":"13e4…","micros":9}
//! {"outcome":"stored","action":"13e4…","output":"1b29…","bytes":171,"micros":80}
//! {"outcome":"hit","action":"ea93…","output":"3594…","bytes":3253,"micros":14}
//! ```

use serde::{Deserialize, Serialize};

use crate::golang::cache_entry::Hash;

/// One lookup or one output that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheUse {
    pub outcome: Outcome,
    /// Action ID.
    #[serde(with = "in_hex")]
    pub action: Hash,
    /// SHA-256 of the output, where there is one.
    #[serde(default, with = "in_hex::optional", skip_serializing_if = "Option::is_none")]
    pub output: Option<Hash>,
    /// Bytes of the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long go waited for the answer, in microseconds.
    pub micros: u64,
}

/// What became of a lookup or of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was found.
    Hit,
    /// It was found in the ledger of earlier checks.
    Confirmed,
    /// It was not there.
    Miss,
    /// It was there, and its bytes were not those of its hash.
    Refused,
    /// It was stored.
    Stored,
    /// It could not be stored.
    Failed,
}

impl CacheUse {
    /// Reads a record. A last line that was cut off when its writer was killed is left out.
    ///
    /// # Errors
    ///
    /// Fails with the number of the line that is none.
    pub fn read(text: &str) -> Result<Vec<Self>, (usize, serde_json::Error)> {
        let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
        let read = |(index, line)| serde_json::from_str(line).map_err(|err| (index + 1, err));
        whole.lines().enumerate().map(read).collect()
    }
}

/// A hash as the names of a cache have it.
mod in_hex {
    use std::borrow::Cow;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::golang::cache_entry::{self, Hash};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&cache_entry::hex(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        cache_entry::hash(text.as_bytes())
            .ok_or_else(|| D::Error::custom("it is no SHA-256 in hex"))
    }

    pub(super) mod optional {
        use super::{Deserializer, Hash, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(
            hash: &Option<Hash>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match hash {
                Some(hash) => super::serialize(hash, to),
                None => to.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Hash>, D::Error> {
            super::deserialize(from).map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_to_its_last_whole_line() {
        let uses = [
            CacheUse {
                outcome: Outcome::Miss,
                action: [1; 32],
                output: None,
                bytes: None,
                micros: 9,
            },
            CacheUse {
                outcome: Outcome::Stored,
                action: [1; 32],
                output: Some([2; 32]),
                bytes: Some(171),
                micros: 80,
            },
        ];
        let line = |one: &CacheUse| serde_json::to_string(one).unwrap() + "\n";
        let text: String = uses.iter().map(line).collect();
        assert!(text.starts_with("{\"outcome\":\"miss\",\"action\":\"0101"), "{text}");
        assert_eq!(CacheUse::read(&text).unwrap(), uses);
        assert_eq!(CacheUse::read(&text[..text.len() - 20]).unwrap(), uses[..1]);
        let (line, err) = CacheUse::read(&text.replace("stored", "lost")).unwrap_err();
        assert_eq!(line, 2);
        assert!(err.to_string().contains("unknown variant `lost`"), "{err}");
    }
}
