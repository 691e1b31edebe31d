//! What of two regions corresponds: pieces by name, and inside of a piece by content.

use std::collections::BTreeMap;
use std::ops::Range;

use super::address_map::AddressMap;
use super::align::{Run, align};
use super::code::Decoder;
use super::marks::{Mark, Part};
use super::pieces::{self, Piece};
use super::regions::{self, Kind, Pair};
use crate::binary::image::Image;

/// Two regions, or two debug sections, and what corresponds in them.
pub(super) struct Matched<'a> {
    pub(super) pair: Pair<'a>,
    /// What the places of pieces are in: the file, or an unpacked section.
    pub(super) first_block: &'a [u8],
    pub(super) second_block: &'a [u8],
    pub(super) first: Vec<Piece<'a>>,
    pub(super) second: Vec<Piece<'a>>,
    /// For each second piece.
    pub(super) matches: Vec<Option<usize>>,
    /// For each second piece, in bytes from the starts of both.
    pub(super) runs: Vec<Vec<Run>>,
}

/// Matches the pieces of two regions.
pub(super) fn regions<'a>(
    pair: Pair<'a>,
    images: (&'a Image<'a>, &'a Image<'a>),
    marks: (&[Mark<'a>], &[Mark<'a>]),
    decoder: Decoder,
) -> Matched<'a> {
    let cut = |region, marks: &[Mark<'a>]| match (region, pair.kind) {
        (None, _) => Vec::new(),
        (Some(region), Kind::Code | Kind::Data | Kind::LineTable) => pieces::cut(region, marks),
        (Some(region), _) => pieces::cut(region, &[]),
    };
    let (first, second) = (cut(pair.first, marks.0), cut(pair.second, marks.1));
    let matches = match (pair.first, pair.second) {
        (Some(_), Some(_)) => pieces::matched(&first, &second),
        _ => vec![None; second.len()],
    };
    let (first_block, second_block) = (images.0.file, images.1.file);
    let runs = second
        .iter()
        .zip(&matches)
        .map(|(piece, index)| {
            let Some(from) = index.and_then(|index| first.get(index)) else { return Vec::new() };
            let old = part(first_block, &from.content);
            let new = part(second_block, &piece.content);
            runs(pair, decoder, (from, old), (piece, new))
        })
        .collect();
    Matched { pair, first_block, second_block, first, second, matches, runs }
}

/// What corresponds in two pieces of one name.
fn runs(
    pair: Pair<'_>,
    decoder: Decoder,
    (from, old): (&Piece<'_>, &[u8]),
    (piece, new): (&Piece<'_>, &[u8]),
) -> Vec<Run> {
    if pair.kind == Kind::Code {
        let (from, to) = (decoder.trimmed(old).len(), decoder.trimmed(new).len());
        // Of a function that changed only the start is known to correspond.
        return vec![straight(if from == to { from } else { to.min(1) })];
    }
    if pair.kind == Kind::Packed {
        return Vec::new();
    }
    if is_variable(pair, from, piece) {
        return vec![straight(usize::try_from(from.len.min(piece.len)).unwrap_or(usize::MAX))];
    }
    let mut runs = if old.len() == new.len() && is_one_thing(piece, old, new) {
        vec![straight(new.len())]
    } else {
        align(old, new)
    };
    // What follows the content in memory is zero at first.
    let rest = |piece: &Piece<'_>, content: &[u8]| {
        usize::try_from(piece.len).unwrap_or(usize::MAX).saturating_sub(content.len())
    };
    let len = rest(from, old).min(rest(piece, new));
    runs.extend((len > 0).then_some(Run { first: old.len(), second: new.len(), len }));
    runs
}

/// Matches two debug sections by content.
pub(super) fn debug<'a>(
    pair: Pair<'a>,
    first_block: &'a [u8],
    second_block: &'a [u8],
) -> Matched<'a> {
    let piece = |content: Range<usize>| Piece {
        name: b"",
        part: Part::Symbol,
        is_sized: false,
        address: 0,
        len: content.len() as u64,
        content,
    };
    Matched {
        pair,
        first_block,
        second_block,
        first: vec![piece(0..first_block.len())],
        second: vec![piece(0..second_block.len())],
        matches: vec![Some(0)],
        runs: vec![align(first_block, second_block)],
    }
}

fn straight(len: usize) -> Run {
    Run { first: 0, second: 0, len }
}

pub(super) fn part<'a>(block: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    block.get(range.clone()).unwrap_or_default()
}

