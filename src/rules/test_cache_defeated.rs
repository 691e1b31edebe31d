#![doc = include_str!("test_cache_defeated.md")]

use super::{Check, Rule, commands};
use crate::config::Repository;
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
            && ["bench", "fuzz"].iter().all(|name| command.flag(name).is_none());
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
