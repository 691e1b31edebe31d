//! Members of a zip, as its central directory lists them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ErrorKind, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};

use super::stream::{self, Meter, broken};
use super::{
    Budget, Digest, Kind, Member, MemberKind, Modified, Owner, Package, PackingError, Place, names,
};

const WHAT: &str = "zip";

/// Bytes of a symbolic link's target that are read; 4096 is what Linux follows.
const LINK_LIMIT: u64 = 4096;

/// Access and change times beside the modification time, of Info-ZIP.
const TIMES: u16 = 0x5455;
/// User and group, of Info-ZIP.
const OWNER: u16 = 0x7875;

/// The systems of `version made by` whose attributes hold a Unix mode.
const UNIX: [u8; 2] = [3, 19];

pub(super) fn open(file: &[u8], budget: &mut Budget) -> Result<Package, PackingError> {
    let archive = locate(file)?;
    let ledger = RefCell::new(budget);
    let mut package = Package::new(Kind::Zip);
    package.comment = names::shortened(archive.comment().as_bytes());
    let mut entries = archive.entries();
    while let Some(record) = entries.next_entry().map_err(|error| damaged(&error, file))? {
        ledger.borrow_mut().member()?;
        let mut member = describe(&record);
        read(&archive, &mut member, &ledger, &mut package.unpacked)?;
        member.extra.sort();
        member.extra.dedup_by(|second, first| second.0 == first.0);
        member.extra.shrink_to_fit();
        package.members.push(member);
    }
    let listed = package.members.len() as u64;
    if archive.entries_hint() != listed {
        let hint = archive.entries_hint();
        package.notes.push(format!("says that it has {hint} members and lists {listed}"));
    }
    Ok(package)
}

pub(super) fn locate(file: &[u8]) -> Result<ZipSliceArchive<&[u8]>, PackingError> {
    ZipArchive::from_slice(file).map_err(|error| damaged(&error, file))
}

fn damaged(error: &rawzip::Error, file: &[u8]) -> PackingError {
    let end = file.len() as u64;
    match error.kind() {
        ErrorKind::Eof | ErrorKind::MissingEndOfCentralDirectory => {
            PackingError::Truncated { what: WHAT, offset: end }
        }
        _ => {
            let offset = error.eocd_offset().unwrap_or_default();
            PackingError::Damaged { what: WHAT, offset, why: error.to_string() }
        }
    }
}

fn describe(record: &ZipFileHeaderRecord<'_>) -> Member {
    let made_by = record.version_made_by();
    let unix = UNIX.contains(&made_by.creator_system().as_u8());
    let attributes = record.external_attributes();
    let kind = if record.is_dir() {
        MemberKind::Directory
    } else if unix && record.mode().is_symlink() {
        MemberKind::Symlink("".into())
    } else {
        MemberKind::File
    };
    let mut member =
        Member::bare(record.file_path().as_bytes(), kind, record.uncompressed_size_hint());
    member.mode = unix.then_some((attributes >> 16) & 0o7777);
    member.modified = Some(modified(&record.last_modified()));
    let method = record.compression_method();
    member.place = Place::Zip { at: record.wayfinder(), method };
    let flags = record.flags();
    if flags.is_encrypted() || flags.has_strong_encryption() {
        member.unread = Some("it is encrypted".into());
    }
    let mut add = |key: &'static str, value: Cow<'static, str>| {
        member.extra.push((Cow::Borrowed(key), value));
    };
    let named = method.name().map(Cow::Borrowed);
    add("method", named.unwrap_or_else(|| format!("number {}", method.as_u16()).into()));
    let system = made_by.creator_system();
    let named = system.name().map_or_else(|| format!("system {}", system.as_u8()), str::to_owned);
    add("made by", format!("{named}, version {}", made_by.zip_version()).into());
    add("flags", format!("{:#06x}", flags.bits()).into());
    // The low half is of MS-DOS: read-only, hidden, directory.
    let low = if unix { attributes & 0xffff } else { attributes };
    add("attributes", format!("{low:#x}").into());
    if !record.comment().as_bytes().is_empty() {
        add("comment", names::shortened(record.comment().as_bytes()).into());
    }
    fields(record.extra_fields(), "extra field", &mut member);
    member
}

/// Adds what the extra fields say.
fn fields(fields: rawzip::extra_fields::ExtraFields<'_>, what: &str, member: &mut Member) {
    for (id, data) in fields {
        let mut data = data;
        match id.as_u16() {
            OWNER => member.owner = owner(data).or(member.owner.take()),
            // The time is that of the member; after it come others, where there are any.
            TIMES => data = data.get(5..).unwrap_or_default(),
            _ => {}
        }
        if id.as_u16() == OWNER || data.is_empty() && id.as_u16() == TIMES {
            continue;
        }
        let key = format!("{what} {:#06x}", id.as_u16());
        member.extra.push((key.into(), names::hex(data).into()));
    }
}

