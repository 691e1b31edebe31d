//! `goaudit.why.v1`: fields may be added to it, never changed.

use serde::Serialize;

use crate::diff::Comparison;
use crate::diff::rows::{ActionRow, ActionSide};
use crate::diff::why::{self, KeyLine};
use crate::report::json::pretty;

/// Renders the chains from each of the actions to its causes as one JSON document.
#[must_use]
pub fn why(comparison: &Comparison, actions: &[usize], keys: Option<&[Vec<KeyLine>]>) -> String {
    let object = |(number, &action): (usize, &usize)| WhyObject {
        action: step(&comparison.actions[action]),
        chains: why::chains(comparison, action)
            .into_iter()
            .map(|chain| ChainObject {
                category: comparison.causes[chain.cause].category.name(),
                title: &comparison.causes[chain.cause].title,
                fix: comparison.causes[chain.cause].fix.as_deref(),
                actions: chain.actions.iter().map(|&at| step(&comparison.actions[at])).collect(),
            })
            .collect(),
        key: keys.and_then(|keys| keys.get(number)).map(|lines| key(lines)),
    };
    let actions = actions.iter().enumerate().map(object).collect();
    pretty(&Document { schema: "goaudit.why.v1", actions })
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    actions: Vec<WhyObject<'a>>,
}

#[derive(Serialize)]
struct WhyObject<'a> {
    #[serde(flatten)]
    action: StepObject,
    /// From the action to each of its causes.
    chains: Vec<ChainObject<'a>>,
    key: Option<KeyObject<'a>>,
}

#[derive(Serialize)]
struct ChainObject<'a> {
    category: &'static str,
    title: &'a str,
    fix: Option<&'a str>,
    /// The action first, and last the one that shows the cause in an input of its own.
    actions: Vec<StepObject>,
}

#[derive(Serialize)]
struct StepObject {
    action: String,
    variant: String,
    outcome: &'static str,
    first: Option<SideObject>,
    second: Option<SideObject>,
    cpu_seconds: Option<f64>,
}

#[derive(Serialize)]
struct SideObject {
    action_id: String,
    content_id: Option<String>,
}

/// The inputs of a key, unquoted but for what Go escapes.
#[derive(Serialize)]
struct KeyObject<'a> {
    both: Vec<&'a str>,
    only_first: Vec<&'a str>,
    only_second: Vec<&'a str>,
}

fn step(row: &ActionRow) -> StepObject {
    let side = |side: ActionSide| SideObject {
        action_id: side.id.to_string(),
        content_id: side.content.map(|id| id.to_string()),
    };
    StepObject {
        action: row.name(),
        variant: row.variant.to_string(),
        outcome: row.outcome.name(),
        first: row.first.map(side),
        second: row.second.map(side),
        cpu_seconds: row.cpu_seconds(),
    }
}

fn key(lines: &[KeyLine]) -> KeyObject<'_> {
    let mut object =
        KeyObject { both: Vec::new(), only_first: Vec::new(), only_second: Vec::new() };
    for line in lines {
        match line {
            KeyLine::Both(line) => object.both.push(line),
            KeyLine::First(line) => object.only_first.push(line),
            KeyLine::Second(line) => object.only_second.push(line),
        }
    }
    object
}