/// A piece of more bytes may have others in it.
const LARGE: usize = 1 << 16;

/// Whether two pieces are a variable each, with the padding after it where there are no sizes.
fn is_variable(pair: Pair<'_>, from: &Piece<'_>, piece: &Piece<'_>) -> bool {
    const PADDING_MAX: u64 = 64;
    !piece.name.is_empty()
        && piece.part == Part::Symbol
        && from.len.abs_diff(piece.len) <= PADDING_MAX
        && pair.second.is_some_and(regions::is_variable)
}

/// Whether bytes at the same offset are the same part of the same thing.
///
/// Else a piece is a pool of things without names, which may change places within it; all pieces may be
/// that in Mach-O and PE files, which have few names for constants and no sizes.
fn is_one_thing(piece: &Piece<'_>, old: &[u8], new: &[u8]) -> bool {
    if piece.part == Part::Table
        || matches!(piece.name, b"" | b"go:string.*" | b"go.string.*" | b"type:*" | b"type.*")
        || new.len() > LARGE
    {
        return false;
    }
    let differing = || old.iter().zip(new).filter(|(one, other)| one != other).count();
    piece.is_sized || differing() * 8 < new.len()
}

/// Addresses from here on are offsets in regions that are not loaded.
pub(super) const UNLOADED: u64 = 1 << 62;
/// Room between two such regions.
const UNLOADED_STEP: u64 = 1 << 40;

/// Addresses in memory and places in sections that are not loaded, and where these begin in both files.
pub(super) fn address_map(regions: &[&Matched<'_>]) -> (AddressMap, Bases) {
    let (mut map, mut bases) = (AddressMap::default(), Bases::default());
    for (number, region) in (0_u64..).zip(regions) {
        let (Some(from), Some(to)) = (region.pair.first, region.pair.second) else { continue };
        // The offset in a section stands for its address where it has none, and where it is packed.
        let is_debug = region.pair.kind == Kind::Debug;
        let loaded = from.address != 0 && to.address != 0 && !is_debug;
        let base = UNLOADED + number * UNLOADED_STEP;
        if is_debug {
            bases.debug.push((base, base));
        } else {
            bases.loaded.push(if loaded { (from.address, to.address) } else { (base, base) });
        }
        for ((piece, index), runs) in region.second.iter().zip(&region.matches).zip(&region.runs) {
            let Some(from) = index.and_then(|index| region.first.get(index)) else { continue };
            if piece.part == Part::Table {
                bases.loaded.push((from.address, piece.address));
            }
            let (one, other) = if loaded { (from.address, piece.address) } else { (base, base) };
            for run in runs {
                let (from, to) = (run.first as u64, run.second as u64);
                map.add(one.wrapping_add(from), other.wrapping_add(to), run.len);
            }
        }
    }
    add_moved_symbols(regions, &mut map);
    map.finish();
    (map, bases)
}

/// A variable is in another section when it has a value in one file and none in the other.
fn add_moved_symbols(regions: &[&Matched<'_>], map: &mut AddressMap) {
    let mut gone: BTreeMap<&[u8], &Piece<'_>> = BTreeMap::new();
    let data = || regions.iter().filter(|region| region.pair.kind == Kind::Data);
    let has_name = |piece: &&Piece<'_>| piece.part == Part::Symbol && !piece.name.is_empty();
    for region in data() {
        let mut used = vec![false; region.first.len()];
        region.matches.iter().flatten().for_each(|index| used[*index] = true);
        let left = region.first.iter().zip(&used).filter(|(_, used)| !**used);
        gone.extend(left.map(|(piece, _)| piece).filter(has_name).map(|piece| (piece.name, piece)));
    }
    for region in data() {
        let new = region.second.iter().zip(&region.matches).filter(|(_, index)| index.is_none());
        for piece in new.map(|(piece, _)| piece).filter(has_name) {
            if let Some(from) = gone.remove(piece.name) {
                let len = usize::try_from(from.len.min(piece.len)).unwrap_or(usize::MAX);
                map.add(from.address, piece.address, len);
            }
        }
    }
}

/// Places that numbers are relative to: the same place in both files.
#[derive(Debug, Default)]
pub(super) struct Bases {
    /// Start of types, of code, of a string table.
    pub(super) loaded: Vec<(u64, u64)>,
    /// Starts of debug sections.
    pub(super) debug: Vec<(u64, u64)>,
}
