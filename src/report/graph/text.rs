//! Where the time went, for a person at a terminal.

use std::fmt::Write as _;

use crate::finding::Level;
use crate::report::graph::{
    CommandGraph, GraphReport, less, longest, printable, seconds, shows, sum,
};
use crate::report::text::{Paint, Style, number};
use crate::timing::group::GroupTotals;
use crate::timing::path::CriticalPath;

/// Rows of each list, so that the whole is a screen.
const COMMANDS: usize = 4;
const STEPS: usize = 5;
const SLOWEST: usize = 6;
const TESTS: usize = 3;

/// Renders the report: totals, by kind, critical paths, slowest actions, concurrency.
#[must_use]
pub fn render(report: &GraphReport<'_>, style: Style) -> String {
    let paint = Paint(style.colored);
    let mut text = String::new();
    if report.commands.len() > 1 {
        text.push_str(&commands(report, style, paint));
    }
    let Some(command) = report.selected() else { return text };
    text.push_str(&totals(command, paint));
    if command.no_times().is_some() {
        return text;
    }
    text.push_str(&groups(command, style, paint));
    let paths = [
        (Lead::Cpu, &command.timing.cpu_path, "critical path in CPU time"),
        (Lead::Elapsed, &command.timing.elapsed_path, "critical path in elapsed time"),
    ];
    for (lead, path, title) in paths {
        text.push_str(&critical(command, lead, path, title, style, paint));
    }
    text.push_str(&slowest(command, style, paint));
    text.push_str(&tests(command, style, paint));
    text.push_str(&concurrency(command, paint));
    text
}

/// Which time is first in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Cpu,
    Elapsed,
}

fn commands(report: &GraphReport<'_>, style: Style, paint: Paint) -> String {
    let mut text = paint.bold(&number(report.commands.len(), "go command"));
    let mut order: Vec<usize> = (0..report.commands.len()).collect();
    order.sort_by_key(|&at| {
        (at != report.selected, std::cmp::Reverse(report.commands[at].timing.totals.cpu_ns), at)
    });
    let shown = if style.verbose { order.len() } else { COMMANDS.min(order.len()) };
    let rest = order.split_off(shown);
    order.sort_unstable();
    text.push_str("\n       CPU s  elapsed s   ran  cached\n");
    for at in order {
        let command = &report.commands[at];
        let mark = if at == report.selected { "→" } else { " " };
        let totals = &command.timing.totals;
        let cells = match command.no_times() {
            None => [
                seconds(totals.cpu_ns),
                seconds(command.timing.elapsed_ns),
                totals.ran.to_string(),
                totals.cached.to_string(),
            ],
            Some(_) => ["-"; 4].map(str::to_owned),
        };
        let [cpu, elapsed, ran, cached] = cells;
        let _ = writeln!(
            text,
            "{mark} {:>2}{cpu:>7}  {elapsed:>9}  {ran:>4}  {cached:>6}  {}",
            command.number,
            command.title()
        );
    }
    if !rest.is_empty() {
        let cpu = rest.iter().map(|&at| report.commands[at].timing.totals.cpu_ns);
        let cpu = seconds(cpu.fold(0, u64::saturating_add));
        let _ = writeln!(text, "  and {} more with {cpu} CPU s (-v shows them)", rest.len());
    }
    text.push('\n');
    text
}

fn totals(command: &CommandGraph<'_>, paint: Paint) -> String {
    let timing = &command.timing;
    let mut text = paint.bold(&command.title());
    if let Some(version) = command.go_version {
        let _ = write!(text, "  {version}");
    }
    if let Some(why) = command.no_times() {
        let _ = writeln!(text, "\n  {why}");
        return text;
    }
    let totals = &timing.totals;
    let _ = write!(
        text,
        "\n  {}: {} ran, {} cached, {} with no command of their own\n  ",
        number(totals.actions, "action"),
        totals.ran,
        totals.cached,
        totals.idle
    );
    let cpu = format!("{} CPU s", seconds(totals.cpu_ns));
    let _ = write!(text, "{}, {} s elapsed", paint.bold(&cpu), seconds(timing.elapsed_ns));
    if let Some(cores) = timing.effective_cores() {
        let _ = write!(text, ": {cores:.1} cores busy on average");
    }
    if let Some(parallelism) = timing.useful_parallelism() {
        let _ = write!(text, "; no more than {parallelism:.1} could be of use");
    }
    text.push('\n');
    for warning in command.warnings() {
        let _ = writeln!(text, "  {} {warning}", paint.level(Level::Warning));
    }
    text
}

fn groups(command: &CommandGraph<'_>, style: Style, paint: Paint) -> String {
    let mut text =
        format!("\n{}\n", paint.bold("            CPU s  share  command s   ran  cached  actions"));
    let all = command.timing.totals.cpu_ns;
    let of_note = |totals: &GroupTotals| {
        style.verbose || totals.ran + totals.cached > 0 || shows(totals.real_ns)
    };
    for (group, totals) in command.timing.groups.iter().filter(|(_, totals)| of_note(totals)) {
        let share = match all {
            0 => "-".to_owned(),
            all => format!("{:.0}%", totals.cpu_ns as f64 * 100.0 / all as f64),
        };
        let _ = writeln!(
            text,
            "  {:<8}{:>7}  {share:>5}  {:>9}  {:>4}  {:>6}  {:>7}",
            group.name(),
            seconds(totals.cpu_ns),
            seconds(totals.real_ns),
            totals.ran,
            totals.cached,
            totals.actions
        );
    }
    text
}

