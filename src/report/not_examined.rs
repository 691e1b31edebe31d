//! What an audit did not look at: a pass says nothing about it.

use crate::diff::artifacts::Outcome;
use crate::recording::Recording;
use crate::report::{Depth, Report};
use crate::variation::VARIATIONS;

/// Returns what was not looked at, one line each.
pub(super) fn lines(report: &Report<'_>) -> Vec<String> {
    let mut lines: Vec<String> = match report.depth {
        Depth::Text => vec!["the build: --depth text reads CI files only".to_owned()],
        Depth::Plan => vec![
            "the artifacts: a plan does not know whether equal keys give equal bytes".to_owned(),
            "whether it compiles, and whether a changed compile would give the same output"
                .to_owned(),
        ],
        Depth::Build => Vec::new(),
    };
    if report.files == 0 {
        lines.push("CI files: none was found".to_owned());
    }
    if let Some((first, second)) = report.recordings {
        lines.extend(variations(second));
        lines.extend(first.manifest.notes.iter().cloned());
        let unmatched = &first.manifest.unmatched_artifacts;
        lines.extend(
            unmatched
                .iter()
                .map(|pattern| format!("artifact pattern `{pattern}`: it matches no file")),
        );
    }
    let differs = |outcome: &Outcome| matches!(outcome, Outcome::Differs(_));
    if report
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.artifacts)
        .any(|pair| differs(&pair.outcome))
    {
        lines.push(
            "the artifacts inside of their sections: symbols, code, debug information".to_owned(),
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
