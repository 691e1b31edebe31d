//! Mach-O: macOS, and universal files of several architectures.

use std::ops::Range;

use goblin::container::{Container as Width, Ctx, Endian as Order};
use goblin::mach::constants::cputype;
use goblin::mach::constants::{S_GB_ZEROFILL, S_THREAD_LOCAL_ZEROFILL, S_ZEROFILL, SECTION_TYPE};
use goblin::mach::fat::{FatArch, SIZEOF_FAT_ARCH, SIZEOF_FAT_HEADER};
use goblin::mach::load_command::{CommandVariant, LoadCommand};
use goblin::mach::parse_magic_and_ctx;
use goblin::mach::segment::{Section as MachSection, Segment};

use super::layout::{Layout, Placed, build_id_in_text, malformed, unparsed};
use super::numbers::{aligned, range, u32_at, until_nul};
use super::symbols::{SymbolForm, SymbolTable};
use super::{Container, Endian, Format, ObjectError};
use crate::golang::quote::to_text;

/// Reads and writes, in the numbers of `mach/vm_prot.h`.
const READ_WRITE: u32 = 3;

pub(super) fn layout(bytes: &[u8]) -> Result<Layout<'_>, ObjectError> {
    let header = Header::parse(bytes)?;
    let mut layout = Layout {
        format: header.format(),
        sections: Vec::new(),
        build_id: None,
        gnu_build_id: None,
        symbols: header.symbols(bytes),
        uuid: header.uuid(bytes),
        signatures: header.signatures(bytes),
        build_info: &[],
        notes: Vec::new(),
    };
    let mut first_data: &[u8] = &[];
    for segment in header.segments(bytes)? {
        if first_data.is_empty() && is_data(&segment) {
            first_data = aligned(segment.data, segment.vmaddr);
        }
        for section in sections(&segment)? {
            add(&mut layout, &segment, &section, bytes)?;
        }
    }
    if layout.build_info.is_empty() {
        layout.build_info = first_data;
    }
    Ok(layout)
}

/// Reads a file of several architectures.
///
/// The sections are those of all, the build ID and build info those of the first.
pub(super) fn universal(bytes: &[u8]) -> Result<Layout<'_>, ObjectError> {
    let count = u32_at(bytes, 4, Endian::Big).unwrap_or(0);
    let mut whole: Option<Layout<'_>> = None;
    for index in 0..count {
        let (offset, slice) = slice(bytes, index)?;
        let mut part = layout(slice)?;
        let arch = part.format.arch.clone().unwrap_or_else(|| index.to_string());
        for section in &mut part.sections {
            section.name = format!("{arch}:{}", section.name);
            section.content = section
                .content
                .take()
                .map(|range| range.start.saturating_add(offset)..range.end.saturating_add(offset));
        }
        match &mut whole {
            Some(whole) => whole.sections.append(&mut part.sections),
            None => {
                part.notes.push(format!(
                    "build ID and build info are those of {arch}, the first of {count} architectures"
                ));
                whole = Some(part);
            }
        }
    }
    whole.ok_or_else(|| malformed(Container::MachO, "universal file without an architecture"))
}

/// Where each architecture of a universal file is.
pub(super) fn slices(bytes: &[u8]) -> Result<Vec<Range<usize>>, ObjectError> {
    let count = u32_at(bytes, 4, Endian::Big).unwrap_or(0);
    let range = |(offset, slice): (usize, &[u8])| offset..offset.saturating_add(slice.len());
    (0..count).map(|index| slice(bytes, index).map(range)).collect()
}

/// Returns one architecture of a universal file, and its offset in bytes.
fn slice(bytes: &[u8], index: u32) -> Result<(usize, &[u8]), ObjectError> {
    let at = usize::try_from(index)
        .ok()
        .and_then(|index| index.checked_mul(SIZEOF_FAT_ARCH)?.checked_add(SIZEOF_FAT_HEADER));
    let arch = FatArch::parse(bytes, at.unwrap_or(usize::MAX))
        .map_err(|error| unparsed(Container::MachO, error))?;
    let range = range(arch.offset.into(), arch.size.into(), bytes.len());
    range.and_then(|range| Some((range.start, bytes.get(range)?))).ok_or_else(|| {
        malformed(Container::MachO, format!("architecture {index} ends outside of it"))
    })
}

