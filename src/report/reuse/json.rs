//! `goaudit.reuse.v1`: fields may be added to it, never changed.
//!
//! The structs here are the format; they are copies, so that the model can change.

use serde::Serialize;

use crate::report::reuse::{ReuseReport, WarmUp, notes, origins, unused};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    first: CommandObject<'a>,
    second: CommandObject<'a>,
    /// Compiles of the second command.
    needed: usize,
    /// Those of them that the first leaves.
    left: usize,
    /// Compiles of the first that the second has no use for.
    unused: usize,
    origins: Vec<OriginObject>,
    causes: Vec<CauseObject<'a>>,
    not_built: NotBuiltObject<'a>,
    links: usize,
    /// Null where the go command does not cache all results of vet: before Go 1.26.
    vet: Option<VetObject>,
    /// Null where the first leaves all.
    warm_up: Option<WarmUpObject<'a>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct CommandObject<'a> {
    command: &'a str,
    compiles: usize,
}

#[derive(Serialize)]
struct OriginObject {
    name: &'static str,
    needed: usize,
    left: usize,
}

#[derive(Serialize)]
struct CauseObject<'a> {
    category: &'static str,
    title: &'a str,
    /// Compiles with this cause among theirs.
    reach_total: usize,
    /// Packages that have it among their own inputs.
    roots: Vec<&'a str>,
}

#[derive(Serialize)]
struct NotBuiltObject<'a> {
    tests: &'a [String],
    again: &'a [String],
    packages: &'a [String],
}

#[derive(Serialize)]
struct VetObject {
    needed: usize,
    left: usize,
}

#[derive(Serialize)]
struct WarmUpObject<'a> {
    command: &'a str,
    /// Null where its plan failed.
    left: Option<usize>,
    failed: Option<&'a str>,
}

/// Renders a report as one JSON document.
#[must_use]
pub fn render(report: &ReuseReport) -> String {
    let reuse = &report.reuse;
    let document = Document {
        schema: "goaudit.reuse.v1",
        first: CommandObject { command: &report.first, compiles: reuse.stored },
        second: CommandObject { command: &report.second, compiles: reuse.needed.total() },
        needed: reuse.needed.total(),
        left: reuse.left.total(),
        unused: unused(reuse),
        origins: origins(reuse)
            .map(|(name, needed, left)| OriginObject { name, needed, left })
            .into(),
        causes: reuse
            .causes
            .iter()
            .map(|cause| CauseObject {
                category: cause.category.name(),
                title: &cause.title,
                reach_total: cause.reach_total,
                roots: cause.roots.iter().map(|root| root.package.as_str()).collect(),
            })
            .collect(),
        not_built: NotBuiltObject {
            tests: &reuse.not_built.tests,
            again: &reuse.not_built.again,
            packages: &reuse.not_built.packages,
        },
        links: reuse.links,
        vet: reuse.vet.map(|(needed, left)| VetObject { needed, left }),
        warm_up: match &report.warm_up {
            WarmUp::NotNeeded => None,
            WarmUp::Planned { command, left } => {
                Some(WarmUpObject { command, left: Some(*left), failed: None })
            }
            WarmUp::Failed { command, why } => {
                Some(WarmUpObject { command, left: None, failed: Some(why) })
            }
        },
        notes: notes(report),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
