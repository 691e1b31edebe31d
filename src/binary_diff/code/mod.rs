//! Whether two functions are the same but for the addresses in their instructions.

use super::targets::Targets;

mod arm64;
mod x86;

/// A function of either file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) address: u64,
}

/// An address in an instruction of the second function that differs from that in the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    /// In the function, in bytes.
    pub(super) at: usize,
    pub(super) len: usize,
}

/// How the instructions of an architecture are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoder {
    /// amd64 with 64, 386 with 32.
    X86 {
        bits: u32,
    },
    Arm64,
    /// Only equal bytes are known to be equal.
    None,
}

impl Decoder {
    /// For a GOARCH.
    pub(super) fn of(arch: Option<&str>) -> Self {
        match arch {
            Some("amd64") => Self::X86 { bits: 64 },
            Some("386") => Self::X86 { bits: 32 },
            Some("arm64") => Self::Arm64,
            _ => Self::None,
        }
    }

    /// A function without the padding after it.
    pub(super) fn trimmed(self, bytes: &[u8]) -> &[u8] {
        let len = match self {
            // An instruction may end in a zero, or in the byte of a breakpoint; then both are cut alike.
            Self::X86 { .. } => {
                bytes.iter().rposition(|byte| *byte != 0xcc).map_or(0, |last| last + 1)
            }
            _ => {
                let words = bytes.rchunks_exact(4).take_while(|word| *word == [0; 4]).count();
                bytes.len() - words * 4
            }
        };
        bytes.get(..len).unwrap_or(bytes)
    }

    /// Where two functions of equal length differ, if in nothing but addresses of the same things.
    pub(super) fn moved(
        self,
        first: Code<'_>,
        second: Code<'_>,
        targets: &Targets<'_>,
    ) -> Option<Vec<Moved>> {
        if first.bytes.len() != second.bytes.len() {
            return None;
        }
        match self {
            Self::X86 { bits } => x86::moved(first, second, bits, targets),
            Self::Arm64 => arm64::moved(first, second, targets),
            Self::None => None,
        }
    }
}
