//! A package archive of the Go compiler: what `go build` keeps of a package in GOCACHE.
//!
//! An archive starts with `!<arch>\n`. Its first member `__.PKGDEF` holds the
//! export data, `_go_.o` what the compiler made, and further members what the
//! assembler and a C compiler made.
//!
//! Source: `cmd/internal/archive/archive.go` and `cmd/internal/goobj/objfile.go`,
//! the same layout from Go 1.21 to 1.27.

mod object;
pub mod peek;
mod symbol;

use crate::binary::numbers;
use crate::golang::build_id::BuildId;

pub use object::{Import, Object};
pub use symbol::{Relocation, Symbol, SymbolKind, SymbolName, Target, aux_name};

const START: &[u8] = b"!<arch>\n";
const PACKAGE_DEFINITION: &str = "__.PKGDEF";
/// Start of the text before export data and before an object.
const GO_OBJECT: &[u8] = b"go object ";
/// Between the text of a member and the object.
const TEXT_END: &[u8] = b"\n!\n";
const BUILD_ID: &[u8] = b"build id \"";
/// Members of an archive; a package has one for each C or assembly file.
const MAX_MEMBERS: usize = 65_536;

/// Why bytes cannot be read as a package archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    #[error("it does not start with `!<arch>`, so it is no archive")]
    NoArchive,
    #[error("the member at byte {at} is cut or its header is damaged")]
    Member { at: usize },
    #[error("it has more than {MAX_MEMBERS} members")]
    TooManyMembers,
    #[error("member `{member}` is no Go object: {why}")]
    Object { member: String, why: ObjectError },
}

/// Why a member cannot be read as a Go object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    #[error("its header is cut or has another magic, so it is of an unknown version of Go")]
    Header,
    #[error("its block `{block}` lies outside of it or before the one that precedes it")]
    Block { block: &'static str },
    #[error("entry {index} of its block `{block}` points outside of it")]
    Entry { block: &'static str, index: usize },
    #[error("its names overlap: they claim more than {limit} bytes")]
    Names { limit: usize },
}

/// A package archive. It borrows from the bytes that it was read from.
#[derive(Debug, Clone)]
pub struct Archive<'a> {
    /// `go object linux amd64 go1.26.8 GOAMD64=v1`, without the first two words.
    pub toolchain: String,
    pub build_id: Option<BuildId>,
    /// In the order of the archive.
    pub members: Vec<Member<'a>>,
}

/// One member of an archive.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// At most 16 bytes; a longer name is cut by the archiver.
    pub name: String,
    /// All of it.
    pub content: &'a [u8],
    /// What precedes the object or the export data, and is text.
    pub text: &'a [u8],
    pub kind: MemberKind<'a>,
}

/// What a member holds.
#[derive(Debug, Clone)]
pub enum MemberKind<'a> {
    /// What importers read: types, and bodies to inline.
    ExportData(&'a [u8]),
    /// What the compiler or the assembler made.
    Object(Box<Object<'a>>),
    /// What a C compiler made, or a `.syso` file.
    Other,
}

/// Reads a package archive.
///
/// # Errors
///
/// Fails on what is none, on one that is cut, and on an object of an unknown layout.
pub fn parse(bytes: &[u8]) -> Result<Archive<'_>, ArchiveError> {
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut at = START.len();
    if !bytes.starts_with(START) {
        return Err(ArchiveError::NoArchive);
    }
    while at < bytes.len() {
        if members.len() >= MAX_MEMBERS {
            return Err(ArchiveError::TooManyMembers);
        }
        let (name, content) = entry(bytes, at).ok_or(ArchiveError::Member { at })?;
        members.push(member(name, content)?);
        // A member starts at an even offset.
        at = at.saturating_add(HEADER).saturating_add(content.len().next_multiple_of(2));
    }
    let text = members.iter().map(|member| member.text).find(|text| !text.is_empty());
    let (toolchain, build_id) = text.map(header).unwrap_or_default();
    Ok(Archive { toolchain, build_id, members })
}

/// Bytes of the header of a member: name, time, owner, group, mode, size, end.
const HEADER: usize = 60;

fn entry(bytes: &[u8], at: usize) -> Option<(String, &[u8])> {
    let size = entry_size(bytes, at)?;
    let start = u64::try_from(at.checked_add(HEADER)?).ok()?;
    let content = bytes.get(numbers::range(start, size, bytes.len())?)?;
    let name = String::from_utf8_lossy(bytes.get(at..)?.get(..16)?);
    Some((name.trim_end().trim_end_matches('/').to_owned(), content))
}

/// Returns the bytes of a member, as its header has them.
fn entry_size(bytes: &[u8], at: usize) -> Option<u64> {
    let header = bytes.get(at..at.checked_add(HEADER)?)?;
    if !header.ends_with(b"`\n") {
        return None;
    }
    std::str::from_utf8(header.get(48..58)?).ok()?.trim_end().parse().ok()
}

fn member(name: String, content: &[u8]) -> Result<Member<'_>, ArchiveError> {
    if !content.starts_with(GO_OBJECT) {
        return Ok(Member { name, content, text: b"", kind: MemberKind::Other });
    }
    if name == PACKAGE_DEFINITION {
        let end = find(content, b"\n$$").unwrap_or(content.len());
        let (text, data) = content.split_at(end);
        return Ok(Member { name, content, text, kind: MemberKind::ExportData(data) });
    }
    let object = |why| ArchiveError::Object { member: name.clone(), why };
    let end = find(content, TEXT_END).ok_or_else(|| object(ObjectError::Header))?;
    let (text, rest) = content.split_at(end);
    let data = rest.get(TEXT_END.len()..).unwrap_or_default();
    let read = Object::parse(data, minor(text)).map_err(object)?;
    Ok(Member { name, content, text, kind: MemberKind::Object(Box::new(read)) })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}

fn header(text: &[u8]) -> (String, Option<BuildId>) {
    let mut lines = text.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix(GO_OBJECT).unwrap_or(first);
    let toolchain = String::from_utf8_lossy(first).trim_end().to_owned();
    let id = lines.find_map(|line| line.strip_prefix(BUILD_ID)?.strip_suffix(b"\""));
    let id = id.and_then(|id| BuildId::parse(std::str::from_utf8(id).ok()?).ok());
    (toolchain, id)
}

/// Returns the minor version of the Go that wrote a text: 26 of `go1.26.8`. A
/// development version has none.
fn minor(text: &[u8]) -> Option<u32> {
    let (toolchain, _) = header(text);
    let version = toolchain.split(' ').find_map(|word| word.strip_prefix("go1."))?;
    let digits = version.find(|char: char| !char.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

impl Member<'_> {
    /// Returns the text without the line that holds the build ID.
    #[must_use]
    pub fn text_without_build_id(&self) -> Vec<&[u8]> {
        let lines = self.text.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.starts_with(BUILD_ID)).collect()
    }

    /// Returns the object, where the compiler or the assembler made the member.
    #[must_use]
    pub fn object(&self) -> Option<&Object<'_>> {
        match &self.kind {
            MemberKind::Object(object) => Some(object),
            MemberKind::ExportData(_) | MemberKind::Other => None,
        }
    }
}