struct Header {
    ctx: Ctx,
    cpu: u32,
    command_count: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, ObjectError> {
        let ctx = parse_magic_and_ctx(bytes, 0).ok().and_then(|(_, ctx)| ctx);
        ctx.and_then(|ctx| {
            let number = |at| u32_at(bytes, at, endian(ctx));
            let command_count = usize::try_from(number(16)?).ok()?;
            // A load command has at least its type and its size, four bytes each.
            let fits = command_count <= usize::try_from(number(20)?).ok()?.min(bytes.len()) / 8;
            fits.then_some(Self { ctx, cpu: number(4)?, command_count })
        })
        .ok_or_else(|| malformed(Container::MachO, "its header is cut off or corrupt"))
    }

    fn format(&self) -> Format {
        let arch = match self.cpu {
            cputype::CPU_TYPE_X86_64 => Some("amd64"),
            cputype::CPU_TYPE_I386 => Some("386"),
            cputype::CPU_TYPE_ARM64 => Some("arm64"),
            cputype::CPU_TYPE_ARM => Some("arm"),
            _ => None,
        };
        Format {
            container: Container::MachO,
            bits: if self.ctx.is_big() { 64 } else { 32 },
            endian: endian(self.ctx),
            arch: arch.map(str::to_owned),
        }
    }

    /// Where a load command of this kind is, if all before it can be read.
    fn place_of(&self, kind: u32, bytes: &[u8]) -> Option<usize> {
        let number = |at: usize| u32_at(bytes, at, endian(self.ctx));
        let mut at = self.size();
        for _ in 0..self.command_count {
            if number(at)? == kind {
                return Some(at);
            }
            // At least the type and the size itself, so that this ends.
            at = at.checked_add(usize::try_from(number(at.checked_add(4)?)?.max(8)).ok()?)?;
        }
        None
    }

    /// The numbers of a load command after its kind and size.
    fn numbers<const N: usize>(&self, kind: u32, bytes: &[u8]) -> Option<[u32; N]> {
        let at = self.place_of(kind, bytes)?;
        let mut numbers = [0; N];
        for (index, number) in numbers.iter_mut().enumerate() {
            let field = at.checked_add(8)?.checked_add(index.checked_mul(4)?)?;
            *number = u32_at(bytes, field, endian(self.ctx))?;
        }
        Some(numbers)
    }

    /// The symbol table of `LC_SYMTAB`; a damaged or stripped one is none.
    fn symbols(&self, bytes: &[u8]) -> Option<SymbolTable> {
        const LC_SYMTAB: u32 = 2;
        let [start, count, strings, strings_len] = self.numbers(LC_SYMTAB, bytes)?;
        let entry: u64 = if self.ctx.is_big() { 16 } else { 12 };
        Some(SymbolTable {
            form: SymbolForm::MachO,
            entries: range(start.into(), u64::from(count).checked_mul(entry)?, bytes.len())?,
            strings: range(strings.into(), strings_len.into(), bytes.len())?,
        })
    }

    fn uuid(&self, bytes: &[u8]) -> Option<Range<usize>> {
        const LC_UUID: u32 = 0x1b;
        let start = self.place_of(LC_UUID, bytes)?.checked_add(8)?;
        Some(start..start.checked_add(16).filter(|end| *end <= bytes.len())?)
    }

    fn signatures(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        const LC_CODE_SIGNATURE: u32 = 0x1d;
        let signature = self
            .numbers(LC_CODE_SIGNATURE, bytes)
            .and_then(|[start, len]| range(start.into(), len.into(), bytes.len()));
        let command =
            self.place_of(LC_CODE_SIGNATURE, bytes).and_then(|at| Some(at..at.checked_add(16)?));
        [command, signature].into_iter().flatten().collect()
    }

    fn size(&self) -> usize {
        match self.ctx.container {
            Width::Little => goblin::mach::header::SIZEOF_HEADER_32,
            Width::Big => goblin::mach::header::SIZEOF_HEADER_64,
        }
    }

