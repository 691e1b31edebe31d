//! `goaudit.graph.v1`: fields may be added to it, never changed.
//!
//! Times are in seconds. They, and what was cached or idle, are null where nothing ran.

use serde::Serialize;

use crate::report::graph::{CommandGraph, GraphReport, outcome};
use crate::timing::State;
use crate::timing::group::GroupTotals;
use crate::timing::path::CriticalPath;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    commands: Vec<CommandObject<'a>>,
    /// Number of the command that all of the following is about.
    selected: usize,
    groups: Vec<GroupObject>,
    cpu_path: Option<PathObject<'a>>,
    elapsed_path: Option<PathObject<'a>>,
    /// All that executed a command, the most CPU time first.
    slowest: Vec<ActionObject<'a>>,
    /// Runs of tests, the longest first.
    tests: Vec<ActionObject<'a>>,
    /// What is true of every compile.
    shared_traits: Vec<&'static str>,
    concurrency: Option<ConcurrencyObject<'a>>,
    replay: Option<ReplayObject>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct CommandObject<'a> {
    number: usize,
    command: String,
    go_version: Option<&'a str>,
    exit_code: Option<i32>,
    /// `built`, `plan`, `not-finished`, `empty`.
    state: &'static str,
    #[serde(flatten)]
    totals: TotalsObject,
    elapsed_seconds: Option<f64>,
    useful_parallelism: Option<f64>,
    effective_cores: Option<f64>,
}

#[derive(Serialize)]
struct TotalsObject {
    actions: usize,
    ran: usize,
    failed: usize,
    cached: Option<usize>,
    idle: Option<usize>,
    cpu_seconds: Option<f64>,
    real_seconds: Option<f64>,
}

#[derive(Serialize)]
struct GroupObject {
    /// `compile`, `link`, `cgo`, `vet`, `cover`, `test`, `other`.
    name: &'static str,
    #[serde(flatten)]
    totals: TotalsObject,
}

#[derive(Serialize)]
struct PathObject<'a> {
    seconds: f64,
    steps: Vec<StepObject<'a>>,
}

#[derive(Serialize)]
struct StepObject<'a> {
    #[serde(flatten)]
    action: ActionObject<'a>,
    own_seconds: f64,
    /// What the path would lose if this step took no time.
    saving_seconds: f64,
}

#[derive(Serialize)]
struct ActionObject<'a> {
    id: u64,
    mode: &'a str,
    package: &'a str,
    variant: String,
    action_id: Option<&'a str>,
    /// `ran`, `failed`, `cached`, `idle`.
    outcome: &'static str,
    cpu_seconds: f64,
    real_seconds: f64,
    elapsed_seconds: Option<f64>,
    times_built: usize,
    /// What the whole would take less if this took no time, with as many workers; null where that
    /// was not tried.
    replay_saving_seconds: Option<f64>,
}

#[derive(Serialize)]
struct ConcurrencyObject<'a> {
    bucket_seconds: f64,
    running: &'a [f64],
    runnable: &'a [f64],
    peak: usize,
    peak_runnable: usize,
}

/// The build played again, with its own times.
#[derive(Serialize)]
struct ReplayObject {
    workers: usize,
    elapsed_seconds: f64,
}

/// Renders the report as one JSON document.
#[must_use]
pub fn render(report: &GraphReport<'_>) -> String {
    let Some(command) = report.selected() else { return String::new() };
    let timing = &command.timing;
    let built = timing.state == State::Built;
    let document = Document {
        schema: "goaudit.graph.v1",
        commands: report.commands.iter().map(command_object).collect(),
        selected: command.number,
        groups: timing
            .groups
            .iter()
            .map(|(group, totals)| GroupObject {
                name: group.name(),
                totals: totals_object(totals, built),
            })
            .collect(),
        cpu_path: built.then(|| path_object(command, &timing.cpu_path)),
        elapsed_path: built.then(|| path_object(command, &timing.elapsed_path)),
        slowest: timing.slowest.iter().map(|&index| action_object(command, index)).collect(),
        tests: timing.tests.iter().map(|&index| action_object(command, index)).collect(),
        shared_traits: timing.shared.iter().map(|known| known.name()).collect(),
        concurrency: built.then(|| ConcurrencyObject {
            bucket_seconds: seconds(timing.concurrency.bucket_ns),
            running: &timing.concurrency.running,
            runnable: &timing.concurrency.runnable,
            peak: timing.concurrency.peak,
            peak_runnable: timing.concurrency.peak_runnable,
        }),
        replay: built.then(|| ReplayObject {
            workers: timing.replay.workers,
            elapsed_seconds: seconds(timing.replay.elapsed_ns),
        }),
        warnings: command.warnings(),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn command_object<'a>(command: &CommandGraph<'a>) -> CommandObject<'a> {
    let timing = &command.timing;
    let built = timing.state == State::Built;
    CommandObject {
        number: command.number,
        command: command.title(),
        go_version: command.go_version,
        exit_code: command.exit_code,
        state: match timing.state {
            State::Built => "built",
            State::Plan => "plan",
            State::NotFinished => "not-finished",
            State::Empty => "empty",
        },
        totals: totals_object(&timing.totals, built),
        elapsed_seconds: built.then(|| seconds(timing.elapsed_ns)),
        useful_parallelism: timing.useful_parallelism(),
        effective_cores: timing.effective_cores().filter(|_| built),
    }
}

fn totals_object(totals: &GroupTotals, built: bool) -> TotalsObject {
    let GroupTotals { actions, ran, failed, cached, idle, cpu_ns, real_ns, unmeasured_ns: _ } =
        *totals;
    TotalsObject {
        actions,
        ran,
        failed,
        cached: built.then_some(cached),
        idle: built.then_some(idle),
        cpu_seconds: built.then(|| seconds(cpu_ns)),
        real_seconds: built.then(|| seconds(real_ns)),
    }
}

fn path_object<'a>(command: &CommandGraph<'a>, path: &CriticalPath) -> PathObject<'a> {
    let step = |step: &crate::timing::path::Step| StepObject {
        action: action_object(command, step.action),
        own_seconds: seconds(step.own_ns),
        saving_seconds: seconds(step.saving_ns),
    };
    PathObject { seconds: seconds(path.total_ns), steps: path.steps.iter().map(step).collect() }
}

fn action_object<'a>(command: &CommandGraph<'a>, index: usize) -> ActionObject<'a> {
    let action = &command.graph[index];
    ActionObject {
        id: action.id,
        mode: &action.mode,
        package: &action.package,
        variant: command.label(index),
        action_id: action.action_id.as_ref().map(|id| id.as_str()),
        outcome: outcome(action),
        cpu_seconds: seconds(action.cpu_ns),
        real_seconds: seconds(action.real_ns),
        elapsed_seconds: action.span().map(|_| seconds(action.elapsed_ns())),
        times_built: command.timing.times_built[index],
        replay_saving_seconds: command.timing.replay.saving(index).map(seconds),
    }
}
