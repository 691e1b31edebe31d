//! Runs of tests, as the hash log tells them.
//!
//! A test's result is kept under the action ID of its link (`testResult`) and
//! under what it read when it last ran (`testInputs`): variables, and of files
//! size, mode and time. A test that was not found is linked, looked up by the
//! content of its executable, run, and kept under both.
//!
//! Source: `tryCacheWithID`, `computeTestInputsID`, `hashOpen`, `hashStat` and
//! `saveOutput` in `cmd/go/internal/test/test.go`, the same from Go 1.21 to
//! 1.27 but for `env GODEBUG`, which is always hashed since 1.23.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::golang::build_id::ShortId;
use crate::golang::cache_entry::{self, Hash};
use crate::golang::hash_line::{Line, hex_sum};
use crate::golang::quote;
use crate::golang::test_blocks::Blocks;

/// One run of a package's tests by a go command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRun {
    /// Import path of what is tested.
    pub package: String,
    /// Action ID of the link of its executable.
    pub link: ShortId,
    /// Arguments that are part of the key, as a list of quoted words.
    pub args: String,
    /// `-exec`, as a list of quoted words.
    pub exec: String,
    pub outcome: TestOutcome,
    /// What was read, in order; `None` where the log does not say, or what it says could not be told
    /// from that of other tests.
    pub inputs: Option<Vec<TestInput>>,
}

/// What became of a test whose result may be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestOutcome {
    /// Its result was in the cache.
    Found,
    /// It ran, and its result is in the cache now.
    Ran,
    /// It ran and its result was not kept: it failed, or it read a file younger than two seconds.
    NotKept,
    /// It was linked, and then either found by the content of the executable or not kept.
    Unclear,
}

/// Something that a test read, which is part of the key of its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestInput {
    pub kind: InputKind,
    /// A variable, or an absolute path.
    pub name: String,
    /// What was hashed, in hex: in a log the whole SHA-256, in a recording of a variable its start.
    pub sum: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileState>,
    /// SHA-256 of the content in hex, where the recorder could read the file as the test did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    Env,
    Open,
    Stat,
    Chdir,
}

/// What is hashed of a file: not its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// Why it could not be looked at; mostly there is none.
    Missing(String),
    File(Stat),
    Directory {
        stat: Stat,
        /// Of a directory that was opened, what is in it.
        entries: BTreeMap<String, Stat>,
    },
}

/// What the file system says of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    pub bytes: u64,
    /// Go's `fs.FileMode`, in hex.
    pub mode: String,
    /// As hashed: local time, with its zone.
    pub modified: String,
}

impl Stat {
    /// Returns the time as nanoseconds since 1970, whatever its zone.
    #[must_use]
    pub fn unix_nanos(&self) -> Option<i128> {
        let (date, rest) = self.modified.split_once(' ')?;
        let (time, rest) = rest.split_once(' ')?;
        let offset = rest.split(' ').next()?;
        let [year, month, day] = parts::<3>(date, '-')?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let [hour, minute, second] = parts::<3>(time, ':')?;
        let nanos: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        let zone: i64 = offset.parse().ok()?;
        let zone_seconds =
            zone.checked_div(100)?.checked_mul(3600)?.checked_add((zone % 100).checked_mul(60)?)?;
        let seconds = days_since_1970(year, month, day)?
            .checked_mul(86_400)?
            .checked_add(hour.checked_mul(3600)?)?
            .checked_add(minute.checked_mul(60)?)?
            .checked_add(second)?
            .checked_sub(zone_seconds)?;
        i128::from(seconds).checked_mul(1_000_000_000)?.checked_add(i128::from(nanos))
    }
}

fn parts<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let numbers: Option<Vec<i64>> = text.split(separator).map(|part| part.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// Source: `days_from_civil` in Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = month.checked_add(9)?.rem_euclid(12);
    let of_year = shifted.checked_mul(153)?.checked_add(2)?.div_euclid(5).checked_add(day)?;
    let leaps = of_era.div_euclid(4).checked_sub(of_era.div_euclid(100))?;
    let days = of_era.checked_mul(365)?.checked_add(leaps)?.checked_add(of_year)?;
    era.checked_mul(146_097)?.checked_add(days)?.checked_sub(719_469)
}

