//! Entries that are a miss to go, or worse: a hit on other bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scan, Told};
use crate::golang::cache_entry::{Hash, hex};

/// A file of a cache that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Relative to the cache.
    pub path: String,
    pub fault: Fault,
    /// The package, where it is known.
    pub package: Option<String>,
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    #[error("its bytes are not those that its name is the SHA-256 of: go takes it for a hit")]
    Content,
    #[error("no index entry: {why}; go takes it for a miss")]
    Entry { why: String },
    #[error("it is the entry of another action, {action}; go takes it for a miss")]
    Action { action: String },
    #[error("its output {output} is missing; go takes it for a miss")]
    Missing { output: String },
    #[error("its output {output} has {found} bytes in place of {expected}; go takes it for a miss")]
    Size { output: String, expected: u64, found: u64 },
    #[error("a damaged package archive: {why}")]
    Archive { why: String },
    #[error("the folder of an executable holds {} in place of one file", what(*files))]
    Folder { files: usize },
    #[error("cut or half written: no entry of its size names it, so go never reads it")]
    Partial,
}

impl Fault {
    /// Returns the stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Entry { .. } => "entry",
            Self::Action { .. } => "action",
            Self::Missing { .. } => "missing",
            Self::Size { .. } => "size",
            Self::Archive { .. } => "archive",
            Self::Folder { .. } => "folder",
            Self::Partial => "partial",
        }
    }
}

/// What is there where one file should be.
fn what(files: usize) -> String {
    match files {
        0 => "nothing".to_owned(),
        1 => "a link or another folder".to_owned(),
        files => format!("{files} files"),
    }
}

/// The output of each hash, by name: its bytes, or `None` where go does not compare them.
pub(super) fn find(scan: &Scan) -> Vec<Broken> {
    let sizes: BTreeMap<Hash, u64> =
        scan.outputs.iter().map(|output| (output.output, output.stat.bytes)).collect();
    let entries = scan.entries.iter().filter_map(|file| file.content.as_ref().ok());
    let named: BTreeSet<(Hash, u64)> = entries.map(|entry| (entry.output, entry.size)).collect();
    let mut broken = Vec::new();
    for file in &scan.entries {
        let fault = match &file.content {
            Err(why) => Some(Fault::Entry { why: why.to_string() }),
            Ok(entry) if entry.action != file.action => {
                Some(Fault::Action { action: hex(&entry.action) })
            }
            Ok(entry) => match sizes.get(&entry.output) {
                None => Some(Fault::Missing { output: hex(&entry.output) }),
                Some(found) if *found != entry.size => Some(Fault::Size {
                    output: hex(&entry.output),
                    expected: entry.size,
                    found: *found,
                }),
                Some(_) => None,
            },
        };
        broken.extend(fault.map(|fault| Broken {
            path: path(&file.action, 'a'),
            fault,
            package: None,
        }));
    }
    for file in &scan.outputs {
        let path = || path(&file.output, 'd');
        let package = match &file.told {
            Told::Archive(peek) => peek.package.clone(),
            Told::Executable(linked) => {
                Some(linked.package.clone()).filter(|path| !path.is_empty())
            }
            Told::Nothing | Told::BadArchive(_) | Told::BadFolder(_) => None,
        };
        let is_found = || named.contains(&(file.output, file.stat.bytes));
        let fault = match &file.told {
            _ if file.is_intact == Some(false) && is_found() => Fault::Content,
            // A go that was stopped, or writes it now.
            _ if file.is_intact == Some(false) => Fault::Partial,
            Told::BadArchive(_) if !is_found() => Fault::Partial,
            Told::BadArchive(why) => Fault::Archive { why: why.clone() },
            Told::BadFolder(files) => Fault::Folder { files: *files },
            Told::Nothing | Told::Archive(_) | Told::Executable(_) => continue,
        };
        broken.push(Broken { path: path(), fault, package });
    }
    broken.sort_by(|one, other| (&one.fault, &one.path).cmp(&(&other.fault, &other.path)));
    broken
}

/// Returns where a file is in a cache.
pub(crate) fn path(hash: &Hash, kind: char) -> String {
    let name = hex(hash);
    format!("{}/{name}-{kind}", name.get(..2).unwrap_or_default())
}
