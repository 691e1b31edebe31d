//! Two files of any kind, and why they differ.

use sha2::{Digest as _, Sha256};

use crate::binary::image::Image;
use crate::binary::{self, ObjectError};
use crate::diff::executable::{self, Cause, ExecutableDiff, Options};

/// Two files, or two members of archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePair {
    /// Path, or name in the archive; for a part of a universal file its architecture.
    pub name: String,
    pub first: Option<FileSide>,
    pub second: Option<FileSide>,
    pub outcome: Outcome,
}

/// One of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSide {
    /// In lowercase hex.
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
    /// Files with others in them.
    Parts(Vec<FilePair>),
    /// Neither executables nor archives: where their bytes begin to differ, from 0 on.
    Content {
        offset: usize,
    },
    /// What could not be read of either is never the same.
    Unread {
        why: String,
    },
}

impl FilePair {
    /// Whether nothing differs, apart from what the comparison was asked to leave out.
    #[must_use]
    pub fn is_same(&self) -> bool {
        match &self.outcome {
            Outcome::Identical => true,
            Outcome::Executable(diff) => diff.bytes.differing == 0 && diff.causes.is_empty(),
            Outcome::Parts(parts) => parts.iter().all(Self::is_same),
            _ => false,
        }
    }

    /// All causes, with the names of the files that have each, in the order of the files.
    #[must_use]
    pub fn causes(&self) -> Vec<(&Cause, Vec<&str>)> {
        let mut found: Vec<(&Cause, Vec<&str>)> = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<(&'a Cause, Vec<&'a str>)>) {
        let is_one = |one: &Cause, other: &Cause| {
            let key = |cause: &Cause| {
                (cause.category, cause.title.clone(), cause.first.clone(), cause.second.clone())
            };
            key(one) == key(other)
        };
        match &self.outcome {
            Outcome::Executable(diff) => {
                for cause in &diff.causes {
                    match found.iter_mut().find(|(known, _)| is_one(known, cause)) {
                        Some((_, names)) => names.push(&self.name),
                        None => found.push((cause, vec![&self.name])),
                    }
                }
            }
            Outcome::Parts(parts) => parts.iter().for_each(|part| part.collect(found)),
            _ => {}
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

/// Compares two files.
#[must_use]
pub fn compare(name: &str, first: &[u8], second: &[u8], options: Options) -> FilePair {
    let one = describe(first);
    let (other, outcome) = if first == second {
        (one.clone(), Outcome::Identical)
    } else {
        (describe(second), differing(first, second, options))
    };
    FilePair { name: name.to_owned(), first: Some(one), second: Some(other), outcome }
}

fn differing(first: &[u8], second: &[u8], options: Options) -> Outcome {
    if let Some(parts) = universal(first, second, options) {
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
        _ => Outcome::Content {
            offset: first.iter().zip(second).take_while(|(one, other)| one == other).count(),
        },
    }
}

/// Compares the architectures of universal files by name; a plain file is one of a single architecture.
fn universal(first: &[u8], second: &[u8], options: Options) -> Option<Vec<FilePair>> {
    if binary::universal_slices(first).is_none() && binary::universal_slices(second).is_none() {
        return None;
    }
    let (first, mut second) = (slices(first), slices(second));
    let mut parts = Vec::new();
    for (arch, content) in first {
        let other = second.iter().position(|(name, _)| *name == arch);
        match other.map(|at| second.remove(at)) {
            Some((_, other)) => parts.push(compare(&arch, content, other, options)),
            None => parts.push(FilePair {
                name: arch,
                first: Some(describe(content)),
                second: None,
                outcome: Outcome::OnlyFirst,
            }),
        }
    }
    parts.extend(second.into_iter().map(|(name, content)| FilePair {
        name,
        first: None,
        second: Some(describe(content)),
        outcome: Outcome::OnlySecond,
    }));
    Some(parts)
}

/// The architectures of a file, and their parts of it.
fn slices(file: &[u8]) -> Vec<(String, &[u8])> {
    let ranges = binary::universal_slices(file).unwrap_or_else(|| vec![0..file.len()]);
    let part = |range| {
        let content: &[u8] = file.get::<std::ops::Range<usize>>(range)?;
        let format = Image::parse(content).ok().map(|image| image.format);
        Some((format.and_then(|format| format.arch).unwrap_or_default(), content))
    };
    ranges.into_iter().filter_map(part).collect()
}
