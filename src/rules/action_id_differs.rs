#![doc = include_str!("action_id_differs.md")]

use super::{Builds, Check, Rule};
use crate::diff::Unexplained;
use crate::diff::category::Category;
use crate::diff::cause::Cause;
use crate::finding::{Finding, Level};

pub(crate) const RULE: Rule = Rule {
    id: "action-id-differs",
    summary: "a cache key differs under variations that should not matter",
    explanation: include_str!("action_id_differs.md"),
    level: Level::Warning,
    check: Check::Builds(check),
};

fn check(builds: &Builds<'_>) -> Vec<Finding> {
    let causes =
        builds.comparison.causes.iter().filter(|cause| cause.category != Category::Nondeterminism);
    causes.map(of_cause).chain(builds.comparison.unexplained.iter().map(of_unexplained)).collect()
}

fn of_cause(cause: &Cause) -> Finding {
    let subject = match cause.about.is_empty() {
        true => cause.category.name().to_owned(),
        false => format!("{} {}", cause.category, cause.about),
    };
    let mut finding =
        RULE.finding(subject, format!("{} (actions reached: {})", cause.title, cause.reach_total));
    for root in cause.roots.iter().take(3) {
        finding = finding.with_evidence(&root.action);
    }
    finding.fix = cause.fix.clone();
    finding
}

fn of_unexplained(unexplained: &Unexplained) -> Finding {
    let finding = RULE.finding(
        format!("unknown {}", unexplained.action),
        "the key differs and goaudit does not know why",
    );
    unexplained.changes.iter().fold(finding, |finding, change| {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        finding.with_evidence(format!("{} → {}", side(&change.first), side(&change.second)))
    })
}
