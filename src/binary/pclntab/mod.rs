//! Go's table of functions, files and lines, which every Go program has, stripped or not.
//!
//! Sources: `cmd/link/internal/ld/pcln.go`, `runtime/symtab.go`, `runtime/runtime2.go` and
//! `debug/gosym/pclntab.go` of Go 1.20 to 1.27; what 1.18 had differently is in `debug/gosym`.

use std::ops::Range;

use super::Endian;
use super::image::Image;
use super::module_data::ModuleData;
use super::numbers::u32_at;

mod header;
mod pc_values;

use header::Header;
pub use pc_values::{PcValue, PcValues};

/// Bytes looked at for each byte of the table. Go's linker shares tables and names between functions,
/// a few of them often; a damaged table may share a long one between all.
const WORK_PER_BYTE: usize = 16;

/// Names are cut here.
const NAME_MAX: usize = 1 << 16;

/// What each Go version wrote first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PclnVersion {
    /// Go 1.2 to 1.15, whose functions are not read.
    Go12,
    /// Go 1.16 and 1.17, whose functions are not read.
    Go116,
    /// Go 1.18 and 1.19.
    Go118,
    /// Go 1.20 and later.
    Go120,
}

/// Go's table of functions, files and lines.
#[derive(Debug)]
pub struct Pclntab<'a> {
    pub version: PclnVersion,
    /// Of the table in memory.
    pub address: u64,
    /// Where the table is in the file.
    pub content: Range<usize>,
    /// Bytes that the length of each instruction is a multiple of: 1, 2 or 4.
    pub quantum: u8,
    /// What addresses of functions are counted from.
    pub text_start: u64,
    /// In the order of the file. They cover the table.
    pub tables: Vec<SubTable>,
    /// In the order of the table, which is that of addresses.
    pub functions: Vec<GoFunction<'a>>,
    /// Functions that the header counts; `functions` has fewer when some are damaged.
    pub function_count: usize,
    /// All files that an instruction comes from, in the order of the table.
    pub files: Vec<&'a [u8]>,
    pub module: Option<ModuleData>,
}

/// A part of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubTable {
    /// As the symbol of Go's linker: `pcheader`, `funcnametab`, `cutab`, `filetab`, `pctab`, `functab`, and
    /// from Go 1.26 on `go:func.*` and `findfunctab`.
    pub name: &'static str,
    /// In the file.
    pub content: Range<usize>,
}

/// A function of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoFunction<'a> {
    pub name: &'a [u8],
    pub address: u64,
    /// Where the next function starts, or the last one ends.
    pub end: u64,
    /// Of its first instruction, which may be inlined from another file; `None` for code without lines.
    pub file: Option<&'a [u8]>,
    /// Of the word `func`; 0 before Go 1.20 and for code without lines.
    pub start_line: i32,
    /// Where its `_func` record is in the file, with the offsets of its pcdata and funcdata after it.
    pub record: Range<usize>,
    /// Encoded changes of the stack pointer, with the byte that ends them; empty where there are none.
    pub pcsp: &'a [u8],
    /// The same of file indices, which `files` does not have: they are those of the package.
    pub pcfile: &'a [u8],
    /// The same of lines.
    pub pcln: &'a [u8],
}

impl<'a> Pclntab<'a> {
    /// Finds and reads the table of an executable; `None` where there is no table that makes sense.
    ///
    /// Damaged functions are left out, and nothing of an older table is read but its place.
    #[must_use]
    pub fn read(image: &Image<'a>) -> Option<Self> {
        let Some(found) = Header::find(image) else { return Self::older(image) };
        let module = ModuleData::find(image, &found.key());
        let end = module.as_ref().and_then(|module| module.table_end(found.address));
        let header = found.until(end);
        let symbol = || image.symbols.iter().find(|symbol| symbol.name == b"runtime.text");
        let text = || image.region(&[".text", "__TEXT,__text"]).map(|region| region.address);
        let text_start = header
            .text_start
            .or_else(|| module.as_ref().map(|module| module.text))
            .or_else(|| symbol().map(|symbol| symbol.address))
            .or_else(text)?;
        let bytes = image.file.get(header.content.clone())?;
        let mut reader = Reader {
            bytes,
            header: &header,
            endian: image.format.endian,
            text_start,
            work: bytes.len().saturating_mul(WORK_PER_BYTE),
        };
        let functions = reader.functions();
        let files = reader.files();
        Some(Self {
            version: header.version,
            address: header.address,
            quantum: header.quantum,
            text_start,
            tables: header.tables(module.as_ref()),
            functions,
            function_count: header.function_count,
            files,
            content: header.content.clone(),
            module,
        })
    }

    fn older(image: &Image<'a>) -> Option<Self> {
        let (version, address, content) = header::find_older(image)?;
        Some(Self {
            version,
            address,
            tables: vec![SubTable { name: "pclntab", content: content.clone() }],
            content,
            quantum: 0,
            text_start: 0,
            functions: Vec::new(),
            function_count: 0,
            files: Vec::new(),
            module: None,
        })
    }

    /// The function at an address.
    #[must_use]
    pub fn function_at(&self, address: u64) -> Option<&GoFunction<'a>> {
        let after = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions.get(after.checked_sub(1)?)?;
        (address < function.end).then_some(function)
    }

    /// Decodes a table of one of its functions.
    #[must_use]
    pub fn values(&self, encoded: &'a [u8]) -> PcValues<'a> {
        PcValues::new(encoded, self.quantum)
    }
}