/// Lists, results and files that are held of one log; a go command has some for each package.
const MAX_HELD: usize = 1 << 16;

/// Entries of a directory that are held.
const MAX_ENTRIES: usize = 1 << 12;

/// Puts the runs of tests together, line by line.
#[derive(Debug, Default)]
pub struct TestLog {
    result_blocks: Blocks,
    input_blocks: Blocks,
    open_blocks: Blocks,
    stat_blocks: Blocks,
    /// By their sums.
    results: IndexMap<[u8; 32], Looked, FxBuildHasher>,
    inputs: IndexMap<[u8; 32], Vec<TestInput>, FxBuildHasher>,
    files: IndexMap<[u8; 32], FileState, FxBuildHasher>,
    /// Packages of test executables, by the action ID of their link.
    links: IndexMap<ShortId, String, FxBuildHasher>,
    /// Which result was looked for or kept with which inputs, in order.
    uses: Vec<(usize, [u8; 32])>,
    observed: Option<Observed>,
    payload: Vec<u8>,
}

/// What a go command found in its cache and stored there, by action ID, where that was seen.
#[derive(Debug, Default)]
pub struct Observed {
    pub found: BTreeSet<Hash>,
    pub stored: BTreeSet<Hash>,
}

/// A `testResult` block.
#[derive(Debug)]
struct Looked {
    binary: ShortId,
    args: String,
    exec: String,
    /// How many uses there were before it.
    at: usize,
}

impl TestLog {
    /// Takes a line of a block or a subkey; others are none of its business.
    pub fn take(&mut self, kind: Line<'_>, line: &[u8]) {
        match kind {
            Line::Open { name } => {
                if let Some(blocks) = self.blocks(name) {
                    blocks.open();
                }
            }
            Line::Write { name, quoted } => {
                let mut payload = std::mem::take(&mut self.payload);
                payload.clear();
                if let Some(blocks) = self.blocks(name)
                    && quote::unquote_onto(quoted, &mut payload)
                {
                    blocks.write(&payload);
                }
                self.payload = payload;
            }
            Line::Sum { name, sum } => self.sum(name, sum),
            Line::Subkey => self.subkey(line),
            Line::File | Line::Foreign => {}
        }
    }

    /// `getenv` is not among them: its sum stands in `testInputs`, and its value is nobody's business.
    fn blocks(&mut self, name: &[u8]) -> Option<&mut Blocks> {
        match name {
            b"testResult" => Some(&mut self.result_blocks),
            b"testInputs" => Some(&mut self.input_blocks),
            b"open" => Some(&mut self.open_blocks),
            b"stat" => Some(&mut self.stat_blocks),
            _ => None,
        }
    }

    fn sum(&mut self, name: &[u8], sum: [u8; 32]) {
        if let Some(package) =
            name.strip_prefix(b"link ").and_then(|name| name.strip_suffix(b".test"))
        {
            if self.links.len() < MAX_HELD {
                let package = String::from_utf8_lossy(package).into_owned();
                self.links.insert(ShortId::of(&sum), package);
            }
            return;
        }
        let Some(lines) = self.blocks(name).and_then(|blocks| blocks.sum(&sum)) else { return };
        let lines: Vec<&str> =
            lines.iter().filter_map(|line| std::str::from_utf8(line).ok()).collect();
        match name {
            b"testResult" if self.results.len() < MAX_HELD => {
                let at = self.uses.len();
                if let Some(looked) = lines.first().and_then(|line| result(line, at)) {
                    self.results.entry(sum).or_insert(looked);
                }
            }
            b"testInputs" if self.inputs.len() < MAX_HELD => {
                let inputs = lines.iter().filter_map(|line| self.input(line)).collect();
                self.inputs.insert(sum, inputs);
            }
            b"open" | b"stat" if self.files.len() < MAX_HELD => {
                if let Some(state) = file_state(&lines) {
                    self.files.insert(sum, state);
                }
            }
            _ => {}
        }
    }

