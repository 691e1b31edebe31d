//! A second look at what a go command that runs may have been writing.

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;

use super::file::{Named, Reader, open_folder};
use crate::cache::{OutputFile, Scan, Told};
use crate::golang::cache_entry::{self, Entry, Hash};

/// Where the file of a hash is.
struct Place {
    folder: OwnedFd,
    path: PathBuf,
    name: CString,
}

impl Place {
    fn of(cache: &Path, hash: &Hash, kind: char) -> io::Result<Self> {
        let name = format!("{}-{kind}", cache_entry::hex(hash));
        let path = cache.join(name.get(..2).unwrap_or_default());
        Ok(Self { folder: open_folder(&path)?, path, name: CString::new(name)? })
    }

    fn named(&self) -> Named<'_> {
        Named { folder: &self.folder, path: &self.path, name: &self.name }
    }
}

/// Reads again what was perhaps half written, and outputs that were written since.
pub(super) fn look_again(dir: &Path, scan: &mut Scan) {
    let mut reader = Reader::new(scan.is_verified);
    let mut read = |hash: &Hash| {
        let place = Place::of(dir, hash, 'd')?;
        reader.output(&place.named(), *hash)
    };
    // An output is written under its name, and only then its entry.
    scan.outputs.retain_mut(|output| {
        if !is_suspect(output) {
            return true;
        }
        match read(&output.output) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return false,
            Err(_) => {}
            Ok(again) => *output = again,
        }
        true
    });
    let Scan { entries, outputs, .. } = scan;
    let mut late: Vec<OutputFile> = Vec::new();
    entries.retain_mut(|file| {
        if file.content.as_ref().is_ok_and(|entry| has(outputs, entry)) {
            return true;
        }
        match Place::of(dir, &file.action, 'a').and_then(|place| place.named().entry()) {
            // Trimmed meanwhile.
            Err(err) if err.kind() == io::ErrorKind::NotFound => return false,
            Err(_) => return true,
            Ok((stat, content)) => (file.stat, file.content) = (stat, content),
        }
        if let Ok(entry) = &file.content
            && let Ok(output) = read(&entry.output)
        {
            late.push(output);
        }
        true
    });
    for output in late {
        match outputs.binary_search_by_key(&output.output, |output| output.output) {
            Ok(at) => outputs[at] = output,
            Err(at) => outputs.insert(at, output),
        }
    }
}

fn is_suspect(output: &OutputFile) -> bool {
    let is_bad = match output.told {
        Told::BadArchive(_) | Told::BadFolder(_) => true,
        Told::Nothing | Told::Archive(_) | Told::Executable(_) => false,
    };
    is_bad || output.is_intact == Some(false)
}

/// Says whether there is the output of an entry, with the bytes that it has.
fn has(outputs: &[OutputFile], entry: &Entry) -> bool {
    let found = outputs.binary_search_by_key(&entry.output, |output| output.output);
    let found = found.ok().and_then(|at| outputs.get(at));
    found.is_some_and(|output| output.stat.bytes == entry.size)
}
