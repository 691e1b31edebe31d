//! Why two executables differ: few causes, the bytes that each explains, and what nothing explains.
//!
//! The account of [`crate::binary_diff`] says to what each differing byte belongs. Here it is held
//! against what the files say of themselves (build IDs, build info, names), until each byte belongs to a
//! cause, is an echo of one, or is left over.

mod code;
mod data;
mod embedded;
mod image_facts;
mod leftover;
mod paths;
mod place;
pub(in crate::diff) mod settings;
mod strings;
mod summary;
mod texts;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::binary::image::Image;
use crate::binary::pclntab::Pclntab;
use crate::binary_diff::{self, BinaryDiff, Owner};
use crate::diff::artifacts::Change;
use crate::diff::build_ids::BuildIdMeaning;
use crate::diff::category::Category;
use crate::golang::mod_info::{self, SettingChange};

pub use code::{Functions, PackageChange};
pub use leftover::Leftover;

/// Why two executables differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutableDiff {
    pub build_id: BuildIdMeaning,
    /// Most telling first. Empty only where nothing at all is known.
    pub causes: Vec<Cause>,
    pub bytes: Bytes,
    pub functions: Functions,
    /// Every difference, also the echoes, in the order of [`Level`].
    pub differences: Vec<Difference>,
    /// Stretches that nothing explains, the first [`leftover::ROWS`] of them.
    pub unexplained: Vec<Leftover>,
    /// What could not be compared, a sentence fragment each. As long as there is one, nothing missing
    /// above means "the same".
    pub notes: Vec<String>,
}

/// Differing bytes, and how many of them are explained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes {
    pub differing: u64,
    pub explained: u64,
    /// To what the differing bytes belong.
    pub owners: BTreeMap<Owner, u64>,
    /// Of debug sections that are packed in the files: the bytes that differ unpacked.
    pub unpacked: u64,
    /// Whether FIRST and the differences give SECOND, byte for byte. `None` where bytes were not compared.
    pub is_proven: Option<bool>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub category: Category,
    /// One line: what differs.
    pub title: String,
    /// The two values, where there are two.
    pub first: Option<String>,
    pub second: Option<String>,
    /// Differing bytes that are of it itself, and not of what follows from it.
    pub bytes: u64,
    /// More of what differs, one line each.
    pub details: Vec<String>,
    /// What to do.
    pub fix: Option<String>,
}

impl Cause {
    pub(in crate::diff) fn new(category: Category, title: impl Into<String>) -> Self {
        Self {
            category,
            title: title.into(),
            first: None,
            second: None,
            bytes: 0,
            details: Vec::new(),
            fix: category.fix().map(str::to_owned),
        }
    }
}

/// Where a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    BuildId,
    BuildInfo,
    Container,
    Section,
    Symbol,
    Path,
    Bytes,
}

impl Level {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuildId => "build-id",
            Self::BuildInfo => "buildinfo",
            Self::Container => "container",
            Self::Section => "section",
            Self::Symbol => "symbol",
            Self::Path => "path",
            Self::Bytes => "bytes",
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub level: Level,
    pub name: String,
    /// `None` where the file does not have it.
    pub first: Option<String>,
    pub second: Option<String>,
    /// Of the cause that it belongs to; `None` for an echo of another difference.
    pub category: Option<Category>,
}

/// Two executables with what is known of them before their bytes are compared.
struct Pair<'a> {
    images: [&'a Image<'a>; 2],
    lines: [Option<Pclntab<'a>>; 2],
    build_id: BuildIdMeaning,
    settings: Vec<SettingChange>,
    go_version: Option<Change<String>>,
    diff: BinaryDiff,
}

impl Pair<'_> {
    /// Whether both are Go programs, of which more is known than their bytes.
    fn are_go(&self) -> bool {
        self.images.iter().zip(&self.lines).all(|(image, lines)| {
            image.build_info.is_some() || image.build_id.is_some() || lines.is_some()
        })
    }
}

/// What is found so far.
#[derive(Default)]
struct Findings {
    causes: Vec<Cause>,
    differences: Vec<Difference>,
    /// The cause that all changed code belongs to, where there is one: another toolchain, other flags.
    absorber: Option<usize>,
    /// Variables that the linker stamped.
    stamped: BTreeSet<String>,
    /// Owners of stretches that their place in the file did not tell, by their number in the account.
    owners: BTreeMap<usize, Owner>,
}

impl Findings {
    fn add(&mut self, cause: Cause) -> usize {
        self.causes.push(cause);
        self.causes.len().saturating_sub(1)
    }

    fn differ(
        &mut self,
        level: Level,
        name: impl Into<String>,
        values: [Option<String>; 2],
        category: Option<Category>,
    ) {
        let [first, second] = values;
        self.differences.push(Difference { level, name: name.into(), first, second, category });
    }

    fn has(&self, category: Category) -> bool {
        self.causes.iter().any(|cause| cause.category == category)
    }
}

/// What to leave out of a comparison.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Signatures and checksums of the container.
    pub ignore_signature: bool,
}

/// Says why two executables of different bytes differ.
///
/// Files of other formats or machines are compared by what they say of themselves alone.
#[must_use]
pub fn explain(first: &Image<'_>, second: &Image<'_>, options: Options) -> ExecutableDiff {
    let is_comparable = first.format == second.format;
    let diff =
        if is_comparable { binary_diff::compare(first, second) } else { BinaryDiff::default() };
    let (one, other) = (first.build_info.as_ref(), second.build_info.as_ref());
    let pair = Pair {
        images: [first, second],
        lines: [Pclntab::read(first), Pclntab::read(second)],
        build_id: BuildIdMeaning::of(first.build_id.as_ref(), second.build_id.as_ref()),
        settings: match (one, other) {
            (Some(one), Some(other)) => mod_info::diff(&one.mod_info, &other.mod_info),
            _ => Vec::new(),
        },
        go_version: one.zip(other).filter(|(one, other)| one.go_version != other.go_version).map(
            |(one, other)| Change {
                first: one.go_version.clone(),
                second: other.go_version.clone(),
            },
        ),
        diff,
    };
    let mut findings = Findings::default();
    image_facts::differences(&pair, &mut findings);
    if !pair.are_go() {
        return summary::conclude(&pair, findings, Functions::default(), options);
    }
    settings::causes(&pair, &mut findings);
    image_facts::causes(&pair, &mut findings);
    values::causes(&pair, &mut findings);
    paths::causes(&pair, &mut findings);
    let functions = code::causes(&pair, &mut findings);
    data::causes(&pair, &mut findings);
    summary::conclude(&pair, findings, functions, options)
}
