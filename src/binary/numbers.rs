//! Numbers and names at offsets of untrusted bytes.

use std::ops::Range;

use super::Endian;

pub(super) fn u16_at(bytes: &[u8], at: usize, endian: Endian) -> Option<u16> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    Some(match endian {
        Endian::Little => u16::from_le_bytes(bytes),
        Endian::Big => u16::from_be_bytes(bytes),
    })
}

pub(super) fn u32_at(bytes: &[u8], at: usize, endian: Endian) -> Option<u32> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    Some(match endian {
        Endian::Little => u32::from_le_bytes(bytes),
        Endian::Big => u32::from_be_bytes(bytes),
    })
}

pub(super) fn u64_at(bytes: &[u8], at: usize, endian: Endian) -> Option<u64> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    Some(match endian {
        Endian::Little => u64::from_le_bytes(bytes),
        Endian::Big => u64::from_be_bytes(bytes),
    })
}

/// An address or a size of a program of 32 or 64 bits.
pub(super) fn word_at(bytes: &[u8], at: usize, bits: u8, endian: Endian) -> Option<u64> {
    match bits {
        64 => u64_at(bytes, at, endian),
        _ => u32_at(bytes, at, endian).map(u64::from),
    }
}

/// Returns the range of `len` bytes from `offset`, if a file of `file_len` bytes holds all of it.
pub(super) fn range(offset: u64, len: u64, file_len: usize) -> Option<Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(len)?).ok()?;
    (end <= file_len).then_some(start..end)
}

/// Returns `data`, found at `address`, from the first multiple of 16 on.
pub(super) fn aligned(data: &[u8], address: u64) -> &[u8] {
    let skip = address.wrapping_neg() & 15;
    usize::try_from(skip).ok().and_then(|skip| data.get(skip..)).unwrap_or_default()
}

/// Returns what precedes the first NUL.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_outside_of_the_file_is_none() {
        assert_eq!(range(4, 6, 10), Some(4..10));
        assert_eq!(range(10, 0, 10), Some(10..10));
        assert_eq!(range(4, 7, 10), None);
        assert_eq!(range(u64::MAX, 1, 10), None);
        assert_eq!(range(1, u64::MAX, 10), None);
    }

    #[test]
    fn alignment_is_that_of_the_address() {
        let data: Vec<u8> = (0..40).collect();
        assert_eq!(aligned(&data, 0x1000).first(), Some(&0));
        assert_eq!(aligned(&data, 0x1004).first(), Some(&12));
        assert_eq!(aligned(&data[..3], 1), b"");
    }

    #[test]
    fn numbers_end_where_the_bytes_end() {
        assert_eq!(u16_at(&[1, 2, 3], 1, Endian::Big), Some(0x0203));
        assert_eq!(u32_at(&[1, 2, 3, 4], 0, Endian::Little), Some(0x0403_0201));
        assert_eq!(u32_at(&[1, 2, 3, 4], 1, Endian::Little), None);
        assert_eq!(u32_at(&[], usize::MAX, Endian::Little), None);
    }
}
