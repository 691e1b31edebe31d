//! What tests read, with the content of the files: the go command hashes their times only.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::golang::test_log::{FileState, InputKind, Stat, TestRun};
use crate::recording::{redact, tar_entries};

/// Files that are read for their content, and bytes of all of them: a second of work.
const MAX_FILES: usize = 10_000;
const MAX_BYTES: u64 = 512 << 20;

/// Writes the runs of tests to the folder of their go command, unless there are none.
///
/// # Errors
///
/// Fails when the folder cannot be written to. A file that is gone, or is another by now, has no content.
pub(super) fn keep(mut tests: Vec<TestRun>, folder: &Path) -> io::Result<()> {
    if tests.is_empty() {
        return Ok(());
    }
    let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut left = MAX_BYTES;
    for run in &mut tests {
        redact::test_run(run);
        let inputs = run.inputs.iter_mut().flatten();
        for input in inputs.filter(|input| input.kind == InputKind::Open) {
            let Some(FileState::File(stat)) = &input.file else { continue };
            if !known.contains_key(&input.name) && known.len() < MAX_FILES && stat.bytes <= left {
                left -= stat.bytes;
                known.insert(input.name.clone(), content(Path::new(&input.name), stat));
            }
            input.content = known.get(&input.name).cloned().flatten();
        }
    }
    fs::write(folder.join(tar_entries::TESTS), serde_json::to_vec(&tests)?)
}

/// Returns the SHA-256 of a file, if it still is the one that the go command looked at.
fn content(path: &Path, stat: &Stat) -> Option<String> {
    let is_same = |data: &fs::Metadata| {
        let modified = i128::from(data.mtime()) * 1_000_000_000 + i128::from(data.mtime_nsec());
        data.is_file() && data.len() == stat.bytes && stat.unix_nanos() == Some(modified)
    };
    // A pipe would be waited for.
    fs::metadata(path).ok().filter(is_same)?;
    let file = File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut rest = file.take(stat.bytes);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hash.update(&buffer[..count]),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    fs::metadata(path).ok().filter(is_same)?;
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
