//! How long a table of lines is, and how many files it names; its lines are not read.
//!
//! Source: DWARF 4 and 5, section 6.2.4, the line number program header.

use std::ops::Range;

use crate::binary::Endian;
use crate::binary::numbers::{u16_at, u32_at, u64_at};

/// A table of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineTable {
    /// In the section.
    pub(super) range: Range<usize>,
    /// Entries of its table of files, with that of the unit itself in DWARF 5; `None` when it is damaged.
    pub(super) files: Option<usize>,
}

impl LineTable {
    pub(super) fn at(section: &[u8], start: usize, endian: Endian) -> Option<Self> {
        let range = unit_range(section, start, endian)?;
        let mut cursor = Cursor { rest: section.get(range.clone())?, endian, is_64: false };
        Some(Self { range, files: cursor.files() })
    }
}

/// Where what starts with its length is.
pub(super) fn unit_range(section: &[u8], start: usize, endian: Endian) -> Option<Range<usize>> {
    let rest = section.get(start..)?;
    let (len, from) = match u32_at(rest, 0, endian)? {
        u32::MAX => (u64_at(rest, 4, endian)?, 12),
        len => (len.into(), 4),
    };
    let end = start.checked_add(from)?.checked_add(usize::try_from(len).ok()?)?;
    (end <= section.len()).then_some(start..end)
}

struct Cursor<'a> {
    rest: &'a [u8],
    endian: Endian,
    /// Offsets have 8 bytes.
    is_64: bool,
}

impl Cursor<'_> {
    fn files(&mut self) -> Option<usize> {
        if u32_at(self.rest, 0, self.endian)? == u32::MAX {
            self.is_64 = true;
            self.skip(8)?;
        }
        self.skip(4)?;
        let version = u16_at(self.rest, 0, self.endian)?;
        self.skip(2)?;
        if version >= 5 {
            // Sizes of an address and of a segment selector.
            self.skip(2)?;
        }
        // Length of the rest of the header.
        self.skip(self.offset_len())?;
        // Shortest instruction, operations of one, statement or not, base and range of lines.
        self.skip(if version >= 4 { 5 } else { 4 })?;
        let opcodes = usize::from(self.byte()?).checked_sub(1)?;
        self.skip(opcodes)?;
        match version {
            2..=4 => self.files_before_5(),
            5 => {
                self.entries()?;
                self.entries()
            }
            _ => None,
        }
    }

    fn files_before_5(&mut self) -> Option<usize> {
        while self.text()? > 0 {}
        let mut files = 0_usize;
        while self.text()? > 0 {
            for _ in 0..3 {
                self.uleb()?;
            }
            files = files.checked_add(1)?;
        }
        Some(files)
    }

    /// Skips a table of DWARF 5 and returns the number of its entries.
    fn entries(&mut self) -> Option<usize> {
        let format_len = usize::from(self.byte()?);
        let mut forms = Vec::with_capacity(format_len);
        for _ in 0..format_len {
            self.uleb()?;
            forms.push(self.uleb()?);
        }
        let count = usize::try_from(self.uleb()?).ok()?;
        // Each entry takes bytes, so that a count beyond them ends here.
        if count > 0 && forms.is_empty() || count > self.rest.len() {
            return None;
        }
        for _ in 0..count {
            for form in &forms {
                self.skip_form(*form)?;
            }
        }
        Some(count)
    }

    /// Source: DWARF 5, section 7.5.6; forms that a table of files may have.
    fn skip_form(&mut self, form: u64) -> Option<()> {
        const STRING: u64 = 0x08;
        const UDATA: u64 = 0x0f;
        const BLOCK: u64 = 0x09;
        match form {
            STRING => self.text().map(drop),
            UDATA => self.uleb().map(drop),
            BLOCK => {
                let len = usize::try_from(self.uleb()?).ok()?;
                self.skip(len)
            }
            // `strp`, `line_strp`.
            0x0e | 0x1f => self.skip(self.offset_len()),
            // `data1`, `data2`, `data4`, `data8`, `data16`.
            0x0b => self.skip(1),
            0x05 => self.skip(2),
            0x06 => self.skip(4),
            0x07 => self.skip(8),
            0x1e => self.skip(16),
            _ => None,
        }
    }

    fn offset_len(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        self.rest = self.rest.get(len..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// Skips a text with its NUL and returns its length.
    fn text(&mut self) -> Option<usize> {
        let len = memchr::memchr(0, self.rest)?;
        self.skip(len.checked_add(1)?)?;
        Some(len)
    }

    fn uleb(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(version: u8, rest: &[u8]) -> Vec<u8> {
        let addresses: &[u8] = if version >= 5 { &[8, 0] } else { &[] };
        let body = [&[version, 0][..], addresses, &[9, 0, 0, 0], &[1, 1, 1, 0xfb, 14, 2, 7], rest]
            .concat();
        [&u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
    }

    fn files(table: &[u8]) -> Option<usize> {
        LineTable::at(table, 0, Endian::Little).and_then(|table| table.files)
    }

    #[test]
    fn files_are_counted() {
        let before_5 = table(4, b"dir\0\0a.go\0\x01\0\0b.go\0\0\0\0\0");
        assert_eq!(files(&before_5), Some(2));
        let of_5 = table(5, b"\x01\x01\x08\x01/\0\x02\x01\x08\x02\x0b\x03a\0\0b\0\0c\0\0");
        assert_eq!(files(&of_5), Some(3));
        for whole in [before_5, of_5] {
            for end in 0..whole.len() {
                assert_eq!(files(&whole[..end]), None, "{end}");
            }
        }
    }

    #[test]
    fn a_count_without_bytes_is_refused() {
        let endless = b"\x01\x01\x08\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f";
        assert_eq!(files(&table(5, endless)), None);
        // A flag has no bytes.
        assert_eq!(files(&table(5, b"\x01\x01\x19\x02\0\0")), None);
    }
}
