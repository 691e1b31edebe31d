//! A folder of a release, as if it were an archive.

use super::{Digest, Kind, Member, MemberKind, Package, names};

/// One file, directory or link below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    /// Relative to the folder, with `/`; as the file system has it.
    pub path: Vec<u8>,
    pub kind: MemberKind,
    pub mode: u32,
    /// In bytes.
    pub size: u64,
    /// Of the content; `None` for what has none or could not be read.
    pub digest: Option<Digest>,
    /// Why a file could not be read.
    pub unread: Option<String>,
}

/// Makes a package of what a folder holds.
///
/// Order, owners and times are left out: no release holds those of the folder
/// that it was put together in.
#[must_use]
pub fn folder(mut entries: Vec<FolderEntry>) -> Package {
    entries.sort_by(|first, second| first.path.cmp(&second.path));
    let mut package = Package::new(Kind::Folder);
    for entry in entries {
        let FolderEntry { path, kind, mode, size, digest, unread } = entry;
        let mut member = Member::bare(&path, kind, size);
        // Those of a link are of the file system, and nothing reads them.
        member.mode = (!matches!(member.kind, MemberKind::Symlink(_))).then_some(mode & 0o7777);
        member.digest = digest;
        member.unread = unread.map(Into::into);
        package.unpacked = package.unpacked.saturating_add(size);
        package.members.push(member);
    }
    names::note_hostile(&mut package);
    package
}
