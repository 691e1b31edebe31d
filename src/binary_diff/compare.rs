//! The account of two executables: region by region, and in memory symbol by symbol.

use std::ops::Range;

use super::account::Account;
use super::address_map::AddressMap;
use super::align::{Run, align, common_prefix};
use super::code::{Code, Decoder};
use super::functions::{Function, FunctionChange};
use super::owner::Owner;
use super::pieces::{self, Piece};
use super::regions::{self, Kind, Pair};
use super::special;
use super::targets::{Block, Targets};
use super::words::{Grain, Words};
use crate::binary::Endian;
use crate::binary::image::{Image, Region};
use crate::binary::symbols::Symbol;

/// What the comparison of two executables found.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) account: Account,
    pub(super) functions: Vec<Function<'a>>,
}

/// A pair of regions with what corresponds in it.
struct Matched<'a> {
    pair: Pair<'a>,
    first: Vec<Piece<'a>>,
    second: Vec<Piece<'a>>,
    /// For each second piece.
    matches: Vec<Option<usize>>,
    /// For each second piece, in bytes from the starts of both.
    runs: Vec<Vec<Run>>,
}

/// Compares two executables of one container format.
pub(super) fn compare<'a>(first: &'a Image<'a>, second: &'a Image<'a>) -> Found<'a> {
    let decoder = Decoder::of(first.format.arch.as_deref());
    let regions: Vec<_> = regions::paired(first, second)
        .into_iter()
        .map(|pair| matched(pair, first, second, decoder))
        .collect();
    let (map, mut bases) = address_map(&regions);
    bases.extend(named_bases(first, second));
    bases.sort_unstable();
    bases.dedup();
    let (first_blocks, second_blocks) = (blocks(first), blocks(second));
    let targets = Targets { map: &map, first: &first_blocks, second: &second_blocks };
    let big_endian = first.format.endian == Endian::Big;
    let mut walk = Walk {
        first,
        second,
        decoder,
        words: Words { targets, bases, big_endian },
        special: special::stretches(second),
        found: Found::default(),
    };
    for region in &regions {
        walk.region(region);
    }
    walk.found
}

fn matched<'a>(
    pair: Pair<'a>,
    first: &'a Image<'a>,
    second: &'a Image<'a>,
    decoder: Decoder,
) -> Matched<'a> {
    let in_memory = matches!(pair.kind, Kind::Code | Kind::Data);
    let cut = |image: &'a Image<'a>, region: Option<&Region>| {
        let Some(region) = region else { return Vec::new() };
        let symbols: &[Symbol<'a>] = if in_memory { &image.symbols } else { &[] };
        pieces::cut(image, region, symbols)
    };
    let (one, other) = (cut(first, pair.first), cut(second, pair.second));
    let matches = match (pair.first, pair.second) {
        (Some(_), Some(_)) => pieces::matched(&one, &other),
        _ => vec![None; other.len()],
    };
    let runs = other
        .iter()
        .zip(&matches)
        .map(|(piece, index)| {
            let Some(from) = index.and_then(|index| one.get(index)) else { return Vec::new() };
            let (from_bytes, bytes) = (bytes(first, &from.content), bytes(second, &piece.content));
            if pair.kind == Kind::Code {
                let (from, to) = (decoder.trimmed(from_bytes), decoder.trimmed(bytes));
                let len = if from.len() == to.len() { from.len() } else { 1.min(to.len()) };
                vec![Run { first: 0, second: 0, len }]
            } else if piece.content.is_empty() {
                let len = usize::try_from(from.len.min(piece.len)).unwrap_or(usize::MAX);
                vec![Run { first: 0, second: 0, len }]
            } else if bytes.len() == from_bytes.len() && !is_pool(piece) {
                vec![Run { first: 0, second: 0, len: bytes.len() }]
            } else {
                align(from_bytes, bytes)
            }
        })
        .collect();
    Matched { pair, first: one, second: other, matches, runs }
}

fn bytes<'a>(image: &Image<'a>, range: &Range<usize>) -> &'a [u8] {
    image.file.get(range.clone()).unwrap_or_default()
}

/// Addresses from here on are offsets in regions that are not loaded.
const UNLOADED: u64 = 1 << 62;
/// Room between two such regions.
const UNLOADED_STEP: u64 = 1 << 40;

