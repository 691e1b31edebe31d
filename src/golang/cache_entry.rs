//! What a file of a GOCACHE is, by its own bytes.
//!
//! `ab/<action>-a` says which output an action has; `ab/<output>-d` is that output,
//! named by its SHA-256. Source: `cmd/go/internal/cache/cache.go`, the same from
//! Go 1.21 to 1.27.

/// Bytes of an index entry: `v1 ACTION OUTPUT SIZE TIME` and a line end.
pub const ENTRY_BYTES: usize = 175;

/// A SHA-256: of the inputs of an action, or of an output.
pub type Hash = [u8; 32];

/// Which output an action has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub action: Hash,
    pub output: Hash,
    /// Bytes of the output.
    pub size: u64,
    /// When it was stored, in nanoseconds since 1970.
    pub stored: i64,
}

/// Why an entry is a miss to the go command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum EntryError {
    #[error("it does not have {ENTRY_BYTES} bytes")]
    Length,
    #[error("it is not `v1 ACTION OUTPUT SIZE TIME`")]
    Form,
}

/// Reads an index entry, with no more leniency than the go command has.
///
/// # Errors
///
/// Fails where the go command takes the entry for a miss.
pub fn parse(bytes: &[u8]) -> Result<Entry, EntryError> {
    if bytes.len() != ENTRY_BYTES {
        return Err(EntryError::Length);
    }
    fields(bytes).ok_or(EntryError::Form)
}

fn fields(bytes: &[u8]) -> Option<Entry> {
    let rest = bytes.strip_prefix(b"v1 ")?.strip_suffix(b"\n")?;
    let (action, rest) = rest.split_at_checked(64)?;
    let (output, rest) = rest.strip_prefix(b" ")?.split_at_checked(64)?;
    let (size, rest) = rest.strip_prefix(b" ")?.split_at_checked(20)?;
    let time = rest.strip_prefix(b" ")?;
    let number = |text| Some(std::str::from_utf8(text).ok()?.trim_start_matches(' '));
    Some(Entry {
        action: hash(action)?,
        output: hash(output)?,
        size: number(size)?.parse().ok()?,
        stored: number(time)?.parse().ok()?,
    })
}

/// Reads 64 hexadecimal digits.
#[must_use]
pub fn hash(text: &[u8]) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte.checked_sub(b'0'),
        b'a'..=b'f' => byte.checked_sub(b'a' - 10),
        _ => None,
    };
    let mut hash = Hash::default();
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_chunks::<2>().0) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(hash)
}

/// Writes a hash as the name of its file has it.
#[must_use]
pub fn hex(hash: &Hash) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?'));
    hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A compiled package.
    Archive,
    /// What `go run` and `go tool` linked.
    Executable,
    /// What a passed test printed and read, and its coverage.
    TestResult,
    /// Facts and fixes of vet.
    Vet,
    /// What cgo and the C compiler made, and what go asked the C compiler.
    Cgo,
    /// What is in a package's directory, so that go need not parse it again.
    ModuleIndex,
    /// Lists of sources, messages of compilers, instrumented sources, nothing at all.
    Other,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Archive,
        Self::Executable,
        Self::TestResult,
        Self::Vet,
        Self::Cgo,
        Self::ModuleIndex,
        Self::Other,
    ];

    /// Returns the stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Executable => "executable",
            Self::TestResult => "test_result",
            Self::Vet => "vet",
            Self::Cgo => "cgo",
            Self::ModuleIndex => "module_index",
            Self::Other => "other",
        }
    }
}

/// Bytes at the start of an output that tell what it is.
pub const HEAD: usize = 512;

/// Tells what an output is by its first bytes, at most [`HEAD`], and its last ones,
/// which are asked for only of a text that the first ones do not tell.
#[must_use]
pub fn classify(head: &[u8], tail: impl FnOnce() -> Vec<u8>) -> Kind {
    let starts = |starts: &[&[u8]]| starts.iter().any(|start| head.starts_with(start));
    if head.starts_with(b"!<arch>\n__.PKGDEF") {
        return Kind::Archive;
    }
    if let Some(kind) = machine_code(head) {
        return kind;
    }
    if starts(&[b"go index v"]) {
        return Kind::ModuleIndex;
    }
    if starts(&[b"# test log\n", b"mode: set\n", b"mode: count\n", b"mode: atomic\n"]) {
        return Kind::TestResult;
    }
    // What vet prints as JSON, what it would fix, what it found out.
    if starts(&[b"PK\x03\x04", b"PK\x05\x06"]) || head == b"{}\n" || contains(head, b"\x07gobFact")
    {
        return Kind::Vet;
    }
    if is_of_cgo(head) {
        return Kind::Cgo;
    }
    if head.contains(&0) || is_list_of_sources(head) || starts(&[b"//line ", b"package "]) {
        return Kind::Other;
    }
    let tail = tail();
    let end = tail.strip_suffix(b"\n").unwrap_or(&tail);
    let last = end.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if last.starts_with(b"ok  \t") { Kind::TestResult } else { Kind::Other }
}

