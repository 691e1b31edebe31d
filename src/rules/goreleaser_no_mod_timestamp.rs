#![doc = include_str!("goreleaser_no_mod_timestamp.md")]

use super::{Check, Rule, commands, edits};
use crate::config::Repository;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "goreleaser-no-mod-timestamp",
    summary: "the time of the build is in the archives of a release",
    explanation: include_str!("goreleaser_no_mod_timestamp.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let without = repository.releases().filter(|(_, build)| build.mod_timestamp.is_none());
    without
        .map(|(command, build)| {
            let edit = edits::timestamp(repository, build);
            let message = "without mod_timestamp each executable in an archive has the time of the build: no two \
                           archives of one commit are the same";
            commands::finding(&RULE, command, None, message)
                .with_fix("mod_timestamp: '{{ .CommitTimestamp }}'")
                .with_edits(edit.map(|edit| vec![edit]))
        })
        .collect()
}
