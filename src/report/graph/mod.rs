//! Where the time of a build went: text, JSON, Markdown, and a trace for a timeline viewer.

pub mod json;
pub mod markdown;
pub mod text;
pub mod trace;

use crate::golang::action_graph::GraphAction;
use crate::report::text::number;
use crate::timing::group::Outcome;
use crate::timing::path::{CriticalPath, Step};
use crate::timing::{State, Timing};

/// Everything that a report on time says.
#[derive(Debug)]
pub struct GraphReport<'a> {
    /// The go commands that left an action graph, in the order in which they started; at least one.
    pub commands: Vec<CommandGraph<'a>>,
    /// Index of the one that is shown in full.
    pub selected: usize,
}

/// One go command.
#[derive(Debug)]
pub struct CommandGraph<'a> {
    /// Its number in the recording, from 1: that of its folder.
    pub number: usize,
    /// As it was typed; `None` where there is only a graph.
    pub line: Option<String>,
    pub go_version: Option<&'a str>,
    pub exit_code: Option<i32>,
    /// Why its record is not whole.
    pub incomplete: Option<&'a str>,
    pub graph: &'a [GraphAction],
    pub timing: Timing,
}

impl GraphReport<'_> {
    fn selected(&self) -> Option<&CommandGraph<'_>> {
        self.commands.get(self.selected)
    }
}

impl CommandGraph<'_> {
    /// Returns the command as it was typed, or what the graph says of it.
    fn title(&self) -> String {
        let root = self.graph.first().map(|action| action.mode.as_str());
        match (&self.line, root) {
            (Some(line), _) => printable(line),
            (None, Some(root)) if root.starts_with("go ") => printable(root),
            (None, _) => "a go command".to_owned(),
        }
    }

    /// Returns the name of an action: `build fmt (in-package test)`.
    fn name(&self, action: usize) -> String {
        let label = self.label(action);
        let node = &self.graph[action];
        let name = format!("{} {}", node.mode, node.package);
        let name = printable(name.trim_end());
        if label.is_empty() { name } else { format!("{name} ({})", printable(&label)) }
    }

    fn label(&self, action: usize) -> String {
        self.timing.variants[action].label()
    }

    /// Says why there are no times, where there are none.
    fn no_times(&self) -> Option<String> {
        let actions = number(self.timing.totals.actions, "action");
        match self.timing.state {
            State::Built => None,
            State::Empty => Some("the action graph is empty: there is nothing to time".to_owned()),
            State::Plan => Some(format!(
                "a plan of {actions}: with -n go runs nothing, so there are no times; leave out -n"
            )),
            State::NotFinished => Some(format!(
                "{actions} without times: the go command was stopped before it wrote them"
            )),
        }
    }

    /// Returns what a reader must know before trusting the numbers, one sentence each.
    fn warnings(&self) -> Vec<String> {
        let Timing { totals, oddities, tests, .. } = &self.timing;
        let mut warnings = Vec::new();
        let mut warn = |on: bool, text: String| {
            if on {
                warnings.push(text);
            }
        };
        if let Some(why) = self.incomplete {
            warn(true, format!("the record of this command is not whole: {why}"));
        }
        let failed = self.exit_code.filter(|code| *code != 0);
        if let Some(code) = failed {
            let text = format!("the command ended with {code}: what it did not reach has no time");
            warn(true, text);
        } else {
            let text = format!("{} failed: what follows it has no time", actions(totals.failed));
            warn(totals.failed > 0, text);
        }
        if let Some(load) = self.timing.load() {
            let text = format!(
                "commands took {load:.1} times their CPU time: the machine was loaded or waited \
                 for its disk; trust CPU seconds, not elapsed ones"
            );
            warn(true, text);
        }
        let runs = totals.unmeasured_ns;
        let text = format!(
            "{} took {} s elapsed; Go notes no CPU time of them",
            number(tests.len(), "test run"),
            seconds(runs)
        );
        warn(shows(runs), text);
        let odd = [
            (oddities.duplicate_ids, "action", "an ID that another has"),
            (oddities.unknown_deps, "dependency", "no such action"),
            (oddities.circular_deps, "dependency", "its own follower"),
        ];
        for (count, what, of) in odd {
            let text = match what {
                "action" => format!("{} with {of}", actions(count)),
                _ => format!("{} on {of}, left out", dependencies(count)),
            };
            warn(count > 0, format!("{text}: Go writes no such graph"));
        }
        warnings
    }
}

/// A file may hold what would move the cursor of a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

fn actions(count: usize) -> String {
    number(count, "action")
}

fn dependencies(count: usize) -> String {
    if count == 1 { "1 dependency".to_owned() } else { format!("{count} dependencies") }
}

/// Returns seconds with three digits where there are so many: `0.04`, `1.23`, `12.3`, `123`.
fn seconds(ns: u64) -> String {
    let seconds = ns as f64 / 1e9;
    let decimals = match seconds {
        _ if seconds < 9.995 => 2,
        _ if seconds < 99.95 => 1,
        _ => 0,
    };
    format!("{seconds:.decimals$}")
}

/// Returns what something would take less.
fn less(ns: u64) -> String {
    if shows(ns) { format!("-{}", seconds(ns)) } else { "0".to_owned() }
}

/// Whether a time shows in [`seconds`].
fn shows(ns: u64) -> bool {
    ns >= 5_000_000
}

/// Returns the steps that take the most, in the order in which they run, and the rest.
fn longest(path: &CriticalPath, most: usize) -> (Vec<Step>, Vec<Step>) {
    let mut order: Vec<usize> = (0..path.steps.len()).collect();
    order.sort_by_key(|&step| (std::cmp::Reverse(path.steps[step].own_ns), step));
    let mut chosen: Vec<usize> =
        order.into_iter().filter(|&step| shows(path.steps[step].own_ns)).take(most).collect();
    chosen.sort_unstable();
    let rest = (0..path.steps.len()).filter(|step| !chosen.contains(step));
    let rest = rest.map(|step| path.steps[step]).collect();
    (chosen.into_iter().map(|step| path.steps[step]).collect(), rest)
}

fn sum(steps: &[Step]) -> u64 {
    steps.iter().map(|step| step.own_ns).fold(0, u64::saturating_add)
}

fn outcome(action: &GraphAction) -> &'static str {
    Outcome::of(action).name()
}