fn critical(
    command: &CommandGraph<'_>,
    lead: Lead,
    path: &CriticalPath,
    title: &str,
    style: Style,
    paint: Paint,
) -> String {
    let mut text = String::new();
    if path.steps.is_empty() {
        return text;
    }
    let all = match lead {
        Lead::Cpu => command.timing.totals.cpu_ns,
        Lead::Elapsed => command.timing.elapsed_ns,
    };
    let heading = format!(
        "{title}: {} of {} s, over {}",
        seconds(path.total_ns),
        seconds(all),
        number(path.steps.len(), "step")
    );
    let _ = writeln!(text, "\n{}", paint.bold(&heading));
    let (shown, rest) = match style.verbose {
        true => (path.steps.clone(), Vec::new()),
        false => longest(path, STEPS),
    };
    let (first, second) = match lead {
        Lead::Cpu => ("CPU s", "elapsed s"),
        Lead::Elapsed => ("elapsed s", "CPU s"),
    };
    let _ = writeln!(text, "  {first:>9}  path without it  {second:>9}");
    for step in shown {
        let action = &command.graph[step.action];
        let beside = match lead {
            Lead::Cpu => action.elapsed_ns(),
            Lead::Elapsed => action.cpu_ns,
        };
        let saving = less(step.saving_ns);
        let _ = writeln!(
            text,
            "  {:>9}  {saving:>15}  {:>9}  {}",
            seconds(step.own_ns),
            seconds(beside),
            command.name(step.action)
        );
    }
    if !rest.is_empty() {
        let _ = writeln!(
            text,
            "  {:>9}  {}",
            seconds(sum(&rest)),
            paint.dim(&format!("in {} (-v shows them)", number(rest.len(), "other step")))
        );
    }
    text
}

fn slowest(command: &CommandGraph<'_>, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let timing = &command.timing;
    let most = if style.verbose { usize::MAX } else { SLOWEST };
    let weighs = |&&action: &&usize| style.verbose || shows(command.graph[action].cpu_ns);
    let shown: Vec<usize> = timing.slowest.iter().filter(weighs).take(most).copied().collect();
    if shown.is_empty() {
        return text;
    }
    let _ = writeln!(text, "\n{}", paint.bold("slowest actions"));
    let _ = writeln!(text, "      CPU s  elapsed s  build without it");
    for action in shown {
        let node = &command.graph[action];
        let times = match timing.times_built[action] {
            0 | 1 => String::new(),
            _ if timing.variants[action].number.is_some() => String::new(),
            times => paint.dim(&format!("  ran {times}×")),
        };
        let _ = writeln!(
            text,
            "  {:>9}  {:>9}  {:>16}  {}{}",
            seconds(node.cpu_ns),
            seconds(node.elapsed_ns()),
            saving(command, action),
            command.name(action),
            times
        );
    }
    text
}

/// How much sooner the whole would be done.
fn saving(command: &CommandGraph<'_>, action: usize) -> String {
    let saving = command.timing.replay.saving(action);
    saving.map_or_else(String::new, less)
}

fn tests(command: &CommandGraph<'_>, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let most = if style.verbose { usize::MAX } else { TESTS };
    let elapsed = |action: usize| command.graph[action].elapsed_ns();
    let tests = command.timing.tests.iter().copied();
    let shown: Vec<usize> = tests.filter(|&test| shows(elapsed(test))).take(most).collect();
    if shown.is_empty() {
        return text;
    }
    let _ = writeln!(text, "\n{}", paint.bold("slowest test runs"));
    let _ = writeln!(text, "  elapsed s  build without it");
    for test in shown {
        let _ = writeln!(
            text,
            "  {:>9}  {:>16}  {}",
            seconds(elapsed(test)),
            saving(command, test),
            printable(&command.graph[test].package)
        );
    }
    text
}

fn concurrency(command: &CommandGraph<'_>, paint: Paint) -> String {
    let over_time = &command.timing.concurrency;
    let heading = format!(
        "actions over time, {} s a column: running, and waiting for nothing but a worker",
        precise(over_time.bucket_ns)
    );
    let mut text = format!("\n{}\n", paint.bold(&heading));
    for (name, values, most) in [
        ("running", &over_time.running, over_time.peak),
        ("waiting", &over_time.runnable, over_time.peak_runnable),
    ] {
        let _ = writeln!(text, "  {name}  {}  at most {most}", curve(values));
    }
    text
}

/// Returns the seconds of a bucket, which may be short.
fn precise(ns: u64) -> String {
    let seconds = ns as f64 / 1e9;
    if seconds < 0.1 { format!("{seconds:.3}") } else { format!("{seconds:.2}") }
}

/// Draws values as eighths of the highest. A value that is not nothing is never drawn as nothing.
fn curve(values: &[f64]) -> String {
    let highest = values.iter().copied().fold(0.0, f64::max);
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let draw = |&value: &f64| {
        let level = if highest > 0.0 { (value / highest * 8.0).ceil() } else { 0.0 };
        let at = (0_u8..8).find(|&at| f64::from(at) >= level).unwrap_or(8);
        EIGHTHS[usize::from(at)]
    };
    values.iter().map(draw).collect()
}
