//! The folder of a ledger: what earlier checks confirmed, and the outputs themselves.
//!
//! ```text
//! DIR/ledger.txt       crate::ledger::Ledger
//! DIR/lock             held while the ledger is read or written
//! DIR/ab/<output>-d    outputs, named by their SHA-256
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};

use crate::capture::CaptureError;
use crate::capture::cacheprog::{self, verify};
use crate::capture::shim;
use crate::capture::side::{Side, invocation_folder, text};
use crate::golang::cache_entry::{Hash, Kind};
use crate::ledger::{Ledger, LedgerUse, Proof};
use crate::recording::cache_use::{CacheUse, Outcome};
use crate::recording::tar_entries;

const FILE: &str = "ledger.txt";
const LOCK: &str = "lock";
/// A proof is no proof for ever: compilers and machines change in ways that no key says.
const DAYS: i64 = 30;
const DAY: i64 = 24 * 60 * 60;

/// A ledger that a check may take from and adds to.
#[derive(Debug)]
pub(super) struct Book {
    dir: PathBuf,
    ledger: Ledger,
    now: i64,
    /// Why what was there is not used.
    problem: Option<String>,
}

impl Book {
    /// Opens the ledger in a folder, which is made where there is none.
    ///
    /// A ledger that cannot be read is not used, and the check says so.
    ///
    /// # Errors
    ///
    /// Fails when the folder holds something else, when it is in the tree that is audited, and when it
    /// cannot be written to: all that is confirmed would be lost.
    pub(super) fn open(dir: &Path, tree: &Path) -> Result<Self, CaptureError> {
        let error = |source| CaptureError::Ledger { path: dir.to_owned(), source };
        let named = dir;
        fs::create_dir_all(dir).map_err(error)?;
        // The builds run elsewhere.
        let dir = fs::canonicalize(dir).map_err(error)?;
        if dir.starts_with(tree) {
            return Err(CaptureError::LedgerInTree { path: named.to_owned() });
        }
        if is_of_others(&dir).map_err(error)? {
            return Err(CaptureError::NoLedger { path: named.to_owned() });
        }
        let _lock = lock(&dir).map_err(error)?;
        let (ledger, problem) = load(&dir);
        if fs::metadata(dir.join(FILE)).is_err() || problem.is_some() {
            write(&dir.join(FILE), ledger.text().as_bytes()).map_err(error)?;
        }
        Ok(Self { dir, ledger, now: now(), problem })
    }

    /// Lets a side take what was confirmed under these variations.
    ///
    /// # Errors
    ///
    /// Fails when the list of that cannot be written.
    pub(super) fn lend(
        &self,
        side: &mut Side,
        variations: &BTreeSet<String>,
    ) -> Result<(), CaptureError> {
        let list = side.records.join("confirmed.txt");
        let lent = self.ledger.covering(variations, self.now - DAYS * DAY);
        fs::write(&list, lent.text())
            .map_err(|source| CaptureError::Scratch { path: list.clone(), source })?;
        side.set(shim::CONFIRMED, &list);
        side.set(shim::LEDGER_STORE, &self.dir);
        Ok(())
    }

    /// Writes down what two builds agree on, and strikes out what they contradict. A ledger that
    /// takes nothing more stays as it was, and says so: the verdict does not depend on it.
    pub(super) fn close(&self, sides: [&Side; 2], variations: &BTreeSet<String>) -> LedgerUse {
        self.enter(sides, variations).unwrap_or_else(|err| {
            sweep(&self.dir, &load(&self.dir).0);
            let path = self.dir.display();
            LedgerUse {
                problem: Some(format!("`{path}` takes nothing more ({err}) and stays as it was")),
                days: DAYS,
                ..LedgerUse::default()
            }
        })
    }

    fn enter(
        &self,
        [first, second]: [&Side; 2],
        variations: &BTreeSet<String>,
    ) -> io::Result<LedgerUse> {
        let built = [first, second].map(|side| Built::of(&side.records));
        let mut done =
            LedgerUse { problem: self.problem.clone(), days: DAYS, ..LedgerUse::default() };
        let _lock = lock(&self.dir)?;
        // Another check may have ended meanwhile.
        let (mut ledger, _) = load(&self.dir);
        let cache = first.env.get(std::ffi::OsStr::new("GOCACHE")).map(PathBuf::from);
        let cache = cache.unwrap_or_default();
        for side in &built {
            for action in &side.refused {
                if let Some(proof) = ledger.entries.remove(action) {
                    done.damaged.push(*action);
                    let _ = fs::remove_file(cacheprog::output_file(&self.dir, &proof.output));
                }
            }
            for (action, (output, _)) in &side.stored {
                let entry = ledger.entries.get(action);
                if let Some(proof) = entry.filter(|proof| proof.output != *output) {
                    adopt(&self.dir, &cache, action, proof);
                    ledger.entries.remove(action);
                    done.contradicted.push(*action);
                }
            }
        }
        for (action, told @ (output, size)) in &built[1].stored {
            let of_first = built[0].stored.get(action).or_else(|| built[0].taken.get(action));
            let is_confirmed = of_first == Some(told) && !done.contradicted.contains(action);
            if !is_confirmed || !self.keep(&cache, output)? {
                continue;
            }
            done.added += usize::from(!ledger.entries.contains_key(action));
            let fresh = || Proof {
                output: *output,
                size: *size,
                confirmed: self.now,
                used: self.now,
                variations: BTreeSet::new(),
            };
            let proof = ledger.entries.entry(*action).or_insert_with(fresh);
            (proof.confirmed, proof.used) = (self.now, self.now);
            proof.variations.extend(variations.iter().cloned());
        }
        for action in built.iter().flat_map(|side| side.taken.keys()) {
            if let Some(proof) = ledger.entries.get_mut(action) {
                proof.used = self.now;
            }
        }
        done.contradicted.sort_unstable();
        done.contradicted.dedup();
        ledger.entries.retain(|_, proof| proof.used >= self.now - DAYS * DAY);
        write(&self.dir.join(FILE), ledger.text().as_bytes())?;
        sweep(&self.dir, &ledger);
        Ok(done)
    }

