//! Reads recordings; writes a file whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::cli::{Error, emit};
use crate::golang::inputs::Inputs;
use crate::recording::{self, Recording};

/// Reads a recording.
pub(super) fn read_recording(path: &Path, inputs: &mut Inputs) -> Result<Recording, Error> {
    let file =
        fs::File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    recording::read(file, inputs)
        .map_err(|source| Error::Recording { path: path.to_owned(), source })
}

/// Writes a report to a file, or to `out` where none is named.
pub(super) fn write_report(
    out: &mut dyn Write,
    to: Option<&Path>,
    text: &str,
) -> Result<(), Error> {
    match to {
        None => emit(out, text),
        Some(path) => {
            write(path, text).map_err(|source| Error::WriteFile { path: path.to_owned(), source })
        }
    }
}

/// Fails when the file cannot be written.
///
/// # Errors
///
/// Fails when its folder does not exist or cannot be written to.
pub(super) fn probe(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(data) if data.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(data) if !data.is_file() => Ok(()),
        _ => part(path).map(drop),
    }
}

/// Fails when nothing can be kept in a folder, which it makes.
pub(super) fn probe_folder(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir)
        .and_then(|()| tempfile::tempfile_in(dir))
        .map(drop)
        .map_err(|source| Error::WriteFile { path: dir.to_owned(), source })
}

/// Whether two paths name one file, which need not be there yet. A device takes both.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    let resolved = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(path.canonicalize().unwrap_or(parent.join(path.file_name()?)))
    };
    let is_ordinary = !one.metadata().is_ok_and(|data| !data.is_file());
    is_ordinary && resolved(one).is_some_and(|one| resolved(other) == Some(one))
}

/// Copies a recording into a folder, under that name.
pub(super) fn keep(from: &Path, dir: &Path, name: &str) -> Result<(), Error> {
    let write = |source| Error::WriteFile { path: dir.to_owned(), source };
    fs::create_dir_all(dir).and_then(|()| copy(from, &dir.join(name))).map_err(write)
}

/// Copies a file with its mode.
///
/// # Errors
///
/// Fails when it cannot be read or written; a file that was there is then as it was.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // A copy that breaks off leaves no half of a file under its name.
    let part = part(to)?;
    fs::copy(from, part.path())?;
    part.persist(to).map_err(|err| err.error)?;
    Ok(())
}

/// Writes the file.
///
/// # Errors
///
/// Fails when it cannot be written; a file that was there is then as it was.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    write_bytes(path, text.as_bytes())
}

/// Writes the file, as [`write`] does.
pub(super) fn write_bytes(path: &Path, content: &[u8]) -> io::Result<()> {
    // A device or a pipe is written to; a file by that name would take its place.
    if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return fs::write(path, content);
    }
    let mut part = part(path)?;
    part.write_all(content)?;
    part.persist(path).map_err(|err| err.error)?;
    Ok(())
}

/// Puts another text in the place of that of a file, which keeps its mode.
///
/// # Errors
///
/// Fails when the file is not what was read any more, and when it cannot be
/// written; it is then as it was.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> Result<(), Error> {
    let fail = |source| Error::WriteFile { path: path.to_owned(), source };
    if fs::read(path).map_err(fail)? != before.as_bytes() {
        return Err(Error::NotAsRead { path: path.to_owned() });
    }
    let mut part = part(path).map_err(fail)?;
    part.write_all(after.as_bytes()).map_err(fail)?;
    let mode = fs::metadata(path).map_err(fail)?.permissions();
    part.as_file().set_permissions(mode).map_err(fail)?;
    part.persist(path).map_err(|err| fail(err.error))?;
    Ok(())
}

fn part(path: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::metadata(parent)?;
    // As any file of its owner, less what the umask takes; tempfile's own are for their owner alone.
    let mode = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".goaudit-").permissions(mode).tempfile_in(parent)
}
