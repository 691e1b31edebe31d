//! What changes from one instruction of a function to the next: stack size, file, line.
//!
//! Source: `step` in `runtime/symtab.go`, Go 1.27; the same since 1.2.

/// A value and where in the function it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcValue {
    /// First byte, counted from the start of the function.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    pub value: i32,
}

/// Decodes a table; ends where the table does or where it is damaged.
#[derive(Debug, Clone)]
pub struct PcValues<'a> {
    rest: &'a [u8],
    quantum: u8,
    at: u32,
    value: i32,
    is_first: bool,
}

impl<'a> PcValues<'a> {
    pub(super) fn new(encoded: &'a [u8], quantum: u8) -> Self {
        Self { rest: encoded, quantum, at: 0, value: -1, is_first: true }
    }
}

impl Iterator for PcValues<'_> {
    type Item = PcValue;

    fn next(&mut self) -> Option<PcValue> {
        let (change, rest) = varint(self.rest)?;
        if change == 0 && !self.is_first {
            return None;
        }
        let (length, rest) = varint(rest)?;
        self.is_first = false;
        self.rest = rest;
        // Zigzag: the lowest bit says whether the others are inverted.
        let change = (change >> 1).cast_signed() ^ (change & 1).wrapping_neg().cast_signed();
        self.value = self.value.wrapping_add(change);
        let start = self.at;
        self.at = start.checked_add(length.checked_mul(self.quantum.into())?)?;
        Some(PcValue { start, end: self.at, value: self.value })
    }
}

/// The table that `bytes` starts with, and the byte that ends it.
pub(super) fn encoded(bytes: &[u8]) -> Option<&[u8]> {
    let mut values = PcValues::new(bytes, 0);
    values.by_ref().for_each(drop);
    let end = bytes.len().checked_sub(values.rest.len())?;
    // Where the iterator stopped for another reason than the end, the table is damaged.
    (values.rest.first() == Some(&0)).then(|| bytes.get(..=end))?
}

/// Source: `readvarint` in `runtime/symtab.go`.
fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0;
    let mut rest = bytes;
    for shift in [0_u32, 7, 14, 21, 28] {
        let (byte, after) = rest.split_first()?;
        rest = after;
        number |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            return Some((number, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines 3, 5 and 2 of 4, 1 and 200 instructions of 4 bytes.
    const TABLE: &[u8] = &[8, 4, 4, 1, 5, 0xc8, 1, 0];

    #[test]
    fn values_add_up() {
        let value = |start, end, value| PcValue { start, end, value };
        let values: Vec<_> = PcValues::new(TABLE, 4).collect();
        assert_eq!(values, [value(0, 16, 3), value(16, 20, 5), value(20, 820, 2)]);
    }

    #[test]
    fn a_table_ends_with_its_zero() {
        let bytes = [TABLE, b"more"].concat();
        assert_eq!(encoded(&bytes), Some(TABLE));
        for end in 0..TABLE.len() {
            assert_eq!(encoded(&TABLE[..end]), None, "{end}");
        }
        assert_eq!(encoded(&[0xff; 64]), None);
    }

    /// A value of -1, the one that all start with, has no change to state.
    #[test]
    fn the_first_change_may_be_zero() {
        let values: Vec<_> = PcValues::new(&[0, 7, 0], 1).collect();
        assert_eq!(values, [PcValue { start: 0, end: 7, value: -1 }]);
        assert_eq!(encoded(&[0, 7, 0, 9]), Some(&[0, 7, 0][..]));
    }
}
