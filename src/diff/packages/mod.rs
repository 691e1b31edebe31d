//! Two archives, folders or whatever is packed: members by name, each pair by what it holds, then what
//! is around them.

mod echo;
pub mod lines;
mod metadata;
mod single;

use std::borrow::Cow;

use crate::diff::category::Category;
use crate::diff::executable::{Cause, Options};
use crate::diff::files::{self, FilePair, FileSide, Outcome};
use crate::packing::{
    self, Budget, Contents, Kind, Limits, Member, MemberKind, Package, PackingError, pair,
};
use echo::{Echo, Echoes};

/// Bytes that all archives of a comparison may unpack to. No more than two members are held at a time.
const UNPACKED: u64 = 64 << 30;

/// Members that a message names.
const NAMED: usize = 8;

/// How two packages differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageDiff {
    /// Members that differ, that one side alone has, or that could not be read.
    pub parts: Vec<FilePair>,
    /// Files with equal content.
    pub identical: usize,
    /// Whether a side is a folder.
    pub has_folder: bool,
    /// What differs around the contents.
    pub causes: Vec<Cause>,
    /// What is worth knowing of an archive, such as names that lead out of it.
    pub notes: Vec<String>,
}

/// Gives the contents of the members of a package.
pub trait Members {
    /// Returns the content of the member of this index.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be read, and when it is larger than what may be.
    fn content(&mut self, index: usize) -> Result<Cow<'_, [u8]>, PackingError>;
}

impl Members for Contents<'_> {
    fn content(&mut self, index: usize) -> Result<Cow<'_, [u8]>, PackingError> {
        self.get(index)
    }
}

/// One side of a comparison.
pub enum Side<'a> {
    File(&'a [u8]),
    Folder { package: &'a Package, members: &'a mut dyn Members },
}

/// Compares two files or folders, known by these names.
#[must_use]
pub fn compare(names: [&str; 2], first: Side<'_>, second: Side<'_>, options: Options) -> FilePair {
    let mut budget = Budget::new(Limits { unpacked: UNPACKED, ..Limits::default() });
    let comparer = Comparer { options, names };
    let [first_name, name] = names;
    let at = At { within: "", name, first_name: (first_name != name).then_some(first_name) };
    match (first, second) {
        (Side::File(first), Side::File(second)) => comparer.files(at, first, second, &mut budget),
        (Side::Folder { package, members }, Side::File(file)) => {
            let opened = Opened { package, members };
            comparer.with_folder(at, opened, file, true, &mut budget)
        }
        (Side::File(file), Side::Folder { package, members }) => {
            let opened = Opened { package, members };
            comparer.with_folder(at, opened, file, false, &mut budget)
        }
        (
            Side::Folder { package: one, members: ours },
            Side::Folder { package: other, members: theirs },
        ) => {
            let sides = [folder_side(one), folder_side(other)];
            let is_empty = |package: &Package| {
                package.members.iter().all(|member| member.kind == MemberKind::Directory)
            };
            // A path that is wrong on both sides must not pass.
            if is_empty(one) && is_empty(other) {
                let why = "both folders hold no file: nothing was compared".to_owned();
                return at.pair(sides, Outcome::Unread { why });
            }
            let first = Opened { package: one, members: ours };
            let second = Opened { package: other, members: theirs };
            let diff = comparer.packages(at.within, first, second, &mut budget);
            let outcome = if diff.parts.is_empty() && diff.causes.is_empty() {
                Outcome::Identical
            } else {
                Outcome::Package(Box::new(diff))
            };
            at.pair(sides, outcome)
        }
    }
}

fn is_folder(package: &Package) -> bool {
    package.kind == Kind::Folder
}

fn folder_side(package: &Package) -> FileSide {
    FileSide { bytes: package.unpacked, format: format(package), ..FileSide::default() }
}

/// Such as `tar in gzip of 3 files`.
fn format(package: &Package) -> String {
    match package.members.iter().filter(|member| member.kind != MemberKind::Directory).count() {
        _ if package.kind == Kind::Single => package.format(),
        1 => format!("{} of 1 file", package.format()),
        files => format!("{} of {files} files", package.format()),
    }
}

/// The members of one side.
struct Opened<'p> {
    package: &'p Package,
    members: &'p mut dyn Members,
}

