#![doc = include_str!("file_not_read.md")]

use super::{Check, Rule};
use crate::config::Repository;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "file-not-read",
    summary: "a CI file could not be read and was not audited",
    explanation: include_str!("file_not_read.md"),
    level: Level::Warning,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let unread = repository.unread();
    unread
        .map(|unread| {
            let place = &unread.place;
            let message = match place.at {
                Some((line, column)) => {
                    format!("failed to read line {line}, column {column}: {}", unread.reason)
                }
                None => format!("failed to read the file: {}", unread.reason),
            };
            RULE.finding(&place.path, message)
                .at(place.clone())
                .with_fix("mend the file, or leave it out of the audit")
        })
        .collect()
}
