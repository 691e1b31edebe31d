//! Two recordings become a comparison: few causes, and what merely follows from them.
//!
//! Source of the method: `import`, `packagefile` and `packagemain` inputs carry
//! content IDs of other actions, so a changed action whose differing inputs are
//! all of these follows; any other differing input makes it a root.

mod actions;
pub mod archives;
pub mod artifacts;
mod attribute;
pub mod build_ids;
mod cache_state;
pub mod category;
pub mod cause;
mod changes;
pub mod divergence;
pub mod evidence;
pub mod executable;
pub mod experiment;
pub mod files;
pub mod lookups;
mod matching;
pub mod misses;
mod origin;
pub mod packages;
pub mod path_map;
pub mod plan;
mod reach;
pub mod rebuilt;
pub mod reuse;
pub mod rows;
pub mod sections;
pub mod test_inputs;
pub mod tests;
mod title;
mod umbrella;
pub mod why;

use crate::diff::actions::{Action, Actions};
use crate::diff::artifacts::ArtifactPair;
use crate::diff::cause::Cause;
use crate::diff::divergence::Divergences;
use crate::diff::lookups::Lookups;
use crate::diff::matching::Pair;
use crate::diff::path_map::PathMap;
use crate::diff::rows::ActionRow;
use crate::golang::hash_log::Proof;
use crate::golang::inputs::Inputs;
use crate::recording::Recording;

pub use changes::Change;
pub use plan::PlanStep;

/// What differs between two recordings, and why.
#[derive(Debug, Default)]
pub struct Comparison {
    pub counts: Counts,
    pub keys: KeyCount,
    /// Heaviest first.
    pub causes: Vec<Cause>,
    /// Changed actions that no cause reaches, each with what differs, verbatim.
    pub unexplained: Vec<Unexplained>,
    /// Actions with equal keys whose outputs differ.
    pub nondeterministic: Vec<Nondeterministic>,
    /// The compiles whose outputs differ first.
    pub divergences: Divergences,
    /// Every action of both builds.
    pub actions: Vec<ActionRow>,
    /// In which order to undo causes, best first.
    pub plan: Vec<PlanStep>,
    pub artifacts: Vec<ArtifactPair>,
    pub tests: tests::Tests,
    /// What each build found in its cache, where that was seen.
    pub lookups: [Option<Lookups>; 2],
}

/// Actions, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    pub first: usize,
    pub second: usize,
    /// With equal keys.
    pub same: usize,
    pub changed: usize,
    pub only_first: usize,
    pub only_second: usize,
    /// Changed, with an input of its own that differs.
    pub roots: usize,
    /// Changed, and only by the outputs of others.
    pub followers: usize,
    pub ran_with_equal_key: usize,
    pub changed_but_found: usize,
    /// Changed, and with the same output all the same.
    pub cutoff: usize,
    /// CPU seconds that were spent on these for nothing.
    pub cutoff_cpu_seconds: Option<f64>,
}

/// How many compile and link keys of both sides were verified by recomputing their SHA-256.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyCount {
    pub verified: usize,
    pub total: usize,
}

/// A changed action that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexplained {
    pub action: String,
    pub changes: Vec<Change>,
}

/// An action whose inputs are equal and whose output is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nondeterministic {
    pub action: String,
    pub first: String,
    pub second: String,
}

