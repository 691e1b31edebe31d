//! What an audit did not look at: a pass says nothing about it.

use std::collections::BTreeSet;

use crate::diff::artifacts::Outcome;
use crate::leaks::{Kind, Leaks, NotSearched};
use crate::recording::Recording;
use crate::report::{Depth, Report};
use crate::variation::VARIATIONS;

/// Returns what was not looked at, one line each.
pub(super) fn lines(report: &Report<'_>) -> Vec<String> {
    let mut lines: Vec<String> = match report.depth {
        Depth::Text => vec!["the build: only files were read".to_owned()],
        Depth::Plan => vec![
            "the artifacts: a plan does not know whether equal keys give equal bytes".to_owned(),
            "whether it compiles, and whether a changed compile would give the same output"
                .to_owned(),
        ],
        Depth::Build => Vec::new(),
    };
    if report.sources.is_empty() {
        lines.push("CI files: none was found".to_owned());
    }
    lines.extend(report.left_out.iter().cloned());
    if let Some((first, second)) = report.recordings {
        lines.extend(variations(second));
        lines.extend(first.manifest.notes.iter().cloned());
        lines.extend(leaks([first, second].map(|side| side.manifest.leaks.as_ref())));
        let unmatched = &first.manifest.unmatched_artifacts;
        lines.extend(
            unmatched
                .iter()
                .map(|pattern| format!("artifact pattern `{pattern}`: it matches no file")),
        );
    }
    // Those that are gone, and those past the first few.
    let differs =
        |outcome: &Outcome| matches!(outcome, Outcome::Differs(it) if it.inside.is_none());
    if report
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.artifacts)
        .any(|pair| differs(&pair.outcome))
    {
        lines.push(
            "some artifacts inside of their sections: symbols, code, debug information".to_owned(),
        );
    }
    lines
}

fn variations(second: &Recording) -> Vec<String> {
    let varied = &second.manifest.variations;
    let mut lines: Vec<String> = varied
        .iter()
        .filter_map(|varied| {
            Some(format!(
                "{}: not applied here because {}",
                varied.name,
                varied.how.as_ref().err()?
            ))
        })
        .collect();
    let left_out: Vec<&str> = VARIATIONS
        .iter()
        .filter(|variation| !varied.iter().any(|varied| varied.name == variation.name))
        .map(|variation| variation.name)
        .collect();
    lines.push(format!("not varied: {}", left_out.join(", ")));
    lines
}

/// Lines about contents of artifacts that could not be searched.
const CONTENTS: usize = 5;

/// A kind of value is searched for if it is in one of the builds.
fn leaks(sides: [Option<&Leaks>; 2]) -> Vec<String> {
    let all = || sides.into_iter().flatten();
    let searched: BTreeSet<Kind> =
        all().flat_map(|leaks| &leaks.searched).map(|searched| searched.kind).collect();
    let left_out: BTreeSet<(Kind, &str)> = all()
        .flat_map(|leaks| &leaks.not_searched)
        .filter(|NotSearched { kind, .. }| !searched.contains(kind))
        .map(|NotSearched { kind, why }| (*kind, why.as_str()))
        .collect();
    let mut lines: Vec<String> = left_out
        .into_iter()
        .map(|(kind, why)| format!("{} in the artifacts: it {why}", kind.placeholder()))
        .collect();
    let notes: BTreeSet<&str> = all().flat_map(|leaks| &leaks.notes).map(String::as_str).collect();
    lines.extend(notes.iter().take(CONTENTS).map(|note| format!("values of the build in {note}")));
    if notes.len() > CONTENTS {
        let rest = notes.len() - CONTENTS;
        lines.push(format!("values of the build in {rest} more parts of the artifacts"));
    }
    let omitted: u64 = all().map(|leaks| leaks.omitted).max().unwrap_or_default();
    if omitted > 0 {
        lines.push(format!("{omitted} more values of the build in artifacts that hold very many"));
    }
    lines
}
