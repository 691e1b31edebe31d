//! Causes: what a person can change, with the actions that it makes run.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::attribute::{self, Identity};
use crate::diff::category::Category;
use crate::diff::experiment::Proof;
use crate::diff::origin::{self, Run};
use crate::diff::path_map::PathMap;
use crate::diff::reach::{self, CauseSet};
use crate::diff::rows::Found;
use crate::diff::umbrella::{Builds, Changed};
use crate::diff::{Change, Comparison, Step, Unexplained, seconds};
use crate::golang::build_id::ShortId;
use crate::golang::go_mod::GoMod;
use crate::golang::hash_input::Slot;
use crate::golang::hash_log::KeyKind;
use crate::golang::variant::Variant;

/// One cause, however many actions show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    pub category: Category,
    /// One line: what differs.
    pub title: String,
    /// What it is about within its category: a package, a flag, a variable; empty where there is nothing to tell apart.
    pub about: String,
    /// The actions that have it among their own inputs, each with the change that shows it best.
    pub roots: Vec<Root>,
    /// Actions with this cause among theirs, roots included.
    pub reach_total: usize,
    /// CPU seconds of these, shared with the other causes of each.
    pub share_cpu_seconds: Option<f64>,
    /// CPU seconds of the actions that have no other cause.
    pub alone_cpu_seconds: Option<f64>,
    /// Actions that it made run for the same output.
    pub cutoff: usize,
    /// Links of the second build that it reaches; an executable's build ID starts with one.
    pub links: Vec<ShortId>,
    /// Where the two runs differ in it: on the command line, in GOFLAGS, in a setting, in go.mod.
    pub origin: Option<String>,
    /// What to do.
    pub fix: Option<String>,
    /// What undoing it did, where that was asked for.
    pub proof: Option<Proof>,
    /// Variations of the rebuild that show it when they are alone, where that was tried.
    pub variations: Option<Vec<String>>,
}

/// One action that has a cause among its own inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// `build fmt`, as the hash log prints it.
    pub action: String,
    pub package: String,
    /// Tells it from others of its name.
    pub variant: Variant,
    pub change: Change,
}

impl Root {
    /// Returns the name with the variant, where there is one.
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.variant.is_plain() {
            true => self.action.clone(),
            false => format!("{} ({})", self.action, self.variant),
        }
    }
}