    /// Reads segments only; a damaged symbol table or import list costs nothing.
    fn segments<'a>(&self, bytes: &'a [u8]) -> Result<Vec<Segment<'a>>, ObjectError> {
        let mut segments = Vec::new();
        let mut offset = self.size();
        for _ in 0..self.command_count {
            let at = offset;
            let segment = self.command(bytes, &mut offset).map_err(|error| {
                malformed(Container::MachO, format!("load command at offset {at}: {error}"))
            })?;
            segments.extend(segment);
        }
        Ok(segments)
    }

    /// Reads one load command and moves `offset` past it.
    fn command<'a>(
        &self,
        bytes: &'a [u8],
        offset: &mut usize,
    ) -> goblin::error::Result<Option<Segment<'a>>> {
        let command = LoadCommand::parse(bytes, offset, self.ctx.le)?;
        let size = command.command.cmdsize();
        let header = match command.command {
            CommandVariant::Segment32(_) => goblin::mach::load_command::SIZEOF_SEGMENT_COMMAND_32,
            CommandVariant::Segment64(_) => goblin::mach::load_command::SIZEOF_SEGMENT_COMMAND_64,
            _ => 8,
        };
        if size < header {
            return Err(goblin::error::Error::Malformed(format!("its size is {size}")));
        }
        // Lossy: a segment outside of the file may have no section, and is then no concern.
        Ok(match command.command {
            CommandVariant::Segment32(segment) => {
                Some(Segment::from_32_lossy(bytes, &segment, command.offset, self.ctx)?)
            }
            CommandVariant::Segment64(segment) => {
                Some(Segment::from_64_lossy(bytes, &segment, command.offset, self.ctx)?)
            }
            _ => None,
        })
    }
}

fn endian(ctx: Ctx) -> Endian {
    match ctx.le {
        Order::Little => Endian::Little,
        Order::Big => Endian::Big,
    }
}

/// Reads the sections that a segment's own command has room for.
fn sections(segment: &Segment<'_>) -> Result<Vec<MachSection>, ObjectError> {
    // A 32-bit section header has 68 bytes, a 64-bit one 80.
    if segment.nsects > segment.cmdsize / 68 {
        return Err(malformed(Container::MachO, "a segment has more sections than room for them"));
    }
    let sections = segment.into_iter().map(|section| section.map(|(section, _)| section));
    sections.collect::<Result<_, _>>().map_err(|error| unparsed(Container::MachO, error))
}

/// Source: `DataStart` of `machoExe` in `debug/buildinfo/buildinfo.go`, Go 1.26.
fn is_data(segment: &Segment<'_>) -> bool {
    segment.vmaddr != 0 && segment.initprot == READ_WRITE && segment.maxprot == READ_WRITE
}

fn add<'a>(
    layout: &mut Layout<'a>,
    segment: &Segment<'_>,
    section: &MachSection,
    bytes: &'a [u8],
) -> Result<(), ObjectError> {
    let short_name = until_nul(&section.sectname);
    let name = format!("{},{}", to_text(until_nul(&section.segname)), to_text(short_name));
    let kind = section.flags & SECTION_TYPE;
    let in_memory_only = matches!(kind, S_ZEROFILL | S_GB_ZEROFILL | S_THREAD_LOCAL_ZEROFILL);
    // The segments of a file of debug symbols have addresses but no content.
    let content = if in_memory_only || segment.filesize == 0 {
        None
    } else {
        let range = range(section.offset.into(), section.size, bytes.len());
        let outside =
            || malformed(Container::MachO, format!("section `{name}` ends outside of it"));
        Some(range.ok_or_else(outside)?)
    };
    if let Some(data) = content.clone().and_then(|range| bytes.get(range)) {
        match short_name {
            b"__go_buildinfo" => layout.build_info = aligned(data, section.addr),
            b"__text" if layout.build_id.is_none() => layout.build_id = build_id_in_text(data),
            _ => {}
        }
    }
    let (address, bytes) = (section.addr, section.size);
    layout.sections.push(Placed { name, address, bytes, content, is_compressed: false });
    Ok(())
}
