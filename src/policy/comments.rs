//! Comments in the files that let findings pass, and what is wrong with them.

use crate::config::IgnoreComment;
use crate::finding::Finding;
use crate::rules::{self, RULES, Rule, unused_ignore};

use super::check::NEVER_IGNORED;
use super::problem::{quoted, unknown};

/// The comments of an audit, and which of them let something pass.
pub(super) struct Comments<'a> {
    comments: &'a [IgnoreComment],
    /// For each comment, which of its rules matched a finding.
    used: Vec<Vec<bool>>,
}

impl<'a> Comments<'a> {
    pub(super) fn new(comments: &'a [IgnoreComment]) -> Self {
        let used = comments.iter().map(|comment| vec![false; comment.rules.len()]).collect();
        Self { comments, used }
    }

    /// Returns the reason that a comment gives for a finding, and notes that it matched one.
    pub(super) fn reason(&mut self, finding: &Finding) -> Option<&'a str> {
        let place = finding.place.as_ref()?;
        let mut reason = None;
        for (comment, used) in self.comments.iter().zip(&mut self.used) {
            if !comment.covers(place) || NEVER_IGNORED.contains(&finding.rule) {
                continue;
            }
            for (rule, used) in comment.rules.iter().zip(used) {
                if rule == finding.rule {
                    *used = true;
                    let given = Some(comment.reason.as_str()).filter(|text| !text.is_empty());
                    reason = reason.or(given);
                }
            }
        }
        reason
    }

    /// What is wrong with the comments themselves. `ran` tells the rules that were run in full.
    pub(super) fn faults(&self, ran: impl Fn(&str) -> bool) -> Vec<Finding> {
        let mut faults = Vec::new();
        for (comment, used) in self.comments.iter().zip(&self.used) {
            if comment.rules.is_empty() {
                let message = "the comment names no rule, so it does not count".to_owned();
                let fix = "write # goaudit: ignore[RULE] REASON";
                faults.push(fault(comment, "no rule", message, fix));
                continue;
            }
            if comment.reason.is_empty() {
                let message = "the comment gives no reason, so it does not count".to_owned();
                let rules = comment.rules.join(", ");
                let fix = format!("say why: # goaudit: ignore[{rules}] REASON");
                faults.push(fault(comment, &rules, message, &fix));
            }
            for (rule, used) in comment.rules.iter().zip(used) {
                // A comment is about what is written in a file, which was looked at in full.
                let ran = ran(rule) || rules::by_id(rule).is_some_and(Rule::is_about_files);
                faults.extend(unused(comment, rule, *used || !ran));
            }
        }
        faults
    }
}

fn unused(comment: &IgnoreComment, rule: &str, is_used: bool) -> Option<Finding> {
    if rules::by_id(rule).is_none() {
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        return Some(fault(
            comment,
            rule,
            unknown("rule", rule, &ids),
            "`goaudit rules` lists them",
        ));
    }
    if NEVER_IGNORED.contains(&rule) {
        let message = format!("{} cannot be ignored", quoted(rule));
        return Some(fault(comment, rule, message, "set its level in the policy"));
    }
    let message = "the comment matches no finding on its line or the one below".to_owned();
    (!is_used).then(|| {
        fault(
            comment,
            rule,
            message,
            "put it on the line of the finding or right above, or remove it",
        )
    })
}

fn fault(comment: &IgnoreComment, subject: &str, message: String, fix: &str) -> Finding {
    unused_ignore::RULE.finding(subject, message).at(comment.place.clone()).with_fix(fix)
}
