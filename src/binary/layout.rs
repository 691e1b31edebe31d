//! What the three formats have in common: where things are in the file, and the summary made of it.

use std::fmt::Write as _;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::symbols::SymbolTable;
use super::{Container, Format, ObjectError, ObjectSummary, Section};
use crate::golang::build_id::BuildId;
use crate::golang::build_info::BuildInfo;
use crate::golang::quote::{to_text, unquote};

/// Name of the stand-in section for the bytes outside of all sections.
const OUTSIDE: &str = "outside of sections";

/// Where things are in an executable, as its headers tell.
pub(super) struct Layout<'a> {
    pub(super) format: Format,
    pub(super) sections: Vec<Placed>,
    /// The text of the Go build ID, unquoted and unchecked.
    pub(super) build_id: Option<Vec<u8>>,
    pub(super) gnu_build_id: Option<&'a [u8]>,
    pub(super) symbols: Option<SymbolTable>,
    /// What `LC_UUID` of Mach-O holds.
    pub(super) uuid: Option<Range<usize>>,
    /// Signatures and checksums over the file, and the headers that say where these are.
    pub(super) signatures: Vec<Range<usize>>,
    /// What should hold the build info, from an address that is a multiple of 16 on.
    pub(super) build_info: &'a [u8],
    pub(super) notes: Vec<String>,
}

/// A section and where its content is.
pub(super) struct Placed {
    pub(super) name: String,
    /// Address in memory, that of an image at its preferred base; 0 for what is not loaded.
    pub(super) address: u64,
    /// Size in memory.
    pub(super) bytes: u64,
    /// `None` when it exists in memory only. Always inside the file.
    pub(super) content: Option<Range<usize>>,
    /// ELF says so in the section table, and how in the content.
    pub(super) is_compressed: bool,
}

impl Layout<'_> {
    pub(super) fn summarize(self, file: &[u8]) -> Result<ObjectSummary, ObjectError> {
        self.check_overlap(file.len())?;
        let outside = outside(&self.sections, file);
        let sections = self.sections.into_iter().map(|section| section.hash(file)).collect();
        let mut notes = self.notes;
        let build_id = self.build_id.as_deref().and_then(|text| build_id(text, &mut notes));
        if self.build_id.is_none() {
            notes.push("no Go build ID: not a Go program, or built with -ldflags=-buildid=".into());
        }
        let build_info = BuildInfo::find(self.build_info)
            .inspect_err(|error| notes.push(error.to_string()))
            .ok();
        Ok(ObjectSummary {
            format: self.format,
            build_id,
            gnu_build_id: self.gnu_build_id.map(hex),
            build_info,
            sections,
            outside,
            notes,
        })
    }

    /// Refuses a section table whose hashes would cost far more than the file:
    /// ten thousand sections that each hold all of it.
    pub(super) fn check_overlap(&self, file_len: usize) -> Result<(), ObjectError> {
        let content = self.sections.iter().filter_map(|section| section.content.as_ref());
        let total = content.map(ExactSizeIterator::len).fold(0, usize::saturating_add);
        if total > file_len.saturating_mul(2) {
            return Err(malformed(self.format.container, "its sections overlap"));
        }
        Ok(())
    }
}

impl Placed {
    fn hash(self, file: &[u8]) -> Section {
        let content = self.content.and_then(|range| file.get(range));
        Section { name: self.name, bytes: self.bytes, sha256: content.map(sha256) }
    }
}

pub(super) fn malformed(container: Container, what: impl ToString) -> ObjectError {
    ObjectError::Malformed { container, what: what.to_string() }
}

/// Says why goblin could not parse, without its own heading.
pub(super) fn unparsed(container: Container, error: goblin::error::Error) -> ObjectError {
    match error {
        goblin::error::Error::Malformed(what) => ObjectError::Malformed { container, what },
        other => malformed(container, other),
    }
}

/// Hashes what lies between the sections, in the order of the file.
fn outside(sections: &[Placed], file: &[u8]) -> Section {
    let mut inside: Vec<_> =
        sections.iter().filter_map(|section| section.content.clone()).collect();
    inside.sort_by_key(|range| (range.start, range.end));
    inside.push(file.len()..file.len());

    let (mut hasher, mut bytes, mut end) = (Sha256::new(), 0_u64, 0);
    for range in inside {
        if let Some(gap) = file.get(end..range.start) {
            hasher.update(gap);
            bytes = bytes.saturating_add(u64::try_from(gap.len()).unwrap_or(u64::MAX));
        }
        end = end.max(range.end);
    }
    Section { name: OUTSIDE.to_owned(), bytes, sha256: Some(hex(&hasher.finalize())) }
}

fn build_id(text: &[u8], notes: &mut Vec<String>) -> Option<BuildId> {
    let text = to_text(text);
    BuildId::parse(&text)
        .inspect_err(|error| {
            notes.push(format!("Go build ID `{text}` is not one of go's: {error}"))
        })
        .ok()
}

/// Finds the build ID that the linker puts between instructions in Mach-O and PE files.
///
/// Source: `readRaw` in `cmd/internal/buildid/buildid.go`, Go 1.26, which
/// looks at 32 KiB only. With an external linker the C start-up code comes first.
pub(super) fn build_id_in_text(text: &[u8]) -> Option<Vec<u8>> {
    const START: &[u8] = b"\xff Go build ID: \"";
    const END: &[u8] = b"\"\n \xff";
    /// Far more than go writes; a mutated file may have no end at all.
    const LEN_MAX: usize = 4096;
    let at = text.windows(START.len()).position(|window| window == START)?;
    // From the quote on.
    let quoted = text.get(at..)?.get(START.len().checked_sub(1)?..)?;
    let quoted = quoted.get(..LEN_MAX).unwrap_or(quoted);
    let end = quoted.windows(END.len()).position(|window| window == END)?;
    unquote(quoted.get(..=end)?).map(std::borrow::Cow::into_owned)
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(content: Option<Range<usize>>) -> Placed {
        Placed { name: "x".into(), address: 0, bytes: 0, content, is_compressed: false }
    }

    #[test]
    fn outside_is_everything_else_once() {
        let file = b"0123456789";
        let sections = [placed(Some(6..8)), placed(Some(1..4)), placed(Some(2..3)), placed(None)];
        let outside = outside(&sections, file);
        assert_eq!(outside.bytes, 5);
        assert_eq!(outside.sha256, Some(sha256(b"04589")));
    }

    #[test]
    fn the_build_id_is_between_its_marks() {
        let found = |text: &[u8]| build_id_in_text(text);
        assert_eq!(found(b"..\xff Go build ID: \"a/b\"\n \xff.."), Some(b"a/b".to_vec()));
        assert_eq!(found(b"\xff Go build ID: \"\"\n \xff"), Some(Vec::new()));
        assert_eq!(found(b"\xff Go build ID: \"a/b"), None);
        assert_eq!(found(b"\xff Go build ID: \""), None);
        assert_eq!(found(b""), None);
    }
}
