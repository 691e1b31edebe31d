//! The account of two executables: the file region by region, and its debug sections unpacked.

use std::collections::BTreeMap;

use super::account::Account;
use super::code::Decoder;
use super::functions::{Function, FunctionChange};
use super::marks::{Mark, Part, marks};
use super::matched::{self, Matched};
use super::pieces;
use super::regions::{self, Kind, Pair};
use super::special;
use super::targets::{Block, Targets};
use super::text_lens::TextLens;
use super::walk::{self, Walk};
use super::words::{Words, number};
use crate::binary::Format;
use crate::binary::debug::decompressed;
use crate::binary::image::{Image, Region};
use crate::binary::pclntab::Pclntab;

/// An executable with what its tables say.
pub(super) struct Opened<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) lines: Option<Pclntab<'a>>,
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
    /// Whether the account makes the second section out of the first.
    pub(super) is_whole: bool,
}

/// Debug information of large programs has a few hundred megabytes.
const DEBUG_MAX: u64 = 4 << 30;

impl<'a> Opened<'a> {
    pub(super) fn new(image: &'a Image<'a>) -> Self {
        Self { image, lines: Pclntab::read(image) }
    }
}

/// Two packed debug sections that differ, unpacked.
struct Unfolded<'a> {
    pair: Pair<'a>,
    name: &'a str,
    first: Vec<u8>,
    second: Vec<u8>,
}

/// Unpacks debug sections, of both files or not at all. What is packed alike is alike.
fn unfolded<'a>(pairs: &[Pair<'a>], images: (&Image<'_>, &Image<'_>)) -> Vec<Unfolded<'a>> {
    let mut left = DEBUG_MAX;
    let unfold = |pair: &Pair<'a>| {
        let (from, to) = (pair.first?, pair.second?);
        if pair.kind != Kind::Debug || images.0.content(from) == images.1.content(to) {
            return None;
        }
        let first = decompressed(images.0, from, left)?;
        let second = decompressed(images.1, to, left)?;
        left = left.saturating_sub((first.len() + second.len()) as u64);
        Some(Unfolded { pair: *pair, name: from.name.as_str(), first, second })
    };
    pairs.iter().filter_map(unfold).collect()
}

/// Compares two executables of one container format.
pub(super) fn compare<'a>(first: &'a Opened<'a>, second: &'a Opened<'a>) -> Found<'a> {
    let images = (first.image, second.image);
    let decoder = Decoder::of(first.image.format.arch.as_deref());
    let by_symbols = !images.0.symbols.is_empty() && !images.1.symbols.is_empty();
    let first_marks = marks(images.0, first.lines.as_ref(), by_symbols);
    if images.0.file == images.1.file {
        return equal(images.1, &first_marks);
    }
    let second_marks = marks(images.1, second.lines.as_ref(), by_symbols);
    let pairs = regions::paired(images.0, images.1);
    let unfolded = unfolded(&pairs, images);
    let debug: Vec<_> = unfolded
        .iter()
        .map(|section| matched::debug(section.pair, &section.first, &section.second))
        .collect();
    let loaded: Vec<_> = pairs
        .iter()
        .map(|pair| match unfolded.iter().any(|section| section.pair.second == pair.second) {
            true => packed(*pair, images),
            false => matched::regions(*pair, images, (&first_marks, &second_marks), decoder),
        })
        .collect();
    let both: Vec<&Matched<'_>> = loaded.iter().chain(&debug).collect();
    let (map, mut bases) = matched::address_map(&both);
    bases.loaded.extend(named_bases(&first_marks, &second_marks));
    let (first_blocks, second_blocks) = (blocks(images.0), blocks(images.1));
    let Format { bits, endian, .. } = first.image.format;
    let module = first.lines.as_ref().and_then(|lines| lines.module.as_ref());
    let word = usize::from(bits / 8);
    let lens = TextLens::of(&first_blocks, word, |word| number(word, endian));
    // What the module calls types goes on with all other constants, strings first.
    let types = module.map_or(0..0, |module| {
        let texts = lens.start().filter(|start| *start > module.types);
        module.types..texts.map_or(module.etypes, |start| start.min(module.etypes))
    });
    let targets = Targets {
        map: &map,
        first: &first_blocks,
        second: &second_blocks,
        types,
        code: module.map_or(0..0, |module| module.text..module.etext),
        lens: &lens,
        word,
        variables: &BTreeMap::new(),
        seen: None,
    };
    let variables = match by_symbols {
        true => BTreeMap::new(),
        false => walk::variables(&loaded, decoder, &targets),
    };
    let targets = Targets { variables: &variables, ..targets };
    let words = Words::new(targets, bases, &first.image.format);
    let special = special::stretches(images.1);
    let mut walk = Walk::new(decoder, &words, &special);
    for region in &loaded {
        walk.region(region);
    }
    let unpacked = unfolded
        .iter()
        .zip(&debug)
        .map(|(section, region)| {
            let mut walk = Walk::new(decoder, &words, &[]);
            walk.region(region);
            let is_whole = walk.account.makes(&section.first, &section.second);
            Unpacked { name: section.name, account: walk.account, is_whole }
        })
        .collect();
    Found { account: walk.account, unpacked, functions: walk.functions }
}

/// What two equal files have.
fn equal<'a>(image: &'a Image<'a>, marks: &[Mark<'a>]) -> Found<'a> {
    let mut account = Account::default();
    account.copy(0, image.file.len());
    let code = image.regions.iter().filter(|region| regions::kind(image, region) == Kind::Code);
    let pieces = code.flat_map(|region| pieces::cut(region, marks));
    let named = pieces.filter(|piece| piece.part == Part::Symbol && !piece.name.is_empty());
    let function = |name| Function { name, change: FunctionChange::Identical };
    let functions = named.map(|piece| function(piece.name)).collect();
    Found { account, unpacked: Vec::new(), functions }
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
    let block = |region: &Region| {
        let is_data = regions::kind(image, region) == Kind::Data;
        let (address, bytes) = (region.address, image.content(region));
        Block { address, bytes, is_data, is_constant: is_data && !regions::is_variable(region) }
    };
    let mut blocks: Vec<_> = loaded.map(block).collect();
    blocks.sort_by_key(|block| block.address);
    blocks
}
