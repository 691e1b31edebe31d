//! What earlier checks confirmed bit by bit: the ledger of `check --ledger`.
//!
//! Text, so that a person can read it and a cache step can keep it:
//!
//! ```text
//! goaudit ledger 1
//! ACTION OUTPUT BYTES CONFIRMED USED VARIATIONS
//! …
//! sha256 SUM
//! ```
//!
//! ACTION and OUTPUT are SHA-256 in hex, CONFIRMED and USED seconds since 1970, VARIATIONS the names
//! of those that the rebuild was under, sorted and with commas, or `-`. SUM is of all lines before it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::golang::cache_entry::{self, Hash};
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::recording::cache_use::Outcome;

const HEADER: &str = "goaudit ledger 1";

/// Actions whose output two independent builds agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By action ID.
    pub entries: BTreeMap<Hash, Proof>,
}

/// What was confirmed of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// SHA-256 of the output.
    pub output: Hash,
    /// Bytes of the output.
    pub size: u64,
    /// When a rebuild last gave the same bytes, in seconds since 1970.
    pub confirmed: i64,
    /// When a check last asked for it, in seconds since 1970.
    pub used: i64,
    /// The variations that rebuilds of it were under.
    pub variations: BTreeSet<String>,
}

/// What a check took from its ledger and did to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerUse {
    /// Why what was there is not used, in one sentence.
    pub problem: Option<String>,
    /// Actions that were confirmed for the first time.
    pub added: usize,
    /// Actions whose entry another build contradicted, and which are no longer in it.
    pub contradicted: Vec<Hash>,
    /// Actions whose output was damaged or gone, and which are no longer in it.
    pub damaged: Vec<Hash>,
    /// Days that a proof stands.
    pub days: i64,
}

/// What a report says of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Packages of the compiles of the second build that ran.
    pub rebuilt: Vec<String>,
    /// Compiles of the second build whose output was taken from the ledger.
    pub taken: usize,
    /// Actions that were confirmed for the first time.
    pub added: usize,
    /// Names of actions whose entry was contradicted and removed.
    pub contradicted: Vec<String>,
    /// Compiles whose key is another one in each build, so that no proof of one is one of the other.
    pub unlike: usize,
    /// Names of actions whose output was damaged or gone.
    pub damaged: Vec<String>,
    /// Why what was there was not used, or could not be.
    pub problem: Option<String>,
    /// Days that a proof stands.
    pub days: i64,
}

impl Summary {
    /// Counts what the second build of a check took.
    #[must_use]
    pub fn of(first: &Recording, second: &Recording, used: LedgerUse) -> Self {
        let mut summary =
            Self { added: used.added, problem: used.problem, days: used.days, ..Self::default() };
        let mut names: BTreeMap<Hash, String> = BTreeMap::new();
        let mut seen: BTreeMap<Hash, bool> = BTreeMap::new();
        for invocation in &second.invocations {
            let compiles = invocation.log.keys.iter().filter(|key| key.kind == KeyKind::Build);
            let compiles: BTreeSet<Hash> = compiles
                .inspect(|key| drop(names.insert(key.sum, format!("build {}", key.package))))
                .map(|key| key.sum)
                .collect();
            for one in invocation.cache.iter().flatten() {
                if compiles.contains(&one.action) {
                    match one.outcome {
                        Outcome::Confirmed => drop(seen.entry(one.action).or_insert(true)),
                        Outcome::Stored | Outcome::Failed => drop(seen.insert(one.action, false)),
                        Outcome::Hit | Outcome::Miss | Outcome::Refused => {}
                    }
                }
            }
        }
        summary.taken = seen.values().filter(|is_taken| **is_taken).count();
        let packages = seen.iter().filter(|(_, is_taken)| !**is_taken);
        summary.rebuilt = packages
            .filter_map(|(action, _)| names.get(action)?.strip_prefix("build ").map(str::to_owned))
            .collect();
        summary.rebuilt.sort();
        let of_first: BTreeSet<Hash> = first
            .invocations
            .iter()
            .flat_map(|invocation| &invocation.log.keys)
            .map(|key| key.sum)
            .collect();
        summary.unlike = seen.keys().filter(|action| !of_first.contains(*action)).count();
        let name = |action: &Hash| match names.get(action) {
            Some(name) => name.clone(),
            None => format!("action {}", cache_entry::hex(action)),
        };
        summary.contradicted = used.contradicted.iter().map(name).collect();
        summary.damaged = used.damaged.iter().map(name).collect();
        if summary.problem.is_none() && second.invocations.iter().all(|one| one.cache.is_none()) {
            summary.problem = Some(format!(
                "{} asks no cache program, so everything was built: a ledger takes Go 1.24 or later",
                second.go_version().unwrap_or("this go")
            ));
        }
        summary
    }
}

