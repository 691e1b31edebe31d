//! What an archive or a release folder holds: members, their metadata, what of it differs.
//!
//! Bytes in, values out; nothing is ever written to a disk. No content is kept
//! but for the member asked for: see [`Contents`].
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::borrow::Cow;
use std::fmt;

mod budget;
mod checksums;
mod compression;
mod contents;
mod folder;
mod metadata;
mod names;
mod pairs;
mod sniff;
mod stream;
mod tarball;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
mod tests;
mod zip;

pub use budget::{Budget, Limits};
pub use checksums::is_checksums;
pub use compression::{Algorithm, Compression, GzipHeader};
pub use contents::Contents;
pub use folder::{FolderEntry, folder};
pub use metadata::{Aspect, MetadataDifference, metadata_differences};
pub use pairs::{Pair, PairedBy, Pairing, pair};

/// An archive, a compressed file or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub kind: Kind,
    /// What is around a tar or a single file; `None` for a plain tar, a zip and a folder.
    pub compression: Option<Compression>,
    /// In the order of the archive; of a zip in that of its central directory.
    pub members: Vec<Member>,
    /// Comment of a zip, escaped as names are.
    pub comment: String,
    /// What follows the last member of a tar: its end marker and padding.
    pub end: Option<End>,
    /// Bytes that it unpacks to, headers of a tar included.
    pub unpacked: u64,
    /// What is worth knowing, one sentence fragment each: names that lead out
    /// of the folder they are unpacked to, a missing end marker.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Tar,
    Zip,
    /// A compressed file that is no tar: its one member is called [`SINGLE`].
    Single,
    Folder,
}

