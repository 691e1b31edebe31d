//! Packs what the stand-ins left into one recording file.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use crate::capture::CaptureError;
use crate::recording::{InvocationInfo, Manifest, tar_entries};

/// -3 of zstd: a tenth of the log at over 400 MB/s.
const ZSTD_LEVEL: i32 = 3;

/// The hash log as a stand-in writes it.
pub(super) const HASH_LOG: &str = "hash.log.zst";

/// Fails when no recording can be written to `to`.
///
/// # Errors
///
/// Fails when its folder does not exist or cannot be written to.
pub(super) fn probe(to: &Path) -> Result<(), CaptureError> {
    let write = |source| CaptureError::Record { path: to.to_owned(), source };
    match fs::metadata(to) {
        Ok(data) if data.is_dir() => Err(write(io::ErrorKind::IsADirectory.into())),
        Ok(data) if !data.is_file() => Ok(()),
        _ => part(to).map(drop).map_err(write),
    }
}

fn part(to: &Path) -> io::Result<tempfile::NamedTempFile> {
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    // tempfile says its own random name where this fails; what is missing is the folder.
    fs::metadata(parent)?;
    tempfile::Builder::new().prefix(".goaudit-").tempfile_in(parent)
}

/// Writes a recording to `to`: whole, or not at all.
///
/// # Errors
///
/// Fails when a record is not whole or cannot be read, or the file cannot be written.
pub(super) fn pack(manifest: &Manifest, records: &Path, to: &Path) -> Result<(), CaptureError> {
    if let Ok(why) = fs::read_to_string(records.join("failed")) {
        return Err(CaptureError::Incomplete { command: "go".into(), why });
    }
    let folders = folders(records)?;
    let write = |source| CaptureError::Record { path: to.to_owned(), source };
    // A device or a pipe is written to; a file by that name would take its place.
    if fs::metadata(to).is_ok_and(|data| !data.is_file()) {
        let file = fs::OpenOptions::new().write(true).open(to).map_err(write)?;
        return write_archive(manifest, &folders, &file, to);
    }
    let part = part(to).map_err(write)?;
    write_archive(manifest, &folders, part.as_file(), to)?;
    // tempfile makes files that only their owner reads; a recording is an ordinary file.
    make_ordinary(part.as_file()).map_err(write)?;
    part.persist(to).map_err(|err| write(err.error))?;
    Ok(())
}

fn make_ordinary(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mask = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(mask);
    file.set_permissions(fs::Permissions::from_mode(0o666 & !mask.as_raw_mode()))
}

fn folders(records: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let all = records.join("invocations");
    let read = |source| CaptureError::Read { path: all.clone(), source };
    let mut folders: Vec<PathBuf> = fs::read_dir(&all)
        .map_err(read)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(read)?;
    folders.sort();
    Ok(folders)
}

/// Says whether some go command left a hash log.
pub(super) fn has_hash_log(records: &Path) -> bool {
    folders(records).is_ok_and(|all| all.iter().any(|folder| folder.join(HASH_LOG).exists()))
}

fn write_archive(
    manifest: &Manifest,
    folders: &[PathBuf],
    file: &File,
    to: &Path,
) -> Result<(), CaptureError> {
    let record = |source| CaptureError::Record { path: to.to_owned(), source };
    let encoder = zstd::Encoder::new(BufWriter::new(file), ZSTD_LEVEL).map_err(record)?;
    let mut archive = tar::Builder::new(encoder);
    let json = serde_json::to_vec_pretty(manifest).map_err(|err| record(err.into()))?;
    append(&mut archive, tar_entries::MANIFEST, json.len() as u64, &json[..]).map_err(record)?;
    for (index, folder) in folders.iter().enumerate() {
        append_invocation(&mut archive, &tar_entries::folder(index + 1), folder, to)?;
    }
    let finish = || -> io::Result<()> {
        archive
            .into_inner()?
            .finish()?
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .flush()
    };
    finish().map_err(record)
}

fn append_invocation(
    archive: &mut tar::Builder<impl io::Write>,
    name: &str,
    folder: &Path,
    to: &Path,
) -> Result<(), CaptureError> {
    let json =
        fs::read(folder.join(tar_entries::INVOCATION)).map_err(|_| CaptureError::Incomplete {
            command: "go".into(),
            why: "it was killed, or the disk is full".into(),
        })?;
    let info: InvocationInfo = serde_json::from_slice(&json)
        .map_err(|err| CaptureError::Incomplete { command: "go".into(), why: err.to_string() })?;
    if let Some(why) = info.incomplete.clone() {
        return Err(CaptureError::Incomplete { command: info.line(), why });
    }
    let record = |source| CaptureError::Record { path: to.to_owned(), source };
    let entry = |file: &str| format!("{name}/{file}");
    append(archive, &entry(tar_entries::INVOCATION), json.len() as u64, &json[..])
        .map_err(record)?;
    if let Ok(log) = File::open(folder.join(HASH_LOG)) {
        let log = zstd::Decoder::new(log).map_err(record)?;
        append(archive, &entry(tar_entries::HASH_LOG), info.hash_log_bytes, log).map_err(record)?;
    }
    for name in [tar_entries::GRAPH, tar_entries::TESTS, tar_entries::CACHE] {
        if let Ok(file) = File::open(folder.join(name)) {
            let bytes = file.metadata().map_err(record)?.len();
            append(archive, &entry(name), bytes, BufReader::new(file)).map_err(record)?;
        }
    }
    Ok(())
}

/// Entries carry no time and no owner: equal recordings are equal files.
fn append(
    archive: &mut tar::Builder<impl io::Write>,
    path: &str,
    bytes: u64,
    data: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, data)
}
