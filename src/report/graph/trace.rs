//! The timeline of a build as trace events, which Perfetto and chrome://tracing open.
//!
//! Source: the Trace Event Format, <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>:
//! `M` names, `X` is an event with a duration, `C` a counter; `ts` and `dur` are microseconds.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::report::graph::{CommandGraph, GraphReport, outcome};
use crate::timing::concurrency::{self, bounds};
use crate::timing::group::Group;
use crate::timing::lanes;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    trace_events: Vec<Event>,
    display_time_unit: &'static str,
}

#[derive(Serialize)]
struct Event {
    name: String,
    ph: &'static str,
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    /// Number of the go command.
    pid: usize,
    /// Number of the worker, from 1: 0 stands for an idle CPU in some viewers.
    tid: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    args: Value,
}

/// Renders the go commands of a report, or the one at index `chosen`: each a process, each of
/// their workers a thread. `None` where none of them has times.
///
/// Times begin with the first start of all that are rendered.
#[must_use]
pub fn render(report: &GraphReport<'_>, chosen: Option<usize>) -> Option<String> {
    let all = report.commands.iter().enumerate();
    let commands: Vec<&CommandGraph<'_>> = all
        .filter(|(at, _)| chosen.is_none_or(|chosen| chosen == *at))
        .map(|(_, command)| command)
        .filter(|command| command.no_times().is_none())
        .collect();
    let (origin, _) = commands.iter().filter_map(|command| bounds(command.graph)).min()?;
    let events = commands.iter().flat_map(|command| events(command, origin)).collect();
    let trace = Trace { trace_events: events, display_time_unit: "ms" };
    let mut text = serde_json::to_string(&trace).unwrap_or_default();
    text.push('\n');
    Some(text)
}

fn events(command: &CommandGraph<'_>, origin: i64) -> Vec<Event> {
    let pid = command.number;
    let named = |name: &str, tid, args| Event {
        name: name.to_owned(),
        ph: "M",
        ts: 0,
        dur: None,
        pid,
        tid,
        cat: None,
        args,
    };
    let mut events = vec![
        named("process_name", 1, json!({ "name": command.title() })),
        named("process_sort_index", 1, json!({ "sort_index": pid })),
    ];
    for worker in 1..=command.timing.concurrency.peak {
        events.push(named("thread_name", worker, json!({ "name": format!("worker {worker}") })));
        events.push(named("thread_sort_index", worker, json!({ "sort_index": worker })));
    }
    let critical = [&command.timing.cpu_path, &command.timing.elapsed_path]
        .map(|path| path.steps.iter().map(|step| step.action).collect::<BTreeSet<usize>>());
    for (index, lane) in lanes::assign(command.graph).into_iter().enumerate() {
        if let (Some(lane), Some(span)) = (lane, command.graph[index].span()) {
            let mut event = action(command, index, lane.0 + 1, span, origin);
            for (name, critical) in ["cpu", "elapsed"].into_iter().zip(&critical) {
                if critical.contains(&index) {
                    event.args[format!("on_critical_path_in_{name}")] = true.into();
                }
            }
            events.push(event);
        }
    }
    for change in concurrency::changes(command.graph) {
        events.push(Event {
            name: "actions".to_owned(),
            ph: "C",
            ts: micros(change.at_ns, origin),
            dur: None,
            pid,
            tid: 1,
            cat: None,
            args: json!({ "running": change.running, "waiting": change.runnable }),
        });
    }
    events
}

/// Whole microseconds, rounded down on both ends: two that touch cannot come to overlap.
fn micros(at_ns: i64, origin: i64) -> u64 {
    at_ns.abs_diff(origin) / 1000
}

fn action(
    command: &CommandGraph<'_>,
    index: usize,
    tid: usize,
    (start, done): (i64, i64),
    origin: i64,
) -> Event {
    let node = &command.graph[index];
    let mut args = json!({
        "outcome": outcome(node),
        "cpu_ms": node.cpu_ns as f64 / 1e6,
        "real_ms": node.real_ns as f64 / 1e6,
    });
    let label = command.label(index);
    if !label.is_empty() {
        args["variant"] = label.into();
    }
    if let Some(id) = &node.action_id {
        args["action_id"] = id.as_str().into();
    }
    let ts = micros(start, origin);
    Event {
        name: format!("{} {}", node.mode, node.package).trim_end().to_owned(),
        ph: "X",
        ts,
        dur: Some(micros(done, origin).saturating_sub(ts)),
        pid: command.number,
        tid,
        cat: Some(Group::of(node).name()),
        args,
    }
}