/// Compares two recordings that were read with the same `inputs`.
#[must_use]
pub fn compare(first: &Recording, second: &Recording, inputs: &Inputs) -> Comparison {
    let (ours, theirs) = (actions::collect(first, inputs), actions::collect(second, inputs));
    let matching = matching::match_actions(&ours.all, &theirs.all);
    let paths = PathMap::of(first, second);
    let counts = Counts {
        first: ours.all.len(),
        second: theirs.all.len(),
        only_first: matching.only_first.len(),
        only_second: matching.only_second.len(),
        ..Counts::default()
    };
    let steps: Vec<Step<'_>> =
        matching.pairs.iter().map(|pair| Step::new(*pair, &ours, &theirs, inputs)).collect();
    let mut comparison = Comparison {
        counts: count(counts, &steps),
        keys: KeyCount {
            verified: ours.verified + theirs.verified,
            total: ours.total + theirs.total,
        },
        nondeterministic: steps.iter().filter_map(Step::nondeterministic).collect(),
        artifacts: artifacts::compare(&first.manifest.artifacts, &second.manifest.artifacts),
        tests: tests::compare(first, second, inputs),
        lookups: [first, second].map(lookups::of),
        ..Comparison::default()
    };
    let found = cause::explain(
        &steps,
        &paths,
        [&first.manifest.go_mod, &second.manifest.go_mod],
        &mut comparison,
    );
    let (only_first, only_second): (Vec<_>, Vec<_>) = (
        matching.only_first.iter().map(|&index| &ours.all[index]).collect(),
        matching.only_second.iter().map(|&index| &theirs.all[index]).collect(),
    );
    comparison.actions = rows::of(&steps, found, &only_first, &only_second);
    comparison.divergences = divergence::of(&comparison.actions);
    cache_state::add(&mut comparison, first, second);
    comparison.plan = plan::greedy(&comparison);
    comparison
}

/// One step of both builds.
struct Step<'a> {
    first: &'a Action<'a>,
    second: &'a Action<'a>,
    /// Empty where the keys are equal.
    changes: Vec<Change>,
    /// Whether the package is of the standard library.
    is_standard: bool,
}

impl<'a> Step<'a> {
    fn new(pair: Pair, first: &'a Actions<'a>, second: &'a Actions<'a>, inputs: &Inputs) -> Self {
        let (first, second) = (&first.all[pair.first], &second.all[pair.second]);
        let proven = [first, second].iter().all(|action| action.key.proof == Proof::Verified);
        let changes = match first.key.sum == second.key.sum {
            true => Vec::new(),
            // Inputs that may not be the ones that were hashed explain nothing.
            false if !proven => Vec::new(),
            false => changes::between(first, second, inputs),
        };
        // The go command says so itself; a module may have any name.
        let is_standard = !changes.is_empty()
            && second.key.inputs.iter().any(|&id| inputs.quoted(id).contains(" standard true "));
        Self { first, second, changes, is_standard }
    }

    fn is_changed(&self) -> bool {
        self.first.key.sum != self.second.key.sum
    }

    fn same_content(&self) -> Option<bool> {
        Some(self.first.content? == self.second.content?)
    }

    fn is_cutoff(&self) -> bool {
        self.is_changed() && self.same_content() == Some(true)
    }

    fn nondeterministic(&self) -> Option<Nondeterministic> {
        (!self.is_changed() && self.same_content() == Some(false)).then(|| Nondeterministic {
            action: self.second.name(),
            first: self.first.content.map(|id| id.to_string()).unwrap_or_default(),
            second: self.second.content.map(|id| id.to_string()).unwrap_or_default(),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 nanoseconds are a hundred days")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

fn count(mut counts: Counts, steps: &[Step<'_>]) -> Counts {
    let number = |is: fn(&Step<'_>) -> bool| steps.iter().filter(|step| is(step)).count();
    counts.changed = number(|step| step.is_changed());
    counts.same = steps.len() - counts.changed;
    counts.ran_with_equal_key = number(|step| !step.is_changed() && step.second.ran == Some(true));
    counts.changed_but_found = number(|step| step.is_changed() && step.second.ran == Some(false));
    counts.cutoff = number(|step| step.is_cutoff());
    let wasted = steps.iter().filter(|step| step.is_cutoff() && step.second.ran == Some(true));
    counts.cutoff_cpu_seconds =
        wasted.filter_map(|step| step.second.cpu_ns).map(seconds).reduce(|sum, cpu| sum + cpu);
    counts
}
