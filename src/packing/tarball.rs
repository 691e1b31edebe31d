//! Members of a tar, with what GNU and pax add to its headers.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read};

use tar::{Entry, EntryType};

use super::budget::Ratio;
use super::compression::{self, Compression};
use super::sniff::BLOCK;
use super::stream::{self, Meter};
use super::{
    Budget, End, Kind, Member, MemberKind, Modified, Owner, Package, PackingError, Place, names,
};

const WHAT: &str = "tar";

/// Names of pax that say what a header says, and are read in its place.
const KNOWN: [&str; 8] = ["path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime"];

/// Bytes of a name past which it is taken for an attack; 4096 is what Linux opens.
const NAME_LIMIT: usize = 64 << 10;

/// What ends a tar: two blocks of zeros.
const END_MARKER: u64 = 2 * BLOCK as u64;

enum Stop {
    /// The reader knows more.
    Read(io::Error),
    Packing(PackingError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<PackingError> for Stop {
    fn from(error: PackingError) -> Self {
        Self::Packing(error)
    }
}

pub(super) fn open(
    file: &[u8],
    compression: Option<Compression>,
    budget: &mut Budget,
) -> Result<Package, PackingError> {
    let reader = compression::reader(file, compression.as_ref().map(|found| found.algorithm))?;
    let ledger = RefCell::new(budget);
    let mut meter = Meter::new(reader, file.len(), &ledger);
    let (members, last) = match members(&mut meter, &ledger, file.len()) {
        Ok(members) => members,
        Err(Stop::Packing(error)) => return Err(error),
        Err(Stop::Read(error)) => return Err(meter.error(WHAT, &error)),
    };
    let (_, zero) = stream::zeros(&mut meter).map_err(|error| meter.error(WHAT, &error))?;
    let end = End { bytes: meter.position.saturating_sub(last), zero };
    let mut package = Package::new(Kind::Tar);
    if end.bytes < END_MARKER {
        package
            .notes
            .push("no end marker after the last member: the tar may be cut off".to_owned());
    }
    if !zero {
        package.notes.push("bytes that are not zero after the last member".to_owned());
    }
    package.compression = compression;
    package.members = members;
    package.end = Some(end);
    package.unpacked = meter.position;
    Ok(package)
}

/// Reads all members, and where the last one ends.
fn members(
    reader: impl Read,
    ledger: &RefCell<&mut Budget>,
    packed: usize,
) -> Result<(Vec<Member>, u64), Stop> {
    let mut archive = tar::Archive::new(reader);
    let mut members = Vec::new();
    let mut last = 0;
    // What the holes of sparse members came to: the reader does not see them.
    let mut holes = 0_u64;
    for entry in archive.entries()? {
        let mut entry = entry?;
        ledger.borrow_mut().member()?;
        let mut member = describe(&mut entry)?;
        ledger.borrow().size(&member.name, member.size)?;
        if let Place::Sparse { .. } = member.place {
            holes = holes.saturating_add(member.size);
            let of = Ratio { unpacked: holes, packed: packed as u64 };
            ledger.borrow_mut().unpack(member.size, of)?;
        }
        if member.size > 0 || member.kind == MemberKind::File {
            let (size, digest) = stream::digest(&mut entry)?;
            if size != member.size {
                let offset = entry.raw_file_position().saturating_add(size);
                return Err(PackingError::Truncated { what: WHAT, offset }.into());
            }
            member.digest = Some(digest);
        }
        // A map of holes says more than what is stored: there the next header is behind.
        let stored = entry.header().entry_size().unwrap_or(member.size);
        let padded = stored.checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX);
        last = entry.raw_file_position().saturating_add(padded);
        member.name = member.name.as_ref().into();
        member.extra.shrink_to_fit();
        members.push(member);
    }
    Ok((members, last))
}

fn describe<R: Read>(entry: &mut Entry<'_, R>) -> Result<Member, Stop> {
    let name = entry.path_bytes().into_owned();
    let offset = entry.raw_header_position();
    let long =
        |len| PackingError::Damaged { what: WHAT, offset, why: format!("a name of {len} bytes") };
    if name.len() > NAME_LIMIT {
        return Err(long(name.len()).into());
    }
    let link = entry.link_name_bytes().unwrap_or_default().into_owned();
    if link.len() > NAME_LIMIT {
        return Err(long(link.len()).into());
    }
    let link = || names::printable(&link).into();
    let entry_type = entry.header().entry_type();
    let kind = match entry_type {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => MemberKind::File,
        EntryType::Directory => MemberKind::Directory,
        EntryType::Symlink => MemberKind::Symlink(link()),
        EntryType::Link => MemberKind::Hardlink(link()),
        EntryType::Char => MemberKind::Other("a character device".into()),
        EntryType::Block => MemberKind::Other("a block device".into()),
        EntryType::Fifo => MemberKind::Other("a pipe".into()),
        EntryType::XGlobalHeader => MemberKind::Other("a global pax header".into()),
        other => MemberKind::Other(format!("an entry of type {:#04x}", other.as_byte()).into()),
    };
    let mut member = Member::bare(&name, kind, entry.size());
    member.place = if entry_type == EntryType::GNUSparse {
        Place::Sparse { header: offset }
    } else {
        Place::Unpacked { offset: entry.raw_file_position() }
    };
    from_header(entry.header(), &mut member);
    from_pax(entry, &mut member)?;
    member.extra.sort();
    member.extra.dedup_by(|second, first| second.0 == first.0);
    Ok(member)
}

fn from_header(header: &tar::Header, member: &mut Member) {
    let text = |bytes: Option<&[u8]>| names::printable(bytes.unwrap_or_default()).into();
    member.mode = header.mode().ok().map(|mode| mode & 0o7777);
    member.owner = Some(Box::new(Owner {
        uid: header.uid().unwrap_or_default(),
        gid: header.gid().unwrap_or_default(),
        user: text(header.username_bytes()),
        group: text(header.groupname_bytes()),
    }));
    let seconds = header.mtime().ok().map(u64::cast_signed);
    member.modified = seconds.map(|seconds| Modified { seconds, nanoseconds: 0 });
    let format = match (header.as_gnu(), header.as_ustar()) {
        (Some(gnu), _) => {
            for (key, time) in [("gnu atime", gnu.atime()), ("gnu ctime", gnu.ctime())] {
                if let Some(time) = time.ok().filter(|time| *time != 0) {
                    member.extra.push((key.into(), time.to_string().into()));
                }
            }
            "gnu"
        }
        (None, Some(_)) => "ustar",
        (None, None) => "v7",
    };
    member.extra.push(("header format".into(), format.into()));
    let device = (header.device_major(), header.device_minor());
    if let (Ok(Some(major)), Ok(Some(minor))) = device
        && (major, minor) != (0, 0)
    {
        member.extra.push(("device".into(), format!("{major}:{minor}").into()));
    }
}

/// Reads the records of pax over what the header says.
fn from_pax<R: Read>(entry: &mut Entry<'_, R>, member: &mut Member) -> Result<(), Stop> {
    let Some(records) = entry.pax_extensions()? else { return Ok(()) };
    for record in records {
        let record = record?;
        let key = names::printable(record.key_bytes());
        let value = record.value_bytes();
        let text = std::str::from_utf8(value).ok();
        match (key.as_str(), member.owner.as_mut()) {
            ("uid", Some(owner)) => {
                owner.uid = text.and_then(|text| text.parse().ok()).unwrap_or(owner.uid);
            }
            ("gid", Some(owner)) => {
                owner.gid = text.and_then(|text| text.parse().ok()).unwrap_or(owner.gid);
            }
            ("uname", Some(owner)) => owner.user = names::printable(value).into(),
            ("gname", Some(owner)) => owner.group = names::printable(value).into(),
            ("mtime", _) => {
                member.modified = text.and_then(pax_time).or(member.modified);
            }
            _ => {}
        }
        if !KNOWN.contains(&key.as_str()) {
            let value = Cow::Owned(names::shortened(value));
            member.extra.push((format!("pax {key}").into(), value));
        }
    }
    // ustar with a record before it is what pax is.
    if let Some((_, format)) = member.extra.iter_mut().find(|(key, _)| key == "header format") {
        *format = Cow::Borrowed("pax");
    }
    Ok(())
}

/// Reads seconds with a fraction, such as `1700000000.5` or `-0.25`.
fn pax_time(text: &str) -> Option<Modified> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = seconds.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanoseconds: u32 = digits.parse().ok()?;
    // Before 1970 the fraction counts away from zero.
    if text.starts_with('-') && nanoseconds > 0 {
        let seconds = whole.checked_sub(1)?;
        return Some(Modified {
            seconds,
            nanoseconds: 1_000_000_000_u32.checked_sub(nanoseconds)?,
        });
    }
    Some(Modified { seconds: whole, nanoseconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_pax_has_a_fraction() {
        let time = |seconds, nanoseconds| Some(Modified { seconds, nanoseconds });
        assert_eq!(pax_time("1700000000"), time(1_700_000_000, 0));
        assert_eq!(pax_time("1700000000.5"), time(1_700_000_000, 500_000_000));
        assert_eq!(pax_time("-0.25"), time(-1, 750_000_000));
        assert_eq!(pax_time("1.0000000001"), time(1, 0));
        assert_eq!(pax_time("1.x"), None);
        assert_eq!(pax_time(""), None);
    }
}
