//! One line of a hash log.

/// What one line of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// `HASH[name]`
    Open {
        name: &'a [u8],
    },
    /// `HASH[name]: "quoted"`
    Write {
        name: &'a [u8],
        quoted: &'a [u8],
    },
    /// `HASH[name]: hex`
    Sum {
        name: &'a [u8],
        sum: [u8; 32],
    },
    /// `HASH subkey hex "quoted" = hex`
    Subkey,
    /// `HASH path: hex`, or an error in place of the hex.
    File,
    Foreign,
}

impl<'a> Line<'a> {
    /// Tells what a line is, without its line end.
    ///
    /// Both ends of a line decide, because names and paths are not quoted and
    /// may hold any of the characters between.
    #[must_use]
    pub fn classify(line: &'a [u8]) -> Self {
        if let Some(rest) = line.strip_prefix(b"HASH[") {
            return Self::block(rest).unwrap_or(Self::Foreign);
        }
        let Some(rest) = line.strip_prefix(b"HASH ") else { return Self::Foreign };
        if rest.strip_prefix(b"subkey ").is_some_and(is_subkey) {
            return Self::Subkey;
        }
        // Only an absolute path is hashed; a program that prints "HASH x: y" is not the go command.
        let absolute = rest.starts_with(b"/") || rest.get(1..3) == Some(b":\\".as_slice());
        let ends = || memchr::memchr_iter(b':', rest).any(|at| follows(rest, at, b" "));
        if absolute && ends() { Self::File } else { Self::Foreign }
    }

    fn block(rest: &'a [u8]) -> Option<Self> {
        if let Some(name) = rest.strip_suffix(b"]") {
            return Some(Self::Open { name });
        }
        if rest.ends_with(b"\"") {
            let end = end_of_name(rest)?;
            let quoted = rest.get(end.checked_add(3)?..)?;
            return (quoted.len() >= 2).then_some(Self::Write { name: rest.get(..end)?, quoted });
        }
        let (name, sum) = split_hex(rest, b"]: ")?;
        Some(Self::Sum { name, sum })
    }

    /// Tells what is written by a line, if it is a write to a block whose lines start with `head`.
    ///
    /// Most lines belong to the block of the line before: this spares the search for the end of the name.
    pub(super) fn write_to(head: &[u8], line: &'a [u8]) -> Option<&'a [u8]> {
        let quoted = line.strip_prefix(head)?.strip_prefix(b": ")?;
        matches!(quoted, [b'"', .., b'"']).then_some(quoted)
    }
}

/// Returns how all lines of a block of this name start, for [`Line::write_to`].
///
/// `None` for a name that holds what else ends a name: its lines could be told in two ways.
pub(super) fn head_of(name: &[u8]) -> Option<Vec<u8>> {
    end_of_name(name).is_none().then(|| [b"HASH[", name, b"]"].concat())
}

/// Returns where the name of a written block ends.
fn end_of_name(rest: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b']', rest).find(|&at| follows(rest, at, b": \""))
}

fn follows(text: &[u8], at: usize, what: &[u8]) -> bool {
    let after = at.checked_add(1).and_then(|start| text.get(start..));
    after.is_some_and(|after| after.starts_with(what))
}

/// `hex "quoted" = hex`
fn is_subkey(rest: &[u8]) -> bool {
    let middle = rest.len().checked_sub(64).and_then(|end| rest.get(64..end));
    middle.is_some_and(|middle| middle.starts_with(b" \"") && middle.ends_with(b"\" = "))
}

/// Splits a sum off the end of a line, and what stands before it.
fn split_hex<'a>(line: &'a [u8], before: &[u8]) -> Option<(&'a [u8], [u8; 32])> {
    let (head, hex) = line.split_at_checked(line.len().checked_sub(64)?)?;
    Some((head.strip_suffix(before)?, parse_hex(hex)?))
}

fn parse_hex(hex: &[u8]) -> Option<[u8; 32]> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let mut sum = [0; 32];
    let (pairs, rest) = hex.as_chunks::<2>();
    if pairs.len() != sum.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in sum.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(sum)
}
