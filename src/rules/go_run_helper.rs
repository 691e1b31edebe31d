#![doc = include_str!("go_run_helper.md")]

use std::collections::BTreeMap;

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
        Some(
            commands::finding(&RULE, command, None, message)
                .with_fix(fix(repository, command, helper)),
        )
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
fn fix(repository: &Repository, command: &GoCommand, helper: &str) -> String {
    let name = name(helper, command.at.dir.as_deref());
    let flags: Vec<String> = command
        .flags
        .iter()
        .filter(|flag| flag.place.is_some() && flag.name != "C")
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
    let with_arguments =
        |call: String| format!("{call} {}", arguments.join(" ")).trim_end().to_owned();
    let changed = command.flag("C").and_then(|flag| flag.value.as_ref()).map(Text::shown);
    if command.at.context == Context::MakeTarget {
        let below = below_makefile(command);
        let find = match &below {
            Some(below) => join(below, folder(helper)),
            None => folder(helper).to_owned(),
        };
        let (build, call) = match &below {
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
        return format!(
            "bin/{name}: $(shell find {find} -name '*.go'){}\n\t{build}\nlet this target need bin/{name} and call: \
             {call}\nbin/ in .gitignore",
            go_mod(repository, command),
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
        && helper.trim_end_matches('/').rsplit('/').next() == Some(name.as_str())
        && command.at.dir.as_deref().is_some_and(|dir| has_module(repository, dir));
    match is_tool {
        true => {
            format!("{lines}\nor, since Go 1.24: go get -tool {helper} once, then go tool {name}")
        }
        false => lines,
    }
}

/// The folder of a command below that of its makefile, where a line changes to it.
fn below_makefile(command: &GoCommand) -> Option<String> {
    let dir = command.at.dir.as_deref()?;
    let file = parent(&command.at.place.path);
    let rest = if file.is_empty() { dir } else { dir.strip_prefix(file)?.strip_prefix('/')? };
    (!rest.is_empty()).then_some(rest.to_owned())
}

/// The go.mod around a command as its makefile names it, with a blank before it.
fn go_mod(repository: &Repository, command: &GoCommand) -> String {
    let Some(dir) = command.at.dir.as_deref() else { return String::new() };
    let file = parent(&command.at.place.path);
    // An included file is read where the one that includes it stands.
    let is_below = file.is_empty() || dir == file || dir.starts_with(&format!("{file}/"));
    let start = if is_below { file } else { dir };
    let (mut at, mut up) = (start, String::new());
    loop {
        if has_module(repository, at) {
            return format!(" {up}go.mod");
        }
        if at.is_empty() {
            return String::new();
        }
        at = parent(at);
        up.push_str("../");
    }
}

fn has_module(repository: &Repository, dir: &str) -> bool {
    let slash = if dir.is_empty() { "" } else { "/" };
    repository.paths().binary_search(&format!("{dir}{slash}go.mod")).is_ok()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(dir: &str, folder: &str) -> String {
    match folder.strip_prefix("./").unwrap_or(folder) {
        "." => dir.to_owned(),
        folder => format!("{dir}/{folder}"),
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
    let last = last.trim_start_matches('.');
    if last.is_empty() { "helper".to_owned() } else { last.to_owned() }
}
