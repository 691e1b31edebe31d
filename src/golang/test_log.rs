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

mod outcome;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::golang::build_id::ShortId;
use crate::golang::hash_line::{Line, hex_sum};
use crate::golang::quote;
use crate::golang::test_blocks::Blocks;

pub use outcome::Observed;

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
        let (outcomes, unused) = match &self.observed {
            Some(observed) => (self.outcomes(observed), TestOutcome::NotKept),
            None => self.inferred(),
        };
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
