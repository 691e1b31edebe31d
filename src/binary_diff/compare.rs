//! The account of two executables: the file region by region, and its debug sections unpacked.

use std::borrow::Cow;
use std::cell::Cell;

use super::account::Account;
use super::code::Decoder;
use super::functions::Function;
use super::marks::{Mark, marks};
use super::matched::{self, Matched};
use super::regions::{self, Kind, Pair};
use super::special;
use super::targets::{Block, Targets};
use super::walk::Walk;
use super::words::Words;
use crate::binary::Endian;
use crate::binary::debug::{DebugSections, debug_sections};
use crate::binary::image::{Image, Region};
use crate::binary::pclntab::Pclntab;

/// An executable with what its tables say.
pub(super) struct Opened<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) lines: Option<Pclntab<'a>>,
    pub(super) debug: DebugSections<'a>,
}

/// What the comparison of two executables found.
pub(super) struct Found<'a> {
    pub(super) account: Account,
    /// Of packed debug sections that differ, by name; their packed bytes have an owner of their own in
    /// `account`.
    pub(super) unpacked: Vec<Unpacked<'a>>,
    pub(super) functions: Vec<Function<'a>>,
}

/// The account of a debug section that is packed in the file.
pub(super) struct Unpacked<'a> {
    pub(super) name: &'a str,
    pub(super) account: Account,
    first: &'a [u8],
    second: &'a [u8],
}

impl Unpacked<'_> {
    /// Whether the account makes the second section out of the first.
    pub(super) fn is_whole(&self) -> bool {
        self.account.apply(self.first).is_some_and(|made| made == self.second)
    }
}

/// Debug information of large programs has a few hundred megabytes.
const DEBUG_MAX: u64 = 4 << 30;

impl<'a> Opened<'a> {
    pub(super) fn new(image: &'a Image<'a>) -> Self {
        Self { image, lines: Pclntab::read(image), debug: debug_sections(image, DEBUG_MAX) }
    }

    /// The unpacked content of a region, when it is packed.
    fn unpacked(&'a self, region: &Region) -> Option<(&'a str, &'a [u8])> {
        let sections = self.debug.sections.iter();
        let is_it = |index: usize| self.image.regions.get(index) == Some(region);
        sections.filter(|section| is_it(section.region)).find_map(|section| {
            match &section.content {
                Cow::Owned(content) => Some((section.name.as_str(), content.as_slice())),
                Cow::Borrowed(_) => None,
            }
        })
    }
}

/// Compares two executables of one container format.
pub(super) fn compare<'a>(first: &'a Opened<'a>, second: &'a Opened<'a>) -> Found<'a> {
    let images = (first.image, second.image);
    let decoder = Decoder::of(first.image.format.arch.as_deref());
    let by_symbols = !images.0.symbols.is_empty() && !images.1.symbols.is_empty();
    let first_marks = marks(images.0, first.lines.as_ref(), by_symbols);
    let second_marks = marks(images.1, second.lines.as_ref(), by_symbols);
    let (mut loaded, mut debug) = (Vec::new(), Vec::new());
    for pair in regions::paired(images.0, images.1) {
        if let Some((name, one, other)) = unpacked(first, second, pair) {
            debug.push((name, matched::debug(pair, one, other)));
            loaded.push(packed(pair, images));
        } else {
            loaded.push(matched::regions(pair, images, (&first_marks, &second_marks), decoder));
        }
    }
    let both: Vec<&Matched<'_>> = loaded.iter().chain(debug.iter().map(|(_, one)| one)).collect();
    let (map, mut bases) = matched::address_map(&both);
    bases.extend(named_bases(&first_marks, &second_marks));
    bases.sort_unstable();
    bases.dedup();
    let (first_blocks, second_blocks) = (blocks(images.0), blocks(images.1));
    let targets = Targets { map: &map, first: &first_blocks, second: &second_blocks };
    let words = Words {
        targets,
        bases,
        big_endian: first.image.format.endian == Endian::Big,
        last: Cell::default(),
        misses: Cell::default(),
    };
    let special = special::stretches(images.1);
    let mut walk = Walk::new(decoder, &words, &special);
    for region in &loaded {
        walk.region(region);
    }
    let unpacked = debug
        .iter()
        .map(|(name, region)| {
            let mut walk = Walk::new(decoder, &words, &[]);
            walk.region(region);
            let (first, second) = (region.first_block, region.second_block);
            Unpacked { name, account: walk.account, first, second }
        })
        .collect();
    Found { account: walk.account, unpacked, functions: walk.functions }
}

/// The unpacked contents of two sections whose packed ones differ.
fn unpacked<'a>(
    first: &'a Opened<'a>,
    second: &'a Opened<'a>,
    pair: Pair<'a>,
) -> Option<(&'a str, &'a [u8], &'a [u8])> {
    let (from, to) = (pair.first?, pair.second?);
    if pair.kind != Kind::Debug || first.image.content(from) == second.image.content(to) {
        return None;
    }
    let (name, one) = first.unpacked(from)?;
    Some((name, one, second.unpacked(to)?.1))
}

/// A packed section stands in the file as a whole.
fn packed<'a>(pair: Pair<'a>, images: (&'a Image<'a>, &'a Image<'a>)) -> Matched<'a> {
    let pair = Pair { kind: Kind::Packed, ..pair };
    let mut matched = matched::regions(pair, images, (&[], &[]), Decoder::None);
    matched.runs.iter_mut().for_each(Vec::clear);
    matched
}

/// Places that numbers in Go's tables are relative to.
fn named_bases(first: &[Mark<'_>], second: &[Mark<'_>]) -> impl Iterator<Item = (u64, u64)> {
    ["runtime.types", "type:*", "runtime.text", "go:func.*"].into_iter().filter_map(|name| {
        let of = |marks: &[Mark<'_>]| {
            marks.iter().find(|mark| mark.name == name.as_bytes()).map(|mark| mark.address)
        };
        of(first).zip(of(second))
    })
}

fn blocks<'a>(image: &Image<'a>) -> Vec<Block<'a>> {
    let loaded = image.regions.iter().filter(|region| region.address != 0);
    let block = |region: &Region| Block { address: region.address, bytes: image.content(region) };
    let mut blocks: Vec<_> = loaded.map(block).collect();
    blocks.sort_by_key(|block| block.address);
    blocks
}
