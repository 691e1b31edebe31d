//! `goaudit.report.v1`: fields may be added to it, never changed.
//!
//! The structs here are the format; they are copies, so that the model can change.

mod artifacts;
mod observed;
mod pretty;
mod tests;
mod why;

use serde::Serialize;

use crate::diff::cause::Cause;
use crate::diff::divergence::Divergence;
use crate::diff::experiment::Proof;
use crate::diff::lookups::Lookups;
use crate::diff::{Change, Comparison, PlanStep};
use crate::finding::Level;
use crate::policy::{Judged, Outcome};
use crate::recording::{Manifest, Recording, Varied};
use crate::report::json::artifacts::{ArtifactObject, artifact};
use crate::report::json::observed::{LedgerObject, LookupsObject};
use crate::report::json::tests::TestsObject;
use crate::report::{Report, not_examined, not_known};
use crate::rules::NotResolved;

pub(in crate::report) use pretty::pretty;
pub use why::why;

/// Renders a report as one JSON document.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    pretty(&document(report))
}

/// Renders a comparison of two recordings as `goaudit.explain.v1`.
#[must_use]
pub fn explain(comparison: &Comparison, first: &Recording, second: &Recording) -> String {
    let comparison = compared(comparison, first, second);
    pretty(&ExplainDocument { schema: "goaudit.explain.v1", comparison })
}

#[derive(Serialize)]
struct ExplainDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    comparison: ComparisonObject<'a>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    verdict: &'static str,
    /// What the policy is called.
    policy: &'a str,
    /// Why there is no verdict, or what it leaves open.
    reasons: &'a [String],
    findings: Vec<FindingObject<'a>>,
    comparison: Option<ComparisonObject<'a>>,
    artifacts: Option<Vec<ArtifactObject<'a>>>,
    variations: Vec<VariationObject<'a>>,
    /// What was taken from the ledger of earlier checks; null without one.
    ledger: Option<LedgerObject<'a>>,
    not_examined: Vec<String>,
    /// Calls and values of the files that cannot be told, by place: the first [`NOT_RESOLVED`].
    not_resolved: Vec<NotResolvedObject<'a>>,
    not_resolved_total: usize,
}

/// So many of them are listed.
const NOT_RESOLVED: usize = 1000;

#[derive(Serialize)]
struct NotResolvedObject<'a> {
    what: &'a str,
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    /// Rules that would say more if it were known; empty where that may be any about commands.
    silent_rules: &'a [&'static str],
}

#[derive(Serialize)]
struct FindingObject<'a> {
    rule: &'a str,
    level: Level,
    message: &'a str,
    path: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    subject: &'a str,
    evidence: &'a [String],
    fix: Option<&'a str>,
}

#[derive(Serialize)]
struct ComparisonObject<'a> {
    first: SideObject<'a>,
    second: SideObject<'a>,
    actions: ActionsObject,
    causes: Vec<CauseObject<'a>>,
    unexplained: Vec<UnexplainedObject<'a>>,
    keys: KeysObject,
    tests: TestsObject<'a>,
    /// CPU seconds of actions with another key that gave the same output.
    cutoff_cpu_seconds: Option<f64>,
    /// In which order to undo the causes, and what each step frees.
    plan: Vec<PlanObject>,
    /// Compiles whose output differs and whose inputs are the outputs of none that does.
    divergences: Vec<DivergenceObject<'a>>,
    /// Compiles whose output differs behind those.
    divergence_followers: usize,
    /// What the comparison leaves open, one sentence each.
    not_known: Vec<String>,
}

#[derive(Serialize)]
struct DivergenceObject<'a> {
    action: &'a str,
    package: &'a str,
    equal_keys: bool,
    /// What the archives differ by; null where they were not looked at.
    difference: Option<String>,
    not_compared: Option<&'a str>,
    /// Folder that both archives were kept in.
    kept: Option<&'a str>,
}

#[derive(Serialize)]
struct PlanObject {
    /// Index into `causes`.
    cause: usize,
    actions: usize,
    cpu_seconds: Option<f64>,
}

#[derive(Serialize)]
struct SideObject<'a> {
    source: String,
    go_version: Option<&'a str>,
    actions: usize,
    /// What it found in its cache; null where that was not seen.
    lookups: Option<LookupsObject>,
}

