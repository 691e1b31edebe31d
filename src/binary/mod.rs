//! What an executable says of itself: format, sections, build ID, build info. Bytes in, values out.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::golang::build_id::BuildId;
use crate::golang::build_info::BuildInfo;

pub mod build_info_at;
pub mod debug;
mod elf;
pub mod goobj;
pub mod image;
mod layout;
mod mach_o;
pub mod module_data;
mod numbers;
pub mod pclntab;
mod pe;
mod sniff;
pub mod symbols;
pub mod traces;
pub mod window;

/// What an executable says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSummary {
    pub format: Format,
    pub build_id: Option<BuildId>,
    /// Descriptor of the GNU build ID note, in lowercase hex. ELF only.
    pub gnu_build_id: Option<String>,
    pub build_info: Option<BuildInfo>,
    /// In the order of the section table.
    pub sections: Vec<Section>,
    /// All bytes of the file that no section holds: headers, padding, and what
    /// follows the sections, such as a symbol table or a code signature. With
    /// it, two summaries are equal only for equal files.
    pub outside: Section,
    /// What could not be read, one sentence fragment each.
    pub notes: Vec<String>,
}

/// One section of an executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// As in the file; `__TEXT,__text` for Mach-O, where a segment is part of the name.
    pub name: String,
    /// Size in memory. What the file holds of it may be shorter in PE.
    pub bytes: u64,
    /// SHA-256 of what the file holds of it, in lowercase hex; `None` when the
    /// section exists in memory only, such as `.bss`.
    pub sha256: Option<String>,
}

/// What kind of machine an executable is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    pub container: Container,
    /// 32 or 64.
    pub bits: u8,
    pub endian: Endian,
    /// The GOARCH for it; `None` for a machine that Go has no name for.
    pub arch: Option<String>,
}

/// The file format around the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Container {
    Elf,
    MachO,
    Pe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endian {
    Little,
    Big,
}

/// Why a file has no summary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    #[error("the file is empty")]
    Empty,
    #[error("not an executable but {found}")]
    NotAnObject {
        /// With its article, such as `a text file`.
        found: String,
    },
    #[error("malformed {container} file: {what}")]
    Malformed { container: Container, what: String },
}

/// Reads what an executable says of itself.
///
/// Costs little more than one SHA-256 of the file: symbol tables, debug
/// information and relocations are not parsed, so that damage there costs
/// nothing either.
///
/// # Errors
///
/// Fails on an empty file, on a file that is not ELF, Mach-O or PE, and when
/// headers or section table contradict the file, such as in a truncated file.
/// A missing build ID or build info is a note, not an error.
pub fn summarize(bytes: &[u8]) -> Result<ObjectSummary, ObjectError> {
    let layout = match sniff::sniff(bytes)? {
        sniff::Kind::Elf => elf::layout(bytes)?,
        sniff::Kind::MachO => mach_o::layout(bytes)?,
        sniff::Kind::UniversalMachO => mach_o::universal(bytes)?,
        sniff::Kind::Pe => pe::layout(bytes)?,
    };
    layout.summarize(bytes)
}

/// Where each architecture of a universal Mach-O file is, in bytes; `None` for any other file.
#[must_use]
pub fn universal_slices(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    matches!(sniff::sniff(bytes), Ok(sniff::Kind::UniversalMachO))
        .then(|| mach_o::slices(bytes).unwrap_or_default())
}

fn malformed_universal() -> ObjectError {
    layout::malformed(Container::MachO, "a universal file has one image for each architecture")
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "ELF",
            Self::MachO => "Mach-O",
            Self::Pe => "PE",
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, bits, endian, arch } = self;
        let endian = match endian {
            Endian::Little => "little-endian",
            Endian::Big => "big-endian",
        };
        let arch = arch.as_deref().unwrap_or("unknown machine");
        write!(f, "{container} {bits}-bit {endian} {arch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same every time: xorshift64, Marsaglia 2003.
    fn noise(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..len).map(|_| next()).collect()
    }

    /// First bytes that get a file past the check of its magic number, some of them far beyond.
    const STARTS: [&[u8]; 8] = [
        b"\x7fELF\x02\x01\x01",
        b"\x7fELF\x01\x01\x01",
        b"\x7fELF\x02\x02\x01",
        b"\xcf\xfa\xed\xfe\x07\0\0\x01\0\0\0\0\x02\0\0\0\x03\0\0\0\xf0\0\0\0\0\0\0\0\0\0\0\0\x19\0\0\0",
        b"\xce\xfa\xed\xfe\x07\0\0\0\0\0\0\0\x02\0\0\0\x03\0\0\0\xf0\0\0\0\0\0\0\0\x01\0\0\0",
        b"\xfe\xed\xfa\xcf",
        b"\xca\xfe\xba\xbe\0\0\0\x02",
        b"MZ",
    ];

    #[test]
    fn noise_is_never_a_panic() {
        for (number, start) in (1_u64..).zip(STARTS) {
            for seed in 1..=2000_u64 {
                let mut file = start.to_vec();
                file.extend(noise(seed * 64 + number, 256));
                // Small numbers reach further into a parser than large ones.
                for byte in file.iter_mut().skip(start.len()).filter(|byte| **byte & 1 == 0) {
                    *byte >>= 6;
                }
                let _ = summarize(&file);
            }
        }
    }

    #[test]
    fn headers_alone_are_malformed_at_every_length() {
        for start in STARTS {
            for len in 2..start.len() {
                assert!(summarize(&start[..len]).is_err());
            }
        }
    }
}
