//! ELF: Linux, the BSDs, illumos.

use goblin::container::Ctx;
use goblin::elf::header::{self, Header};
use goblin::elf::program_header::{PF_W, PF_X, PT_LOAD, PT_NOTE, ProgramHeader};
use goblin::elf::section_header::{
    SHF_COMPRESSED, SHN_XINDEX, SHT_NOBITS, SHT_NOTE, SHT_NULL, SHT_SYMTAB, SectionHeader,
};

use super::layout::{Layout, Placed, malformed, unparsed};
use super::numbers::{aligned, range, u32_at, until_nul};
use super::symbols::{SymbolForm, SymbolTable};
use super::{Container, Endian, Format, ObjectError};
use crate::golang::quote::to_text;

/// Names are cut here, so that many sections cannot share one endless name.
const NAME_MAX: usize = 1024;

/// Note segments and sections looked at; a damaged table may have thousands over the same bytes.
const PLACES_MAX: usize = 64;

/// Headers of an ELF file; nothing they point to is parsed.
struct Headers {
    header: Header,
    endian: Endian,
    programs: Vec<ProgramHeader>,
    sections: Vec<SectionHeader>,
}

pub(super) fn layout(bytes: &[u8]) -> Result<Layout<'_>, ObjectError> {
    let headers = Headers::parse(bytes).map_err(|error| unparsed(Container::Elf, error))?;
    let names = headers.names(bytes);
    let mut sections = Vec::with_capacity(headers.sections.len());
    for section in headers.sections.iter().filter(|section| section.sh_type != SHT_NULL) {
        sections.push(placed(section, name(names, section), bytes.len())?);
    }
    let notes = Notes::find(&headers, bytes);
    Ok(Layout {
        format: headers.format(),
        sections,
        build_id: notes.go.map(<[u8]>::to_vec),
        gnu_build_id: notes.gnu,
        symbols: headers.symbols(bytes.len()),
        uuid: None,
        signatures: Vec::new(),
        build_info: headers.build_info(bytes, names),
        notes: Vec::new(),
    })
}

impl Headers {
    fn parse(bytes: &[u8]) -> goblin::error::Result<Self> {
        let header = goblin::elf::Elf::parse_header(bytes)?;
        let ctx = Ctx::new(header.container()?, header.endianness()?);
        // An offset beyond the file fails in either parser; on a 32-bit host it saturates to that.
        let offset = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        let programs =
            ProgramHeader::parse(bytes, offset(header.e_phoff), usize::from(header.e_phnum), ctx)?;
        let sections =
            SectionHeader::parse(bytes, offset(header.e_shoff), usize::from(header.e_shnum), ctx)?;
        let endian = if ctx.is_little_endian() { Endian::Little } else { Endian::Big };
        Ok(Self { header, endian, programs, sections })
    }

    fn format(&self) -> Format {
        let big = self.header.container().is_ok_and(goblin::container::Container::is_big);
        let arch = arch(self.header.e_machine, big, self.endian);
        Format {
            container: Container::Elf,
            bits: if big { 64 } else { 32 },
            endian: self.endian,
            arch: arch.map(str::to_owned),
        }
    }

    /// The string table of section names; empty when there is none.
    fn names<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let index = match u32::from(self.header.e_shstrndx) {
            // The index did not fit; the null section has it.
            SHN_XINDEX => self.sections.first().map_or(0, |null| null.sh_link),
            index => index,
        };
        usize::try_from(index)
            .ok()
            .and_then(|index| self.sections.get(index))
            .filter(|section| section.sh_type != SHT_NOBITS)
            .and_then(|section| content(section, bytes))
            .unwrap_or_default()
    }

    /// The static symbol table; a damaged or stripped one is none.
    fn symbols(&self, file_len: usize) -> Option<SymbolTable> {
        let table = self.sections.iter().find(|section| section.sh_type == SHT_SYMTAB)?;
        let strings = self.sections.get(usize::try_from(table.sh_link).ok()?)?;
        Some(SymbolTable {
            form: SymbolForm::Elf,
            entries: range(table.sh_offset, table.sh_size, file_len)?,
            strings: range(strings.sh_offset, strings.sh_size, file_len)?,
        })
    }

    /// Source: `DataStart` of `elfExe` in `debug/buildinfo/buildinfo.go`, Go 1.26.
    fn build_info<'a>(&self, bytes: &'a [u8], names: &[u8]) -> &'a [u8] {
        let is_named = |section: &&SectionHeader| section_name(names, section) == b".go.buildinfo";
        if let Some(section) = self.sections.iter().find(is_named) {
            return aligned(content(section, bytes).unwrap_or_default(), section.sh_addr);
        }
        let is_data = |program: &&ProgramHeader| {
            program.p_type == PT_LOAD && program.p_flags & (PF_W | PF_X) == PF_W
        };
        let data = self.programs.iter().find(is_data).and_then(|program| {
            let data = bytes.get(range(program.p_offset, program.p_filesz, bytes.len())?)?;
            Some(aligned(data, program.p_vaddr))
        });
        data.unwrap_or_default()
    }
}

fn content<'a>(section: &SectionHeader, bytes: &'a [u8]) -> Option<&'a [u8]> {
    bytes.get(range(section.sh_offset, section.sh_size, bytes.len())?)
}

fn section_name<'a>(names: &'a [u8], section: &SectionHeader) -> &'a [u8] {
    let name = names.get(section.sh_name..).unwrap_or_default();
    until_nul(name.get(..NAME_MAX).unwrap_or(name))
}

fn name(names: &[u8], section: &SectionHeader) -> String {
    to_text(section_name(names, section)).into_owned()
}

