//! What the script of the page works on: every action, the flow, the timeline.
//!
//! The structs are the JSON in the page. It is no format for programs: it may
//! change with every goaudit, together with the script.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diff::cause::Root;
use crate::diff::rows::{ActionRow, ActionSide, Outcome};
use crate::diff::{Change, Comparison};
use crate::golang::hash_input::Slot;
use crate::golang::hash_log::KeyKind;
use crate::recording::Recording;
use crate::report::html::chains::{self, Way};
use crate::report::html::flow::{self, Flow};
use crate::report::html::timeline::Timeline;
use crate::report::page::escape::visible;

/// Everything that the script needs.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// Words for the numbers in [`Row`].
    kinds: Vec<&'static str>,
    outcomes: Vec<OutcomeWord>,
    /// Titles of the heaviest causes.
    causes: Vec<String>,
    rows: Vec<Row>,
    flow: Option<Flow>,
    timeline: Timeline,
}

#[derive(Debug, Serialize)]
struct OutcomeWord {
    name: &'static str,
    label: &'static str,
}

/// Causes that the page shows. Nobody picks among more, and each may be named in every row.
pub(super) const CAUSES: usize = 100;

/// One action. Empty and unknown fields are left out: there may be tens of thousands.
#[derive(Debug, Serialize)]
struct Row {
    /// Index into [`Data::kinds`].
    kind: usize,
    package: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    variant: String,
    /// Index into [`Data::outcomes`].
    outcome: usize,
    /// Whether the output is the same although the key is another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    same_output: bool,
    /// Indices into [`Data::causes`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<usize>,
    /// Causes after [`CAUSES`].
    #[serde(skip_serializing_if = "is_zero")]
    lighter: usize,
    /// For each cause the row that it comes from; [`OWN`] where it starts here, [`UNKNOWN`] where no
    /// recorded input leads to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    via: Vec<i64>,
    /// How many changed outputs it hashes.
    #[serde(skip_serializing_if = "is_zero")]
    follows: usize,
    /// What differs in its own inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<Input>,
    /// User and system time of its commands in the second build, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<Ids>,
}

const OWN: i64 = -1;
const UNKNOWN: i64 = -2;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Action ID, and content ID where it is known.
#[derive(Debug, Serialize)]
struct Ids(String, Option<String>);

/// One input that differs.
#[derive(Debug, Serialize)]
struct Input {
    /// Index into [`Data::causes`]; absent where no cause explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
    name: String,
    first: Option<String>,
    second: Option<String>,
}

/// Every outcome, in the order of the legend and of the filter.
pub(super) const OUTCOMES: [Outcome; 8] = [
    Outcome::Miss,
    Outcome::Changed,
    Outcome::ChangedButFound,
    Outcome::RanWithEqualKey,
    Outcome::Hit,
    Outcome::Same,
    Outcome::OnlyFirst,
    Outcome::OnlySecond,
];

/// Returns an outcome in the words of the page.
pub(super) const fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Hit => "hit",
        Outcome::RanWithEqualKey => "ran with equal key",
        Outcome::Miss => "miss",
        Outcome::ChangedButFound => "changed but found",
        Outcome::Same => "equal key",
        Outcome::Changed => "changed",
        Outcome::OnlyFirst => "only in first",
        Outcome::OnlySecond => "only in second",
    }
}

impl Data {
    pub(super) fn new(comparison: &Comparison, second: &Recording, timeline: Timeline) -> Self {
        let ways = chains::ways(comparison, comparison.causes.len().min(CAUSES));
        let mut inputs = inputs(comparison);
        let rows = comparison.actions.iter().zip(&ways).enumerate();
        Self {
            kinds: KINDS.iter().map(|kind| kind.name()).collect(),
            outcomes: OUTCOMES
                .iter()
                .map(|&outcome| OutcomeWord { name: outcome.name(), label: label(outcome) })
                .collect(),
            causes: comparison
                .causes
                .iter()
                .take(CAUSES)
                .map(|cause| visible(&cause.title))
                .collect(),
            rows: rows
                .map(|(index, (row, ways))| {
                    Row::new(row, ways, inputs.remove(&index).unwrap_or_default())
                })
                .collect(),
            flow: flow::of(comparison, &ways, second),
            timeline,
        }
    }
}

const KINDS: [KeyKind; 3] = [KeyKind::Build, KeyKind::Link, KeyKind::Vet];

fn position<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or_default()
}

