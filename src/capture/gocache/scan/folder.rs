//! One of the 256 folders of a cache: its entries and outputs, by their names.

use std::io;
use std::path::Path;

use rustix::fs::AtFlags;

use super::file::{Named, Reader, as_stat, open_folder};
use super::file_name;
use crate::cache::{EntryFile, OutputFile, Tally};
use crate::golang::cache_entry;

/// What some folders hold.
#[derive(Default)]
pub(super) struct Part {
    pub(super) entries: Vec<EntryFile>,
    pub(super) outputs: Vec<OutputFile>,
    pub(super) foreign: Tally,
    /// A path inside of the cache, and why it was not read.
    pub(super) unread: Vec<(String, String)>,
}

impl Part {
    pub(super) fn read_folder(&mut self, path: &Path, reader: &mut Reader) -> io::Result<()> {
        let folder = open_folder(path)?;
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let bytes = name.to_bytes();
            if bytes == b"." || bytes == b".." {
                continue;
            }
            match self.read_file(&Named { folder: &folder, path, name }, reader) {
                // Trimmed meanwhile.
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                Err(err) => {
                    let name = String::from_utf8_lossy(bytes);
                    self.unread.push((format!("{}/{name}", file_name(path)), err.to_string()));
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn read_file(&mut self, one: &Named<'_>, reader: &mut Reader) -> io::Result<()> {
        let name = one.name.to_bytes();
        let hash = name.get(..64).and_then(cache_entry::hash);
        match (hash, name.get(64..)) {
            (Some(action), Some(b"-a")) => {
                let (stat, content) = one.entry()?;
                self.entries.push(EntryFile { action, stat, content });
            }
            (Some(output), Some(b"-d")) => self.outputs.push(reader.output(one, output)?),
            _ => {
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                self.foreign.add(as_stat(&rustix::fs::statat(one.folder, one.name, flags)?));
            }
        }
        Ok(())
    }
}
