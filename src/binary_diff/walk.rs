//! Goes through what corresponds and says of each byte of the second file where it comes from.

use std::collections::BTreeMap;
use std::ops::Range;

use super::account::Account;
use super::align::{Run, common_prefix};
use super::code::{Code, Decoder};
use super::functions::{Function, FunctionChange};
use super::marks::Part;
use super::matched::{Matched, part};
use super::owner::Owner;
use super::pieces::Piece;
use super::regions::Kind;
use super::targets::Targets;
use super::variables::Seen;
use super::words::{Grain, Words};

/// A walk over one block: the file, or an unpacked section.
pub(super) struct Walk<'a, 'm> {
    pub(super) decoder: Decoder,
    pub(super) words: &'m Words<'m>,
    /// Stretches of the second block with a meaning of their own, by their start.
    pub(super) special: &'m [(Range<usize>, Owner)],
    pub(super) account: Account,
    pub(super) functions: Vec<Function<'a>>,
    first: &'a [u8],
    second: &'a [u8],
}

impl<'a, 'm> Walk<'a, 'm> {
    pub(super) fn new(
        decoder: Decoder,
        words: &'m Words<'m>,
        special: &'m [(Range<usize>, Owner)],
    ) -> Self {
        let (account, functions) = (Account::default(), Vec::new());
        Self { decoder, words, special, account, functions, first: &[], second: &[] }
    }

    /// The regions of a block come in the order of the second one.
    pub(super) fn region(&mut self, region: &Matched<'a>) {
        (self.first, self.second) = (region.first_block, region.second_block);
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
        let bytes = part(self.first, &piece.content);
        if kind == Kind::Code && !piece.name.is_empty() {
            self.function(piece, FunctionChange::OnlyFirst);
        }
        let owner = owner(kind, piece);
        self.account.new_bytes(piece.content.clone(), bytes, &[], owner);
    }

    fn function(&mut self, piece: &Piece<'a>, change: FunctionChange) {
        if piece.name.is_empty() || piece.part != Part::Symbol {
            return;
        }
        self.functions.push(Function { name: piece.name, change });
    }

    fn code(&mut self, from: Option<&Piece<'a>>, piece: &Piece<'a>) {
        let new = part(self.second, &piece.content);
        let Some(from) = from else {
            if !piece.name.is_empty() {
                self.function(piece, FunctionChange::OnlySecond);
            }
            let at = self.account.end();
            self.emit(at..at, &[], new, Owner::Code);
            return;
        };
        let old = part(self.first, &from.content);
        let (old_code, new_code) = (self.decoder.trimmed(old), self.decoder.trimmed(new));
        let (one, other) = (
            Code { bytes: old_code, address: from.address },
            Code { bytes: new_code, address: piece.address },
        );
        let start = from.content.start;
        if old_code == new_code {
            self.function(piece, FunctionChange::Identical);
            self.account.copy(start, new_code.len());
        } else if let Some(moved) = self.decoder.moved(one, other, &self.words.targets) {
            self.function(piece, FunctionChange::Moved);
            let mut done = 0;
            for moved in moved {
                self.account.copy(start + done, moved.at - done);
                let range = moved.at..moved.at + moved.len;
                self.address(&old_code[range.clone()], &new_code[range]);
                done = moved.at + moved.len;
            }
            self.account.copy(start + done, new_code.len() - done);
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
            self.account.copy(pad_start, new_pad.len());
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
        self.account.moved(new, differing);
    }

    fn data(&mut self, kind: Kind, from: Option<&Piece<'a>>, piece: &Piece<'a>, runs: &[Run]) {
        let new = part(self.second, &piece.content);
        let owner = owner(kind, piece);
        let Some(from) = from else {
            let at = self.account.end();
            self.emit(at..at, &[], new, owner);
            return;
        };
        if new.is_empty() {
            return;
        }
        let old = part(self.first, &from.content);
        let start = from.content.start;
        let (mut old_end, mut new_end) = (0, 0);
        for run in runs {
            // A run may go on in memory where the file holds nothing.
            let room =
                old.len().saturating_sub(run.first).min(new.len().saturating_sub(run.second));
            let len = run.len.min(room);
            if len == 0 {
                continue;
            }
            self.emit(
                start + old_end..start + run.first,
                &old[old_end..run.first],
                &new[new_end..run.second],
                owner,
            );
            old_end = run.first + len;
            new_end = run.second + len;
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
                self.account.copy(start + done, from - done);
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
                if self.words.moved(old, new, end - 1, grain).is_some_and(|(from, _)| from > at) {
                    end -= calm + 1;
                    break;
                }
            }
            self.account.copy(start + done, at - done);
            self.emit(start + at..start + end, &old[at..end], &new[at..end], owner);
            (done, at) = (end, end);
        }
        self.account.copy(start + done, new.len() - done);
    }