    /// Keeps an output that both builds made. Results of tests are none: a test that is not run
    /// proves nothing of today.
    fn keep(&self, cache: &Path, output: &Hash) -> io::Result<bool> {
        let from = cacheprog::output_file(cache, output);
        if !matches!(verify::kind(&from), Some(Kind::Archive | Kind::Cgo | Kind::Vet | Kind::Other))
        {
            return Ok(false);
        }
        let to = cacheprog::output_file(&self.dir, output);
        if !fs::metadata(&to).is_ok_and(|data| data.is_file()) {
            let folder = to.parent().unwrap_or(&self.dir);
            fs::create_dir_all(folder)?;
            let mut part = part(folder)?;
            io::copy(&mut File::open(from)?, part.as_file_mut())?;
            part.persist(&to).map_err(|err| err.error)?;
        }
        Ok(true)
    }
}

/// What the go commands of one build found and stored.
#[derive(Default)]
struct Built {
    stored: BTreeMap<Hash, (Hash, u64)>,
    /// From the ledger.
    taken: BTreeMap<Hash, (Hash, u64)>,
    /// Found damaged in it.
    refused: BTreeSet<Hash>,
}

impl Built {
    fn of(records: &Path) -> Self {
        let mut built = Self::default();
        for number in 1.. {
            let folder = invocation_folder(records, number);
            if !folder.is_dir() {
                break;
            }
            let text = fs::read_to_string(folder.join(tar_entries::CACHE)).unwrap_or_default();
            for one in CacheUse::read(&text).unwrap_or_default() {
                let output = one.output.zip(one.bytes);
                match (one.outcome, output) {
                    (Outcome::Stored, Some(output)) => {
                        built.stored.insert(one.action, output);
                    }
                    (Outcome::Confirmed, Some(output)) => {
                        built.taken.insert(one.action, output);
                    }
                    (Outcome::Refused, _) => {
                        built.refused.insert(one.action);
                    }
                    _ => {}
                }
            }
        }
        built
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn lock(dir: &Path) -> io::Result<File> {
    let file = File::create(dir.join(LOCK))?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Returns what a folder holds, and why that is nothing although there is a file.
fn load(dir: &Path) -> (Ledger, Option<String>) {
    let path = dir.join(FILE);
    let told = |why: String| {
        let problem = format!("`{}` is not used and was begun anew: {why}", path.display());
        (Ledger::default(), Some(problem))
    };
    match fs::read_to_string(&path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => (Ledger::default(), None),
        Err(err) => told(err.to_string()),
        Ok(text) => match Ledger::parse(&text) {
            Ok(ledger) => (ledger, None),
            Err(err) => told(err.to_string()),
        },
    }
}

/// Whether a folder holds anything and no ledger: a mistyped path must not cost what is there.
fn is_of_others(dir: &Path) -> io::Result<bool> {
    let mut is_empty = true;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if name == FILE {
            return Ok(false);
        }
        is_empty &= name == LOCK;
    }
    Ok(!is_empty)
}

/// Begins a file that others may read, as far as the umask lets them.
fn part(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let ordinary = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".part-").permissions(ordinary).tempfile_in(folder)
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut part = part(folder)?;
    io::Write::write_all(part.as_file_mut(), bytes)?;
    part.persist(path).map(drop).map_err(|err| err.error)
}

/// Puts an output into the cache of the first build, as if it had compiled it: where the two differ,
/// both are compared.
fn adopt(dir: &Path, cache: &Path, action: &Hash, proof: &Proof) {
    let from = cacheprog::output_file(dir, &proof.output);
    // What cannot be had is said where they are compared.
    let _ = cacheprog::adopt(cache, action, (&proof.output, proof.size), &from);
}

/// Deletes outputs that no entry names.
fn sweep(dir: &Path, ledger: &Ledger) {
    let named: BTreeSet<PathBuf> =
        ledger.entries.values().map(|proof| cacheprog::output_file(dir, &proof.output)).collect();
    for folder in (0..=u8::MAX).map(|number| dir.join(format!("{number:02x}"))) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if text(&path).ends_with("-d") && !named.contains(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}