/// Why a file is no ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("its first line is not `{HEADER}`")]
    Header,
    #[error("line {0} is no entry")]
    Entry(usize),
    #[error("it is cut or damaged: its last line is not the SHA-256 of the others")]
    Sum,
}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    ///
    /// Fails on what [`Self::text`] did not write: half a ledger proves nothing.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let body = text.strip_suffix('\n').and_then(|text| text.rsplit_once('\n'));
        if text.lines().next() != Some(HEADER) {
            return Err(LedgerError::Header);
        }
        let (lines, last) = body.ok_or(LedgerError::Sum)?;
        let lines_and_end = text.get(..=lines.len()).unwrap_or_default();
        if last.strip_prefix("sha256 ") != Some(&sum(lines_and_end)) {
            return Err(LedgerError::Sum);
        }
        let entries = lines.lines().enumerate().skip(1);
        let read = |(index, line)| entry(line).ok_or(LedgerError::Entry(index + 1));
        Ok(Self { entries: entries.map(read).collect::<Result<_, _>>()? })
    }

    /// Writes it, the same entries always as the same text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for (action, proof) in &self.entries {
            let [action, output] = [action, &proof.output].map(cache_entry::hex);
            let Proof { size, confirmed, used, variations, .. } = proof;
            let names = match variations.is_empty() {
                true => "-".to_owned(),
                false => variations.iter().map(String::as_str).collect::<Vec<_>>().join(","),
            };
            let _ = writeln!(text, "{action} {output} {size} {confirmed} {used} {names}");
        }
        let sum = sum(&text);
        let _ = writeln!(text, "sha256 {sum}");
        text
    }

    /// Returns what may stand for a rebuild under these variations: what was rebuilt under all of
    /// them, no longer ago than `since`.
    #[must_use]
    pub fn covering(&self, variations: &BTreeSet<String>, since: i64) -> Self {
        let covers =
            |proof: &&Proof| proof.confirmed >= since && variations.is_subset(&proof.variations);
        let entries = self.entries.iter().filter(|(_, proof)| covers(proof));
        Self { entries: entries.map(|(action, proof)| (*action, proof.clone())).collect() }
    }
}

fn sum(text: &str) -> String {
    cache_entry::hex(&Sha256::digest(text).into())
}

fn entry(line: &str) -> Option<(Hash, Proof)> {
    let mut fields = line.split(' ');
    let mut hash = || cache_entry::hash(fields.next()?.as_bytes());
    let (action, output) = (hash()?, hash()?);
    let size = fields.next()?.parse().ok()?;
    let mut time = || fields.next()?.parse().ok();
    let (confirmed, used) = (time()?, time()?);
    let names = fields.next().filter(|_| fields.next().is_none())?;
    let names = names.split(',').filter(|name| !["", "-"].contains(name));
    let variations = names.map(str::to_owned).collect();
    Some((action, Proof { output, size, confirmed, used, variations }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let proof = |byte: u8, confirmed, variations: &[&str]| Proof {
            output: [byte; 32],
            size: 40_000,
            confirmed,
            used: 1_795_300_000,
            variations: variations.iter().map(|name| (*name).to_owned()).collect(),
        };
        let entries = [
            ([1; 32], proof(9, 1_795_200_000, &["umask", "workdir"])),
            ([2; 32], proof(8, 1_795_100_000, &["workdir"])),
            ([3; 32], proof(7, 1_795_200_000, &[])),
        ];
        Ledger { entries: entries.into() }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Ledger::parse(&ledger().text()), Ok(ledger()));
        assert_eq!(Ledger::parse(&Ledger::default().text()), Ok(Ledger::default()));
        let text = ledger().text();
        let first = text.lines().nth(1).unwrap();
        assert!(first.ends_with(" 40000 1795200000 1795300000 umask,workdir"), "{first}");
    }

    #[test]
    fn no_change_goes_unnoticed() {
        let text = ledger().text();
        assert_eq!(Ledger::parse(""), Err(LedgerError::Header));
        assert_eq!(Ledger::parse("goaudit ledger 2\n"), Err(LedgerError::Header));
        for cut in HEADER.len() + 1..text.len() {
            assert_eq!(Ledger::parse(&text[..cut]), Err(LedgerError::Sum), "cut at {cut}");
        }
        for at in (HEADER.len() + 1..text.len()).step_by(7) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Ledger::parse(&changed).is_err(), "changed at {at}");
        }
        // With a right sum, and yet no entry.
        let body = format!("{HEADER}\nno entry\n");
        let text = format!("{body}sha256 {}\n", sum(&body));
        assert_eq!(Ledger::parse(&text), Err(LedgerError::Entry(2)));
    }

    #[test]
    fn only_what_was_rebuilt_under_all_variations_lately_stands_for_a_rebuild() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let covering = |wanted: &[&str], since| {
            let some = ledger().covering(&names(wanted), since);
            some.entries.keys().map(|action| action[0]).collect::<Vec<_>>()
        };
        assert_eq!(covering(&[], 0), [1, 2, 3]);
        assert_eq!(covering(&["workdir"], 0), [1, 2]);
        assert_eq!(covering(&["workdir", "umask"], 0), [1]);
        assert_eq!(covering(&["workdir"], 1_795_150_000), [1]);
        assert_eq!(covering(&["shallow"], 0), [0_u8; 0]);
    }
}