    /// `env NAME hex`, `open PATH hex`
    fn input(&self, line: &str) -> Option<TestInput> {
        let (kind, rest) = line.trim_end_matches('\n').split_once(' ')?;
        let (name, sum) = rest.rsplit_once(' ')?;
        let kind = match kind {
            "env" => InputKind::Env,
            "open" => InputKind::Open,
            "stat" => InputKind::Stat,
            "chdir" => InputKind::Chdir,
            _ => return None,
        };
        let file = hex_sum(sum.as_bytes()).and_then(|sum| self.files.get(&sum).cloned());
        Some(TestInput { kind, name: name.to_owned(), sum: sum.to_owned(), file, content: None })
    }

    /// `HASH subkey RESULT "inputs:INPUTS" = hex`
    fn subkey(&mut self, line: &[u8]) {
        let Some(rest) = line.strip_prefix(b"HASH subkey ") else { return };
        let Some((result, rest)) = rest.split_at_checked(64) else { return };
        let Some(inputs) = rest.strip_prefix(b" \"inputs:").and_then(|rest| rest.get(..64)) else {
            return;
        };
        let result = hex_sum(result).and_then(|sum| self.results.get_index_of(&sum));
        if let (Some(result), Some(inputs)) = (result, hex_sum(inputs))
            && self.uses.len() < MAX_HELD
        {
            self.uses.push((result, inputs));
        }
    }

    /// Takes what was seen of the cache, so that no outcome need be inferred.
    pub fn observe(&mut self, observed: Observed) {
        self.observed = Some(observed);
    }

    /// Ends the log, and tells the runs in the order in which they were looked up.
    #[must_use]
    pub fn finish(self) -> Vec<TestRun> {
        let groups = self.groups();
        let mut outcomes: BTreeMap<usize, TestOutcome> = BTreeMap::new();
        for group in groups.values() {
            group.tell(&mut outcomes);
        }
        if let Some(observed) = &self.observed {
            outcomes = self.outcomes(observed);
        }
        // Looked for by content alone: found so, of a link that is not known.
        let has_stray =
            self.observed.is_none() && groups.values().any(|group| group.by_link.is_empty());
        let unused = if has_stray { TestOutcome::Unclear } else { TestOutcome::NotKept };
        let mut last_use = BTreeMap::new();
        for (result, inputs) in &self.uses {
            last_use.insert(*result, inputs);
        }
        let runs = self.results.values().enumerate().filter_map(|(index, looked)| {
            let package = self.links.get(&looked.binary)?.clone();
            let outcome = outcomes.get(&index).copied().unwrap_or(unused);
            let inputs = last_use.get(&index).and_then(|inputs| self.inputs.get(*inputs).cloned());
            let (args, exec) = (looked.args.clone(), looked.exec.clone());
            Some(TestRun { package, link: looked.binary, args, exec, outcome, inputs })
        });
        runs.collect()
    }

    /// Returns what became of each test whose result was looked for by its link. One that is found by
    /// the content of its executable does not say of which link that is.
    fn outcomes(&self, observed: &Observed) -> BTreeMap<usize, TestOutcome> {
        let is_found = |index: usize| {
            let uses = self.uses.iter().filter(|(result, _)| *result == index);
            let sum = self.results.get_index(index).map(|(sum, _)| *sum).unwrap_or_default();
            let mut keys = uses.map(|(_, inputs)| kept_under(&sum, inputs));
            !observed.stored.contains(&sum) && keys.any(|key| observed.found.contains(&key))
        };
        let is_of_link = |looked: &Looked| self.links.contains_key(&looked.binary);
        let all = || self.results.iter().enumerate();
        let mut outcomes = BTreeMap::new();
        let mut rest = Vec::new();
        for (index, (sum, _)) in all().filter(|(_, (_, looked))| is_of_link(looked)) {
            if observed.stored.contains(sum) {
                outcomes.insert(index, TestOutcome::Ran);
            } else if is_found(index) {
                outcomes.insert(index, TestOutcome::Found);
            } else {
                rest.push(index);
            }
        }
        let by_content =
            all().filter(|(index, (_, looked))| !is_of_link(looked) && is_found(*index)).count();
        let outcome = match by_content {
            0 => TestOutcome::NotKept,
            found if found == rest.len() => TestOutcome::Found,
            _ => TestOutcome::Unclear,
        };
        outcomes.extend(rest.into_iter().map(|index| (index, outcome)));
        outcomes
    }

