//! What the treemap shows: modules, their packages, and in each a tile for each kind and set.
//!
//! What is too small to see is added up, so that any cache makes a page of bounded size.

use std::collections::BTreeMap;

use crate::cache::{Holding, Origin, Portrait, Tally};
use crate::report::cache::{grouped, title};
use crate::report::page::escape::short;

/// Sets that have a colour of their own; the others share one.
pub(super) const SETS: usize = 8;
/// A tile that is a smaller part of the whole is too small to see: 6 by 6 of 1240 by 640.
const SMALLEST: u64 = 20_000;
/// A part of a package that is smaller is not told from the others: 12 by 12.
const DIVIDED: u64 = 6_000;

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
    /// One of those after [`SETS`], or several.
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

/// Files that are added up, and when one of them was last used.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    files: Tally,
    used: Option<i64>,
}

/// Tiles of one place, by kind and set.
type Parts = BTreeMap<(&'static str, Set), Sum>;

impl Sum {
    fn add(&mut self, files: Tally, used: Option<i64>) {
        self.files.count += files.count;
        self.files.bytes = self.files.bytes.saturating_add(files.bytes);
        self.files.disk = self.files.disk.saturating_add(files.disk);
        self.used = self.used.max(used);
    }
}

fn merge(into: &mut Parts, from: &Parts) {
    for (key, Sum { files, used }) in from {
        into.entry(*key).or_default().add(*files, *used);
    }
}

fn bytes_of(parts: &Parts) -> u64 {
    parts.values().map(|sum| sum.files.bytes).fold(0, u64::saturating_add)
}

impl Tiles {
    /// Makes about `limit` tiles of packages of their own, and fewer of what is added up.
    pub(super) fn of(portrait: &Portrait, limit: usize) -> Self {
        let bytes = portrait.holdings.iter().map(|holding| holding.files.bytes);
        let bytes = bytes.fold(0, u64::saturating_add);
        let is_seen = |part: u64, smallest: u64| part > 0 && part.saturating_mul(smallest) >= bytes;

        let mut packages: BTreeMap<(&Origin, &str), Parts> = BTreeMap::new();
        for holding in &portrait.holdings {
            let Holding { origin, package, kind, files, used, .. } = holding;
            // What is of no package is told by its kind.
            let name = if *origin == Origin::NoPackage { title(kind) } else { package };
            let parts = packages.entry((origin, name)).or_default();
            parts.entry((kind, Set::of(holding.set))).or_default().add(*files, *used);
        }
        let mut packages: Vec<_> =
            packages.into_iter().map(|(key, parts)| (key, bytes_of(&parts), parts)).collect();
        packages.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));

        let mut modules: BTreeMap<&Origin, Vec<Package>> = BTreeMap::new();
        let mut small: BTreeMap<&Origin, (usize, Parts)> = BTreeMap::new();
        let mut count = 0;
        for ((origin, name), size, parts) in packages {
            if *origin == Origin::NoPackage || (count < limit && is_seen(size, SMALLEST)) {
                let package = Package::new(short(name), parts, |part| is_seen(part, DIVIDED));
                count += package.tiles.len();
                modules.entry(origin).or_default().push(package);
            } else {
                let (count, sum) = small.entry(origin).or_default();
                *count += 1;
                merge(sum, &parts);
            }
        }
        let mut small: Vec<_> = small.into_iter().collect();
        small.sort_by_key(|(_, (_, parts))| std::cmp::Reverse(bytes_of(parts)));
        let (mut added, mut others, mut rest) = (0, 0, Parts::new());
        for (origin, (count, parts)) in small {
            let is_shown = added < limit / 3 && is_seen(bytes_of(&parts), SMALLEST);
            if is_shown || modules.contains_key(origin) {
                let title = counted(count, "smaller package");
                let package = Package::new(title, parts, |part| is_seen(part, DIVIDED));
                added += package.tiles.len();
                modules.entry(origin).or_default().push(package);
            } else {
                others += 1;
                merge(&mut rest, &parts);
            }
        }
        let mut modules: Vec<Module> = modules
            .into_iter()
            .map(|(origin, packages)| Module::new(name(origin), packages))
            .collect();
        if !rest.is_empty() {
            let package = Package::new(counted(others, "smaller module"), rest, |_| true);
            modules.push(Module::new("others".to_owned(), vec![package]));
        }
        modules.sort_by_key(|module| std::cmp::Reverse(module.bytes));
        Self { modules, bytes }
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

impl Module {
    fn new(title: String, mut packages: Vec<Package>) -> Self {
        packages.sort_by_key(|package| std::cmp::Reverse(package.bytes));
        let bytes = packages.iter().map(|package| package.bytes).fold(0, u64::saturating_add);
        Self { title, bytes, packages }
    }
}

impl Package {
    /// Makes a tile of each part that is to be seen, and one of the others of each kind.
    fn new(title: String, parts: Parts, is_seen: impl Fn(u64) -> bool) -> Self {
        let bytes = bytes_of(&parts);
        let is_divided = parts.len() > 1;
        let mut shown = Parts::new();
        for ((kind, set), Sum { files, used }) in parts {
            let is_own = !is_divided || set == Set::None || is_seen(files.bytes);
            let set = if is_own { set } else { Set::Other };
            shown.entry((kind, set)).or_default().add(files, used);
        }
        let tile = |((kind, set), Sum { files, used })| Tile { kind, set, files, used };
        let mut tiles: Vec<Tile> = shown.into_iter().map(tile).collect();
        tiles.sort_by_key(|tile| std::cmp::Reverse(tile.files.bytes));
        Self { title, bytes, tiles }
    }
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
