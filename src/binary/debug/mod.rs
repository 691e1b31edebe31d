//! DWARF sections of an executable, decompressed, and the compilation units in them.

use std::borrow::Cow;
use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::Endian;
use super::image::{Image, Region};
use super::numbers::{u32_at, word_at};

mod line_header;
mod units;

pub use units::{Unit, Units, units};

/// Most bytes that deflate makes of one: a bit for the longest match of 258 bytes, twice that for its distance.
const DEFLATE_RATIO: u64 = 1032;

/// DWARF sections of an executable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DebugSections<'a> {
    /// In the order of the file.
    pub sections: Vec<DebugSection<'a>>,
    /// What could not be read, one sentence fragment each.
    pub notes: Vec<String>,
}

/// A DWARF section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugSection<'a> {
    /// As in ELF and uncompressed, such as `.debug_line`, whatever the file calls it.
    pub name: String,
    /// Decompressed.
    pub content: Cow<'a, [u8]>,
    /// Of [`Image::regions`].
    pub region: usize,
}

impl DebugSections<'_> {
    /// The content of a section; empty when there is none.
    #[must_use]
    pub fn content(&self, name: &str) -> &[u8] {
        let section = self.sections.iter().find(|section| section.name == name);
        section.map_or(&[], |section| &section.content)
    }
}

/// Reads all DWARF sections; together they may have `limit` bytes once decompressed.
///
/// A section that is damaged, or that claims to be larger, is a note.
#[must_use]
pub fn debug_sections<'a>(image: &Image<'a>, limit: u64) -> DebugSections<'a> {
    let mut read = DebugSections::default();
    let mut left = limit;
    for (index, region) in image.regions.iter().enumerate() {
        let Some(name) = Name::of(region) else { continue };
        match content(image, region, &name, left) {
            Ok(content) => {
                if let Cow::Owned(made) = &content {
                    left = left.saturating_sub(u64::try_from(made.len()).unwrap_or(u64::MAX));
                }
                read.sections.push(DebugSection { name: name.canonical, content, region: index });
            }
            Err(what) => read.notes.push(format!("section `{}` {what}", region.name)),
        }
    }
    read
}

/// Decompresses one region, which may have `limit` bytes once it is.
///
/// `None` for what is no DWARF section, is not compressed, is damaged, or claims to be larger.
#[must_use]
pub fn decompressed(image: &Image<'_>, region: &Region, limit: u64) -> Option<Vec<u8>> {
    match content(image, region, &Name::of(region)?, limit) {
        Ok(Cow::Owned(content)) => Some(content),
        _ => None,
    }
}

/// What the name of a section says.
struct Name {
    canonical: String,
    /// A size and a zlib stream follow `ZLIB`.
    is_old_compression: bool,
}

impl Name {
    fn of(region: &Region) -> Option<Self> {
        // Mach-O: segment and section, which has 16 bytes at most.
        let name = region.name.split_once(',').map_or(&*region.name, |(_, section)| section);
        let name = name.strip_prefix("__").or_else(|| name.strip_prefix('.'))?;
        let (rest, is_old_compression) = match name.strip_prefix('z') {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        let kind = match rest.strip_prefix("debug_")? {
            "gdb_scri" | "gdb_scr" => "gdb_scripts",
            "loclist" => "loclists",
            "rnglist" => "rnglists",
            "str_offs" | "str_off" => "str_offsets",
            kind => kind,
        };
        Some(Self { canonical: format!(".debug_{kind}"), is_old_compression })
    }
}

/// A stream and what is said of it.
struct Compressed<'a> {
    stream: &'a [u8],
    is_zstd: bool,
    /// Bytes once decompressed.
    claimed: u64,
}

fn content<'a>(
    image: &Image<'a>,
    region: &Region,
    name: &Name,
    left: u64,
) -> Result<Cow<'a, [u8]>, String> {
    let bytes = image.content(region);
    let compressed = if region.is_compressed {
        Some(elf_header(bytes, image)?)
    } else if name.is_old_compression {
        old_header(bytes)
    } else {
        None
    };
    // The old form has an uncompressed section under its name where that is shorter.
    let Some(compressed) = compressed else { return Ok(Cow::Borrowed(bytes)) };
    if compressed.claimed > left {
        return Err(format!(
            "claims {} bytes decompressed, {left} are left for debug information",
            compressed.claimed
        ));
    }
    compressed.decompress().map(Cow::Owned)
}

/// Source: `Elf32_Chdr` and `Elf64_Chdr`, System V ABI, chapter 4, section compression.
fn elf_header<'a>(bytes: &'a [u8], image: &Image<'_>) -> Result<Compressed<'a>, String> {
    const ZLIB: u32 = 1;
    const ZSTD: u32 = 2;
    let (bits, endian) = (image.format.bits, image.format.endian);
    // The 64-bit header has four reserved bytes after the kind; then size and alignment.
    let (size_at, len) = if bits == 64 { (8, 24) } else { (4, 12) };
    let header = || {
        let size = word_at(bytes, size_at, bits, endian)?;
        Some((u32_at(bytes, 0, endian)?, size, bytes.get(len..)?))
    };
    let (kind, claimed, stream) = header().ok_or("is shorter than its compression header")?;
    match kind {
        ZLIB | ZSTD => Ok(Compressed { stream, is_zstd: kind == ZSTD, claimed }),
        other => Err(format!("is compressed in a way that is not known: {other}")),
    }
}

