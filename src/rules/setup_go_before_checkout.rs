#![doc = include_str!("setup_go_before_checkout.md")]

use super::setup_go::{Caching, Dependencies, caching};
use super::{Check, Rule, edits};
use crate::config::Repository;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "setup-go-before-checkout",
    summary: "setup-go runs before the checkout, so its cache is off",
    explanation: include_str!("setup_go_before_checkout.md"),
    level: Level::Error,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    caching(repository)
        .filter(|one| one.dependencies(repository) == Dependencies::NotYet)
        .map(|one| finding(repository, &one))
        .collect()
}

fn finding(repository: &Repository, one: &Caching<'_>) -> Finding {
    RULE.finding(
        &one.step.subject,
        "setup-go looks for its dependency file before the repository is checked out, finds none, \
         and neither restores nor saves a cache",
    )
    .at(one.step.place.clone())
    .with_fix("move the checkout step before this one")
    .with_edits(edits::checkout_before(repository, one.job, one.step))
}