    /// New bytes, cut where a stretch of its own meaning begins or ends.
    fn emit(&mut self, first: Range<usize>, old: &[u8], new: &[u8], owner: Owner) {
        let at = self.account.end();
        let mut done = 0;
        if old.len() == new.len() {
            for (range, special) in self.special {
                let from = range.start.clamp(at, at + new.len()) - at;
                let to = range.end.clamp(at, at + new.len()) - at;
                if from < to && from >= done {
                    let account = &mut self.account;
                    account.changed(first.start, done..from, old, new, owner);
                    account.changed(first.start, from..to, old, new, *special);
                    done = to;
                }
            }
            self.account.changed(first.start, done..new.len(), old, new, owner);
            return;
        }
        // What is gone from before a stretch was never a part of it.
        let is_in =
            |range: &Range<usize>| range.contains(&at) && (range.start < at || !new.is_empty());
        let special = self.special.iter().find(|(range, _)| is_in(range));
        let owner = special.map_or(owner, |(_, owner)| *owner);
        self.account.new_bytes(first, old, new, owner);
    }
}

/// Asks the functions that did not change where their variables went.
pub(super) fn variables(
    regions: &[Matched<'_>],
    decoder: Decoder,
    targets: &Targets<'_>,
) -> BTreeMap<u64, u64> {
    let seen = Seen::default();
    let asked = Targets { seen: Some(&seen), ..targets.clone() };
    for region in regions.iter().filter(|region| region.pair.kind == Kind::Code) {
        for (piece, index) in region.second.iter().zip(&region.matches) {
            let Some(from) = index.and_then(|index| region.first.get(index)) else { continue };
            let code = |block, piece: &Piece<'_>| Code {
                bytes: decoder.trimmed(part(block, &piece.content)),
                address: piece.address,
            };
            let (one, other) = (code(region.first_block, from), code(region.second_block, piece));
            let len = seen.len();
            if one.bytes != other.bytes && decoder.moved(one, other, &asked).is_none() {
                seen.forget(len);
            }
        }
    }
    seen.agreed()
}

/// To what a difference in a piece belongs unless its place says more.
fn owner(kind: Kind, piece: &Piece<'_>) -> Owner {
    match (piece.part, piece.name) {
        (Part::Table, b"filetab") => return Owner::Path,
        (Part::Table, b"pctab") => return Owner::Lines,
        (Part::Table | Part::Entry | Part::Record, _) => return Owner::Table,
        _ => {}
    }
    match kind {
        Kind::Code => Owner::Code,
        Kind::LineTable | Kind::Debug | Kind::Symbols | Kind::Table => Owner::Table,
        Kind::Header => Owner::Container,
        Kind::Packed => Owner::Packed,
        Kind::Data => match piece.name {
            b"runtime.modinfo.str" | b"go:buildinfo" => Owner::BuildInfo,
            b"go:string.*" | b"" => Owner::Constant,
            name if name.ends_with(b".str") => Owner::Value,
            name if is_table(name) => Owner::Table,
            _ => Owner::Data,
        },
    }
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
