//! Two files of any kind, and why they differ.

use indexmap::IndexMap;
use sha2::{Digest as _, Sha256};

use crate::binary::image::Image;
use crate::binary::{self, ObjectError};
use crate::diff::category::Category;
use crate::diff::executable::{self, Cause, ExecutableDiff, Options};
use crate::diff::packages::lines::{self, TextDiff};
use crate::diff::packages::{self, PackageDiff, Side};

/// Two files, or two members of archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePair {
    /// Path, or path below the archives that it is in; for a part of a universal file its architecture.
    pub name: String,
    /// Its name in FIRST, where that is another.
    pub first_name: Option<String>,
    pub first: Option<FileSide>,
    pub second: Option<FileSide>,
    pub outcome: Outcome,
}

/// One of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSide {
    /// In lowercase hex; empty for a folder.
    pub sha256: String,
    pub bytes: u64,
    /// What kind of file it is, such as `ELF 64-bit little-endian amd64`.
    pub format: String,
    /// Of its build info; empty without one.
    pub go_version: String,
}

/// How two files compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Equal bytes.
    Identical,
    OnlyFirst,
    OnlySecond,
    Executable(Box<ExecutableDiff>),
    /// The architectures of a universal file, or the one member that a plain file is compared with.
    Parts(Vec<FilePair>),
    /// Archives, compressed files, folders.
    Package(Box<PackageDiff>),
    /// Neither executables nor archives: where their bytes begin to differ, from 0 on.
    Content {
        offset: usize,
        /// Of small texts alone.
        text: Option<TextDiff>,
    },
    /// Differs because other members do, such as a list of checksums.
    Follows {
        why: &'static str,
    },
    /// What could not be read of either is never the same.
    Unread {
        why: String,
    },
}

impl FilePair {
    /// A file that one side alone has, as `outcome` says.
    pub(in crate::diff) fn of_one_side(name: String, side: FileSide, outcome: Outcome) -> Self {
        let (first, second) = match outcome {
            Outcome::OnlyFirst => (Some(side), None),
            _ => (None, Some(side)),
        };
        Self { name, first_name: None, first, second, outcome }
    }

    /// Whether nothing differs, apart from what the comparison was asked to leave out.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.verdict() == Verdict::Same
    }

    /// What can be said of the two: a difference that was found weighs more than what was not read.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let of = |parts: &[Self]| parts.iter().map(Self::verdict).max().unwrap_or(Verdict::Same);
        match &self.outcome {
            Outcome::Identical => Verdict::Same,
            Outcome::Executable(diff) if diff.bytes.differing == 0 && diff.causes.is_empty() => {
                Verdict::Same
            }
            Outcome::Parts(parts) => of(parts),
            Outcome::Package(package) if package.causes.is_empty() => of(&package.parts),
            Outcome::Unread { .. } => Verdict::Unknown,
            _ => Verdict::Differs,
        }
    }

    /// Whether FIRST and the differences give SECOND, for each pair of executables.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        match &self.outcome {
            Outcome::Executable(diff) => diff.bytes.is_proven == Some(true),
            Outcome::Parts(parts) => parts.iter().all(Self::is_proven),
            Outcome::Package(package) => package.parts.iter().all(Self::is_proven),
            Outcome::Unread { .. } => false,
            _ => true,
        }
    }

    /// All causes, each once with the files that have it, in the order of the files. What is of
    /// archives comes last.
    #[must_use]
    pub fn causes(&self) -> Vec<SharedCause<'_>> {
        let mut found = Shared::default();
        self.collect(&mut found);
        let Shared { causes, executables, packages } = found;
        let (mut inside, mut around) = (Vec::new(), Vec::new());
        for ((_, of_package), mut shared) in causes {
            shared.of = if of_package { packages } else { executables };
            if of_package { around.push(shared) } else { inside.push(shared) }
        }
        inside.append(&mut around);
        inside
    }

    fn collect<'a>(&'a self, found: &mut Shared<'a>) {
        match &self.outcome {
            Outcome::Executable(diff) => {
                found.executables = found.executables.saturating_add(1);
                diff.causes.iter().for_each(|cause| found.add(cause, &self.name, false));
            }
            Outcome::Parts(parts) => parts.iter().for_each(|part| part.collect(found)),
            Outcome::Package(package) => {
                // What is around a release folder is of no archive.
                found.packages = found.packages.saturating_add(usize::from(!package.has_folder));
                package.causes.iter().for_each(|cause| found.add(cause, &self.name, true));
                package.parts.iter().for_each(|part| part.collect(found));
            }
            _ => {}
        }
    }
}

/// What a comparison comes to; the later weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Same,
    /// No difference was found, and not all could be read.
    Unknown,
    Differs,
}

/// One cause of several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedCause<'a> {
    /// As the first of the files has it.
    pub cause: &'a Cause,
    /// Those that have it, by [`FilePair::name`].
    pub files: Vec<&'a str>,
    /// Whether it is of archives and not of what they hold.
    pub is_around: bool,
    /// Whether it is not quite the same in all: one change of the source reaches other functions of
    /// other platforms.
    pub varies: bool,
    /// How many executables differ, or, for what is of archives, how many of these.
    pub of: usize,
    /// Of all files together.
    pub bytes: u64,
}