/// Name of the only member of a [`Kind::Single`]; that in a gzip header is metadata.
pub const SINGLE: &str = "content";

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As in the archive. Control characters, what is not UTF-8 and `\` itself
    /// are escaped (`\n`, `\xff`, `\u{202e}`, `\\`), so that equal texts are equal names.
    pub name: Box<str>,
    pub kind: MemberKind,
    /// The last twelve bits: permissions, set-user-ID, set-group-ID, sticky.
    pub mode: Option<u32>,
    pub owner: Option<Box<Owner>>,
    pub modified: Option<Modified>,
    /// Unpacked, in bytes.
    pub size: u64,
    /// Of the content; `None` for what has none, and where [`Member::unread`] says why.
    pub digest: Option<Digest>,
    /// Of the content as a zip stores it, compressed.
    pub packed: Option<Digest>,
    /// Why the content could not be read: never the same as an empty one.
    pub unread: Option<Box<str>>,
    /// Whatever else the archive says of it, by name, such as `method` of a zip
    /// and `pax atime` of a tar. Each name at most once, in order.
    pub extra: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberKind {
    File,
    Directory,
    /// To a path escaped as names are.
    Symlink(Box<str>),
    /// To another member of the archive.
    Hardlink(Box<str>),
    /// A device, a pipe: what it is, with its article.
    Other(Cow<'static, str>),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    pub uid: u64,
    pub gid: u64,
    /// Empty where the archive names none.
    pub user: Box<str>,
    pub group: Box<str>,
}

/// A time as an archive holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Modified {
    /// Since 1970 in UTC; of a zip without Unix times since 1970 in the unknown
    /// time zone of who packed it.
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// What follows the last member of a tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub bytes: u64,
    /// Whether all of it is zero, as it has to be.
    pub zero: bool,
}

/// A SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// Where a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Not in a package's file: of a folder, or without content.
    Nowhere,
    /// In the unpacked bytes, from this offset on.
    Unpacked {
        offset: u64,
    },
    /// In the unpacked bytes with a map of its holes; the offset is that of its header.
    Sparse {
        header: u64,
    },
    Zip {
        at: rawzip::ZipArchiveEntryWayfinder,
        method: rawzip::CompressionMethod,
    },
}

/// Why a file cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackingError {
    #[error("{found} cannot be opened here; {fix}")]
    Refused {
        /// With its article, such as `an xz file`.
        found: &'static str,
        fix: &'static str,
    },
    /// The offset is in bytes of the unpacked tar, or of the zip.
    #[error("damaged {what} at byte {offset}: {why}")]
    Damaged { what: &'static str, offset: u64, why: String },
    #[error("{what} ends early, at byte {offset}: the file is cut off")]
    Truncated { what: &'static str, offset: u64 },
    #[error("`{member}`: {why}")]
    Unread { member: String, why: String },
    #[error("more than {limit} members; no more are read")]
    TooManyMembers { limit: usize },
    #[error("unpacks to more than {limit} bytes; no more are read")]
    TooLarge { limit: u64 },
    #[error("`{member}` unpacks to more than {limit} bytes; no more are read")]
    MemberTooLarge { member: String, limit: u64 },
    #[error("unpacks to more than {ratio} times its {packed} bytes, as only a trap does")]
    Bomb { packed: u64, ratio: u64 },
    #[error("archives inside archives, more than {limit} deep; no more are opened")]
    TooDeep { limit: usize },
    #[error(
        "the members to compare come in too different orders to unpack a file this large for each"
    )]
    OutOfOrder,
}

/// Opens an archive or a compressed file; `None` for anything else.
///
/// Reads every content once, for its digest, and keeps none. An executable
/// with an archive at its end is an executable.
///
/// # Errors
///
/// Fails on an archive that is damaged, cut off, in a format that is not read,
/// or past a limit of the budget. A member that alone cannot be read, such as
/// an encrypted one, says so in [`Member::unread`].
pub fn open(file: &[u8], budget: &mut Budget) -> Result<Option<Package>, PackingError> {
    let sniffed = sniff::sniff(file)?;
    let Some(sniffed) = sniffed else { return Ok(None) };
    let mut package = match sniffed {
        sniff::Sniffed::Tar => tarball::open(file, None, budget)?,
        sniff::Sniffed::Zip => zip::open(file, budget)?,
        sniff::Sniffed::Compressed(algorithm) => compression::open(file, algorithm, budget)?,
    };
    names::note_hostile(&mut package);
    Ok(Some(package))
}

impl Package {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            compression: None,
            members: Vec::new(),
            comment: String::new(),
            end: None,
            unpacked: 0,
            notes: Vec::new(),
        }
    }
}

impl Member {
    /// A member of which no more is known.
    fn bare(name: &[u8], kind: MemberKind, size: u64) -> Self {
        Self {
            name: names::printable(name).into(),
            kind,
            mode: None,
            owner: None,
            modified: None,
            size,
            digest: None,
            packed: None,
            unread: None,
            extra: Vec::new(),
            place: Place::Nowhere,
        }
    }

    /// Whether both have the same kind and, as far as could be read, content;
    /// `None` where one could not be read.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> Option<bool> {
        match (&self.unread, &other.unread) {
            (None, None) => Some(
                self.kind == other.kind && self.size == other.size && self.digest == other.digest,
            ),
            // What is equal unread, bytes and method, is equal read.
            _ if self.size == other.size
                && self.packed.is_some()
                && self.packed == other.packed
                && self.extra("method") == other.extra("method") =>
            {
                Some(true)
            }
            _ => None,
        }
    }

    /// The path that an unpacker makes of its name: `./bin/` is `bin`.
    #[must_use]
    pub fn path(&self) -> &str {
        names::path(&self.name)
    }

    /// Returns what the archive says of it under a name of [`Member::extra`].
    #[must_use]
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }
}

impl MemberKind {
    /// A link to a path as the file system has it.
    #[must_use]
    pub fn symlink(to: &[u8]) -> Self {
        Self::Symlink(names::printable(to).into())
    }
}

impl Digest {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Modified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = i32::try_from(self.nanoseconds).unwrap_or_default();
        match jiff::Timestamp::new(self.seconds, nanoseconds) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "{} s since 1970", self.seconds),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, gid, user, group } = self;
        write!(f, "{uid}:{gid}")?;
        if user.is_empty() && group.is_empty() { Ok(()) } else { write!(f, " ({user}:{group})") }
    }
}

impl fmt::Display for MemberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("a file"),
            Self::Directory => f.write_str("a directory"),
            Self::Symlink(to) => write!(f, "a symbolic link to {to}"),
            Self::Hardlink(to) => write!(f, "a hard link to {to}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}
