//! Every byte of a cache under a module, a package, a kind and a set; and how long ago it was used.

use std::collections::BTreeMap;

use super::origin::{Named, Places};
use super::{
    ArtifactSet, LIMIT_SECONDS, Origin, OutputFile, Scan, Stat, Tally, Told, archives, trim,
};
use crate::golang::cache_entry::Kind;

/// What a picture of a cache is drawn from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Portrait {
    /// All files, each once, in the order of their origins.
    pub holdings: Vec<Holding>,
    /// Bytes by the hour of the last use, the latest first: of files that trim may remove.
    pub hours: Vec<Hour>,
    /// The same by what trim will do.
    pub ages: Vec<Age>,
}

/// Files of one package, kind and set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub origin: Origin,
    /// Import path, or what takes its place; empty where the files are of no one package.
    pub package: String,
    /// The stable name of a kind, as in [`super::KindTotal`].
    pub kind: &'static str,
    /// Index into the sets of the inventory, for archives that could be read.
    pub set: Option<usize>,
    pub files: Tally,
    /// When one of them was last used, in seconds since 1970; `None` where nobody keeps the time.
    pub used: Option<i64>,
}

/// Files of one kind that were last used in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Whole hours before the time of reading; [`HOURS`] for all that is longer ago.
    pub ago: usize,
    pub kind: &'static str,
    pub files: Tally,
}

/// Files that were last used within some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// At least that long ago, and less than [`Self::until`], in seconds.
    pub from: i64,
    /// `None` for the last, which the next trim removes.
    pub until: Option<i64>,
    pub files: Tally,
}

/// Hours that are told apart: six days, of which go keeps a file five and an hour.
pub const HOURS: usize = 144;
const HOUR: i64 = 60 * 60;
/// Of index entries; a [`Kind`] is of outputs.
const ENTRY: &str = "entry";

