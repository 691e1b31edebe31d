//! What is at an offset of a file, or at an address in memory.

use crate::binary::Endian;
use crate::binary::image::{Image, Region};
use crate::binary::symbols::Symbol;

/// Bytes of a text that are read; stamped texts are far shorter.
const TEXT_MAX: u64 = 1 << 16;

/// The region of a file that holds an offset.
pub(super) fn region_at<'i>(image: &'i Image<'_>, offset: usize) -> Option<&'i Region> {
    let after = image.regions.partition_point(|region| region.content.start <= offset);
    image.regions.get(after.checked_sub(1)?).filter(|region| region.content.contains(&offset))
}

/// The address of an offset; `None` for what is not loaded.
pub(super) fn address_of(image: &Image<'_>, offset: usize) -> Option<u64> {
    let region = region_at(image, offset).filter(|region| region.address != 0)?;
    let inside = u64::try_from(offset.checked_sub(region.content.start)?).ok()?;
    region.address.checked_add(inside)
}

/// The last symbol at or before an address that reaches it, and how far it is away.
pub(super) fn symbol_at<'i, 'a>(
    image: &'i Image<'a>,
    address: u64,
) -> Option<(&'i Symbol<'a>, u64)> {
    let after = image.symbols.partition_point(|symbol| symbol.address <= address);
    let symbol = image.symbols.get(after.checked_sub(1)?)?;
    let offset = address.checked_sub(symbol.address)?;
    symbol.size.is_none_or(|size| offset < size).then_some((symbol, offset))
}

/// What is in the file from an address on, to the end of its region.
pub(super) fn bytes_at<'a>(image: &Image<'a>, address: u64) -> Option<&'a [u8]> {
    let (region, offset) = image.at(address)?;
    image.content(region).get(offset..)
}

/// A number as large as an address.
pub(super) fn word_at(image: &Image<'_>, address: u64) -> Option<u64> {
    word(image, bytes_at(image, address)?)
}

/// The number that some bytes begin with.
pub(super) fn word(image: &Image<'_>, bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.get(..usize::from(image.format.bits / 8))?;
    let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(match image.format.endian {
        Endian::Little => bytes.iter().rev().fold(0, push),
        Endian::Big => bytes.iter().fold(0, push),
    })
}

/// The text of a string variable: at the address is where the text is, and after that its length.
pub(super) fn text_of<'a>(image: &Image<'a>, variable: u64) -> Option<&'a [u8]> {
    let step = u64::from(image.format.bits / 8);
    let (start, len) = (word_at(image, variable)?, word_at(image, variable.checked_add(step)?)?);
    if len == 0 {
        return Some(b"");
    }
    let len = usize::try_from(len).ok().filter(|_| len <= TEXT_MAX)?;
    bytes_at(image, start)?.get(..len)
}

/// Bytes as a report shows them: printable text as it is, all else escaped.
pub(super) fn shown(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    let cut = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut text = String::new();
    for chunk in cut.utf8_chunks() {
        text.extend(chunk.valid().chars().flat_map(|char| match char {
            '"' | '\'' => vec![char],
            char => char.escape_debug().collect(),
        }));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    if cut.len() < bytes.len() {
        text.push('…');
    }
    text
}