    /// Returns the uses of results by the sum of what was read. Tests that read the same share it.
    fn groups(&self) -> BTreeMap<[u8; 32], Group> {
        let mut groups: BTreeMap<[u8; 32], Group> = BTreeMap::new();
        for (at, (result, inputs)) in self.uses.iter().enumerate() {
            let Some((_, looked)) = self.results.get_index(*result) else { continue };
            let group = groups.entry(*inputs).or_default();
            if self.links.contains_key(&looked.binary) {
                group.by_link.entry(*result).or_default().push(at);
            } else {
                group.by_content.insert(*result, looked.at);
            }
        }
        groups
    }
}

/// The key of a test's output: its result's, with the sum of what it read.
///
/// Source: `testAndInputKey` in `cmd/go/internal/test/test.go` and `Subkey` in
/// `cmd/go/internal/cache/hash.go`.
fn kept_under(result: &Hash, inputs: &Hash) -> Hash {
    let hash = Sha256::new().chain_update(b"subkey:").chain_update(result);
    let inputs = format!("inputs:{}", cache_entry::hex(inputs));
    hash.chain_update(inputs).finalize().into()
}

/// Results that were used with the same inputs.
#[derive(Debug, Default)]
struct Group {
    /// By the action ID of their link, each with its uses.
    by_link: BTreeMap<usize, Vec<usize>>,
    /// By the content of their executable, which is known once it is linked; each with where in the
    /// order of uses it was first looked up.
    by_content: BTreeMap<usize, usize>,
}

impl Group {
    /// A result that is found by its link is used once and not linked. One that is not is looked up
    /// by content, and where it is kept then used again under both.
    fn tell(&self, outcomes: &mut BTreeMap<usize, TestOutcome>) {
        let linked = self.by_content.len();
        let first_linked = self.by_content.values().min().copied().unwrap_or(usize::MAX);
        let is_after = |uses: &[usize]| uses.last().is_some_and(|last| *last >= first_linked);
        let kept = self.by_link.values().filter(|uses| uses.len() > 1 || is_after(uses)).count();
        for (result, uses) in &self.by_link {
            let outcome = match uses.len() > 1 || is_after(uses) {
                _ if linked == 0 => TestOutcome::Found,
                true if uses.len() > 1 || kept <= linked => TestOutcome::Ran,
                // As many as were linked are accounted for.
                false if kept >= linked => TestOutcome::Found,
                false if linked >= self.by_link.len() => TestOutcome::NotKept,
                _ => TestOutcome::Unclear,
            };
            outcomes.insert(*result, outcome);
        }
    }
}

/// `test binary ID args […] execcmd […]`
fn result(line: &str, at: usize) -> Option<Looked> {
    let (binary, rest) = line.strip_prefix("test binary ")?.split_once(" args ")?;
    let (args, exec) = rest.rsplit_once(" execcmd ")?;
    let binary = ShortId::parse(binary).ok()?;
    Some(Looked { binary, args: args.to_owned(), exec: exec.to_owned(), at })
}

fn file_state(lines: &[&str]) -> Option<FileState> {
    let (first, rest) = lines.split_first()?;
    let Some((stat, is_directory)) = stat(first) else {
        let why = first.strip_prefix("err ")?.trim_end();
        return Some(FileState::Missing(why.to_owned()));
    };
    if !is_directory {
        return Some(FileState::File(stat));
    }
    let (pairs, _) = rest.as_chunks::<2>();
    let entry = |[name, stat]: &[&str; 2]| {
        let name = name.strip_prefix("file ")?.strip_suffix(' ')?;
        Some((name.to_owned(), self::stat(stat)?.0))
    };
    let entries = pairs.iter().take(MAX_ENTRIES).filter_map(entry).collect();
    Some(FileState::Directory { stat, entries })
}

/// `stat SIZE MODE TIME IS_DIRECTORY`
fn stat(line: &str) -> Option<(Stat, bool)> {
    let (bytes, rest) = line.trim_end().strip_prefix("stat ")?.split_once(' ')?;
    let (mode, rest) = rest.split_once(' ')?;
    let (modified, is_directory) = rest.rsplit_once(' ')?;
    let (mode, modified) = (mode.to_owned(), modified.to_owned());
    Some((Stat { bytes: bytes.parse().ok()?, mode, modified }, is_directory == "true"))
}
