//! What is around all members: the format, the compression, a comment, padding.

use super::{
    Algorithm, Aspect, Compression, Kind, Members, MetadataDifference, Package, around, fixes,
};
use crate::packing::{End, GzipHeader, Modified, names};

pub(super) fn format(first: &Package, second: &Package, found: &mut Vec<MetadataDifference>) {
    let (one, other) = (first.format(), second.format());
    if one != other {
        found.push(around(Aspect::Format, "format", one, other));
    }
}

impl Package {
    /// What it is, such as `tar in gzip`.
    #[must_use]
    pub fn format(&self) -> String {
        let packed = self.compression.as_ref().map(|packed| packed.algorithm);
        match (self.kind, packed.map(Algorithm::name)) {
            (Kind::Tar, None) => "tar".to_owned(),
            (Kind::Tar, Some(algorithm)) => format!("tar in {algorithm}"),
            (Kind::Zip, _) => "zip".to_owned(),
            (Kind::Single, algorithm) => format!("one file in {}", algorithm.unwrap_or_default()),
            (Kind::Folder, _) => "folder".to_owned(),
        }
    }
}

pub(super) fn compare(
    first: &Package,
    second: &Package,
    members: &Members<'_>,
    found: &mut Vec<MetadataDifference>,
) {
    let before = found.len();
    if first.kind == second.kind && first.comment != second.comment {
        let (one, other) = (first.comment.clone(), second.comment.clone());
        found.push(around(Aspect::Container, "comment", one, other));
    }
    if let Some((one, other)) = end(first).zip(end(second))
        && one != other
    {
        let title = "bytes after the last member";
        found.push(MetadataDifference {
            fix: Some("write both with the same tar and the same --blocking-factor"),
            ..around(Aspect::Container, title, one, other)
        });
    }
    let Some((one, other)) = first.compression.as_ref().zip(second.compression.as_ref()) else {
        return;
    };
    if let Some((one, other)) = one.header.as_ref().zip(other.header.as_ref()) {
        header(one, other, found);
    }
    // Whatever else differs shows in the packed bytes too; alone it is the compressor.
    let otherwise_same = before == 0 && found.iter().all(|found| found.fix == Some(fixes::GZIP));
    if one.algorithm == other.algorithm
        && one.payload != other.payload
        && otherwise_same
        && members.same_content()
    {
        found.push(payload(one, other));
    }
}

fn payload(first: &Compression, second: &Compression) -> MetadataDifference {
    let level = |packed: &Compression| match packed.header.as_ref().map(|header| header.level) {
        Some(2) => "the slowest level".to_owned(),
        Some(4) => "the fastest level".to_owned(),
        _ => format!("by one {}", packed.algorithm.name()),
    };
    let (one, mut other) = (level(first), level(second));
    if one == other {
        "otherwise".clone_into(&mut other);
    }
    MetadataDifference {
        fix: Some(fixes::LEVEL),
        ..around(Aspect::Packed, "packed bytes of equal content", one, other)
    }
}

/// GNU tar fills a tar up to whole records of this many bytes.
const RECORD: u64 = 10240;

/// Says what follows the last member, apart from what its members make of it.
fn end(package: &Package) -> Option<String> {
    let End { bytes, zero } = package.end?;
    let size = if bytes != END_MARKER && package.unpacked.is_multiple_of(RECORD) {
        format!("zeros to a multiple of {RECORD} bytes")
    } else {
        format!("{bytes} bytes")
    };
    Some(format!("{size}{}", if zero { "" } else { ", not all zero" }))
}

/// What Go's archive/tar ends a tar with, and no more.
const END_MARKER: u64 = 1024;

fn header(first: &GzipHeader, second: &GzipHeader, found: &mut Vec<MetadataDifference>) {
    let time = |header: &GzipHeader| match header.modified {
        0 => "none".to_owned(),
        seconds => Modified { seconds: seconds.into(), nanoseconds: 0 }.to_string(),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let values = |header: &GzipHeader| {
        let GzipHeader { modified: _, name, comment, os, level, extra } = header;
        [
            ("time in the gzip header", time(header), Some(fixes::GZIP)),
            ("name in the gzip header", text(name), Some(fixes::GZIP)),
            ("comment in the gzip header", text(comment), Some(fixes::LEVEL)),
            ("system in the gzip header", system(*os), Some(fixes::LEVEL)),
            ("level in the gzip header", level.to_string(), Some(fixes::LEVEL)),
            ("extra bytes in the gzip header", names::hex(extra), None),
        ]
    };
    for ((title, one, fix), (_, other, _)) in values(first).into_iter().zip(values(second)) {
        if one != other {
            found.push(MetadataDifference { fix, ..around(Aspect::Container, title, one, other) });
        }
    }
}

/// Names the systems that packers of releases write: RFC 1952, 2.3.1.
fn system(os: u8) -> String {
    match os {
        0 => "0, FAT".to_owned(),
        3 => "3, Unix".to_owned(),
        10 | 11 => format!("{os}, NTFS"),
        255 => "255, unknown".to_owned(),
        _ => os.to_string(),
    }
}