#[derive(Serialize)]
struct ActionsObject {
    same: usize,
    changed: usize,
    only_first: usize,
    only_second: usize,
    roots: usize,
    followers: usize,
    ran_with_equal_key: usize,
    changed_but_found: usize,
    cutoff: usize,
}

#[derive(Serialize)]
struct CauseObject<'a> {
    category: &'static str,
    title: &'a str,
    roots: Vec<RootObject<'a>>,
    roots_total: usize,
    reach_total: usize,
    share_cpu_seconds: Option<f64>,
    alone_cpu_seconds: Option<f64>,
    cutoff: usize,
    /// Where the two runs differ in it.
    origin: Option<&'a str>,
    fix: Option<&'a str>,
    /// Null where it was not tried.
    fix_proven: Option<bool>,
    /// Null where it was not asked for.
    proof: Option<ProofObject<'a>>,
    /// Variations of the rebuild that show the cause alone; null where that is not known.
    variations: Option<&'a [String]>,
}

#[derive(Serialize)]
struct ProofObject<'a> {
    /// What was done to undo the cause.
    tried: Option<&'a str>,
    /// Keys that became equal, of those that differed by this cause alone.
    equal: usize,
    predicted: usize,
    /// Causes that these keys still have.
    remaining: &'a [String],
    not_tried: Option<&'a str>,
}

#[derive(Serialize)]
struct RootObject<'a> {
    action: &'a str,
    first: Option<&'a str>,
    second: Option<&'a str>,
}

#[derive(Serialize)]
struct UnexplainedObject<'a> {
    action: &'a str,
    inputs: Vec<RootObject<'a>>,
}

#[derive(Serialize)]
struct KeysObject {
    verified: usize,
    total: usize,
}

#[derive(Serialize)]
struct VariationObject<'a> {
    name: &'a str,
    applied: bool,
    detail: &'a str,
}

fn document<'a>(report: &'a Report<'_>) -> Document<'a> {
    let verdict = match report.verdict.outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
    };
    let pair = report.recordings.as_ref();
    let comparison = report.comparison.as_ref().zip(pair);
    let artifacts = report
        .comparison
        .as_ref()
        .map(|comparison| comparison.artifacts.iter().map(artifact).collect());
    Document {
        schema: "goaudit.report.v1",
        verdict,
        policy: &report.policy,
        reasons: &report.verdict.not_judged,
        findings: report.verdict.judged.iter().map(finding).collect(),
        comparison: comparison
            .map(|(comparison, (first, second))| compared(comparison, first, second)),
        artifacts,
        variations: pair.map(|(_, second)| variations(&second.manifest)).unwrap_or_default(),
        ledger: report.ledger.as_ref().map(LedgerObject::of),
        not_examined: not_examined::lines(report),
        not_resolved: report.not_resolved.iter().take(NOT_RESOLVED).map(not_resolved).collect(),
        not_resolved_total: report.not_resolved.len(),
    }
}

fn not_resolved(open: &NotResolved) -> NotResolvedObject<'_> {
    let at = open.place.at;
    NotResolvedObject {
        what: &open.what,
        path: &open.place.path,
        line: at.map(|(line, _)| line.get()),
        column: at.map(|(_, column)| column.get()),
        silent_rules: &open.silent,
    }
}

fn finding(judged: &Judged) -> FindingObject<'_> {
    let Judged { finding, level } = judged;
    let place = finding.place.as_ref();
    let at = place.and_then(|place| place.at);
    FindingObject {
        rule: finding.rule,
        level: *level,
        message: &finding.message,
        path: place.map(|place| place.path.as_str()),
        line: at.map(|(line, _)| line.get()),
        column: at.map(|(_, column)| column.get()),
        subject: &finding.subject,
        evidence: &finding.evidence,
        fix: finding.fix.as_deref(),
    }
}