/// Finds the causes of all changed steps, and what each reaches.
pub(super) fn explain(
    steps: &[Step<'_>],
    paths: &PathMap,
    go_mods: [&GoMod; 2],
    comparison: &mut Comparison,
) -> Found {
    let mut roots: BTreeMap<Identity, Vec<Root>> = BTreeMap::new();
    let mut own: Vec<Vec<Identity>> = Vec::with_capacity(steps.len());
    let builds = Builds { paths, other_versions: other_versions(steps, paths) };
    for step in steps {
        let mut identities = own_causes(step, &builds, &mut roots);
        if let Some(difference) = step.nondeterministic() {
            let identity =
                Identity { category: Category::Nondeterminism, about: step.second.name() };
            roots.entry(identity.clone()).or_default().push(output_root(
                step,
                difference.first,
                difference.second,
            ));
            identities.push(identity);
        }
        own.push(identities);
    }
    comparison.counts.roots =
        own.iter().zip(steps).filter(|(own, step)| !own.is_empty() && step.is_changed()).count();
    comparison.counts.followers = comparison.counts.changed - comparison.counts.roots;

    let index: BTreeMap<&Identity, usize> =
        roots.keys().enumerate().map(|(index, identity)| (identity, index)).collect();
    let own: Vec<CauseSet> = own
        .iter()
        .map(|identities| {
            let mut set = CauseSet::default();
            identities
                .iter()
                .filter_map(|identity| index.get(identity))
                .for_each(|&cause| set.insert(cause));
            set
        })
        .collect();
    let edges = reach::edges(steps);
    let mut reached = own.clone();
    reach::propagate(&edges, &mut reached);

    comparison.unexplained = steps
        .iter()
        .zip(&reached)
        .filter(|(step, causes)| step.is_changed() && causes.len() == 0)
        .map(|(step, _)| Unexplained { action: step.second.name(), changes: step.changes.clone() })
        .collect();
    let weights = weigh(steps, &reached, roots.len());
    let mut causes: Vec<(usize, Cause)> = roots
        .into_iter()
        .zip(weights)
        .map(|((identity, roots), weight)| weight.into_cause(identity, roots))
        .enumerate()
        .collect();
    for (index, cause) in &mut causes {
        let root = own.iter().position(|set| set.iter().any(|own| own == *index));
        cause.origin = root.and_then(|root| origin_of(cause, &steps[root], go_mods));
    }
    causes.sort_by(|(_, one), (_, other)| heavier(one, other));
    let mut places = vec![0; causes.len()];
    for (place, (cause, _)) in causes.iter().enumerate() {
        places[*cause] = place;
    }
    comparison.causes = causes.into_iter().map(|(_, cause)| cause).collect();
    Found { own, reached, edges, places }
}

fn origin_of(cause: &Cause, root: &Step<'_>, go_mods: [&GoMod; 2]) -> Option<String> {
    let [ours, theirs] = go_mods;
    let first = Run { command: &root.first.invocation.info, go_mod: ours };
    let second = Run { command: &root.second.invocation.info, go_mod: theirs };
    origin::of(cause.category, &cause.about, first, second)
}

/// The order of causes: by what they cost, then by what they reach.
pub(super) fn heavier(one: &Cause, other: &Cause) -> std::cmp::Ordering {
    let share = |cause: &Cause| cause.share_cpu_seconds.unwrap_or_default();
    share(other)
        .total_cmp(&share(one))
        .then(other.reach_total.cmp(&one.reach_total))
        .then_with(|| (one.category, &one.about).cmp(&(other.category, &other.about)))
}

/// Returns the modules that some main package has in another version.
fn other_versions<'a>(steps: &'a [Step<'_>], paths: &PathMap) -> BTreeSet<&'a str> {
    let changes = steps.iter().flat_map(|step| &step.changes);
    changes
        .filter(|change| change.slot == Slot::ModInfo && !change.is_one_sided())
        .filter_map(|change| Some((change.subject.strip_prefix("dep ")?, change)))
        .filter(|(_, change)| attribute::dependency(change, paths) == Category::DependencyVersion)
        .map(|(module, _)| module)
        .collect()
}

fn own_causes(
    step: &Step<'_>,
    builds: &Builds<'_>,
    roots: &mut BTreeMap<Identity, Vec<Root>>,
) -> Vec<Identity> {
    let changed = Changed {
        first: step.first,
        second: step.second,
        changes: &step.changes,
        is_standard: step.is_standard,
        builds,
    };
    let mut by_identity: BTreeMap<Identity, &Change> = BTreeMap::new();
    for change in &step.changes {
        for identity in attribute::identify(&changed, change) {
            let shown = by_identity.entry(identity).or_insert(change);
            if telling(change) > telling(shown) {
                *shown = change;
            }
        }
    }
    for (identity, change) in &by_identity {
        roots.entry(identity.clone()).or_default().push(Root {
            action: step.second.name(),
            package: step.second.key.package.clone(),
            variant: step.second.variant,
            change: (*change).clone(),
        });
    }
    by_identity.into_keys().collect()
}

/// How well a change shows its cause: the switch itself better than what it moves.
fn telling(change: &Change) -> u8 {
    match change.slot {
        Slot::Salt
        | Slot::Trimpath
        | Slot::Target
        | Slot::ForcedFlags
        | Slot::LinkFlags
        | Slot::Dir
        | Slot::Goroot
        | Slot::GoDirective => 3,
        Slot::ModInfo => match change.subject.as_str() {
            "build CGO_ENABLED" | "build -tags" | "build -ldflags" | "build vcs.revision" => 3,
            "build vcs.modified" => 4,
            // Names the module, as no directory does.
            subject if subject.starts_with("dep ") => 4,
            _ => 2,
        },
        Slot::File | Slot::Import | Slot::PackageFile => 0,
        _ => 1,
    }
}

fn output_root(step: &Step<'_>, first: String, second: String) -> Root {
    Root {
        action: step.second.name(),
        package: step.second.key.package.clone(),
        variant: step.second.variant,
        change: Change {
            slot: Slot::Constant,
            subject: "content ID".to_owned(),
            first: Some(first),
            second: Some(second),
        },
    }
}

/// What one cause weighs.
#[derive(Default, Clone)]
struct Weight {
    reach: usize,
    cutoff: usize,
    /// `None` where no action graph says what actions cost.
    share: Option<f64>,
    alone: Option<f64>,
    links: Vec<ShortId>,
}

/// The share of an action among its causes is equal, and so the shares of all causes add up to the total.
fn weigh(steps: &[Step<'_>], reached: &[CauseSet], causes: usize) -> Vec<Weight> {
    let mut weights = vec![Weight::default(); causes];
    for (step, set) in steps.iter().zip(reached) {
        let cpu = step.second.cpu_ns.map(seconds);
        let number = set.len();
        for cause in set.iter() {
            let weight = &mut weights[cause];
            weight.reach += 1;
            weight.cutoff += usize::from(step.is_cutoff());
            if step.second.key.kind == KeyKind::Link {
                weight.links.push(step.second.id);
            }
            if let Some(cpu) = cpu {
                #[expect(clippy::cast_precision_loss, reason = "an action has few causes")]
                let share = cpu / number as f64;
                *weight.share.get_or_insert(0.0) += share;
                *weight.alone.get_or_insert(0.0) += if number == 1 { cpu } else { 0.0 };
            }
        }
    }
    weights
}

impl Weight {
    fn into_cause(self, identity: Identity, roots: Vec<Root>) -> Cause {
        let Identity { category, about } = identity;
        let fix = super::title::fix(category, &about).map(str::to_owned);
        let best = roots.iter().max_by_key(|root| telling(&root.change)).map(|root| &root.change);
        let title = best
            .map(|change| super::title::of(category, &about, change, &roots))
            .unwrap_or_default();
        Cause {
            category,
            title,
            about,
            roots,
            reach_total: self.reach,
            share_cpu_seconds: self.share,
            alone_cpu_seconds: self.alone,
            cutoff: self.cutoff,
            links: self.links,
            origin: None,
            fix,
            proof: None,
            variations: None,
        }
    }
}
