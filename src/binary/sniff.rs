//! Which format a file is in, by its first bytes.

use super::numbers::u32_at;
use super::{Endian, ObjectError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Elf,
    MachO,
    UniversalMachO,
    Pe,
}

/// How much is looked at to tell text from anything else.
const TEXT_PROBE: usize = 512;

/// A Java class file starts with the same four bytes as a universal Mach-O
/// file; what follows is its version there, 45 or more, and a count here.
const JAVA_VERSION_MIN: u32 = 45;

pub(super) fn sniff(bytes: &[u8]) -> Result<Kind, ObjectError> {
    match bytes {
        [] => Err(ObjectError::Empty),
        [0x7f, b'E', b'L', b'F', ..] => Ok(Kind::Elf),
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => {
            Ok(Kind::MachO)
        }
        [0xca, 0xfe, 0xba, 0xbe, ..]
            if u32_at(bytes, 4, Endian::Big).is_some_and(|count| count < JAVA_VERSION_MIN) =>
        {
            Ok(Kind::UniversalMachO)
        }
        [b'M', b'Z', ..] => Ok(Kind::Pe),
        _ => Err(ObjectError::NotAnObject { found: describe(bytes) }),
    }
}

fn describe(bytes: &[u8]) -> String {
    let known = [
        (&b"!<arch>\n__.PKGDEF"[..], "a Go package archive; compare the executables built from it"),
        (b"!<arch>\n", "an ar archive"),
        (b"\xca\xfe\xba\xbe", "a Java class file"),
        (b"\xca\xfe\xba\xbf", "a universal Mach-O file with 64-bit offsets"),
        (b"\0asm", "a WebAssembly module"),
        (b"\x1f\x8b", "a gzip file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"\xfd7zXZ\0", "an xz file"),
        (b"PK\x03\x04", "a zip file"),
    ];
    if let Some((_, name)) = known.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*name).to_owned();
    }
    let probe = bytes.get(..TEXT_PROBE).unwrap_or(bytes);
    if is_text(probe) {
        return "a text file".to_owned();
    }
    let start: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("a file of unknown format, starting with {}", start.join(" "))
}

fn is_text(probe: &[u8]) -> bool {
    let valid = match std::str::from_utf8(probe) {
        Ok(_) => true,
        // The probe may end inside a character.
        Err(error) => error.error_len().is_none(),
    };
    valid && !probe.iter().any(|byte| *byte < 0x20 && !matches!(byte, b'\t'..=b'\r' | 0x1b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        sniff(bytes).unwrap_err().to_string()
    }

    #[test]
    fn other_files_are_named() {
        assert_eq!(refusal(b""), "the file is empty");
        assert_eq!(refusal(b"#!/bin/sh\necho hi\n"), "not an executable but a text file");
        assert_eq!(refusal("é".repeat(300).as_bytes()), "not an executable but a text file");
        assert_eq!(
            refusal(b"!<arch>\n__.PKGDEF       0  "),
            "not an executable but a Go package archive; compare the executables built from it"
        );
        assert_eq!(refusal(b"!<arch>\nfoo.o/"), "not an executable but an ar archive");
        assert_eq!(
            refusal(b"\xca\xfe\xba\xbe\0\0\0\x41"),
            "not an executable but a Java class file"
        );
        assert_eq!(
            refusal(b"\x00\x01\xff"),
            "not an executable but a file of unknown format, starting with 00 01 ff"
        );
    }

    #[test]
    fn objects_are_told_apart() {
        assert_eq!(sniff(b"\x7fELF"), Ok(Kind::Elf));
        assert_eq!(sniff(b"MZ\x90"), Ok(Kind::Pe));
        assert_eq!(sniff(b"\xcf\xfa\xed\xfe"), Ok(Kind::MachO));
        assert_eq!(sniff(b"\xca\xfe\xba\xbe\0\0\0\x02"), Ok(Kind::UniversalMachO));
    }
}