/// An executable; or what a C compiler made, which Go 1.26 and later cache one by one.
fn machine_code(head: &[u8]) -> Option<Kind> {
    let is_relocatable = match head {
        // e_type, ET_REL; EI_DATA says in which order its bytes are.
        [0x7f, b'E', b'L', b'F', _, order, ..] => {
            let kind = head.get(16..18);
            kind == Some(if *order == 2 { &[0, 1] } else { &[1, 0] })
        }
        // filetype, MH_OBJECT.
        [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => head.get(12..16) == Some(&[1, 0, 0, 0]),
        [b'M', b'Z', ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => false,
        _ => return None,
    };
    Some(if is_relocatable { Kind::Cgo } else { Kind::Executable })
}

fn is_of_cgo(head: &[u8]) -> bool {
    const STARTS: [&[u8]; 3] = [
        b"//go:cgo_",
        b"// Code generated by cmd/cgo; DO NOT EDIT.",
        b"/* Code generated by cmd/cgo; DO NOT EDIT. */",
    ];
    // Whether the C compiler takes a flag.
    let probe = matches!(head.trim_ascii_end(), b"true" | b"false");
    STARTS.iter().any(|start| head.starts_with(start))
        || probe
        || (head.starts_with(b"package ") && contains(head, b"\n//go:cgo_import_dynamic"))
        // The path of a C compiler, and what its files were.
        || contains(head, b"\0stat ")
}

/// `./a.go`, a line each; generated ones without the directory.
fn is_list_of_sources(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let one_word = !first.is_empty() && !first.contains(&b' ') && !first.contains(&b'\t');
    one_word && (first.starts_with(b"./") || first.ends_with(b".go")) && !first.contains(&b':')
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: &str, time: &str) -> Vec<u8> {
        let (action, output) = ("a1".repeat(32), "0f".repeat(32));
        format!("v1 {action} {output} {size:>20} {time:>20}\n").into_bytes()
    }

    #[test]
    fn an_entry_is_read_as_the_go_command_reads_it() {
        let read = parse(&entry("20350", "1795207514106543991")).unwrap();
        assert_eq!((read.action, read.output), ([0xa1; 32], [0x0f; 32]));
        assert_eq!((read.size, read.stored), (20350, 1_795_207_514_106_543_991));
        assert_eq!(hex(&read.action), "a1".repeat(32));
    }

    #[test]
    fn anything_else_is_a_miss() {
        let good = entry("1", "2");
        for end in 0..good.len() {
            assert_eq!(parse(&good[..end]), Err(EntryError::Length), "{end}");
        }
        assert_eq!(parse(&[good.clone(), vec![b'\n']].concat()), Err(EntryError::Length));
        for (at, byte) in [(0, b'V'), (1, b'2'), (3, b'A'), (67, b'-'), (174, b' '), (153, b'x')] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(parse(&bad), Err(EntryError::Form), "{at}");
        }
        assert_eq!(parse(&entry("-1", "2")), Err(EntryError::Form));
        assert_eq!(parse(&entry("1", "99999999999999999999")), Err(EntryError::Form));
    }

    fn kind(text: &[u8]) -> Kind {
        let head = &text[..text.len().min(HEAD)];
        classify(head, || text[text.len().saturating_sub(HEAD)..].to_vec())
    }

    #[test]
    fn outputs_are_told_by_their_bytes() {
        let long_test = [&b"=== RUN   TestX\n".repeat(200)[..], b"ok  \texample.com/a\t0.1s\n"];
        let elf =
            |kind: u8| [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(), vec![kind, 0]].concat();
        for (text, expected) in [
            (&b"!<arch>\n__.PKGDEF       0  "[..], Kind::Archive),
            (&elf(2), Kind::Executable),
            (&elf(3), Kind::Executable),
            (&elf(1), Kind::Cgo),
            (b"MZ\x90\0", Kind::Executable),
            (b"go index v2\n", Kind::ModuleIndex),
            (b"# test log\ngetenv X\n", Kind::TestResult),
            (b"mode: set\n", Kind::TestResult),
            (b"ok  \texample.com/lib\t0.004s\n", Kind::TestResult),
            (b"ok  \ta\t0.1s\tcoverage: 100.0% of statements\n", Kind::TestResult),
            (&long_test.concat(), Kind::TestResult),
            (b"\r\xff\x81\x02\x01\x02\x07gobFact\x01", Kind::Vet),
            (b"{}\n", Kind::Vet),
            (b"//go:cgo_ldflag \"-O2\"\n", Kind::Cgo),
            (b"package cg\n//go:cgo_import_dynamic _ _ \"libc.so.6\"\n", Kind::Cgo),
            (b"true", Kind::Cgo),
            (b"/usr/bin/gcc\0stat 1 2", Kind::Cgo),
            (b"./a.go\n./b.go\n", Kind::Other),
            (b"covervars.go\nmain.cover.go\n", Kind::Other),
            (b"# example.com/lib\n./a.go:1:2: warning\n", Kind::Other),
            (b"package main\n\nfunc main() {}\n", Kind::Other),
            (b"", Kind::Other),
        ] {
            assert_eq!(kind(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
