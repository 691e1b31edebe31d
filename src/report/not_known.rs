//! What a comparison of two builds leaves open.

use crate::diff::Comparison;
use crate::golang::hash_log::Proof;
use crate::recording::{Depth, Invocation, Recording};

/// Returns what is not known, one line each.
pub(super) fn lines(comparison: &Comparison, first: &Recording, second: &Recording) -> Vec<String> {
    let mut lines = gaps(comparison, first, second);
    for (side, recording) in [("first", first), ("second", second)] {
        let mut builds = recording.invocations.iter().filter(|build| !build.log.keys.is_empty());
        let is_plan = recording.manifest.depth == Depth::Plan
            || recording.builds().any(|build| build.info.command().is_set("n"));
        if is_plan {
            lines
                .push(format!("whether the {side} compiles, and what it would cost: it is a plan"));
        } else if builds.any(|build| build.graph.is_empty()) {
            lines.push(format!(
                "what ran in the {side} and what it cost: there is no action graph of it (--graph)"
            ));
        }
    }
    lines
}

/// Returns what is missing of the two builds themselves: a limit that is kept without it may be
/// broken with it.
#[must_use]
pub fn gaps(comparison: &Comparison, first: &Recording, second: &Recording) -> Vec<String> {
    let mut gaps = Vec::new();
    let unproven = comparison.keys.total - comparison.keys.verified;
    if unproven > 0 {
        gaps.push(format!(
            "what differs in {unproven} of {} keys, whose inputs do not give their sum{}",
            comparison.keys.total,
            why_unproven(first, second)
        ));
    }
    for (side, recording) in [("first", first), ("second", second)] {
        for invocation in &recording.invocations {
            gaps.extend(faults(side, invocation));
            gaps.extend(failure(side, invocation));
        }
    }
    gaps
}

/// What a build did not reach is not there. A test or a vet that fails has compiled all the same.
fn failure(side: &str, invocation: &Invocation) -> Option<String> {
    let command = invocation.info.command();
    let code = invocation.info.exit_code.filter(|code| *code != 0)?;
    let compiles = command.is_build() && !["test", "vet", "run"].contains(&command.verb.as_str());
    compiles.then(|| {
        let line = invocation.info.line();
        format!("what the {side} build would have gone on to: `{line}` ended with {code}")
    })
}

fn why_unproven(first: &Recording, second: &Recording) -> &'static str {
    let keys = [first, second]
        .into_iter()
        .flat_map(|side| &side.invocations)
        .flat_map(|invocation| &invocation.log.keys);
    match keys.map(|key| key.proof).find(|proof| *proof == Proof::Overlapping) {
        Some(_) => ": blocks of one name overlap; go's -p=1 keeps them apart",
        None => "",
    }
}

/// What is wrong with a log, which a recording keeps as it was.
fn faults(side: &str, invocation: &Invocation) -> Option<String> {
    let log = &invocation.log;
    let fault = log.faults.first()?;
    let more = match log.faults_total {
        1 => String::new(),
        total => format!(" (and {} more)", total - 1),
    };
    Some(format!("line {} of the {side} hash log: {}{more}", fault.line.get(), fault.what))
}
