//! What a policy makes of findings.

use std::cmp::Reverse;

use crate::config::IgnoreComment;
use crate::finding::{Finding, Level};
use crate::rules::{Rule, expired_ignore, nothing_compared, unused_ignore};

use super::comments::Comments;
use super::raw::Ignore;
use super::{Date, Policy};

/// Whether the policy is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No finding is an error.
    Pass,
    /// A finding is an error.
    Fail,
    /// No finding is an error, but something could not be looked at.
    Unknown,
}

/// The findings, each in exactly one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// What the policy reports, gravest first.
    pub judged: Vec<Judged>,
    /// What the policy lets pass.
    pub allowed: Vec<Allowed>,
    /// How many findings were of rules that the policy turns off.
    pub off: usize,
    /// Why something could not be looked at.
    pub not_judged: Vec<String>,
}

/// A finding that the policy reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub finding: Finding,
    /// Never [`Level::Off`].
    pub level: Level,
}

impl Judged {
    /// Says whether the finding is that there was nothing to judge: it takes a
    /// pass away and breaks nothing.
    fn leaves_open(&self) -> bool {
        self.finding.rule == nothing_compared::RULE.id
    }
}

/// A finding that the policy lets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    pub finding: Finding,
    /// As the policy gives it.
    pub reason: String,
}

impl Verdict {
    /// Records that something could not be looked at.
    ///
    /// What was not looked at cannot pass; what was found stays found.
    #[must_use]
    pub fn without_verdict(mut self, reason: impl Into<String>) -> Self {
        if self.outcome == Outcome::Pass {
            self.outcome = Outcome::Unknown;
        }
        self.not_judged.push(reason.into());
        self
    }

    /// Keeps the findings that are asked for, and judges by them alone.
    #[must_use]
    pub fn only(mut self, is_asked: impl Fn(&Finding) -> bool) -> Self {
        self.judged.retain(|judged| is_asked(&judged.finding));
        self.allowed.retain(|allowed| is_asked(&allowed.finding));
        self.outcome = match (self.is_broken(), self.not_judged.is_empty()) {
            (true, _) => Outcome::Fail,
            (false, true) => Outcome::Pass,
            (false, false) => Outcome::Unknown,
        };
        self
    }

    fn is_broken(&self) -> bool {
        self.judged.iter().any(|judged| judged.level == Level::Error && !judged.leaves_open())
    }
}

impl Policy {
    /// Sorts findings into a verdict.
    ///
    /// `comments` are those of the audited files. `ran` tells the rules that
    /// were run in full: an exception from a rule that was not could match nothing
    /// yet. The order is: an exception that applies, then a comment, then `allow`, then
    /// the level of the rule. A finding of a rule that is off is counted and
    /// dropped, excepted or not.
    #[must_use]
    pub fn judge(
        &self,
        findings: Vec<Finding>,
        comments: &[IgnoreComment],
        today: Date,
        ran: impl Fn(&str) -> bool,
    ) -> Verdict {
        let mut verdict = Verdict {
            outcome: Outcome::Pass,
            judged: Vec::new(),
            allowed: Vec::new(),
            off: 0,
            not_judged: Vec::new(),
        };
        let mut comments = Comments::new(comments);
        let mut used = vec![false; self.ignore.len()];
        for finding in findings {
            for (ignore, used) in self.ignore.iter().zip(&mut used) {
                *used |= ignore.is_match(&finding);
            }
            let comment = comments.reason(&finding);
            self.place(finding, comment, today, &mut verdict);
        }
        for fault in comments.faults(&ran) {
            self.place(fault, None, today, &mut verdict);
        }
        for (ignore, used) in self.ignore.iter().zip(used) {
            if let Some(finding) = ignore.fault(today, used || !ran(&ignore.rule)) {
                self.place(finding, None, today, &mut verdict);
            }
        }
        verdict
            .judged
            .sort_by(|a, b| (Reverse(a.level), &a.finding).cmp(&(Reverse(b.level), &b.finding)));
        verdict.allowed.sort_by(|a, b| a.finding.cmp(&b.finding));
        if verdict.is_broken() {
            verdict.outcome = Outcome::Fail;
        }
        let open = verdict
            .judged
            .iter()
            .filter(|judged| judged.level > Level::Note && judged.leaves_open());
        let reasons: Vec<String> = open.map(|judged| judged.finding.message.clone()).collect();
        reasons.into_iter().fold(verdict, Verdict::without_verdict)
    }

    fn place(&self, finding: Finding, comment: Option<&str>, today: Date, verdict: &mut Verdict) {
        let level = self.level(finding.rule);
        if level == Level::Off {
            verdict.off = verdict.off.saturating_add(1);
        } else if let Some(reason) = self.reason_to_allow(&finding, comment, today) {
            verdict.allowed.push(Allowed { finding, reason });
        } else {
            verdict.judged.push(Judged { finding, level });
        }
    }

    fn reason_to_allow(
        &self,
        finding: &Finding,
        comment: Option<&str>,
        today: Date,
    ) -> Option<String> {
        let ignore = self.ignore.iter().find(|one| !one.is_past(today) && one.is_match(finding));
        if let Some(ignore) = ignore {
            return Some(ignore.reason.clone());
        }
        if let Some(reason) = comment {
            return Some(reason.to_owned());
        }
        let patterns = self.rules.get(finding.rule)?.allow.as_deref().unwrap_or_default();
        let pattern = patterns.iter().find(|pattern| pattern.is_match(&finding.subject))?;
        Some(format!("the policy allows `{}`", pattern.as_str()))
    }
}

impl Ignore {
    fn is_past(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Whether the exception names a finding, by its subject, its file, or `file:line`.
    fn is_match(&self, finding: &Finding) -> bool {
        let in_file = finding.place.as_ref().is_some_and(|place| {
            let at_line = place.at.map(|(line, _)| format!("{}:{line}", place.path));
            self.location.is_match(&place.path)
                || at_line.is_some_and(|text| self.location.is_match(&text))
        });
        self.rule == finding.rule && (in_file || self.location.is_match(&finding.subject))
    }

    /// What is wrong with the exception itself.
    fn fault(&self, today: Date, is_used: bool) -> Option<Finding> {
        if let Some(until) = self.until.filter(|_| self.is_past(today)) {
            let message = format!("the exception ended on {until}");
            let fix = "mend what it excepts, or renew `until` with a reason that still holds";
            return Some(self.finding(&expired_ignore::RULE, message).with_fix(fix));
        }
        if is_used {
            return None;
        }
        let message = "the exception matches no finding".to_owned();
        Some(self.finding(&unused_ignore::RULE, message).with_fix("remove it from the policy"))
    }

    fn finding(&self, rule: &Rule, message: String) -> Finding {
        let Self { rule: ignored, location, reason, place, .. } = self;
        let finding = rule
            .finding(format!("{ignored} at {}", location.as_str()), message)
            .with_evidence(format!("reason: {reason}"));
        match place {
            Some(place) => finding.at(place.clone()),
            None => finding,
        }
    }
}
