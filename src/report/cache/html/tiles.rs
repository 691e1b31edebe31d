//! What the treemap shows: modules, their packages, and in each a tile for each kind and set.
//!
//! What is too small to see is added up, so that any cache makes a page of bounded size.

use std::collections::{BTreeMap, BTreeSet};

use crate::cache::{Holding, Origin, Portrait, Tally};
use crate::report::cache::{grouped, title};
use crate::report::page::escape::short;

/// Sets that have a colour of their own; the others share one.
pub(super) const SETS: usize = 8;
/// A tile that is a smaller part of the whole is too small to see: 6 by 6 of 1240 by 640.
const SMALLEST: u64 = 20_000;

/// Everything that the treemap and its table show.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tiles {
    /// The most bytes first.
    pub(super) modules: Vec<Module>,
    pub(super) bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) title: String,
    pub(super) bytes: u64,
    /// The most bytes first.
    pub(super) packages: Vec<Package>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) title: String,
    pub(super) bytes: u64,
    /// The most bytes first.
    pub(super) tiles: Vec<Tile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) kind: &'static str,
    pub(super) set: Set,
    pub(super) files: Tally,
    pub(super) used: Option<i64>,
}

/// Which set an archive is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Set {
    One(usize),
    /// One of those after [`SETS`].
    Other,
    /// Nothing that is in a set.
    None,
}

impl Set {
    pub(super) fn of(index: Option<usize>) -> Self {
        match index {
            Some(index) if index < SETS => Self::One(index),
            Some(_) => Self::Other,
            None => Self::None,
        }
    }
}

/// Small ones that were added up: the files, when they were last used, and of which names they are.
#[derive(Default)]
struct Sum<'a> {
    files: Tally,
    used: Option<i64>,
    names: BTreeSet<&'a str>,
}

impl Sum<'_> {
    fn add(&mut self, files: Tally, used: Option<i64>) {
        self.files.count += files.count;
        self.files.bytes = self.files.bytes.saturating_add(files.bytes);
        self.files.disk = self.files.disk.saturating_add(files.disk);
        self.used = self.used.max(used);
    }
}

/// In which module and package a tile is; what is added up comes without a package.
type Place<'a> = (Option<&'a Origin>, Option<&'a str>);

impl Tiles {
    /// Makes tiles: about `limit` of their own, and a third as many of what is added up.
    pub(super) fn of(portrait: &Portrait, limit: usize) -> Self {
        let total = portrait.holdings.iter().map(|holding| holding.files.bytes);
        let bytes = total.fold(0, u64::saturating_add);
        let is_seen =
            |files: &Tally| files.bytes.saturating_mul(SMALLEST) >= bytes && files.bytes > 0;
        let mut holdings: Vec<&Holding> = portrait.holdings.iter().collect();
        holdings.sort_by_key(|holding| std::cmp::Reverse(holding.files.bytes));

        let mut places: BTreeMap<Place<'_>, Vec<Tile>> = BTreeMap::new();
        let mut small: BTreeMap<(&Origin, &'static str, Set), Sum<'_>> = BTreeMap::new();
        for (rank, holding) in holdings.iter().enumerate() {
            let Holding { origin, package, kind, files, used, .. } = holding;
            let set = Set::of(holding.set);
            // Of no package there is one of each kind.
            if *origin == Origin::NoPackage || (rank < limit && is_seen(files)) {
                let name = if package.is_empty() { title(kind) } else { package };
                let tiles = places.entry((Some(origin), Some(name))).or_default();
                tiles.push(Tile { kind, set, files: *files, used: *used });
            } else {
                let sum = small.entry((origin, kind, set)).or_default();
                sum.add(*files, *used);
                sum.names.insert(package);
            }
        }
        let mut packages: BTreeMap<&Origin, BTreeSet<&str>> = BTreeMap::new();
        let mut modules: BTreeSet<&Origin> = BTreeSet::new();
        let mut smallest: BTreeMap<(&'static str, Set), Sum<'_>> = BTreeMap::new();
        let mut small: Vec<_> = small.into_iter().collect();
        small.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.files.bytes));
        for (rank, ((origin, kind, set), sum)) in small.into_iter().enumerate() {
            if rank < limit / 3 && is_seen(&sum.files) {
                let tile = Tile { kind, set, files: sum.files, used: sum.used };
                places.entry((Some(origin), None)).or_default().push(tile);
                packages.entry(origin).or_default().extend(sum.names);
            } else {
                smallest.entry((kind, set)).or_default().add(sum.files, sum.used);
                modules.insert(origin);
            }
        }
        let rest = smallest.into_iter().map(|((kind, set), sum)| Tile {
            kind,
            set,
            files: sum.files,
            used: sum.used,
        });
        places.entry((None, None)).or_default().extend(rest);
        Self { modules: arranged(places, &packages, modules.len()), bytes }
    }

    /// Every tile with its module and package, the most bytes first: the order of the table.
    pub(super) fn rows(&self) -> Vec<(&Module, &Package, &Tile)> {
        let mut rows: Vec<_> = self
            .modules
            .iter()
            .flat_map(|module| module.packages.iter().map(move |package| (module, package)))
            .flat_map(|(module, package)| {
                package.tiles.iter().map(move |tile| (module, package, tile))
            })
            .collect();
        rows.sort_by_key(|(_, _, tile)| std::cmp::Reverse(tile.files.bytes));
        rows
    }
}

/// Puts tiles into their packages and modules, the most bytes first.
fn arranged(
    places: BTreeMap<Place<'_>, Vec<Tile>>,
    packages: &BTreeMap<&Origin, BTreeSet<&str>>,
    modules: usize,
) -> Vec<Module> {
    let mut found: BTreeMap<Option<&Origin>, Vec<Package>> = BTreeMap::new();
    for ((origin, name), mut tiles) in places {
        if tiles.is_empty() {
            continue;
        }
        tiles.sort_by_key(|tile| std::cmp::Reverse(tile.files.bytes));
        let count = origin.and_then(|origin| packages.get(origin)).map_or(0, BTreeSet::len);
        let title = match (name, origin) {
            (Some(name), _) => short(name),
            (None, Some(_)) => counted(count, "smaller package"),
            (None, None) => format!("small parts of {}", counted(modules, "module")),
        };
        let bytes = tiles.iter().map(|tile| tile.files.bytes).fold(0, u64::saturating_add);
        found.entry(origin).or_default().push(Package { title, bytes, tiles });
    }
    let mut all: Vec<Module> = found
        .into_iter()
        .map(|(origin, mut packages)| {
            packages.sort_by_key(|package| std::cmp::Reverse(package.bytes));
            let bytes = packages.iter().map(|package| package.bytes).fold(0, u64::saturating_add);
            Module { title: origin.map_or_else(|| "others".to_owned(), name), bytes, packages }
        })
        .collect();
    all.sort_by_key(|module| std::cmp::Reverse(module.bytes));
    all
}

pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(count as u64), if count == 1 { "" } else { "s" })
}

/// Returns what a module is called.
pub(super) fn name(origin: &Origin) -> String {
    match origin {
        Origin::Std => "std".to_owned(),
        Origin::Module { path, version } => format!("{}@{}", short(path), short(version)),
        Origin::Local { prefix } => format!("{}/…", short(prefix)),
        Origin::Unknown => "module not known".to_owned(),
        Origin::NoPackage => "of no package".to_owned(),
    }
}