/// Where the files that are compared are.
#[derive(Clone, Copy)]
struct At<'n> {
    /// Path in the outermost archive; empty for what the caller named.
    within: &'n str,
    name: &'n str,
    first_name: Option<&'n str>,
}

impl At<'_> {
    fn pair(&self, [first, second]: [FileSide; 2], outcome: Outcome) -> FilePair {
        FilePair {
            name: self.name.to_owned(),
            first_name: self.first_name.map(str::to_owned),
            first: Some(first),
            second: Some(second),
            outcome,
        }
    }
}

struct Comparer<'n> {
    options: Options,
    /// As the caller named the two.
    names: [&'n str; 2],
}

impl Comparer<'_> {
    fn files(&self, at: At<'_>, first: &[u8], second: &[u8], budget: &mut Budget) -> FilePair {
        let one = files::describe(first);
        if first == second {
            return at.pair([one.clone(), one], Outcome::Identical);
        }
        let mut sides = [one, files::describe(second)];
        let opened = [packing::open(first, budget), packing::open(second, budget)];
        for (side, opened) in sides.iter_mut().zip(&opened) {
            if let Ok(Some(package)) = opened {
                side.format = format(package);
            }
        }
        let outcome = match opened {
            [Ok(None), Ok(None)] => files::differing(at.within, first, second, self.options),
            [Ok(Some(ours)), Ok(Some(theirs))] => {
                let mut members = [Contents::new(first, &ours), Contents::new(second, &theirs)];
                let [one, other] = &mut members;
                let one = Opened { package: &ours, members: one };
                let other = Opened { package: &theirs, members: other };
                let mut diff = self.packages(at.within, one, other, budget);
                if diff.parts.is_empty() && diff.causes.is_empty() {
                    diff.causes.push(unaccounted(first, second));
                }
                Outcome::Package(Box::new(diff))
            }
            [Ok(Some(package)), Ok(None)] => {
                let mut members = Contents::new(first, &package);
                let opened = Opened { package: &package, members: &mut members };
                self.with_file(at, opened, second, true, budget)
            }
            [Ok(None), Ok(Some(package))] => {
                let mut members = Contents::new(second, &package);
                let opened = Opened { package: &package, members: &mut members };
                self.with_file(at, opened, first, false, budget)
            }
            [ours, theirs] => {
                let why = [("FIRST", ours.err()), ("SECOND", theirs.err())];
                let why =
                    why.into_iter().filter_map(|(side, why)| Some(format!("{side}: {}", why?)));
                Outcome::Unread { why: why.collect::<Vec<_>>().join("; ") }
            }
        };
        at.pair(sides, outcome)
    }

    fn with_folder(
        &self,
        at: At<'_>,
        folder: Opened<'_>,
        file: &[u8],
        folder_is_first: bool,
        budget: &mut Budget,
    ) -> FilePair {
        let mut sides = [folder_side(folder.package), files::describe(file)];
        let outcome = match packing::open(file, budget) {
            Err(why) => Outcome::Unread { why: why.to_string() },
            Ok(None) => self.with_file(at, folder, file, folder_is_first, budget),
            Ok(Some(package)) => {
                sides[1].format = format(&package);
                let mut members = Contents::new(file, &package);
                let archive = Opened { package: &package, members: &mut members };
                let diff = if folder_is_first {
                    self.packages(at.within, folder, archive, budget)
                } else {
                    self.packages(at.within, archive, folder, budget)
                };
                Outcome::Package(Box::new(diff))
            }
        };
        if !folder_is_first {
            sides.reverse();
        }
        at.pair(sides, outcome)
    }

    fn packages(
        &self,
        within: &str,
        mut first: Opened<'_>,
        mut second: Opened<'_>,
        budget: &mut Budget,
    ) -> PackageDiff {
        let packages = [first.package, second.package];
        let pairing = pair(&packages[0].members, &packages[1].members);
        let echoes = Echoes::new(packages[0], packages[1], &pairing);
        let has_folder = packages.iter().any(|package| is_folder(package));
        // Many packers leave directories out.
        let is_listed = |member: &Member| !(has_folder && member.kind == MemberKind::Directory);
        let (mut parts, mut identical, mut signatures) = (Vec::new(), 0_usize, Vec::new());
        for pair in &pairing.pairs {
            let one = pair.first.and_then(|at| Some((at, packages[0].members.get(at)?)));
            let other = pair.second.and_then(|at| Some((at, packages[1].members.get(at)?)));
            match (one, other) {
                (Some(ours), Some(theirs)) if ours.1.same_content(theirs.1) == Some(true) => {
                    identical = identical.saturating_add(usize::from(is_file(ours.1)));
                }
                (Some(ours), Some(theirs)) if is_file(ours.1) && is_file(theirs.1) => {
                    let (first, second) = ((&mut first, ours), (&mut second, theirs));
                    match self.members(within, first, second, &echoes, budget) {
                        Compared::Pair(pair) => parts.push(*pair),
                        Compared::Signature => signatures.push(format!("`{}`", theirs.1.path())),
                    }
                }
                // A file here and a link there: told with the metadata.
                (Some(_), Some(_)) => {}
                (Some((_, ours)), None) if is_listed(ours) => {
                    let name = join(within, ours);
                    parts.push(FilePair::of_one_side(name, side(ours), Outcome::OnlyFirst));
                }
                (None, Some((_, theirs))) if is_listed(theirs) => {
                    let name = join(within, theirs);
                    parts.push(FilePair::of_one_side(name, side(theirs), Outcome::OnlySecond));
                }
                _ => {}
            }
        }
        let mut causes = metadata::causes(packages[0], packages[1], &pairing);
        if !signatures.is_empty() && !self.options.ignore_signature {
            let mut cause = Cause::new(Category::Signature, "other signatures of equal files");
            signatures.truncate(NAMED);
            cause.details = signatures;
            causes.push(cause);
        }
        let notes = ["FIRST", "SECOND"].into_iter().zip(packages);
        let notes = notes
            .flat_map(|(side, package)| package.notes.iter().map(move |note| (side, note)))
            .map(|(side, note)| match within {
                "" => format!("{side}: {note}"),
                within => format!("{side}: {within}: {note}"),
            })
            .collect();
        PackageDiff { parts, identical, has_folder, causes, notes }
    }

    /// Compares two members of equal kind and unequal or unread content.
    fn members(
        &self,
        within: &str,
        (first, ours): (&mut Opened<'_>, (usize, &Member)),
        (second, theirs): (&mut Opened<'_>, (usize, &Member)),
        echoes: &Echoes<'_>,
        budget: &mut Budget,
    ) -> Compared {
        let (name, first_name) = (join(within, theirs.1), join(within, ours.1));
        let at = At {
            within: &name,
            name: &name,
            first_name: (ours.1.path() != theirs.1.path()).then_some(first_name.as_str()),
        };
        let read = first.members.content(ours.0).and_then(|one| {
            let other = second.members.content(theirs.0)?;
            match echoes.of(theirs.1.path(), &one, &other) {
                Some(Echo::Signature) => Ok(Compared::Signature),
                Some(Echo::Follows(why)) => {
                    let sides = [files::describe(&one), files::describe(&other)];
                    Ok(Compared::Pair(Box::new(at.pair(sides, Outcome::Follows { why }))))
                }
                None => budget.inside(|budget| {
                    Ok(Compared::Pair(Box::new(self.files(at, &one, &other, budget))))
                }),
            }
        });
        read.unwrap_or_else(|why| {
            let outcome = Outcome::Unread { why: why.to_string() };
            Compared::Pair(Box::new(at.pair([side(ours.1), side(theirs.1)], outcome)))
        })
    }
}

enum Compared {
    Pair(Box<FilePair>),
    /// Of files that are the same.
    Signature,
}

/// What is left when the bytes of two archives differ and nothing else does.
fn unaccounted(first: &[u8], second: &[u8]) -> Cause {
    let title = "bytes of the archive that hold neither content nor metadata";
    let mut cause = Cause::new(Category::Unknown, title);
    let offset = files::common(first, second).saturating_add(1);
    cause.details.push(format!("from byte {offset} on"));
    cause
}

fn is_file(member: &Member) -> bool {
    member.kind == MemberKind::File
}

fn side(member: &Member) -> FileSide {
    FileSide {
        sha256: member.digest.map(|digest| digest.to_string()).unwrap_or_default(),
        bytes: member.size,
        format: member.kind.to_string(),
        go_version: String::new(),
    }
}

fn join(within: &str, member: &Member) -> String {
    if within.is_empty() { member.path().to_owned() } else { format!("{within}/{}", member.path()) }
}