/// Addresses in memory, and places in sections that are not loaded.
fn address_map(regions: &[Matched<'_>]) -> (AddressMap, Vec<(u64, u64)>) {
    let (mut map, mut bases) = (AddressMap::default(), Vec::new());
    for (number, region) in (0_u64..).zip(regions) {
        let (Some(from), Some(to)) = (region.pair.first, region.pair.second) else { continue };
        // The offset in a section stands for its address where it has none.
        let loaded = from.address != 0 && to.address != 0;
        let base = UNLOADED + number * UNLOADED_STEP;
        bases.push(if loaded { (from.address, to.address) } else { (base, base) });
        let address = |piece: &Piece<'_>| if loaded { piece.address } else { base };
        for ((piece, index), runs) in region.second.iter().zip(&region.matches).zip(&region.runs) {
            let Some(from) = index.and_then(|index| region.first.get(index)) else { continue };
            for run in runs {
                let one = address(from).wrapping_add(run.first as u64);
                let other = address(piece).wrapping_add(run.second as u64);
                map.add(one, other, run.len);
            }
        }
    }
    map.finish();
    (map, bases)
}

/// Places that numbers in Go's tables are relative to.
fn named_bases(first: &Image<'_>, second: &Image<'_>) -> impl Iterator<Item = (u64, u64)> {
    ["runtime.types", "runtime.text", "go:func.*"].into_iter().filter_map(|name| {
        let of = |image: &Image<'_>| {
            let is_it = |symbol: &&Symbol<'_>| symbol.name == name.as_bytes();
            image.symbols.iter().find(is_it).map(|symbol| symbol.address)
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

struct Walk<'a, 'm> {
    first: &'a Image<'a>,
    second: &'a Image<'a>,
    decoder: Decoder,
    words: Words<'m>,
    special: Vec<(Range<usize>, Owner)>,
    found: Found<'a>,
}

impl<'a> Walk<'a, '_> {
    fn region(&mut self, region: &Matched<'a>) {
        let mut used = vec![false; region.first.len()];
        for ((piece, index), runs) in region.second.iter().zip(&region.matches).zip(&region.runs) {
            let from = index.and_then(|index| {
                used[index] = true;
                region.first.get(index)
            });
            if region.pair.kind == Kind::Code {
                self.code(from, piece);
            } else {
                self.data(region.pair.kind, from, piece, runs);
            }
        }
        for piece in
            region.first.iter().zip(&used).filter(|(_, used)| !**used).map(|(piece, _)| piece)
        {
            self.gone(region.pair.kind, piece);
        }
    }

    /// A piece that only the first file has.
    fn gone(&mut self, kind: Kind, piece: &Piece<'a>) {
        let bytes = bytes(self.first, &piece.content);
        if kind == Kind::Code && !piece.name.is_empty() {
            self.function(piece, FunctionChange::OnlyFirst);
        }
        let owner = owner(kind, piece);
        self.found.account.new_bytes(piece.content.clone(), bytes, &[], owner);
    }

    fn function(&mut self, piece: &Piece<'a>, change: FunctionChange) {
        self.found.functions.push(Function { name: piece.name, change });
    }

    fn code(&mut self, from: Option<&Piece<'a>>, piece: &Piece<'a>) {
        let new = bytes(self.second, &piece.content);
        let Some(from) = from else {
            if !piece.name.is_empty() {
                self.function(piece, FunctionChange::OnlySecond);
            }
            let at = self.found.account.end();
            self.emit(at..at, &[], new, Owner::Code);
            return;
        };
        let old = bytes(self.first, &from.content);
        let (old_code, new_code) = (self.decoder.trimmed(old), self.decoder.trimmed(new));
        let (one, other) = (
            Code { bytes: old_code, address: from.address },
            Code { bytes: new_code, address: piece.address },
        );
        let start = from.content.start;
        if old_code == new_code {
            self.function(piece, FunctionChange::Identical);
            self.found.account.copy(start, new_code.len());
        } else if let Some(moved) = self.decoder.moved(one, other, &self.words.targets) {
            self.function(piece, FunctionChange::Moved);
            let mut done = 0;
            for moved in moved {
                self.found.account.copy(start + done, moved.at - done);
                let range = moved.at..moved.at + moved.len;
                self.address(&old_code[range.clone()], &new_code[range]);
                done = moved.at + moved.len;
            }
            self.found.account.copy(start + done, new_code.len() - done);
        } else if piece.name.is_empty() || self.is_special(piece) {
            self.emit(start..start + old_code.len(), old_code, new_code, Owner::Table);
        } else {
            let sizes = (old_code.len(), new_code.len());
            let change = FunctionChange::Changed { first_bytes: sizes.0, second_bytes: sizes.1 };
            self.function(piece, change);
            self.emit(start..start + old_code.len(), old_code, new_code, Owner::Code);
        }
        let (old_pad, new_pad) = (&old[old_code.len()..], &new[new_code.len()..]);
        let pad_start = start + old_code.len();
        if old_pad == new_pad {
            self.found.account.copy(pad_start, new_pad.len());
        } else {
            self.emit(pad_start..pad_start + old_pad.len(), old_pad, new_pad, Owner::Container);
        }
    }

    /// Whether a piece of code is none: the build ID of Mach-O and PE files.
    fn is_special(&self, piece: &Piece<'_>) -> bool {
        self.special
            .iter()
            .any(|(range, _)| range.start < piece.content.end && piece.content.start < range.end)
    }

    fn address(&mut self, old: &[u8], new: &[u8]) {
        let differing = old.iter().zip(new).filter(|(one, other)| one != other).count();
        self.found.account.moved(new, differing);
    }

    fn data(&mut self, kind: Kind, from: Option<&Piece<'a>>, piece: &Piece<'a>, runs: &[Run]) {
        let new = bytes(self.second, &piece.content);
        let owner = owner(kind, piece);
        let Some(from) = from else {
            let at = self.found.account.end();
            self.emit(at..at, &[], new, owner);
            return;
        };
        if new.is_empty() {
            return;
        }
        let old = bytes(self.first, &from.content);
        let start = from.content.start;
        let (mut old_end, mut new_end) = (0, 0);
        for run in runs {
            self.emit(
                start + old_end..start + run.first,
                &old[old_end..run.first],
                &new[new_end..run.second],
                owner,
            );
            old_end = run.first + run.len;
            new_end = run.second + run.len;
            self.run(
                start + run.first,
                &old[run.first..old_end],
                &new[run.second..new_end],
                kind,
                owner,
            );
        }
        self.emit(start + old_end..start + old.len(), &old[old_end..], &new[new_end..], owner);
    }

    /// A stretch that corresponds byte by byte.
    fn run(&mut self, start: usize, old: &[u8], new: &[u8], kind: Kind, owner: Owner) {
        /// Equal bytes that end what differs for one reason.
        const CALM: usize = 4;
        let grain = if kind == Kind::Debug { Grain::Any } else { Grain::Aligned };
        let (mut done, mut at) = (0, 0);
        loop {
            at += common_prefix(&old[at..], &new[at..]);
            if at >= new.len() {
                break;
            }
            if let Some((from, len)) =
                self.words.moved(old, new, at, grain).filter(|(from, _)| *from >= done)
            {
                self.found.account.copy(start + done, from - done);
                self.address(&old[from..from + len], &new[from..from + len]);
                done = from + len;
                at = done;
                continue;
            }
            let mut end = at + 1;
            while end < new.len() {
                let calm = common_prefix(&old[end..], &new[end..]);
                if calm >= CALM || end + calm == new.len() {
                    break;
                }
                end += calm + 1;
                if self
                    .words
                    .moved(old, new, end - 1, grain)
                    .is_some_and(|(from, _)| from >= at + 1)
                {
                    end -= calm + 1;
                    break;
                }
            }
            self.found.account.copy(start + done, at - done);
            self.emit(start + at..start + end, &old[at..end], &new[at..end], owner);
            (done, at) = (end, end);
        }
        self.found.account.copy(start + done, new.len() - done);
    }

    /// New bytes, cut where a stretch of its own meaning begins or ends.
    fn emit(&mut self, first: Range<usize>, old: &[u8], new: &[u8], owner: Owner) {
        let at = self.found.account.end();
        let mut done = 0;
        if old.len() == new.len() {
            for (range, special) in &self.special {
                let from = range.start.clamp(at, at + new.len()) - at;
                let to = range.end.clamp(at, at + new.len()) - at;
                if from < to && from >= done {
                    let account = &mut self.found.account;
                    account.changed(first.start, done..from, old, new, owner);
                    account.changed(first.start, from..to, old, new, *special);
                    done = to;
                }
            }
            self.found.account.changed(first.start, done..new.len(), old, new, owner);
            return;
        }
        let special = self.special.iter().find(|(range, _)| range.contains(&at));
        let owner = special.map_or(owner, |(_, owner)| *owner);
        self.found.account.new_bytes(first, old, new, owner);
    }
}

/// To what a difference in a piece belongs unless its place says more.
fn owner(kind: Kind, piece: &Piece<'_>) -> Owner {
    match kind {
        Kind::Code => Owner::Code,
        Kind::LineTable | Kind::Debug | Kind::Symbols | Kind::Table => Owner::Table,
        Kind::Header => Owner::Container,
        Kind::Data => match piece.name {
            b"runtime.modinfo.str" | b"go:buildinfo" => Owner::BuildInfo,
            b"go:string.*" | b"" => Owner::Constant,
            name if name.ends_with(b".str") => Owner::Value,
            name if is_table(name) => Owner::Table,
            _ => Owner::Data,
        },
    }
}

/// Whether a piece is many things without names, which may change places within it.
fn is_pool(piece: &Piece<'_>) -> bool {
    matches!(piece.name, b"" | b"go:string.*" | b"go.string.*" | b"type:*" | b"type.*")
}

/// Symbols that the linker makes out of all others.
fn is_table(name: &[u8]) -> bool {
    const TABLES: [&[u8]; 20] = [
        b"type:*",
        b"type.*",
        b"runtime.types",
        b"go:func.*",
        b"go:funcdesc",
        b"runtime.gcbits.*",
        b"runtime.gcdata",
        b"runtime.gcbss",
        b"runtime.findfunctab",
        b"runtime.firstmoduledata",
        b"runtime.pclntab",
        b"runtime.typelink",
        b"runtime.itablink",
        b"go:fipsinfo",
        b"runtime.textsectionmap",
        b"runtime.rodata",
        b"runtime.egcdata",
        b"runtime.egcbss",
        b"runtime.pclntab_old",
        b"runtime.symtab",
    ];
    TABLES.contains(&name)
        || [&b"go:itab."[..], b"go.itab.", b"type:", b"type."]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}
