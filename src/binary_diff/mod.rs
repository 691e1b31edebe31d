//! Why two executables differ: every byte of the second is a copy, a foretold address, or has an owner.
//!
//! Functions are matched by name and compared with the addresses in their instructions; variables by
//! name; what has no name by content; debug sections unpacked.

use std::collections::BTreeMap;

mod account;
mod address_map;
mod align;
mod code;
mod compare;
mod functions;
mod marks;
mod matched;
mod owner;
mod pieces;
mod regions;
mod special;
mod targets;
mod text_lens;
mod variables;
mod walk;
mod words;

pub use account::{Hunk, differing_bytes};
pub use functions::FunctionChange;
pub use owner::Owner;

use crate::binary::image::Image;
use code::Decoder;

/// What two executables differ in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinaryDiff {
    /// Differing bytes by what they belong to.
    pub bytes: BTreeMap<Owner, u64>,
    /// Where these are, in the order of the second file; moved addresses are not among them.
    pub hunks: Vec<Hunk>,
    /// The same of debug sections that are packed in the files, by the name of the section.
    pub unpacked: BTreeMap<String, BTreeMap<Owner, u64>>,
    /// Whether addresses in instructions are known. Else code is compared byte by byte, and a function
    /// that moved counts as changed.
    pub is_decoded: bool,
    /// Functions of equal bytes.
    pub identical: usize,
    /// Functions that are equal but for addresses that the layout foretells.
    pub moved: usize,
    /// All other functions, by name in the order of the second file.
    pub changed: Vec<(String, FunctionChange)>,
    /// Whether the account makes the second file out of the first.
    pub is_whole: bool,
}

/// Compares two executables of one container format and architecture.
#[must_use]
pub fn compare(first: &Image<'_>, second: &Image<'_>) -> BinaryDiff {
    let (one, other) = (compare::Opened::new(first), compare::Opened::new(second));
    let found = compare::compare(&one, &other);
    let count =
        |change| found.functions.iter().filter(|function| function.change == change).count();
    let is_other = |change| !matches!(change, FunctionChange::Identical | FunctionChange::Moved);
    let changed = found.functions.iter().filter(|function| is_other(function.change));
    BinaryDiff {
        identical: count(FunctionChange::Identical),
        moved: count(FunctionChange::Moved),
        changed: changed
            .map(|function| (String::from_utf8_lossy(function.name).into_owned(), function.change))
            .collect(),
        is_whole: found.account.makes(first.file, second.file)
            && found.unpacked.iter().all(|section| section.is_whole),
        unpacked: found
            .unpacked
            .iter()
            .map(|section| (section.name.to_owned(), section.account.tally.clone()))
            .collect(),
        is_decoded: Decoder::of(first.format.arch.as_deref()) != Decoder::None,
        hunks: found.account.hunks,
        bytes: found.account.tally,
    }
}