fn placed(section: &SectionHeader, name: String, file_len: usize) -> Result<Placed, ObjectError> {
    let content = if section.sh_type == SHT_NOBITS {
        None
    } else {
        let outside = || malformed(Container::Elf, format!("section `{name}` ends outside of it"));
        Some(range(section.sh_offset, section.sh_size, file_len).ok_or_else(outside)?)
    };
    let is_compressed = section.sh_flags & u64::from(SHF_COMPRESSED) != 0;
    Ok(Placed { name, address: section.sh_addr, bytes: section.sh_size, content, is_compressed })
}

/// The two build IDs that live in notes.
#[derive(Default)]
struct Notes<'a> {
    go: Option<&'a [u8]>,
    gnu: Option<&'a [u8]>,
}

impl<'a> Notes<'a> {
    /// Reads note segments as the go command does, then note sections: the
    /// segment that Go's linker writes covers its own note only, not the GNU one.
    ///
    /// Source: `readELF` in `cmd/internal/buildid/note.go`, Go 1.26.
    fn find(headers: &Headers, bytes: &'a [u8]) -> Self {
        let segments = headers.programs.iter().filter(|program| program.p_type == PT_NOTE);
        let segments = segments.map(|p| (p.p_offset, p.p_filesz, p.p_align));
        let sections = headers.sections.iter().filter(|section| section.sh_type == SHT_NOTE);
        let sections = sections.map(|s| (s.sh_offset, s.sh_size, s.sh_addralign));
        let mut notes = Self::default();
        for (offset, size, align) in segments.chain(sections).take(PLACES_MAX) {
            let data = range(offset, size, bytes.len()).and_then(|range| bytes.get(range));
            notes.read(data.unwrap_or_default(), align, headers.endian);
        }
        notes
    }

    fn read(&mut self, mut data: &'a [u8], align: u64, endian: Endian) {
        while let Some((note, rest)) = Note::split_off(data, align, endian) {
            match (note.owner, note.kind) {
                (b"Go\0\0", 4) => self.go = self.go.or(Some(note.descriptor)),
                (b"GNU\0", 3) => self.gnu = self.gnu.or(Some(note.descriptor)),
                _ => {}
            }
            data = rest;
        }
    }
}

struct Note<'a> {
    owner: &'a [u8],
    kind: u32,
    descriptor: &'a [u8],
}

impl<'a> Note<'a> {
    /// Each call takes at least the 12 bytes of a header, so that a loop over it ends.
    fn split_off(data: &'a [u8], align: u64, endian: Endian) -> Option<(Self, &'a [u8])> {
        let number = |at| u32_at(data, at, endian).and_then(|n| usize::try_from(n).ok());
        // Owner and descriptor are padded to 4 bytes, or to 8 in a segment that says so.
        let unit = if align == 8 { 8_usize } else { 4 };
        let owner_end = 12_usize.checked_add(number(0)?)?;
        let start = owner_end.checked_next_multiple_of(unit)?;
        let end = start.checked_add(number(4)?)?;
        let note = Self {
            owner: data.get(12..owner_end)?,
            kind: u32_at(data, 8, endian)?,
            descriptor: data.get(start..end)?,
        };
        let next = end.checked_next_multiple_of(unit)?;
        Some((note, data.get(next..).unwrap_or_default()))
    }
}

/// Returns the GOARCH of a machine.
fn arch(machine: u16, big: bool, endian: Endian) -> Option<&'static str> {
    let little = endian == Endian::Little;
    Some(match machine {
        header::EM_X86_64 => "amd64",
        header::EM_386 => "386",
        header::EM_AARCH64 => "arm64",
        header::EM_ARM => "arm",
        header::EM_RISCV if big => "riscv64",
        header::EM_LOONGARCH => "loong64",
        header::EM_S390 => "s390x",
        header::EM_PPC64 if little => "ppc64le",
        header::EM_PPC64 => "ppc64",
        header::EM_MIPS => match (big, little) {
            (true, true) => "mips64le",
            (true, false) => "mips64",
            (false, true) => "mipsle",
            (false, false) => "mips",
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(owner: &[u8], kind: u8, descriptor: &[u8]) -> Vec<u8> {
        let mut note = Vec::new();
        for number in [owner.len(), descriptor.len(), usize::from(kind)] {
            note.extend(u32::try_from(number).unwrap().to_le_bytes());
        }
        note.extend(owner);
        note.resize(note.len().next_multiple_of(4), 0);
        note.extend(descriptor);
        note.resize(note.len().next_multiple_of(4), 0);
        note
    }

    #[test]
    fn notes_of_both_owners_in_one_segment() {
        let data =
            [note(b"GNU\0", 1, b"abi"), note(b"GNU\0", 3, b"\x01\x02"), note(b"Go\0\0", 4, b"a/b")];
        let data = data.concat();
        let mut notes = Notes::default();
        notes.read(&data, 4, Endian::Little);
        assert_eq!((notes.go, notes.gnu), (Some(&b"a/b"[..]), Some(&[1_u8, 2][..])));
    }

    #[test]
    fn a_note_that_is_cut_off_ends_the_notes() {
        let whole = note(b"Go\0\0", 4, b"abc/defg");
        for end in 0..whole.len() {
            let mut notes = Notes::default();
            notes.read(&whole[..end], 4, Endian::Little);
            assert_eq!(notes.go, None, "{end}");
        }
        let mut notes = Notes::default();
        notes.read(&[0xff; 64], 4, Endian::Little);
        assert_eq!(notes.go, None);
    }
}
