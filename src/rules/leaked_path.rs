#![doc = include_str!("leaked_path.md")]

use super::{Builds, Check, Rule, leaking};
use crate::finding::{Finding, Level};
use crate::leaks::Kind;

pub(crate) const RULE: Rule = Rule {
    id: "leaked-path",
    summary: "a directory of the build is in an artifact",
    explanation: include_str!("leaked_path.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    leaking::findings(
        &RULE,
        builds,
        &[Kind::Workdir, Kind::Home, Kind::Tmpdir, Kind::Gomodcache, Kind::Gocache],
    )
}
