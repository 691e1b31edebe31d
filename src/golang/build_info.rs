//! Build info: the Go version and module information that the linker puts into every executable.

use serde::{Deserialize, Serialize};

use crate::golang::mod_info::ModInfo;
use crate::golang::quote::to_text;

/// What `go version -m` prints of an executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildInfo {
    /// Such as `go1.26.1`, or `go1.26.1 X:nodwarf5` with experiments.
    pub go_version: String,
    /// Empty when the executable was built outside of modules.
    pub mod_info: ModInfo,
}

/// Why there is no build info.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildInfoError {
    #[error("no Go build info: not a Go program, or its build info was removed")]
    NotFound,
    #[error("Go build info is in the form before Go 1.18, which is not read")]
    TooOld,
    #[error("Go build info is cut off or corrupt")]
    Corrupt,
}

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The linker aligns the header to 16 bytes, so that it can be found without a section table.
const ALIGN: usize = 16;
const HEADER_LEN: usize = 32;
/// Offset of the flags byte in the header.
const FLAGS: usize = 15;
/// The strings follow the header, instead of pointers to them in it. Go 1.18 and later.
const FLAG_INLINE: u8 = 2;
/// Bytes of the random-looking marks before and after the module text.
///
/// Source: `infoStart` and `infoEnd` in `cmd/go/internal/modload/build.go`.
const SENTINEL_LEN: usize = 16;

impl BuildInfo {
    /// Finds and decodes build info in the data that should hold it.
    ///
    /// `data` must start at an address that is a multiple of 16. The first
    /// header found counts, as it does for `go version`.
    ///
    /// Source: `readRawBuildInfo` in `debug/buildinfo/buildinfo.go`, Go 1.26.
    ///
    /// # Errors
    ///
    /// Fails when there is no header, when it is of Go 1.17 or older, and when
    /// a string ends outside of the data.
    pub fn find(data: &[u8]) -> Result<Self, BuildInfoError> {
        let at = data
            .chunks_exact(ALIGN)
            .position(|chunk| chunk.starts_with(MAGIC))
            .ok_or(BuildInfoError::NotFound)?;
        let blob = data.get(at.saturating_mul(ALIGN)..).unwrap_or_default();
        if blob.get(FLAGS).is_none_or(|flags| flags & FLAG_INLINE == 0) {
            return Err(BuildInfoError::TooOld);
        }
        Self::decode(blob).ok_or(BuildInfoError::Corrupt)
    }

    fn decode(blob: &[u8]) -> Option<Self> {
        let (version, rest) = string(blob.get(HEADER_LEN..)?)?;
        let (framed, _) = string(rest)?;
        if version.is_empty() {
            return None;
        }
        let text = unframed(framed).unwrap_or_default();
        let go_version = to_text(version).into_owned();
        Some(Self { go_version, mod_info: ModInfo::parse(&to_text(text)) })
    }
}

/// Strips the marks. `None` for a text without them, which Go ignores too.
fn unframed(framed: &[u8]) -> Option<&[u8]> {
    let end = framed.len().checked_sub(SENTINEL_LEN)?;
    framed.get(SENTINEL_LEN..end).filter(|text| text.ends_with(b"\n"))
}

/// Splits off a string that its length precedes.
fn string(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = uvarint(data)?;
    rest.split_at_checked(usize::try_from(len).ok()?)
}

/// Splits off a number in base 128, least significant group first.
///
/// Source: `Uvarint` in `encoding/binary/varint.go`.
fn uvarint(data: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in data.iter().enumerate().take(9) {
        // Nine groups of seven bits are 63 bits: no shift is out of range.
        let shift = u32::try_from(index).ok()?.checked_mul(7)?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((value, data.get(index.checked_add(1)?..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "path\texample.com/hello\nbuild\t-compiler=gc\n";

    fn blob(flags: u8, text: &str) -> Vec<u8> {
        let mut blob = MAGIC.to_vec();
        blob.extend([8, flags]);
        blob.resize(HEADER_LEN, 0);
        blob.push(8);
        blob.extend(b"go1.26.1");
        let framed = [&[b'<'; SENTINEL_LEN], text.as_bytes(), &[b'>'; SENTINEL_LEN]].concat();
        blob.push(u8::try_from(framed.len()).unwrap());
        blob.extend(framed);
        blob
    }

    #[test]
    fn found_at_a_multiple_of_sixteen_only() {
        let mut data = vec![0; 48];
        data.extend(blob(FLAG_INLINE, TEXT));
        let info = BuildInfo::find(&data).unwrap();
        assert_eq!(info.go_version, "go1.26.1");
        assert_eq!(info.mod_info, ModInfo::parse(TEXT));
        assert_eq!(BuildInfo::find(&data[1..]), Err(BuildInfoError::NotFound));
    }

    #[test]
    fn without_modules_there_is_a_version_only() {
        let mut data = blob(FLAG_INLINE, "");
        data.truncate(HEADER_LEN + 9);
        data.push(0);
        let info = BuildInfo::find(&data).unwrap();
        assert_eq!((info.go_version.as_str(), info.mod_info), ("go1.26.1", ModInfo::default()));
    }

    #[test]
    fn the_pointer_form_is_too_old() {
        assert_eq!(BuildInfo::find(&blob(0, TEXT)), Err(BuildInfoError::TooOld));
    }

    #[test]
    fn every_prefix_is_an_error() {
        let data = blob(FLAG_INLINE, TEXT);
        for end in 0..data.len() {
            assert!(BuildInfo::find(&data[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_length_past_everything_is_corrupt() {
        let mut data = blob(FLAG_INLINE, TEXT);
        data.truncate(HEADER_LEN);
        data.extend([0xff; 12]);
        assert_eq!(BuildInfo::find(&data), Err(BuildInfoError::Corrupt));
        data[HEADER_LEN + 8] = 0x7f;
        assert_eq!(BuildInfo::find(&data), Err(BuildInfoError::Corrupt));
    }
}
