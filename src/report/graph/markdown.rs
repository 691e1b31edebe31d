//! Where the time went, for the summary of a CI job.

use std::fmt::Write as _;

use crate::report::graph::{CommandGraph, GraphReport, less, longest, seconds, shows, sum};
use crate::report::text::number;
use crate::timing::path::CriticalPath;

/// Rows of each table.
const ROWS: usize = 10;

/// Renders the report as GitHub-flavoured Markdown.
#[must_use]
pub fn render(report: &GraphReport<'_>) -> String {
    let Some(command) = report.selected() else { return String::new() };
    let mut text = format!("### Where the time of {} went\n\n", code(&command.title()));
    if let Some(why) = command.no_times() {
        let _ = writeln!(text, "{}", plain(&why));
        return text;
    }
    let timing = &command.timing;
    let totals = &timing.totals;
    let _ = write!(
        text,
        "**{} CPU s**, {} s elapsed; {}: {} ran, {} cached.",
        seconds(totals.cpu_ns),
        seconds(timing.elapsed_ns),
        number(totals.actions, "action"),
        totals.ran,
        totals.cached
    );
    if let (Some(cores), Some(parallelism)) =
        (timing.effective_cores(), timing.useful_parallelism())
    {
        let _ = write!(
            text,
            " {cores:.1} cores were busy on average; no more than {parallelism:.1} could be of use."
        );
    }
    text.push('\n');
    for warning in command.warnings() {
        let _ = writeln!(text, "\n> {}", plain(&warning));
    }
    text.push_str(&groups(command));
    if report.commands.len() > 1 {
        text.push_str(&commands(report));
    }
    text.push_str(&critical(command, &timing.cpu_path, "CPU"));
    text.push_str(&critical(command, &timing.elapsed_path, "elapsed"));
    text.push_str(&slowest(command));
    text
}

fn groups(command: &CommandGraph<'_>) -> String {
    let mut text =
        "\n| | CPU s | command s | ran | cached |\n| --- | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    let of_note = command
        .timing
        .groups
        .iter()
        .filter(|(_, totals)| totals.ran + totals.cached > 0 || shows(totals.real_ns));
    for (group, totals) in of_note {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            group.name(),
            seconds(totals.cpu_ns),
            seconds(totals.real_ns),
            totals.ran,
            totals.cached
        );
    }
    text
}

fn commands(report: &GraphReport<'_>) -> String {
    let mut rows: Vec<&CommandGraph<'_>> = report.commands.iter().collect();
    rows.sort_by_key(|command| (std::cmp::Reverse(command.timing.totals.cpu_ns), command.number));
    let mut table = String::from(
        "| | CPU s | elapsed s | ran | cached | command |\n| ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    for command in rows.iter().take(ROWS) {
        let times = match command.no_times() {
            None => {
                let totals = &command.timing.totals;
                let (cpu, elapsed) = (seconds(totals.cpu_ns), seconds(command.timing.elapsed_ns));
                format!("{cpu} | {elapsed} | {} | {}", totals.ran, totals.cached)
            }
            Some(_) => "- | - | - | -".to_owned(),
        };
        let _ = writeln!(table, "| {} | {times} | {} |", command.number, code(&command.title()));
    }
    if rows.len() > ROWS {
        let _ = writeln!(table, "\nand {} more", rows.len() - ROWS);
    }
    details(&format!("All {}", number(report.commands.len(), "go command")), &table)
}

fn critical(command: &CommandGraph<'_>, path: &CriticalPath, unit: &str) -> String {
    if path.steps.is_empty() {
        return String::new();
    }
    let (shown, rest) = longest(path, ROWS);
    let mut table = format!("| {unit} s | path without it | action |\n| ---: | ---: | --- |\n");
    for step in shown {
        let _ = writeln!(
            table,
            "| {} | {} | {} |",
            seconds(step.own_ns),
            less(step.saving_ns),
            code(&command.name(step.action))
        );
    }
    if !rest.is_empty() {
        let _ =
            writeln!(table, "| {} | | {} |", seconds(sum(&rest)), number(rest.len(), "other step"));
    }
    let steps = number(path.steps.len(), "step");
    let title = format!("Critical path in {unit} time: {} s over {steps}", seconds(path.total_ns));
    details(&title, &table)
}

fn slowest(command: &CommandGraph<'_>) -> String {
    let timing = &command.timing;
    let mut table =
        "| CPU s | elapsed s | build without it | ran | action |\n| ---: | ---: | ---: | ---: | --- |\n".to_owned();
    let weighs = |&&action: &&usize| shows(command.graph[action].cpu_ns);
    let tests = timing.tests.iter().filter(|&&test| shows(command.graph[test].elapsed_ns()));
    let rows: Vec<usize> =
        timing.slowest.iter().filter(weighs).take(ROWS).chain(tests.take(ROWS)).copied().collect();
    if rows.is_empty() {
        return String::new();
    }
    for action in rows {
        let node = &command.graph[action];
        let is_test = timing.tests.contains(&action);
        let cpu = if is_test { "-".to_owned() } else { seconds(node.cpu_ns) };
        let saving = timing.replay.saving(action);
        let saving = saving.map_or_else(String::new, less);
        let built = match timing.times_built[action] {
            0 | 1 => String::new(),
            times => format!("{times}×"),
        };
        let _ = writeln!(
            table,
            "| {cpu} | {} | {saving} | {built} | {} |",
            seconds(node.elapsed_ns()),
            code(&command.name(action))
        );
    }
    details("Slowest actions", &table)
}

fn details(title: &str, table: &str) -> String {
    format!("\n<details><summary>{}</summary>\n\n{table}\n</details>\n", plain(title))
}

/// Text that a table cell or a paragraph shows as it is.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' => escaped.push(' '),
            '|' | '*' | '_' | '`' | '[' | '\\' => escaped.extend(['\\', char]),
            char => escaped.push(char),
        }
    }
    escaped
}

/// A code span that ends where it should, in a table too.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|char| if char == '`' || char.is_control() { '\'' } else { char })
        .collect();
    format!("`{}`", text.replace('|', r"\|"))
}