/// Source: `compressSyms` in `cmd/link/internal/ld/data.go`, Go 1.27, for what is not ELF.
fn old_header(bytes: &[u8]) -> Option<Compressed<'_>> {
    let rest = bytes.strip_prefix(b"ZLIB")?;
    let claimed = super::numbers::u64_at(rest, 0, Endian::Big)?;
    Some(Compressed { stream: rest.get(8..)?, is_zstd: false, claimed })
}

impl Compressed<'_> {
    fn decompress(&self) -> Result<Vec<u8>, String> {
        let stream_len = u64::try_from(self.stream.len()).unwrap_or(u64::MAX);
        if !self.is_zstd && self.claimed > stream_len.saturating_mul(DEFLATE_RATIO) {
            return Err(format!("claims {} bytes of {stream_len} compressed", self.claimed));
        }
        let (mut content, len) = usize::try_from(self.claimed)
            .ok()
            .and_then(|len| {
                let mut content = Vec::new();
                // One more, to see a stream that is longer than claimed.
                content.try_reserve_exact(len.checked_add(1)?).ok()?;
                Some((content, len))
            })
            .ok_or_else(|| format!("claims {} bytes, too many for this machine", self.claimed))?;
        if self.is_zstd { self.zstd(&mut content) } else { self.zlib(&mut content) }
            .map_err(|what| format!("cannot be decompressed: {what}"))?;
        if content.len() > len {
            return Err(format!("is longer than the {len} bytes it claims"));
        }
        if content.len() < len {
            return Err(format!("has {} of the {len} bytes it claims", content.len()));
        }
        Ok(content)
    }

    /// Fills the room of `to`.
    fn zlib(&self, to: &mut Vec<u8>) -> Result<(), String> {
        let finish = FlushDecompress::Finish;
        let status = Decompress::new(true).decompress_vec(self.stream, to, finish);
        match status.map_err(|error| error.to_string())? {
            Status::StreamEnd => Ok(()),
            _ if to.len() == to.capacity() => Ok(()),
            Status::Ok | Status::BufError => Err("its end is missing".into()),
        }
    }

    fn zstd(&self, to: &mut Vec<u8>) -> Result<(), String> {
        let mut room = io::Cursor::new(to);
        let limit = self.claimed.saturating_add(1);
        let text = |error: io::Error| error.to_string();
        let decoder = zstd::stream::read::Decoder::with_buffer(self.stream).map_err(text)?;
        io::copy(&mut io::Read::take(decoder, limit), &mut room).map(drop).map_err(text)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn decompress(stream: &[u8], is_zstd: bool, claimed: u64) -> Result<Vec<u8>, String> {
        Compressed { stream, is_zstd, claimed }.decompress()
    }

    #[test]
    fn a_stream_has_the_length_it_claims() {
        let content = b"line table ".repeat(100);
        let len = content.len() as u64;
        let zstd = zstd::encode_all(&content[..], 1).unwrap();
        for (stream, is_zstd) in [(zlib(&content), false), (zstd, true)] {
            assert_eq!(decompress(&stream, is_zstd, len), Ok(content.clone()));
            assert_eq!(
                decompress(&stream, is_zstd, len - 1),
                Err("is longer than the 1099 bytes it claims".into())
            );
            assert_eq!(
                decompress(&stream, is_zstd, 5),
                Err("is longer than the 5 bytes it claims".into())
            );
            assert_eq!(
                decompress(&stream, is_zstd, len + 1),
                Err("has 1100 of the 1101 bytes it claims".into())
            );
            for end in 0..stream.len() - 5 {
                assert!(decompress(&stream[..end], is_zstd, len).is_err(), "{end}");
            }
        }
        assert_eq!(
            decompress(&zlib(&content), false, 1 << 60),
            Err(format!("claims {} bytes of {} compressed", 1_u64 << 60, zlib(&content).len()))
        );
    }

    #[test]
    fn names_are_those_of_elf() {
        let name = |name: &str| {
            let region = Region { name: name.into(), ..Region::default() };
            Name::of(&region).map(|name| (name.canonical, name.is_old_compression))
        };
        assert_eq!(name(".debug_line"), Some((".debug_line".into(), false)));
        assert_eq!(name(".zdebug_line"), Some((".debug_line".into(), true)));
        assert_eq!(name("__DWARF,__zdebug_loclist"), Some((".debug_loclists".into(), true)));
        assert_eq!(name("__DWARF,__debug_loclists"), Some((".debug_loclists".into(), false)));
        assert_eq!(name("__DWARF,__debug_str_offs"), Some((".debug_str_offsets".into(), false)));
        assert_eq!(name(".text"), None);
        assert_eq!(name(""), None);
    }
}
