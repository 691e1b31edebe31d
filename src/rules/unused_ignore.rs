#![doc = include_str!("unused_ignore.md")]

use super::{Check, Rule};
use crate::finding::Level;

pub(crate) const RULE: Rule = Rule {
    id: "unused-ignore",
    summary: "an exception of the policy matches no finding",
    explanation: include_str!("unused_ignore.md"),
    level: Level::Note,
    check: Check::Engine,
};
