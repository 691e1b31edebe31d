#![doc = include_str!("go_run_helper.md")]

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::{Context, GoCommand};
use crate::config::text::Text;
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
    // Two programs of one folder name cannot both be that file.
    let mut called: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for command in &runs {
        let (dir, helper) = key(command);
        called.entry(name(helper, dir)).or_default().insert((dir, helper));
    }
    let names = |command: &GoCommand, helper: &str| {
        let name = name(helper, command.at.dir.as_deref());
        match called.get(&name) {
            Some(programs) if programs.len() > 1 => {
                let dir = command.at.dir.as_deref().unwrap_or_default();
                let whole = format!("{dir}/{}", helper.trim_end_matches(".go"));
                let parts = whole.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
                parts.collect::<Vec<_>>().join("-")
            }
            _ => name,
        }
    };
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
        let fix = fix(repository, command, helper, &names(command, helper));
        Some(commands::finding(&RULE, command, None, message).with_fix(fix))
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
    // A pattern is one program today and may be two tomorrow.
    (is_local && !package.contains(['@', '$', '{']) && !package.contains("...")).then_some(package)
}

/// The line as it may be written instead.
fn fix(repository: &Repository, command: &GoCommand, helper: &str, name: &str) -> String {
    let flags: Vec<String> = command
        .flags
        .iter()
        .filter(|flag| flag.place.is_some() && flag.name != "C")
        .map(|flag| match &flag.value {
            Some(value) => format!("-{}={} ", flag.name, value.shown()),
            None => format!("-{} ", flag.name),
        })
        .collect();
    let mut words =
        command.words.iter().map(Text::shown).skip_while(|word| word != helper).peekable();
    // A program may be given as several files.
    let mut program = vec![words.next().unwrap_or_else(|| helper.to_owned())];
    while helper.ends_with(".go")
        && let Some(file) = words.next_if(|word| word.ends_with(".go"))
    {
        program.push(file);
    }
    let program = program.join(" ");
    let build = |output: &str| format!("go build {}-o {output} {program}", flags.concat());
    let arguments: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    let with_arguments =
        |call: String| format!("{call} {}", arguments.join(" ")).trim_end().to_owned();
    let changed = command.flag("C").and_then(|flag| flag.value.as_ref()).map(Text::shown);
    if command.at.context == Context::MakeTarget {
        let (build, call) = match below_makefile(command) {
            Some(below) => (
                format!("cd {below} && {}", build("$(CURDIR)/$@")),
                format!("$(CURDIR)/bin/{name}"),
            ),
            None => (build("$@"), format!("bin/{name}")),
        };
        let call = match changed {
            Some(dir) => format!("cd {dir} && {}", with_arguments(call)),
            None => with_arguments(call),
        };
        // Only go knows all that the program is made of; it does nothing where nothing changed.
        return format!(
            ".PHONY: bin/{name}\nbin/{name}:\n\t{build}\nlet this target need bin/{name} and call: {call}\nbin/ in \
             .gitignore"
        );
    }
    let lines = match changed {
        Some(dir) => format!(
            "(cd {dir} && {})\n(cd {dir} && {})",
            build(&format!("\"$OLDPWD/bin/{name}\"")),
            with_arguments(format!("\"$OLDPWD/bin/{name}\"")),
        ),
        None => {
            format!("{}\n{}", build(&format!("bin/{name}")), with_arguments(format!("bin/{name}")))
        }
    };
    // A file may be one that no package has, for its build constraint, and a tool has the name of
    // the folder of its package.
    let is_tool = command.flag("C").is_none()
        && !helper.ends_with(".go")
        && helper.trim_end_matches('/').rsplit('/').next() == Some(name)
        && command.at.dir.as_deref().is_some_and(|dir| has_module(repository, dir));
    match is_tool {
        true => format!(
            "{lines}\nor, since Go 1.24: go get -tool {helper} once, then go tool {name}, which is kept in GOCACHE, too"
        ),
        false => lines,
    }
}

/// The folder of a command below that of its makefile, where a line changes to it.
fn below_makefile(command: &GoCommand) -> Option<String> {
    let dir = command.at.dir.as_deref()?;
    let file = command.at.place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let rest = if file.is_empty() { dir } else { dir.strip_prefix(file)?.strip_prefix('/')? };
    (!rest.is_empty()).then_some(rest.to_owned())
}

fn has_module(repository: &Repository, dir: &str) -> bool {
    let slash = if dir.is_empty() { "" } else { "/" };
    repository.paths().binary_search(&format!("{dir}{slash}go.mod")).is_ok()
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
    let last = last.trim_start_matches('.');
    if last.is_empty() { "helper".to_owned() } else { last.to_owned() }
}
