//! Which archive a file is, by its first bytes.

use super::PackingError;
use super::compression::Algorithm;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sniffed {
    Tar,
    Zip,
    Compressed(Algorithm),
}

/// Length of a header and of what content is padded to, in bytes.
pub(super) const BLOCK: usize = 512;

/// What a tar without members has at least: the two empty blocks of its end.
const EMPTY_TAR: usize = 2 * BLOCK;

/// tar fills the last of its records, which have twenty blocks by default.
const RECORD: usize = 20 * BLOCK;

/// Magic, name with its article, and what to do about it.
const REFUSED: [(&[u8], &str, &str); 7] = [
    (b"\xfd7zXZ\0", "an xz file", "unpack it with `xz -dk` and compare what it holds"),
    (b"BZh", "a bzip2 file", "unpack it with `bzip2 -dk` and compare what it holds"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack both into folders and compare these"),
    (b"LZIP", "an lzip file", "unpack it with `lzip -dk` and compare what it holds"),
    (b"\x04\x22\x4d\x18", "an lz4 file", "unpack it with `lz4 -d` and compare what it holds"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack both into folders and compare these"),
    (b"\x1f\x9d", "a file of `compress`", "unpack it with `gzip -d` and compare what it holds"),
];

/// What follows `BZh` and a digit: the start of a block, or the end of an empty file.
const BZIP2_NEXT: [&[u8]; 2] = [b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"];

pub(super) fn sniff(file: &[u8]) -> Result<Option<Sniffed>, PackingError> {
    match file {
        [0x1f, 0x8b, ..] => return Ok(Some(Sniffed::Compressed(Algorithm::Gzip))),
        // A frame, or one to be skipped before it.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            return Ok(Some(Sniffed::Compressed(Algorithm::Zstd)));
        }
        // Without members there is nothing before the end of the central directory.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return Ok(Some(Sniffed::Zip)),
        _ => {}
    }
    if is_tar(file) {
        return Ok(Some(Sniffed::Tar));
    }
    let refused = REFUSED.iter().find(|(magic, ..)| file.starts_with(magic));
    match refused {
        // Text may start with these three letters.
        Some((b"BZh", ..)) if !is_bzip2(file) => Ok(None),
        Some((_, found, fix)) => Err(PackingError::Refused { found, fix }),
        None => Ok(None),
    }
}

fn is_bzip2(file: &[u8]) -> bool {
    let next = file.get(4..).unwrap_or_default();
    BZIP2_NEXT.iter().any(|start| next.starts_with(start))
}

/// Tells a tar by the checksum of its first header: the oldest format has no magic.
pub(super) fn is_tar(start: &[u8]) -> bool {
    let Some(block) = start.get(..BLOCK) else { return false };
    if block.iter().all(|byte| *byte == 0) {
        // Of a file of zeros only what tar itself would make of no members.
        return start.len() >= EMPTY_TAR
            && start.len() <= RECORD
            && start.len().is_multiple_of(BLOCK)
            && start.iter().all(|byte| *byte == 0);
    }
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let Ok(claimed) = header.cksum() else { return false };
    // The checksum counts itself as eight spaces.
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    sum == claimed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_starts_like_bzip2_is_text() {
        assert_eq!(sniff(b"BZh is how it starts"), Ok(None));
        assert!(sniff(b"BZh91AY&SY\0").is_err());
        assert_eq!(sniff(b""), Ok(None));
        assert_eq!(sniff(b"\x7fELF"), Ok(None));
    }

    #[test]
    fn zeros_are_a_tar_only_where_tar_would_write_them() {
        assert!(is_tar(&[0; RECORD]));
        assert!(is_tar(&[0; EMPTY_TAR]));
        assert!(!is_tar(&[0; BLOCK]));
        assert!(!is_tar(&[0; RECORD + BLOCK]));
        assert!(!is_tar(&[0; EMPTY_TAR + 1]));
    }
}