/// Reads user and group: a version, then each with its length before it.
fn owner(data: &[u8]) -> Option<Box<Owner>> {
    let (1, rest) = data.split_first().map(|(version, rest)| (*version, rest))? else {
        return None;
    };
    let (uid, rest) = number(rest)?;
    let (gid, _) = number(rest)?;
    Some(Box::new(Owner { uid, gid, ..Owner::default() }))
}

fn number(data: &[u8]) -> Option<(u64, &[u8])> {
    let (len, rest) = data.split_first()?;
    let (bytes, rest) = rest.split_at_checked(usize::from(*len))?;
    let mut value = [0; 8];
    value.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some((u64::from_le_bytes(value), rest))
}

/// Takes a time without a zone for one in UTC: who packed it is not known here.
fn modified(time: &rawzip::time::ZipDateTimeKind) -> Modified {
    use rawzip::time::{UtcDateTime, ZipDateTimeKind};
    let utc = match time {
        ZipDateTimeKind::Utc(time) => Some(*time),
        ZipDateTimeKind::Local(time) => UtcDateTime::from_components(
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.nanosecond(),
        ),
    };
    let seconds = utc.map_or(0, |time| time.to_unix());
    Modified { seconds, nanoseconds: time.nanosecond() }
}

/// Reads the content once, for its digest.
fn read(
    archive: &ZipSliceArchive<&[u8]>,
    member: &mut Member,
    ledger: &RefCell<&mut Budget>,
    unpacked: &mut u64,
) -> Result<(), PackingError> {
    let Place::Zip { at, method } = member.place else { return Ok(()) };
    let file: &[u8] = archive.get_ref();
    let entry = archive.get_entry(at).map_err(|error| damaged(&error, file))?;
    let own = entry.local_header().extra_fields();
    fields(own, "local extra field", member);
    member.packed = Some(Digest::of(entry.data()));
    if member.unread.is_some() {
        return Ok(());
    }
    if member.kind == MemberKind::Directory && member.size == 0 {
        return Ok(());
    }
    ledger.borrow().size(&member.name, member.size)?;
    let Some(decoder) = decoder(entry.data(), method)? else {
        let named = method.name().unwrap_or("an unknown method");
        let why = format!("it is compressed by {named} ({}), which is not read", method.as_u16());
        member.unread = Some(why.into());
        return Ok(());
    };
    let verified = entry.verifying_reader(decoder);
    let mut meter = Meter::new(verified, file.len(), ledger).after(*unpacked);
    // A size that the directory has wrong is an error of the reader, one byte on.
    let limited = (&mut meter).take(member.size.saturating_add(1));
    let (offset, _) = entry.compressed_data_range();
    let result = stream::digest(limited);
    let (size, digest) = result.map_err(|error| {
        meter.stopped.take().unwrap_or_else(|| match broken(WHAT, offset, &error) {
            PackingError::Damaged { what, offset, why } => {
                PackingError::Damaged { what, offset, why: format!("`{}`: {why}", member.name) }
            }
            // The zip is whole, or its directory would not have been found.
            _ => PackingError::Damaged {
                what: WHAT,
                offset,
                why: format!("`{}` ends early", member.name),
            },
        })
    })?;
    *unpacked = unpacked.saturating_add(size);
    if size != member.size {
        let why = format!("`{}` is not of the {} bytes listed", member.name, member.size);
        return Err(PackingError::Damaged { what: WHAT, offset, why });
    }
    member.digest = Some(digest);
    link_target(entry.data(), method, member)
}

fn link_target(
    data: &[u8],
    method: CompressionMethod,
    member: &mut Member,
) -> Result<(), PackingError> {
    if let MemberKind::Symlink(to) = &mut member.kind
        && let Some(decoder) = decoder(data, method)?
    {
        let mut target = Vec::new();
        decoder
            .take(LINK_LIMIT)
            .read_to_end(&mut target)
            .map_err(|error| broken(WHAT, 0, &error))?;
        *to = names::printable(&target).into();
    }
    Ok(())
}

/// Gives the unpacked bytes of a member; `None` for a method that is not read.
pub(super) fn decoder(
    data: &[u8],
    method: CompressionMethod,
) -> Result<Option<Box<dyn Read + '_>>, PackingError> {
    Ok(Some(match method {
        CompressionMethod::STORE => Box::new(data),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(data)),
        CompressionMethod::ZSTD => {
            Box::new(zstd::Decoder::with_buffer(data).map_err(|error| broken(WHAT, 0, &error))?)
        }
        _ => return Ok(None),
    }))
}
