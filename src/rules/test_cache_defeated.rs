#![doc = include_str!("test_cache_defeated.md")]

use super::{Check, Rule, commands};
use crate::config::Repository;
use crate::config::go_command::GoCommand;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "test-cache-defeated",
    summary: "tests are run again though nothing changed",
    explanation: include_str!("test_cache_defeated.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in repository.go_commands() {
        let is_test = command.verb() == "test"
            && command.command.value("count") == "1"
            && may_be_cached(command);
        let cleans = command.verb() == "clean" && command.is_set("testcache");
        let (flag, message, fix) = match (is_test, cleans) {
            (true, _) => (
                "count",
                "-count=1 runs every test again, also where no file that it read has changed",
                "drop -count=1, or keep it for the packages whose tests ask the outside world",
            ),
            (_, true) => (
                "testcache",
                "go clean -testcache throws the results of all tests away",
                "drop it; -count=1 for the packages whose tests ask the outside world",
            ),
            _ => continue,
        };
        let place = commands::place(command.flag(flag));
        findings.push(commands::finding(&RULE, command, place, message).with_fix(fix));
    }
    findings
}

/// Flags of `go test` that keep its results from being cached, whatever their value.
const UNCACHED: &[&str] = &[
    "bench",
    "benchmem",
    "blockprofile",
    "blockprofilerate",
    "cpuprofile",
    "fuzz",
    "memprofile",
    "memprofilerate",
    "mutexprofile",
    "mutexprofilefraction",
    "shuffle",
    "trace",
];

/// Whether the results would be cached without the flag: not those of files, of the package of the
/// directory when none is named, or of tests that are given arguments of their own.
fn may_be_cached(command: &GoCommand) -> bool {
    let packages = &command.command.packages;
    let has_packages = command.is_open || !packages.is_empty();
    let is_own = |name: &str| {
        let name = name.strip_prefix("test.").unwrap_or(name);
        UNCACHED.contains(&name) || name.contains(['-', '.'])
    };
    let has_arguments =
        command.words.iter().any(|word| matches!(word.shown().as_str(), "-args" | "--args"));
    has_packages
        && !has_arguments
        && !packages.iter().any(|package| package.ends_with(".go"))
        && !command.flags.iter().any(|flag| is_own(&flag.name))
}
