//! gzip and zstd around a tar or around one file.

use std::cell::RefCell;
use std::io::Read;

use flate2::bufread::{GzDecoder, MultiGzDecoder};

use super::sniff::{self, BLOCK};
use super::stream::{self, Meter, broken};
use super::{
    Budget, Digest, Kind, Member, MemberKind, Package, PackingError, Place, SINGLE, names, tarball,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    Gzip,
    Zstd,
}

/// What is around a tar or a single file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression {
    pub algorithm: Algorithm,
    /// `None` for zstd, whose frames name neither time nor file.
    pub header: Option<GzipHeader>,
    /// Of the packed bytes after the header.
    pub payload: Digest,
}

/// What the header of a gzip file says; of several in a row, the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GzipHeader {
    /// Seconds since 1970; 0 for none.
    pub modified: u32,
    /// Escaped as names of members are.
    pub name: Option<String>,
    pub comment: Option<String>,
    /// 3 for Unix, 255 for unknown, as Go's compress/gzip writes it: RFC 1952, 2.3.1.
    pub os: u8,
    /// 2 for the slowest level, 4 for the fastest, 0 for any other.
    pub level: u8,
    pub extra: Vec<u8>,
}

/// Bytes before the parts of varying length: RFC 1952, 2.3.
const GZIP_FIXED: usize = 10;
const GZIP_LEVEL: usize = 8;
const GZIP_FLAGS: usize = 3;
const GZIP_HAS_CHECKSUM: u8 = 1 << 1;

/// Unpacked bytes that tell a tar: as many as the longest tar without members, and one.
const PROBE: u64 = 20 * BLOCK as u64 + 1;

impl Algorithm {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Gzip => "gzip file",
            Self::Zstd => "zstd file",
        }
    }
}

pub(super) fn open(
    file: &[u8],
    algorithm: Algorithm,
    budget: &mut Budget,
) -> Result<Package, PackingError> {
    let what = algorithm.file();
    let (header, len) = match algorithm {
        Algorithm::Gzip => gzip_header(file)?,
        Algorithm::Zstd => (None, 0),
    };
    let payload = Digest::of(file.get(len..).unwrap_or_default());
    let compression = Compression { algorithm, header, payload };
    let mut start = Vec::new();
    reader(file, Some(algorithm))?
        .take(PROBE)
        .read_to_end(&mut start)
        .map_err(|error| broken(what, start.len() as u64, &error))?;
    if sniff::is_tar(&start) {
        return tarball::open(file, Some(compression), budget);
    }
    single(file, compression, budget)
}

fn single(
    file: &[u8],
    compression: Compression,
    budget: &mut Budget,
) -> Result<Package, PackingError> {
    let algorithm = compression.algorithm;
    budget.member()?;
    let limit = budget.limits().member;
    let ledger = RefCell::new(budget);
    let mut meter = Meter::new(reader(file, Some(algorithm))?, file.len(), &ledger);
    let (size, digest) = stream::digest((&mut meter).take(limit.saturating_add(1)))
        .map_err(|error| meter.error(algorithm.file(), &error))?;
    ledger.borrow().size(SINGLE, size)?;
    let mut member = Member::bare(SINGLE.as_bytes(), MemberKind::File, size);
    member.digest = Some(digest);
    member.place = Place::Unpacked { offset: 0 };
    let mut package = Package::new(Kind::Single);
    package.compression = Some(compression);
    package.members.push(member);
    package.unpacked = size;
    Ok(package)
}

/// Gives the unpacked bytes of a file.
pub(super) fn reader(
    file: &[u8],
    algorithm: Option<Algorithm>,
) -> Result<Box<dyn Read + '_>, PackingError> {
    Ok(match algorithm {
        None => Box::new(file),
        Some(Algorithm::Gzip) => Box::new(MultiGzDecoder::new(file)),
        Some(Algorithm::Zstd) => Box::new(
            zstd::Decoder::with_buffer(file)
                .map_err(|error| broken(Algorithm::Zstd.file(), 0, &error))?,
        ),
    })
}

/// Reads the header of a gzip file and its length in bytes.
fn gzip_header(file: &[u8]) -> Result<(Option<GzipHeader>, usize), PackingError> {
    let decoder = GzDecoder::new(file);
    let Some(header) = decoder.header() else {
        let error = (&mut GzDecoder::new(file)).take(1).read_to_end(&mut Vec::new()).err();
        return Err(match error {
            Some(error) => broken(Algorithm::Gzip.file(), 0, &error),
            None => PackingError::Truncated { what: Algorithm::Gzip.file(), offset: 0 },
        });
    };
    let byte = |at: usize| file.get(at).copied().unwrap_or_default();
    // Each text ends in a zero; the extra part has its length before it.
    let text = |text: Option<&[u8]>| text.map_or(0, |text| text.len().saturating_add(1));
    let len = GZIP_FIXED
        .saturating_add(header.extra().map_or(0, |extra| extra.len().saturating_add(2)))
        .saturating_add(text(header.filename()))
        .saturating_add(text(header.comment()))
        .saturating_add(if byte(GZIP_FLAGS) & GZIP_HAS_CHECKSUM == 0 { 0 } else { 2 });
    let header = GzipHeader {
        modified: header.mtime(),
        name: header.filename().map(names::printable),
        comment: header.comment().map(names::printable),
        os: header.operating_system(),
        level: byte(GZIP_LEVEL),
        extra: header.extra().unwrap_or_default().to_vec(),
    };
    Ok((Some(header), len))
}
