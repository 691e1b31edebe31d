//! Build info of an executable, found without reading the whole of it.

use goblin::container::{Container as Width, Ctx};
use goblin::elf::Elf;
use goblin::elf::program_header::{PF_W, PT_LOAD, ProgramHeader};

use crate::golang::build_info::BuildInfo;

/// Bytes at the start of an ELF file that hold its header and the table of its segments.
const FRONT: usize = 4096;
/// Bytes that are looked at a time.
const WINDOW: usize = 1 << 20;
/// Bytes of build info: a few kilobytes, and 100 more for each module.
const LONGEST: usize = 256 << 10;

/// Finds build info in an executable of `size` bytes by `read`, which gives what there
/// is of that many bytes at that offset.
///
/// In an ELF file the linker puts it first in the data; of other formats all is searched.
#[must_use]
pub fn find(size: u64, mut read: impl FnMut(u64, usize) -> Vec<u8>) -> Option<BuildInfo> {
    let data = data_of_elf(&read(0, FRONT)).and_then(|at| BuildInfo::find(&read(at, LONGEST)).ok());
    if data.is_some() {
        return data;
    }
    let mut at = 0;
    while at < size {
        let window = read(at, WINDOW.saturating_add(LONGEST));
        if let Ok(info) = BuildInfo::find(&window) {
            return Some(info);
        }
        at = at.saturating_add(WINDOW as u64);
    }
    None
}

/// Returns where the first segment that is written to starts in the file.
fn data_of_elf(front: &[u8]) -> Option<u64> {
    let header = Elf::parse_header(front).ok()?;
    let width = if header.e_ident.get(4) == Some(&1) { Width::Little } else { Width::Big };
    let context = Ctx::new(width, header.endianness().ok()?);
    let offset = usize::try_from(header.e_phoff).ok()?;
    let segments = ProgramHeader::parse(front, offset, header.e_phnum.into(), context).ok()?;
    segments
        .into_iter()
        .find(|segment| segment.p_type == PT_LOAD && segment.p_flags & PF_W != 0)
        .map(|segment| segment.p_offset)
}