/// What a cause is about, without the functions that it counts and names.
fn kind(cause: &Cause) -> &str {
    let kinds = ["the code of ", "line numbers of "];
    let kind = kinds.into_iter().find(|kind| cause.title.starts_with(kind));
    kind.filter(|_| cause.category == Category::Source).unwrap_or(&cause.title)
}

/// What makes two causes one.
type CauseKey<'a> = (Category, &'a str, Option<&'a str>, Option<&'a str>);

#[derive(Default)]
struct Shared<'a> {
    /// By what makes causes one, and whether they are of archives.
    causes: IndexMap<(CauseKey<'a>, bool), SharedCause<'a>>,
    executables: usize,
    packages: usize,
}

impl<'a> Shared<'a> {
    fn add(&mut self, cause: &'a Cause, file: &'a str, of_package: bool) {
        let key = (cause.category, kind(cause), cause.first.as_deref(), cause.second.as_deref());
        let none = SharedCause {
            cause,
            files: Vec::new(),
            is_around: of_package,
            varies: false,
            of: 0,
            bytes: 0,
        };
        let shared = self.causes.entry((key, of_package)).or_insert(none);
        shared.varies |= shared.cause.title != cause.title;
        shared.bytes = shared.bytes.saturating_add(cause.bytes);
        if shared.files.last() != Some(&file) {
            shared.files.push(file);
        }
    }
}

/// Describes one file.
#[must_use]
pub fn describe(content: &[u8]) -> FileSide {
    let image = Image::parse(content);
    let format = match &image {
        Ok(image) => image.format.to_string(),
        Err(_) if binary::universal_slices(content).is_some() => "universal Mach-O".to_owned(),
        Err(ObjectError::NotAnObject { found }) => found.clone(),
        Err(why) => why.to_string(),
    };
    let go_version = image.ok().and_then(|image| image.build_info).map(|info| info.go_version);
    FileSide {
        sha256: Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
        format,
        go_version: go_version.unwrap_or_default(),
    }
}

/// Compares two files: executables, archives or anything else.
#[must_use]
pub fn compare(name: &str, first: &[u8], second: &[u8], options: Options) -> FilePair {
    packages::compare([name, name], Side::File(first), Side::File(second), options)
}

/// Compares two files that are no archives.
fn plain(name: &str, first: &[u8], second: &[u8], options: Options) -> FilePair {
    let one = describe(first);
    let (other, outcome) = if first == second {
        (one.clone(), Outcome::Identical)
    } else {
        (describe(second), differing("", first, second, options))
    };
    FilePair {
        name: name.to_owned(),
        first_name: None,
        first: Some(one),
        second: Some(other),
        outcome,
    }
}

/// Says how two files of different bytes that are no archives compare. `within` is the path of the
/// file in an archive, if it is in one.
pub(in crate::diff) fn differing(
    within: &str,
    first: &[u8],
    second: &[u8],
    options: Options,
) -> Outcome {
    if let Some(parts) = universal(within, first, second, options) {
        return Outcome::Parts(parts);
    }
    match (Image::parse(first), Image::parse(second)) {
        (Ok(first), Ok(second)) => {
            Outcome::Executable(Box::new(executable::explain(&first, &second, options)))
        }
        (Err(ObjectError::Malformed { .. }), _) | (_, Err(ObjectError::Malformed { .. })) => {
            let why = |file: &[u8], side: &str| {
                Image::parse(file).err().map(|why| format!("{side}: {why}"))
            };
            let both = [why(first, "FIRST"), why(second, "SECOND")];
            Outcome::Unread { why: both.into_iter().flatten().collect::<Vec<_>>().join("; ") }
        }
        _ => {
            Outcome::Content { offset: common(first, second), text: lines::compare(first, second) }
        }
    }
}

/// How many bytes two files have in common from their start.
pub(in crate::diff) fn common(first: &[u8], second: &[u8]) -> usize {
    first.iter().zip(second).take_while(|(one, other)| one == other).count()
}

/// Compares the architectures of universal files by name; a plain file is one of a single architecture.
fn universal(within: &str, first: &[u8], second: &[u8], options: Options) -> Option<Vec<FilePair>> {
    if binary::universal_slices(first).is_none() && binary::universal_slices(second).is_none() {
        return None;
    }
    let (first, mut second) = (slices(first), slices(second));
    let named = |arch: String| if within.is_empty() { arch } else { format!("{within} ({arch})") };
    let mut parts = Vec::new();
    for (arch, content) in first {
        let other = second.iter().position(|(name, _)| *name == arch);
        match other.map(|at| second.remove(at)) {
            Some((_, other)) => parts.push(plain(&named(arch), content, other, options)),
            None => {
                parts.push(FilePair::of_one_side(
                    named(arch),
                    describe(content),
                    Outcome::OnlyFirst,
                ));
            }
        }
    }
    parts.extend(second.into_iter().map(|(arch, content)| {
        FilePair::of_one_side(named(arch), describe(content), Outcome::OnlySecond)
    }));
    Some(parts)
}

/// The architectures of a file, and their parts of it.
fn slices(file: &[u8]) -> Vec<(String, &[u8])> {
    let ranges =
        binary::universal_slices(file).unwrap_or_else(|| std::iter::once(0..file.len()).collect());
    let part = |range| {
        let content: &[u8] = file.get::<std::ops::Range<usize>>(range)?;
        let format = Image::parse(content).ok().map(|image| image.format);
        Some((format.and_then(|format| format.arch).unwrap_or_default(), content))
    };
    ranges.into_iter().filter_map(part).collect()
}