struct Reader<'a, 'h> {
    bytes: &'a [u8],
    header: &'h Header,
    endian: Endian,
    text_start: u64,
    /// Bytes that may still be looked at.
    work: usize,
}

/// Offsets of what a `_func` record has, in bytes.
struct RecordLayout {
    start_line: Option<usize>,
    func_data_count: usize,
    len: usize,
}

impl RecordLayout {
    fn of(version: PclnVersion) -> Self {
        match version {
            PclnVersion::Go120 => Self { start_line: Some(36), func_data_count: 43, len: 44 },
            _ => Self { start_line: None, func_data_count: 39, len: 40 },
        }
    }
}

impl<'a> Reader<'a, '_> {
    fn functions(&mut self) -> Vec<GoFunction<'a>> {
        // The header was checked: the index of functions fits into the table.
        let mut functions = Vec::with_capacity(self.header.function_count);
        for index in 0..self.header.function_count {
            if self.work == 0 {
                break;
            }
            functions.extend(self.function(index));
        }
        if !functions.is_sorted_by_key(|function| function.address) {
            functions.sort_by_key(|function| function.address);
        }
        functions
    }

    fn function(&mut self, index: usize) -> Option<GoFunction<'a>> {
        let entry = self.header.functab.checked_add(index.checked_mul(8)?)?;
        let address = self.address(self.u32(entry)?)?;
        let end = self.address(self.u32(entry.checked_add(8)?)?)?;
        let at = self.header.functab.checked_add(self.offset(entry.checked_add(4)?)?)?;
        let layout = RecordLayout::of(self.header.version);
        let field = |at_field: usize| self.u32(at.checked_add(at_field)?);
        let (name, pcsp, pcfile, pcln) = (field(4)?, field(16)?, field(20)?, field(24)?);
        let pc_data = usize::try_from(field(28)?).ok()?;
        let unit = field(32)?;
        let start_line = layout.start_line.and_then(field).unwrap_or(0).cast_signed();
        let func_data = *self.bytes.get(at.checked_add(layout.func_data_count)?)?;
        let tail = pc_data.checked_add(usize::from(func_data))?.checked_mul(4)?;
        let record_end = at.checked_add(layout.len)?.checked_add(tail)?;
        self.bytes.get(at..record_end)?;
        let pcfile = self.values(pcfile)?;
        let file = PcValues::new(pcfile, 1).next().and_then(|first| self.file(unit, first.value));
        Some(GoFunction {
            name: self.text(self.header.funcnametab, self.header.cutab, name)?,
            address,
            end,
            file,
            start_line,
            record: self.in_file(at..record_end),
            pcsp: self.values(pcsp)?,
            pcfile,
            pcln: self.values(pcln)?,
        })
    }

    /// The encoded table at an offset of `pctab`; 0 stands for none.
    fn values(&mut self, offset: u32) -> Option<&'a [u8]> {
        if offset == 0 {
            return Some(&[]);
        }
        let table = self.bytes.get(self.header.pctab..self.header.functab)?;
        let rest = table.get(usize::try_from(offset).ok()?..)?;
        let encoded = pc_values::encoded(rest.get(..self.work).unwrap_or(rest))?;
        self.work = self.work.saturating_sub(encoded.len());
        Some(encoded)
    }

    /// The file of an index in a compilation unit.
    fn file(&mut self, unit: u32, index: i32) -> Option<&'a [u8]> {
        let entry = usize::try_from(unit).ok()?.checked_add(usize::try_from(index).ok()?)?;
        let at = self.header.cutab.checked_add(entry.checked_mul(4)?)?;
        let offset = (at < self.header.filetab).then(|| self.u32(at))??;
        self.text(self.header.filetab, self.header.pctab, offset)
    }

    /// What ends with a NUL at an offset of a table of names.
    fn text(&mut self, start: usize, end: usize, offset: u32) -> Option<&'a [u8]> {
        let rest = self.bytes.get(start..end)?.get(usize::try_from(offset).ok()?..)?;
        let rest = rest.get(..NAME_MAX.min(self.work)).unwrap_or(rest);
        let text = rest.get(..memchr::memchr(0, rest).unwrap_or(rest.len()))?;
        self.work = self.work.saturating_sub(text.len().saturating_add(1));
        Some(text)
    }

    fn files(&self) -> Vec<&'a [u8]> {
        let table = self.bytes.get(self.header.filetab..self.header.pctab).unwrap_or_default();
        // Padding of the last one would be files without a name.
        table
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .take(self.header.file_count)
            .collect()
    }

    fn address(&self, offset: u32) -> Option<u64> {
        self.text_start.checked_add(offset.into())
    }

    fn u32(&self, at: usize) -> Option<u32> {
        u32_at(self.bytes, at, self.endian)
    }

    fn offset(&self, at: usize) -> Option<usize> {
        usize::try_from(self.u32(at)?).ok()
    }

    fn in_file(&self, range: Range<usize>) -> Range<usize> {
        let start = self.header.content.start;
        range.start.saturating_add(start)..range.end.saturating_add(start)
    }
}