type Key = (Named, &'static str, Option<usize>);

impl Portrait {
    /// Draws from what was seen; `sets` are those of the inventory of the same scan.
    #[must_use]
    pub fn of(scan: &Scan, sets: &[ArtifactSet]) -> Self {
        let places = Places::of(scan);
        let index = archives::index(sets);
        let mut holdings: BTreeMap<Key, (Tally, Option<i64>)> = BTreeMap::new();
        let mut add = |key: Key, files: Tally, used: Option<i64>| {
            let holding = holdings.entry(key).or_default();
            holding.0.merge(files);
            holding.1 = holding.1.max(used);
        };
        let of_no_package = || Named { origin: Origin::NoPackage, package: String::new() };
        for file in &scan.outputs {
            let (named, set) = match &file.told {
                Told::Archive(peek) => (places.of_archive(peek), index(peek)),
                Told::Executable(linked) => (places.of_executable(linked), None),
                Told::BadArchive(_) | Told::BadFolder(_) => (damaged(), None),
                Told::Nothing => (of_no_package(), None),
            };
            add((named, file.kind.name(), set), one(file.stat), Some(file.stat.used));
        }
        for entry in &scan.entries {
            add((of_no_package(), ENTRY, None), one(entry.stat), Some(entry.stat.used));
        }
        add((of_no_package(), "fuzz", None), scan.fuzz, None);
        add((of_no_package(), Kind::Other.name(), None), scan.foreign, None);
        Self {
            holdings: holdings
                .into_iter()
                .filter(|(_, (files, _))| files.count > 0)
                .map(|((named, kind, set), (files, used))| Holding {
                    origin: named.origin,
                    package: named.package,
                    kind,
                    set,
                    files,
                    used,
                })
                .collect(),
            hours: hours(scan),
            ages: ages(scan),
        }
    }
}

fn damaged() -> Named {
    Named { origin: Origin::Unknown, package: "(damaged)".to_owned() }
}

fn one(stat: Stat) -> Tally {
    let mut tally = Tally::default();
    tally.add(stat);
    tally
}

/// Returns all that trim looks at, with its kind.
fn aging(scan: &Scan) -> impl Iterator<Item = (&'static str, Stat)> {
    let outputs = scan.outputs.iter().map(|file: &OutputFile| (file.kind.name(), file.stat));
    outputs.chain(scan.entries.iter().map(|entry| (ENTRY, entry.stat)))
}

fn hours(scan: &Scan) -> Vec<Hour> {
    let mut hours: BTreeMap<(usize, &'static str), Tally> = BTreeMap::new();
    for (kind, stat) in aging(scan) {
        // What is ahead of the clock counts as used now.
        let ago = scan.now.saturating_sub(stat.used).max(0) / HOUR;
        let ago = usize::try_from(ago).unwrap_or(HOURS).min(HOURS);
        hours.entry((ago, kind)).or_default().add(stat);
    }
    hours.into_iter().map(|((ago, kind), files)| Hour { ago, kind, files }).collect()
}

/// A row for each day, and the last hour of the time that go keeps a file.
fn ages(scan: &Scan) -> Vec<Age> {
    // Trim removes what is older than the limit, not what is just as old.
    let ends = [1, 2, 3, 4, 5].map(|days| days * trim::DAY).into_iter().chain([LIMIT_SECONDS + 1]);
    let mut ages: Vec<Age> = Vec::new();
    let mut from = i64::MIN;
    for until in ends.map(Some).chain([None]) {
        ages.push(Age { from: from.max(0), until, files: Tally::default() });
        from = until.unwrap_or_default();
    }
    for (_, stat) in aging(scan) {
        let age = scan.now.saturating_sub(stat.used);
        let row = ages.iter_mut().find(|row| row.until.is_none_or(|until| age < until));
        if let Some(row) = row {
            row.files.add(stat);
        }
    }
    ages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{EntryFile, Inventory, Linked};

    fn output(number: u8, bytes: u64, used: i64, told: Told, kind: Kind) -> OutputFile {
        let stat = Stat { bytes, disk: 4096, used };
        OutputFile { output: [number; 32], stat, kind, told, is_intact: None }
    }

    fn scan() -> Scan {
        let now = 1_800_000_000;
        let linked =
            Linked { name: "gen".into(), package: "x.org/gen".into(), ..Linked::default() };
        let error = crate::golang::cache_entry::EntryError::Length;
        Scan {
            outputs: vec![
                output(1, 10, now, Told::Executable(Box::new(linked)), Kind::Executable),
                output(2, 20, now - LIMIT_SECONDS, Told::BadArchive("cut".into()), Kind::Archive),
                output(3, 30, now - LIMIT_SECONDS - 1, Told::Nothing, Kind::Vet),
                output(4, 40, now + 500, Told::Nothing, Kind::Vet),
                output(5, 50, i64::MIN, Told::Nothing, Kind::Other),
            ],
            entries: vec![EntryFile {
                action: [9; 32],
                stat: Stat { bytes: 175, disk: 4096, used: now - trim::DAY },
                content: Err(error),
            }],
            fuzz: Tally { count: 2, bytes: 7, disk: 8192 },
            foreign: Tally { count: 1, bytes: 600, disk: 4096 },
            now,
            ..Scan::default()
        }
    }

    #[test]
    fn every_file_is_held_once() {
        let scan = scan();
        let inventory = Inventory::of(&scan);
        let portrait = Portrait::of(&scan, &inventory.sets);
        let mut total = Tally::default();
        portrait.holdings.iter().for_each(|holding| total.merge(holding.files));
        assert_eq!(total, inventory.total);
        for kind in &inventory.kinds {
            let mut of_kind = Tally::default();
            let held = portrait.holdings.iter().filter(|holding| holding.kind == kind.name);
            held.for_each(|holding| of_kind.merge(holding.files));
            assert_eq!(of_kind, kind.tally, "{}", kind.name);
        }
    }

    /// What the last row says trim removes is what the forecast says it removes.
    #[test]
    fn ages_agree_with_trim() {
        let scan = scan();
        let portrait = Portrait::of(&scan, &[]);
        let bytes: Vec<u64> = portrait.ages.iter().map(|age| age.files.bytes).collect();
        assert_eq!(bytes, [50, 175, 0, 0, 0, 20, 80]);
        assert_eq!(portrait.ages[6].files, Inventory::of(&scan).trim.now);
        let hours: Vec<(usize, u64)> =
            portrait.hours.iter().map(|hour| (hour.ago, hour.files.bytes)).collect();
        assert_eq!(hours, [(0, 10), (0, 40), (24, 175), (121, 20), (121, 30), (HOURS, 50)]);
    }

    #[test]
    fn an_empty_cache_holds_nothing() {
        let portrait = Portrait::of(&Scan::default(), &[]);
        assert_eq!((portrait.holdings, portrait.hours), (vec![], vec![]));
        assert!(portrait.ages.iter().all(|age| age.files.count == 0));
    }
}
