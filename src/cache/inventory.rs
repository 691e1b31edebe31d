//! Everything that a cache holds, summed up.

use super::{
    ArtifactSet, Broken, PackageCopies, Recompiled, Scan, Stat, Tally, Tool, Trim, archives,
    broken, executables,
};
use crate::golang::cache_entry::Kind;

/// What fills a cache.
#[derive(Debug)]
pub struct Inventory {
    /// When it was read, in seconds since 1970.
    pub now: i64,
    pub total: Tally,
    /// Every kind, in the order in which they are told.
    pub kinds: Vec<KindTotal>,
    /// Outputs that no index entry names: they are never found again.
    pub unnamed: Tally,
    /// The largest first.
    pub executables: Vec<Tool>,
    /// The most bytes first.
    pub sets: Vec<ArtifactSet>,
    pub recompiled: Recompiled,
    /// The most bytes first.
    pub copies: Vec<PackageCopies>,
    pub trim: Trim,
    pub broken: Vec<Broken>,
    pub is_verified: bool,
    pub unread: Vec<(String, String)>,
    pub unread_total: usize,
    /// How many archives are known by name to the recordings that were given; `None` without any.
    pub recorded: Option<usize>,
}

/// Files of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindTotal {
    /// The stable name: that of a [`Kind`], or `entry`, `fuzz`.
    pub name: &'static str,
    pub tally: Tally,
}

impl Inventory {
    /// Sums up what was seen in a cache.
    #[must_use]
    pub fn of(scan: &Scan) -> Self {
        let kinds = kinds(scan);
        let mut total = Tally::default();
        kinds.iter().for_each(|kind| total.merge(kind.tally));
        let mut named: Vec<_> = scan
            .entries
            .iter()
            .filter_map(|entry| Some(entry.content.as_ref().ok()?.output))
            .collect();
        named.sort_unstable();
        let mut unnamed = Tally::default();
        scan.outputs
            .iter()
            .filter(|output| named.binary_search(&output.output).is_err())
            .for_each(|output| unnamed.add(output.stat));
        Self {
            now: scan.now,
            total,
            kinds,
            unnamed,
            executables: executables::find(scan),
            sets: archives::sets(scan),
            recompiled: archives::recompiled(scan),
            copies: archives::copies(scan),
            trim: Trim::of(scan),
            broken: broken::find(scan),
            is_verified: scan.is_verified,
            unread: scan.unread.clone(),
            unread_total: scan.unread_total,
            recorded: None,
        }
    }

    /// Returns the files of one kind, by its stable name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Tally {
        self.kinds.iter().find(|kind| kind.name == name).map_or(Tally::default(), |kind| kind.tally)
    }

    /// Returns the files that were compiled, tested and linked: all but what is never removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.iter().all(|kind| kind.name == Kind::Other.name() || kind.tally.count == 0)
    }
}

fn kinds(scan: &Scan) -> Vec<KindTotal> {
    let of = |kind: Kind| {
        let mut tally = Tally::default();
        let outputs = scan.outputs.iter().filter(|output| output.kind == kind);
        outputs.for_each(|output| tally.add(output.stat));
        if kind == Kind::Other {
            tally.merge(scan.foreign);
        }
        KindTotal { name: kind.name(), tally }
    };
    let mut entries = Tally::default();
    scan.entries
        .iter()
        .map(|entry: &super::EntryFile| -> Stat { entry.stat })
        .for_each(|stat| entries.add(stat));
    let mut kinds: Vec<KindTotal> = Kind::ALL.into_iter().map(of).collect();
    let before_other = kinds.len().saturating_sub(1);
    let more =
        [KindTotal { name: "fuzz", tally: scan.fuzz }, KindTotal { name: "entry", tally: entries }];
    kinds.splice(before_other..before_other, more);
    kinds
}
