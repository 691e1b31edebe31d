#![doc = include_str!("go_run_helper.md")]

use std::collections::BTreeMap;

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand};
use crate::finding::{Finding, Level, Place};

pub(super) const RULE: Rule = Rule {
    id: "go-run-helper",
    summary: "a tool of the repository is linked anew, or kept as one more executable, by go run",
    explanation: include_str!("go_run_helper.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let runs: Vec<&GoCommand> =
        repository.go_commands().iter().filter(|command| helper(command).is_some()).collect();
    // How many ways lead to each line, and how many lines run the same helper.
    let mut ways: BTreeMap<&Place, usize> = BTreeMap::new();
    let mut lines: BTreeMap<(Option<&str>, &str), Vec<&Place>> = BTreeMap::new();
    for command in &runs {
        let count = ways.entry(&command.at.place).or_default();
        *count = count.saturating_add(1);
        let places = lines.entry(key(command)).or_default();
        if !places.contains(&&command.at.place) {
            places.push(&command.at.place);
        }
    }
    let finding = |command: &&GoCommand| {
        let helper = helper(command)?;
        let callers = ways.get(&command.at.place).copied().unwrap_or(1);
        let places = lines.get(&key(command)).map_or(1, Vec::len);
        let times = match (places, callers) {
            (1, 1) => String::new(),
            (1, ways) => format!(", and {ways} ways lead to this line"),
            (lines, 1) => format!(", and {lines} lines run it"),
            (lines, ways) => format!(", and {lines} lines run it, {ways} ways lead to this one"),
        };
        let message = format!(
            "go run {helper} links the tool anew up to Go 1.23, and keeps its executable in GOCACHE since 1.24, one \
             more for each change of it{times}"
        );
        Some(commands::finding(&RULE, command, None, message).with_fix(fix(command, helper)))
    };
    runs.iter().filter_map(finding).collect()
}

fn key<'c>(command: &&'c GoCommand) -> (Option<&'c str>, &'c str) {
    (command.at.dir.as_deref(), helper(command).unwrap_or_default())
}

/// The package or the file of the repository that a command runs.
fn helper(command: &GoCommand) -> Option<&str> {
    let package = command.command.packages.first().filter(|_| command.verb() == "run")?;
    let is_local = package.starts_with("./")
        || package.starts_with("../")
        || package == "."
        || package.ends_with(".go");
    (is_local && !package.contains(['@', '$', '{'])).then_some(package)
}

/// The line as it may be written instead.
fn fix(command: &GoCommand, helper: &str) -> String {
    let name = name(helper, command.at.dir.as_deref());
    let flags: Vec<String> = command
        .flags
        .iter()
        .filter(|flag| flag.place.is_some())
        .map(|flag| match &flag.value {
            Some(value) => format!("-{}={} ", flag.name, value.shown()),
            None => format!("-{} ", flag.name),
        })
        .collect();
    let build = |output: &str| format!("go build {}-o {output} {helper}", flags.concat());
    let arguments: Vec<String> = command
        .words
        .iter()
        .skip_while(|word| word.shown() != helper)
        .skip(1)
        .map(|word| word.shown())
        .filter(|word| !word.is_empty())
        .collect();
    let call = format!("bin/{name} {}", arguments.join(" "));
    let call = call.trim_end();
    match command.at.context {
        Context::MakeTarget => format!(
            "bin/{name}: $(shell find {} -name '*.go') go.mod\n\t{}\nlet this target need bin/{name} and call: {call}\nbin/ in \
             .gitignore",
            folder(helper),
            build("$@"),
        ),
        _ => format!(
            "{}\n{call}\nor, since Go 1.24: go get -tool {} once, then go tool {name}",
            build(&format!("bin/{name}")),
            package(helper)
        ),
    }
}

/// The package of a helper as `go get -tool` takes it.
fn package(helper: &str) -> String {
    let folder = folder(helper);
    match folder.starts_with('.') {
        true => folder.to_owned(),
        false => format!("./{folder}"),
    }
}

fn folder(helper: &str) -> &str {
    match helper.strip_suffix(".go") {
        Some(_) => helper.rsplit_once('/').map_or(".", |(folder, _)| folder),
        None => helper,
    }
}

/// What the executable may be called.
fn name(helper: &str, dir: Option<&str>) -> String {
    let helper = ["/main.go", "/*.go", "main.go", "*.go"]
        .iter()
        .find_map(|file| helper.strip_suffix(file))
        .unwrap_or(helper);
    let helper = helper.strip_suffix(".go").unwrap_or(helper);
    let last = helper.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let last = match last {
        "." | ".." | "" => dir.and_then(|dir| dir.rsplit('/').next()).unwrap_or_default(),
        last => last,
    };
    if last.is_empty() { "helper".to_owned() } else { last.to_owned() }
}
