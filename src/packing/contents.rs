//! Gives the content of a member again, without keeping that of all.

use std::borrow::Cow;
use std::io::{self, Read};

use super::stream::broken;
use super::{Kind, Package, PackingError, Place, compression, zip};

/// Bytes up to which all that was unpacked is kept, so that any order is cheap.
const KEPT: u64 = 256 << 20;

/// How often a larger file is unpacked once more from its start.
const RESTARTS: usize = 16;

const WHAT: &str = "archive";

/// Contents of the members of one package.
///
/// Members of a large compressed tar are best asked for in their order: going
/// back unpacks from the start, which is done a few times only. Holds at most
/// 256 MiB besides the content that it gives.
pub struct Contents<'a> {
    file: &'a [u8],
    package: &'a Package,
    source: Source<'a>,
    restarts: usize,
}

enum Source<'a> {
    Unopened,
    Whole(Cow<'a, [u8]>),
    Stream(Counted<'a>),
}

struct Counted<'a> {
    inner: Box<dyn Read + 'a>,
    position: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl<'a> Contents<'a> {
    /// Takes the file that the package was opened from.
    #[must_use]
    pub const fn new(file: &'a [u8], package: &'a Package) -> Self {
        Self { file, package, source: Source::Unopened, restarts: 0 }
    }

    /// Gives the content of a member, as long as it was when the package was opened.
    ///
    /// # Errors
    ///
    /// Fails for a member that could not be read then, for one of a folder
    /// (the caller has its files), and when too large a file would have to be
    /// unpacked from its start too often.
    pub fn get(&mut self, index: usize) -> Result<Cow<'_, [u8]>, PackingError> {
        let Some(member) = self.package.members.get(index) else {
            let why = format!("there are {} members", self.package.members.len());
            return Err(PackingError::Unread { member: index.to_string(), why });
        };
        if let Some(why) = &member.unread {
            return Err(PackingError::Unread {
                member: member.name.to_string(),
                why: why.to_string(),
            });
        }
        if member.digest.is_none() {
            return Ok(Cow::Borrowed(&[]));
        }
        match member.place {
            Place::Nowhere => Err(PackingError::Unread {
                member: member.name.to_string(),
                why: "its content is not in this file".to_owned(),
            }),
            Place::Zip { at, method } => self.zip_member(at, method, member.size).map(Cow::Owned),
            Place::Unpacked { offset } => self.at(offset)?.content(member.size),
            Place::Sparse { header } => self.at(header)?.sparse(member.size).map(Cow::Owned),
        }
    }

    fn zip_member(
        &self,
        at: rawzip::ZipArchiveEntryWayfinder,
        method: rawzip::CompressionMethod,
        size: u64,
    ) -> Result<Vec<u8>, PackingError> {
        let archive = zip::locate(self.file)?;
        let entry = archive.get_entry(at).map_err(|error| broken(WHAT, 0, &error))?;
        match zip::decoder(entry.data(), method)? {
            Some(decoder) => whole(decoder, size, 0),
            None => Err(PackingError::Truncated { what: WHAT, offset: 0 }),
        }
    }

    /// Moves to an offset of the unpacked bytes.
    fn at(&mut self, offset: u64) -> Result<At<'_, 'a>, PackingError> {
        let algorithm = self.package.compression.as_ref().map(|found| found.algorithm);
        let (opens, backward) = match &self.source {
            Source::Unopened => (true, false),
            Source::Whole(_) => (false, false),
            Source::Stream(stream) => (false, stream.position > offset),
        };
        if opens || backward {
            let reader = compression::reader(self.file, algorithm)?;
            self.source = if self.package.kind == Kind::Tar && algorithm.is_none() {
                Source::Whole(Cow::Borrowed(self.file))
            } else if backward && self.package.unpacked <= KEPT {
                Source::Whole(Cow::Owned(whole(reader, self.package.unpacked, 0)?))
            } else if self.restarts > RESTARTS {
                return Err(PackingError::OutOfOrder);
            } else {
                self.restarts = self.restarts.saturating_add(1);
                Source::Stream(Counted { inner: reader, position: 0 })
            };
        }
        match &mut self.source {
            Source::Unopened => Err(PackingError::Truncated { what: WHAT, offset }),
            Source::Whole(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
                rest.map(At::Slice).ok_or(PackingError::Truncated { what: WHAT, offset })
            }
            Source::Stream(stream) => {
                let skip = offset.saturating_sub(stream.position);
                io::copy(&mut stream.take(skip), &mut io::sink())
                    .map_err(|error| broken(WHAT, offset, &error))?;
                Ok(At::Stream(stream))
            }
        }
    }
}

/// The unpacked bytes from some offset on.
enum At<'s, 'a> {
    Slice(&'s [u8]),
    Stream(&'s mut Counted<'a>),
}

impl<'s> At<'s, '_> {
    fn content(self, size: u64) -> Result<Cow<'s, [u8]>, PackingError> {
        match self {
            At::Slice(bytes) => usize::try_from(size)
                .ok()
                .and_then(|size| bytes.get(..size))
                .map(Cow::Borrowed)
                .ok_or(PackingError::Truncated { what: WHAT, offset: 0 }),
            At::Stream(stream) => {
                let offset = stream.position;
                whole(stream, size, offset).map(Cow::Owned)
            }
        }
    }

    /// Reads a member with holes, from its header on.
    fn sparse(self, size: u64) -> Result<Vec<u8>, PackingError> {
        match self {
            At::Slice(bytes) => first_member(bytes, size, 0),
            At::Stream(stream) => {
                let offset = stream.position;
                first_member(stream, size, offset)
            }
        }
    }
}

fn first_member(from: impl Read, size: u64, offset: u64) -> Result<Vec<u8>, PackingError> {
    let read = |error: io::Error| broken(WHAT, offset, &error);
    let mut archive = tar::Archive::new(from);
    let entry = archive.entries().map_err(read)?.next();
    let entry = entry.ok_or(PackingError::Truncated { what: WHAT, offset })?.map_err(read)?;
    whole(entry, size, offset)
}

/// Reads exactly as many bytes as there were when the package was opened.
fn whole(from: impl Read, size: u64, offset: u64) -> Result<Vec<u8>, PackingError> {
    let mut bytes = Vec::new();
    if let Ok(size) = usize::try_from(size) {
        // A size that no memory holds shows when it is read.
        let _ = bytes.try_reserve_exact(size);
    }
    from.take(size).read_to_end(&mut bytes).map_err(|error| broken(WHAT, offset, &error))?;
    if bytes.len() as u64 == size {
        Ok(bytes)
    } else {
        Err(PackingError::Truncated { what: WHAT, offset })
    }
}
