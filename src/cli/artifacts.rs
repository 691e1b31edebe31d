//! Looks into the artifacts that two builds made differently, while they are there.

use std::fs;

use crate::capture::check::Pair;
use crate::capture::interrupt::Interrupt;
use crate::cli::Error;
use crate::diff::Comparison;
use crate::diff::artifacts::Outcome;
use crate::diff::executable::Options;
use crate::diff::files;

/// Artifacts that are looked into. A build that made more differently has one reason for all of them.
const EXAMINED: usize = 16;

/// Says of each artifact that differs why its bytes do.
///
/// # Errors
///
/// Fails when interrupted, and when an artifact cannot be read again.
pub(super) fn examine(
    pair: &Pair,
    comparison: &mut Comparison,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let [one, other] = &pair.artifacts;
    let differing = comparison.artifacts.iter_mut().filter_map(|artifact| {
        match (&mut artifact.outcome, one.get(&artifact.path), other.get(&artifact.path)) {
            (Outcome::Differs(differences), Some(one), Some(other)) => {
                Some((&artifact.path, differences, one, other))
            }
            _ => None,
        }
    });
    for (path, differences, one, other) in differing.take(EXAMINED) {
        interrupt.check()?;
        let read = |file| {
            fs::read(file)
                .map_err(|source| Error::Read { path: std::path::PathBuf::from(file), source })
        };
        let pair = files::compare(path, &read(one)?, &read(other)?, Options::default());
        differences.inside = Some(Box::new(pair));
    }
    Ok(())
}