impl Row {
    fn new(row: &ActionRow, ways: &[Way], inputs: Vec<Input>) -> Self {
        let via = |way: &Way| match way {
            Way::Own => OWN,
            Way::Unknown => UNKNOWN,
            Way::Through { next, .. } => i64::try_from(*next).unwrap_or(UNKNOWN),
        };
        Self {
            kind: position(&KINDS, &row.kind),
            package: visible(&row.package),
            variant: row.variant.to_string(),
            outcome: position(&OUTCOMES, &row.outcome),
            same_output: row.is_cutoff,
            causes: row.causes[..ways.len()].to_vec(),
            lighter: row.causes.len() - ways.len(),
            via: ways.iter().map(via).collect(),
            follows: row.from.len(),
            inputs,
            cpu: row.second.and_then(|side| side.cpu_ns).map(|nanoseconds| nanoseconds / 1_000),
            first: row.first.as_ref().map(Ids::of),
            second: row.second.as_ref().map(Ids::of),
        }
    }
}

impl Ids {
    fn of(side: &ActionSide) -> Self {
        Self(side.id.to_string(), side.content.map(|id| id.to_string()))
    }
}

/// Returns what differs in the own inputs of each row, by the index of the row.
fn inputs(comparison: &Comparison) -> BTreeMap<usize, Vec<Input>> {
    let mut inputs: BTreeMap<usize, Vec<Input>> = BTreeMap::new();
    let mut roots: Vec<_> = comparison.causes.iter().map(|cause| cause.roots.iter()).collect();
    let mut unexplained = comparison.unexplained.iter();
    for (index, row) in comparison.actions.iter().enumerate() {
        for &cause in row.own.iter().filter(|&&cause| cause < CAUSES) {
            let root = roots.get_mut(cause).and_then(|roots| next_of(roots, row));
            let input = root.map(|root| Input::new(Some(cause), &root.change));
            inputs.entry(index).or_default().extend(input);
        }
        // A comparison lists both in the order of its rows.
        if row.is_changed() && row.causes.is_empty() {
            let changes = unexplained.next().map(|unexplained| unexplained.changes.as_slice());
            let changes = changes.unwrap_or_default().iter();
            inputs.entry(index).or_default().extend(changes.map(|change| Input::new(None, change)));
        }
    }
    inputs
}

/// Takes the next root of an action. The roots of a cause are in the order of the rows; an action
/// that another cause took over has a root and no row.
fn next_of<'a>(roots: &mut impl Iterator<Item = &'a Root>, row: &ActionRow) -> Option<&'a Root> {
    let name = row.name();
    roots.find(|root| root.action == name && root.variant == row.variant)
}

impl Input {
    fn new(cause: Option<usize>, change: &Change) -> Self {
        let shown = |value: &Option<String>| value.as_deref().map(visible);
        Self {
            cause,
            name: visible(&input_name(change)),
            first: shown(&change.first),
            second: shown(&change.second),
        }
    }
}

/// Returns what an input is, in the words of the hash log where it has a word.
pub(super) fn input_name(change: &Change) -> String {
    let word = match change.slot {
        Slot::Salt => "Go version",
        Slot::Constant | Slot::Unknown => "",
        Slot::Module => "module",
        Slot::Dir => "dir",
        Slot::GoDirective => "go",
        Slot::Target => "target",
        Slot::ImportPath => "import path",
        Slot::Command => "command",
        Slot::Trimpath => "trimpath",
        Slot::ForceLibrary => "forcelibrary",
        Slot::ToolVersion => "tool",
        Slot::ForcedFlags | Slot::UserFlags => "flags of",
        Slot::CCompiler => "C compiler",
        Slot::CCompilerId => "C compiler version",
        Slot::Cover => "cover",
        Slot::Fuzz => "fuzz",
        Slot::ModInfo => "build info",
        Slot::ArchLevel | Slot::Magic => "variable",
        Slot::Experiment => "GOEXPERIMENT",
        Slot::File => "file",
        Slot::Import => "import",
        Slot::PgoFile => "pgofile",
        Slot::DefaultGodebug => "default GODEBUG",
        Slot::BuildMode => "buildmode",
        Slot::LinkFlags => "-ldflags",
        Slot::LinkMode => "link mode",
        Slot::Goroot => "GOROOT",
        Slot::ExtLink => "GO_EXTLINK_ENABLED",
        Slot::PackageFile => "packagefile",
        Slot::PackageMain => "packagemain",
        Slot::Vet => "vet",
    };
    let subject = change.subject.strip_prefix("build ").unwrap_or(&change.subject);
    match (word, subject) {
        ("", subject) => subject.to_owned(),
        (word, "") => word.to_owned(),
        (word, subject) => format!("{word} {subject}"),
    }
}
