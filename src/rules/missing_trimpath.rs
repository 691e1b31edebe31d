#![doc = include_str!("missing_trimpath.md")]

use super::{Builds, Check, Rule};
use crate::finding::{Finding, Level};
use crate::golang::hash_log::KeyKind;

pub(crate) const RULE: Rule = Rule {
    id: "missing-trimpath",
    summary: "an executable is built without -trimpath",
    explanation: include_str!("missing_trimpath.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    builds
        .first
        .builds()
        .filter_map(|invocation| {
            let command = invocation.info.command();
            let links = invocation.log.keys.iter().any(|key| key.kind == KeyKind::Link);
            let builds_for_use = matches!(command.verb.as_str(), "build" | "install");
            if !links || !builds_for_use || command.is_set("trimpath") {
                return None;
            }
            let message = "without -trimpath the directories of the module, of its dependencies and of Go \
                           are hashed and written into the executable";
            let finding = RULE.finding(builds.subject(&invocation.info), message);
            Some(
                finding
                    .with_evidence(builds.command_line(&invocation.info))
                    .with_fix("add -trimpath to the command, or set GOFLAGS=-trimpath"),
            )
        })
        .collect()
}
