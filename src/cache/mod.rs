//! What fills a GOCACHE: a listing of its files in, totals, sets, duplicates and a forecast out.

mod advice;
mod archives;
mod broken;
mod executables;
mod inventory;
mod origin;
mod portrait;
mod recorded;
mod trim;
mod used;

use crate::binary::goobj::peek::Peek;
use crate::golang::cache_entry::{Entry, EntryError, Hash, Kind};

pub use advice::{Advice, advise};
pub use archives::{ArtifactSet, Difference, PackageCopies, Recompiled, Repeated, instrumentation};
pub use broken::{Broken, Fault};
pub use executables::Tool;
pub use inventory::{Inventory, KindTotal};
pub use origin::Origin;
pub use portrait::{Age, HOURS, Holding, Hour, Portrait};
pub use trim::{Aging, LIMIT_SECONDS, Trim};
pub use used::{Asked, Needed, needed};

/// All that was seen in a cache, in the order of the names.
#[derive(Debug, Default)]
pub struct Scan {
    pub entries: Vec<EntryFile>,
    pub outputs: Vec<OutputFile>,
    /// What fuzzing found to be worth keeping.
    pub fuzz: Tally,
    /// Everything else, such as the README.
    pub foreign: Tally,
    pub trim: TrimFile,
    /// When it was read, in seconds since 1970.
    pub now: i64,
    /// Whether each output was hashed.
    pub is_verified: bool,
    /// What could not be read: a path inside of the cache, and why; the first few.
    pub unread: Vec<(String, String)>,
    pub unread_total: usize,
}

/// A number of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub count: u64,
    /// As `ls` shows them.
    pub bytes: u64,
    /// As `du` counts them.
    pub disk: u64,
}

/// Size and time of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stat {
    pub bytes: u64,
    pub disk: u64,
    /// Its mtime, in seconds since 1970: when a go command last used it, give or take an hour.
    pub used: i64,
}

/// An index entry: `<action>-a`.
#[derive(Debug)]
pub struct EntryFile {
    pub action: Hash,
    pub stat: Stat,
    pub content: Result<Entry, EntryError>,
}

/// An output: `<output>-d`.
#[derive(Debug)]
pub struct OutputFile {
    pub output: Hash,
    pub stat: Stat,
    pub kind: Kind,
    pub told: Told,
    /// Says whether its bytes are those that its name says; `None` where they were not hashed.
    pub is_intact: Option<bool>,
}

/// What an output says of itself.
#[derive(Debug)]
pub enum Told {
    Nothing,
    Archive(Box<Peek>),
    Executable(Box<Linked>),
    /// It is an archive by its first bytes, and then it is not.
    BadArchive(String),
    /// A folder for an executable, with that many files.
    BadFolder(usize),
}

/// A cached executable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linked {
    /// Name of its file; empty where it has no folder.
    pub name: String,
    /// Import path of its main package; empty where it is not told.
    pub package: String,
    pub go_version: String,
    /// Path and version of the module that its main package was downloaded with; `None` of one
    /// that was built in place.
    pub module: Option<(String, String)>,
}

/// What trim.txt says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TrimFile {
    #[default]
    Missing,
    /// Not a number; go trims then.
    Unreadable,
    /// When trim last ran, in seconds since 1970.
    At(i64),
}

impl Tally {
    pub fn add(&mut self, stat: Stat) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(stat.bytes);
        self.disk = self.disk.saturating_add(stat.disk);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.disk = self.disk.saturating_add(other.disk);
    }
}
