//! Every action of the two builds, with what became of it and why.

use crate::diff::Step;
use crate::diff::actions::Action;
use crate::diff::reach::CauseSet;
use crate::golang::build_id::ShortId;
use crate::golang::hash_log::KeyKind;
use crate::golang::variant::Variant;

/// One action of the two builds.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionRow {
    pub kind: KeyKind,
    pub package: String,
    /// Tells several actions of one package apart.
    pub variant: Variant,
    pub outcome: Outcome,
    /// Whether the output is the same although the key is another.
    pub is_cutoff: bool,
    /// Indices into [`crate::diff::Comparison::causes`]: all that reach it.
    pub causes: Vec<usize>,
    /// Those of them that it shows in an input of its own.
    pub own: Vec<usize>,
    /// Indices of the rows whose changed output it hashes.
    pub from: Vec<usize>,
    pub first: Option<ActionSide>,
    pub second: Option<ActionSide>,
}

/// An action as one of the two builds has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionSide {
    /// Index of its go command in the recording, and of its key in the log of that.
    pub key: (usize, usize),
    pub id: ShortId,
    /// Hash of what it made, where that is known.
    pub content: Option<ShortId>,
    /// Whether a command was executed, where that is known.
    pub ran: Option<bool>,
    /// User and system time of its commands, in nanoseconds.
    pub cpu_ns: Option<u64>,
}

/// What became of an action in the second build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Equal key, and nothing ran.
    Hit,
    /// Equal key, and it ran all the same.
    RanWithEqualKey,
    /// Another key, and it ran.
    Miss,
    /// Another key, which the cache had from another build.
    ChangedButFound,
    /// Equal key; no action graph says whether it ran.
    Same,
    /// Another key; no action graph says whether it ran.
    Changed,
    OnlyFirst,
    OnlySecond,
}

impl Outcome {
    /// Returns its name in JSON and in the tables of a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::RanWithEqualKey => "ran_with_equal_key",
            Self::Miss => "miss",
            Self::ChangedButFound => "changed_but_found",
            Self::Same => "same",
            Self::Changed => "changed",
            Self::OnlyFirst => "only_first",
            Self::OnlySecond => "only_second",
        }
    }

    fn of(step: &Step<'_>) -> Self {
        match (step.is_changed(), step.second.ran) {
            (false, Some(false)) => Self::Hit,
            (false, Some(true)) => Self::RanWithEqualKey,
            (true, Some(true)) => Self::Miss,
            (true, Some(false)) => Self::ChangedButFound,
            (false, None) => Self::Same,
            (true, None) => Self::Changed,
        }
    }
}

impl ActionRow {
    /// Returns the name of the action as the hash log prints it: `build fmt`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.kind.name(), self.package)
    }

    /// Returns the name with the variant, where there is one: `build fmt (cover)`.
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.variant.is_plain() {
            true => self.name(),
            false => format!("{} ({})", self.name(), self.variant),
        }
    }

    /// Says whether the key of the second build is another than that of the first.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        matches!(self.outcome, Outcome::Miss | Outcome::ChangedButFound | Outcome::Changed)
    }

    /// Returns the CPU seconds that the second build spent on it.
    #[must_use]
    pub fn cpu_seconds(&self) -> Option<f64> {
        self.second?.cpu_ns.map(crate::diff::seconds)
    }

    fn one_sided(action: &Action<'_>, outcome: Outcome) -> Self {
        let side = Some(ActionSide::of(action));
        let is_first = outcome == Outcome::OnlyFirst;
        Self {
            kind: action.key.kind,
            package: action.key.package.clone(),
            variant: action.variant,
            outcome,
            is_cutoff: false,
            causes: Vec::new(),
            own: Vec::new(),
            from: Vec::new(),
            first: side.filter(|_| is_first),
            second: side.filter(|_| !is_first),
        }
    }
}

impl ActionSide {
    fn of(action: &Action<'_>) -> Self {
        Self {
            key: action.at,
            id: action.id,
            content: action.content,
            ran: action.ran,
            cpu_ns: action.cpu_ns,
        }
    }
}

/// What the search for causes found out of each step.
pub(super) struct Found {
    pub(super) own: Vec<CauseSet>,
    pub(super) reached: Vec<CauseSet>,
    /// For each step those whose changed output it hashes.
    pub(super) edges: Vec<Vec<usize>>,
    /// The place of each cause among [`crate::diff::Comparison::causes`].
    pub(super) places: Vec<usize>,
}

/// Returns a row for each step, in their order, and then for each action of one side only.
pub(super) fn of(
    steps: &[Step<'_>],
    found: Found,
    only_first: &[&Action<'_>],
    only_second: &[&Action<'_>],
) -> Vec<ActionRow> {
    let indices = |set: &CauseSet| {
        let mut causes: Vec<usize> = set.iter().map(|cause| found.places[cause]).collect();
        causes.sort_unstable();
        causes
    };
    let mut rows = Vec::with_capacity(steps.len() + only_first.len() + only_second.len());
    for (index, (step, from)) in steps.iter().zip(found.edges).enumerate() {
        rows.push(ActionRow {
            kind: step.second.key.kind,
            package: step.second.key.package.clone(),
            variant: step.second.variant,
            outcome: Outcome::of(step),
            is_cutoff: step.is_cutoff(),
            causes: indices(&found.reached[index]),
            own: indices(&found.own[index]),
            from,
            first: Some(ActionSide::of(step.first)),
            second: Some(ActionSide::of(step.second)),
        });
    }
    let side = |actions: &[&Action<'_>], outcome| {
        actions.iter().map(|action| ActionRow::one_sided(action, outcome)).collect::<Vec<_>>()
    };
    rows.extend(side(only_first, Outcome::OnlyFirst));
    rows.extend(side(only_second, Outcome::OnlySecond));
    rows
}