fn compared<'a>(
    comparison: &'a Comparison,
    first: &'a Recording,
    second: &'a Recording,
) -> ComparisonObject<'a> {
    let counts = &comparison.counts;
    let side = |recording: &'a Recording, actions, lookups: Option<Lookups>| SideObject {
        source: recording.manifest.command.join(" "),
        go_version: recording.go_version(),
        actions,
        lookups: lookups.map(LookupsObject::of),
    };
    ComparisonObject {
        first: side(first, counts.first, comparison.lookups[0]),
        second: side(second, counts.second, comparison.lookups[1]),
        actions: ActionsObject {
            same: counts.same,
            changed: counts.changed,
            only_first: counts.only_first,
            only_second: counts.only_second,
            roots: counts.roots,
            followers: counts.followers,
            ran_with_equal_key: counts.ran_with_equal_key,
            changed_but_found: counts.changed_but_found,
            cutoff: counts.cutoff,
        },
        causes: comparison.causes.iter().map(cause).collect(),
        unexplained: comparison
            .unexplained
            .iter()
            .map(|unexplained| UnexplainedObject {
                action: &unexplained.action,
                inputs: unexplained
                    .changes
                    .iter()
                    .map(|change| input(&unexplained.action, change))
                    .collect(),
            })
            .collect(),
        keys: KeysObject { verified: comparison.keys.verified, total: comparison.keys.total },
        tests: (&comparison.tests).into(),
        cutoff_cpu_seconds: counts.cutoff_cpu_seconds,
        plan: comparison.plan.iter().map(plan_step).collect(),
        divergences: comparison.divergences.roots.iter().map(divergence).collect(),
        divergence_followers: comparison.divergences.followers,
        not_known: not_known::lines(comparison, first, second),
    }
}

fn divergence(root: &Divergence) -> DivergenceObject<'_> {
    let (difference, not_compared) = match &root.archives {
        Some(Ok(difference)) => (Some(difference.summary()), None),
        Some(Err(why)) => (None, Some(why.as_str())),
        None => (None, None),
    };
    DivergenceObject {
        action: &root.action,
        package: &root.package,
        equal_keys: root.is_nondeterministic,
        difference,
        not_compared,
        kept: root.kept.as_deref(),
    }
}

fn plan_step(step: &PlanStep) -> PlanObject {
    PlanObject { cause: step.cause, actions: step.actions, cpu_seconds: step.cpu_seconds }
}

fn cause(cause: &Cause) -> CauseObject<'_> {
    CauseObject {
        category: cause.category.name(),
        title: &cause.title,
        roots: cause.roots.iter().map(|root| input(&root.action, &root.change)).collect(),
        roots_total: cause.roots.len(),
        reach_total: cause.reach_total,
        share_cpu_seconds: cause.share_cpu_seconds,
        alone_cpu_seconds: cause.alone_cpu_seconds,
        cutoff: cause.cutoff,
        origin: cause.origin.as_deref(),
        fix: cause.fix.as_deref(),
        fix_proven: cause.proof.as_ref().and_then(|proof| match proof {
            Proof::Proven { .. } => Some(true),
            Proof::Disproved { .. } => Some(false),
            Proof::NotTried(_) => None,
        }),
        proof: cause.proof.as_ref().map(proof),
        variations: cause.variations.as_deref(),
    }
}

fn proof(proof: &Proof) -> ProofObject<'_> {
    match proof {
        Proof::Proven { tried, equal, .. } => ProofObject {
            tried: Some(tried),
            equal: *equal,
            predicted: *equal,
            remaining: &[],
            not_tried: None,
        },
        Proof::Disproved { tried, equal, predicted, remaining } => ProofObject {
            tried: Some(tried),
            equal: *equal,
            predicted: *predicted,
            remaining,
            not_tried: None,
        },
        Proof::NotTried(why) => ProofObject {
            tried: None,
            equal: 0,
            predicted: 0,
            remaining: &[],
            not_tried: Some(why),
        },
    }
}

fn input<'a>(action: &'a str, change: &'a Change) -> RootObject<'a> {
    RootObject { action, first: change.first.as_deref(), second: change.second.as_deref() }
}

fn variations(manifest: &Manifest) -> Vec<VariationObject<'_>> {
    manifest.variations.iter().map(variation).collect()
}

fn variation(varied: &Varied) -> VariationObject<'_> {
    let (Ok(detail) | Err(detail)) = &varied.how;
    VariationObject { name: &varied.name, applied: varied.how.is_ok(), detail }
}
