//! Policies: which findings a project refuses, and which it allows and why.
//!
//! A file becomes a [`Layer`] by [`parse`], which checks all of it. What a file
//! extends is another layer, and a [`Chain`] of layers becomes a [`Policy`].
//! There is no other way to one, so [`Policy::judge`] has no error to return.
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod chain;
mod check;
mod comments;
mod date;
mod gate;
mod judge;
mod pattern;
mod problem;
mod raw;
mod schema;
mod shipped;
mod starter;
#[cfg(test)]
mod tests;

pub use self::chain::{Chain, Extends};
pub use self::check::{MAX_BYTES, parse};
pub use self::date::Date;
pub use self::gate::{Gate, GateError};
pub use self::judge::{Allowed, Judged, Outcome, Verdict};
pub use self::pattern::Pattern;
pub use self::problem::Problem;
pub use self::raw::{Command, Layer, VariationChange};
pub use self::schema::schema;
pub use self::shipped::SHIPPED;
pub use self::starter::{Project, starter};

use std::collections::BTreeMap;

use crate::finding::Level;
use crate::rules;

use self::raw::{Ignore, RuleSetting};

/// The names that a policy may use.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Ids of rules.
    pub rules: &'a [&'a str],
    /// Names of variations.
    pub variations: &'a [&'a str],
}

/// What a project builds, what a rebuild varies, and what is made of each finding.
#[derive(Debug, Clone)]
pub struct Policy {
    command: Option<Command>,
    artifacts: Vec<Pattern>,
    vary: Vec<VariationChange>,
    rules: BTreeMap<String, RuleSetting>,
    ignore: Vec<Ignore>,
}

impl Policy {
    /// The command that builds the project, where a policy names one.
    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        self.command.as_ref()
    }

    /// Judges as this policy does, and takes from another what is built, varied and excepted.
    #[must_use]
    pub fn of_project(self, project: Self) -> Self {
        Self { rules: self.rules, ..project }
    }

    /// The files that the build is for; empty where no policy names any.
    #[must_use]
    pub fn artifacts(&self) -> &[Pattern] {
        &self.artifacts
    }

    /// Changes to the variations of a rebuild, to be applied in this order.
    #[must_use]
    pub fn vary(&self) -> &[VariationChange] {
        &self.vary
    }

    /// What is made of the findings of a rule.
    ///
    /// A rule that no policy names keeps its own level. One that is not
    /// registered is an error: a gate does not pass on what it does not know.
    #[must_use]
    pub fn level(&self, rule: &str) -> Level {
        let own = || rules::by_id(rule).map_or(Level::Error, |rule| rule.level);
        self.rules.get(rule).and_then(|setting| setting.level).unwrap_or_else(own)
    }
}
