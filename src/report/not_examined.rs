//! What an audit did not look at: a pass says nothing about it.

use std::collections::BTreeSet;

use crate::diff::artifacts::Outcome;
use crate::leaks::{Kind, Leaks, NotSearched};
use crate::recording::Recording;
use crate::report::text::{number, spelt_line};
use crate::report::{Depth, Report};
use crate::rules::NotResolved;
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
    if let Some(ledger) = report.ledger.as_ref().filter(|ledger| ledger.taken > 0) {
        lines.push(format!(
            "whether {} from the ledger would compile to the same bytes today: rebuilt within {} days, under these variations; and whether only checks wrote to it",
            number(ledger.taken, "output"),
            ledger.days
        ));
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

/// Parts of the files that a text names; `--format json` has more of them.
const PARTS: usize = 40;

/// Says what could not be told from the files: how much, or with `-v` what it is.
pub(super) fn in_files(open: &[NotResolved], is_verbose: bool) -> Vec<String> {
    let total = open.len();
    match (total, is_verbose) {
        (0, _) => return Vec::new(),
        (1, false) => return vec!["a call or value that the files leave open: -v names it".into()],
        (_, false) => {
            return vec![format!(
                "{total} calls and values that the files leave open: -v names them"
            )];
        }
        _ => {}
    }
    let mut lines: Vec<String> = open.iter().take(PARTS).map(line).collect();
    if total > PARTS {
        lines.push(format!("{} more calls and values that the files leave open", total - PARTS));
    }
    lines
}

fn line(open: &NotResolved) -> String {
    let NotResolved { place, what, silent } = open;
    let at = place.at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
    let consequence = match silent.as_slice() {
        [] => String::new(),
        [rule] => format!(", so {rule} is silent"),
        rules => format!(", so {} are silent", rules.join(", ")),
    };
    spelt_line(&format!("{}{at}: {what}{consequence}", place.path))
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
