//! What trim will remove, and when; and whether it ever does.
//!
//! At the end of a build go removes what was not used for five days, if it did not do so
//! in the last 24 hours. "Used" is the mtime, which a hit renews once an hour.
//! Source: `DiskCache.Trim` in `cmd/go/internal/cache/cache.go`, Go 1.21 to 1.27.

use super::{Scan, Stat, Tally, TrimFile};

const HOUR: i64 = 60 * 60;
pub(super) const DAY: i64 = 24 * HOUR;
/// Go removes what was not used for that long, in seconds: five days, and the hour by which
/// times may be late.
pub const LIMIT_SECONDS: i64 = 5 * DAY + HOUR;
/// Fewer files than these say nothing of how a cache came about.
const TELLING: u64 = 20;

/// What trim will remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trim {
    pub last: TrimFile,
    /// When a build next trims, in seconds since 1970; the time of reading where it is due.
    pub next: i64,
    /// What it would remove if it ran at the time of reading.
    pub now: Tally,
    /// What it would remove one to six days later, if nothing were used until then.
    pub later: [Tally; 6],
    /// Of all files, in seconds since 1970; `None` in an empty cache.
    pub used: Option<(i64, i64)>,
    pub aging: Aging,
}

/// Whether what is not used gets older, so that trim removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aging {
    /// Nothing says otherwise.
    Ages,
    /// There is no trim.txt, and files are older than a day.
    NoTrimFile { oldest: i64 },
    /// When trim last ran, by trim.txt, these were older than five days, and were kept.
    Survivors { files: Tally, last: i64 },
    /// These were stored more than five days before any file of the cache was used.
    Renewed { entries: u64, oldest_stored: i64, oldest_used: i64 },
}

impl Trim {
    /// Reads times and trim.txt.
    #[must_use]
    pub fn of(scan: &Scan) -> Self {
        let stats = || {
            let entries = scan.entries.iter().map(|entry| entry.stat);
            entries.chain(scan.outputs.iter().map(|output| output.stat))
        };
        let unused = |at: i64| {
            let mut tally = Tally::default();
            stats()
                .filter(|stat| stat.used < at.saturating_sub(LIMIT_SECONDS))
                .for_each(|stat| tally.add(stat));
            tally
        };
        let next = match scan.trim {
            // A time in the future counts for an hour.
            TrimFile::At(last) if last <= scan.now.saturating_add(HOUR) => {
                last.saturating_add(DAY).max(scan.now)
            }
            TrimFile::At(_) | TrimFile::Missing | TrimFile::Unreadable => scan.now,
        };
        let oldest = stats().map(|stat: Stat| stat.used).min();
        let newest = stats().map(|stat| stat.used).max();
        Self {
            next,
            now: unused(scan.now),
            later: [1, 2, 3, 4, 5, 6].map(|days| unused(scan.now.saturating_add(days * DAY))),
            used: oldest.zip(newest),
            aging: aging(scan, unused, oldest),
            last: scan.trim.clone(),
        }
    }
}

fn aging(scan: &Scan, unused: impl Fn(i64) -> Tally, oldest: Option<i64>) -> Aging {
    let Some(oldest_used) = oldest else { return Aging::Ages };
    if scan.trim == TrimFile::Missing && oldest_used < scan.now.saturating_sub(DAY) {
        return Aging::NoTrimFile { oldest: oldest_used };
    }
    if let TrimFile::At(last) = scan.trim {
        let files = unused(last);
        if files.count > 0 {
            return Aging::Survivors { files, last };
        }
    }
    let stored = || {
        scan.entries
            .iter()
            .filter_map(|entry| Some(entry.content.as_ref().ok()?.stored / 1_000_000_000))
    };
    let before = oldest_used.saturating_sub(LIMIT_SECONDS);
    let entries = stored().filter(|stored| *stored < before).count() as u64;
    match stored().min() {
        Some(oldest_stored) if entries >= TELLING => {
            Aging::Renewed { entries, oldest_stored, oldest_used }
        }
        _ => Aging::Ages,
    }
}
