#![doc = include_str!("expired_ignore.md")]

use super::{Check, Rule};
use crate::finding::Level;

pub(crate) const RULE: Rule = Rule {
    id: "expired-ignore",
    summary: "an exception of the policy is past its date",
    explanation: include_str!("expired_ignore.md"),
    level: Level::Warning,
    check: Check::Engine,
};
