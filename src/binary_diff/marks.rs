//! Where things with names begin in memory, from the symbol table and from Go's line table.

use crate::binary::image::Image;
use crate::binary::pclntab::Pclntab;

/// What begins at a mark. Of several at one address the last of this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// What follows something with a size, up to the next mark: padding, or things without names.
    Rest,
    Symbol,
    /// A table of Go's line table, by its name.
    Table,
    /// The entry of a function in the index of the line table.
    Entry,
    /// The record of a function in the line table.
    Record,
}

/// The start of something with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark<'a> {
    pub(super) address: u64,
    pub(super) part: Part,
    pub(super) size: Option<u64>,
    pub(super) name: &'a [u8],
}

/// Returns all marks of a file by address.
///
/// Without `by_symbols` functions have the names of the line table, which a stripped file has too.
pub(super) fn marks<'a>(
    image: &Image<'a>,
    lines: Option<&Pclntab<'a>>,
    by_symbols: bool,
) -> Vec<Mark<'a>> {
    let mut marks = Vec::new();
    if by_symbols {
        marks.extend(image.symbols.iter().map(|symbol| Mark {
            address: symbol.address,
            part: Part::Symbol,
            size: symbol.size,
            name: symbol.name,
        }));
    }
    if let Some(lines) = lines {
        add_lines(lines, by_symbols, &mut marks);
    }
    let ends: Vec<_> = marks
        .iter()
        .filter_map(|mark| {
            let address = mark.address.checked_add(mark.size?)?;
            Some(Mark { address, part: Part::Rest, size: None, ..*mark })
        })
        .collect();
    marks.extend(ends);
    marks.sort_unstable();
    marks
}

fn add_lines<'a>(lines: &Pclntab<'a>, by_symbols: bool, marks: &mut Vec<Mark<'a>>) {
    let in_memory =
        |offset: usize| lines.address.wrapping_add(offset.wrapping_sub(lines.content.start) as u64);
    let mark = |part, offset, name| Mark { address: in_memory(offset), part, size: None, name };
    for table in &lines.tables {
        marks.push(mark(Part::Table, table.content.start, table.name.as_bytes()));
    }
    /// Two numbers of four bytes: where the function is, and where its record.
    const ENTRY: usize = 8;
    let index = lines.tables.iter().find(|table| table.name == "functab");
    for (number, function) in lines.functions.iter().enumerate() {
        if let Some(index) = index.filter(|_| lines.functions.len() == lines.function_count) {
            let at = index.content.start + number * ENTRY;
            marks.push(mark(Part::Entry, at, function.name));
        }
        marks.push(mark(Part::Record, function.record.start, function.name));
        if !by_symbols {
            let size = function.end.checked_sub(function.address);
            marks.push(Mark {
                address: function.address,
                part: Part::Symbol,
                size,
                name: function.name,
            });
        }
    }
    if let Some(module) = lines.module.as_ref().filter(|_| !by_symbols) {
        let places: [(u64, &[u8]); 10] = [
            (module.types, b"type:*"),
            (module.etypes, b"runtime.etypes"),
            (module.gofunc, b"go:func.*"),
            (module.noptrdata, b"runtime.noptrdata"),
            (module.enoptrdata, b"runtime.enoptrdata"),
            (module.data, b"runtime.data"),
            (module.edata, b"runtime.edata"),
            (module.bss, b"runtime.bss"),
            (module.noptrbss, b"runtime.noptrbss"),
            (module.enoptrbss, b"runtime.enoptrbss"),
        ];
        for (address, name) in places {
            marks.push(Mark { address, part: Part::Symbol, size: None, name });
        }
    }
}
