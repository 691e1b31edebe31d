//! The code of a function with what its addresses point to in place of the addresses.

use super::places::{Places, Target};

mod arm64;
mod x86;

/// How much of the code of an architecture is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    X86 {
        bits: u32,
    },
    Arm64,
    /// Only the size of a function is known to be independent of where it is.
    None,
}

/// The meaning of a function, as bytes to hash.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// What a stripped file tells as well.
    pub(super) code: Vec<u8>,
    /// The variables that it refers to, in the order of the code.
    pub(super) variables: Vec<u8>,
}

impl Reader {
    /// For a GOARCH.
    pub(super) fn of(arch: Option<&str>) -> Self {
        match arch {
            Some("amd64") => Self::X86 { bits: 64 },
            Some("386") => Self::X86 { bits: 32 },
            Some("arm64") => Self::Arm64,
            _ => Self::None,
        }
    }

    /// Reads a function, which comes with the padding after it.
    pub(super) fn read(
        self,
        bytes: &[u8],
        address: u64,
        places: &Places<'_>,
        meaning: &mut Meaning,
    ) {
        match self {
            Self::X86 { bits } => {
                // An instruction may end in the byte of the padding; then all of them are cut alike.
                let last = bytes.iter().rposition(|byte| *byte != 0xcc);
                let code = bytes.get(..last.map_or(0, |last| last + 1)).unwrap_or_default();
                x86::read(code, address, bits, places, meaning);
            }
            Self::Arm64 => {
                let words = bytes.rchunks_exact(4).take_while(|word| *word == [0; 4]).count();
                let code = bytes.get(..bytes.len() - words * 4).unwrap_or_default();
                arm64::read(code, address, places, meaning);
            }
            Self::None => {
                let last = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                // Functions start at multiples of 16 or 32 bytes, and what pads them differs.
                meaning.code.extend(last.next_multiple_of(32).to_le_bytes());
            }
        }
    }
}

impl Meaning {
    pub(super) fn clear(&mut self) {
        self.code.clear();
        self.variables.clear();
    }

    /// Says what an address points to. `text_len` is the number that goes with it as the length of a
    /// string, `loaded` how many bytes the instruction reads from there.
    pub(super) fn address(
        &mut self,
        places: &Places<'_>,
        address: u64,
        text_len: Option<u64>,
        loaded: Option<usize>,
    ) {
        match places.target(address) {
            Target::Function { name, offset } => {
                self.code.push(b'f');
                self.code.extend(name.to_le_bytes());
                self.code.extend(offset.to_le_bytes());
            }
            Target::Loaded => {
                let text = text_len.and_then(|len| places.text(address, len));
                let constant = || loaded.and_then(|len| places.constant(address, len));
                if let Some(content) = text.or_else(constant) {
                    self.code.push(b't');
                    self.code.extend(content.len().to_le_bytes());
                    self.code.extend(content);
                } else {
                    self.code.push(b'a');
                }
                if let Some((name, offset)) = places.variable(address) {
                    self.variables.extend(name.to_le_bytes());
                    self.variables.extend(offset.to_le_bytes());
                }
            }
            Target::Outside => self.code.push(b'o'),
        }
    }
}
