#![doc = include_str!("unused_ignore.md")]

use super::{Check, Rule};
use crate::finding::Level;

pub(crate) const RULE: Rule = Rule {
    id: "unused-ignore",
    summary: "an exception matches no finding, or gives no reason",
    explanation: include_str!("unused_ignore.md"),
    level: Level::Note,
    check: Check::Engine,
};
