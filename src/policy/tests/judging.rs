//! What a policy makes of findings.

use crate::finding::{Finding, Place};
use crate::units::{ColumnNumber, LineNumber};

use super::*;

fn finding(rule: &'static str, subject: &str) -> Finding {
    Finding {
        rule,
        subject: subject.to_owned(),
        message: "m".to_owned(),
        place: None,
        evidence: Vec::new(),
        fix: None,
        edits: Vec::new(),
    }
}

fn in_file(rule: &'static str, path: &str, line: usize) -> Finding {
    let at = Some((LineNumber::from_index(line - 1), ColumnNumber::from_index(0)));
    finding(rule, "subject").at(Place { path: path.to_owned(), at })
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn judge(text: &str, findings: &[Finding]) -> Verdict {
    policy(text).judge(findings.to_vec(), &[], date("2026-12-01"), |_| true)
}

/// What became of each finding, one a line.
fn show(verdict: &Verdict) -> String {
    let Verdict { outcome, judged, allowed, off, not_judged } = verdict;
    let mut text = format!("{outcome:?}, {off} off {not_judged:?}\n").replace(" []", "");
    for Judged { finding, level } in judged {
        text += &format!("{level:?} {} {}: {}\n", finding.rule, finding.subject, finding.message);
    }
    for Allowed { finding, reason } in allowed {
        text += &format!("allowed {} {}: {reason}\n", finding.rule, finding.subject);
    }
    text
}

#[test]
fn each_finding_ends_in_one_place() {
    let verdict = judge(
        "rules: {stray-a: off, cgo-enabled: {level: error, allow: [net, 'os/*']}, unpinned-toolchain: note}\n\
         ignore: [{rule: missing-trimpath, where: 'example.com/**', reason: no need}]\n",
        &[
            finding("stray-a", "make"),
            finding("cgo-enabled", "net"),
            finding("cgo-enabled", "net/http"),
            finding("cgo-enabled", "os/user"),
            finding("unpinned-toolchain", "go.mod"),
            finding("missing-trimpath", "example.com/app/cmd"),
            finding("missing-trimpath", "example.org/app"),
            finding("volatile-ldflags", "make"),
        ],
    );
    insta::assert_snapshot!(show(&verdict), @"
    Fail, 1 off
    Error cgo-enabled net/http: m
    Error missing-trimpath example.org/app: m
    Warning volatile-ldflags make: m
    Note unpinned-toolchain go.mod: m
    allowed cgo-enabled net: the policy allows `net`
    allowed cgo-enabled os/user: the policy allows `os/*`
    allowed missing-trimpath example.com/app/cmd: no need
    ");
    assert_eq!(verdict.judged.len() + verdict.allowed.len() + verdict.off, 8);
}

#[test]
fn only_an_error_breaks_the_policy() {
    let outcome = |rules: &str| judge(rules, &[finding("stray-a", "make")]).outcome;
    assert_eq!(outcome("rules: {stray-a: error}"), Outcome::Fail);
    for level in ["off", "note", "warn", "warning", "{level: error, allow: [make]}"] {
        assert_eq!(outcome(&format!("rules: {{stray-a: {level}}}")), Outcome::Pass, "{level}");
    }
    assert_eq!(judge("", &[]).outcome, Outcome::Pass);
}

#[test]
fn what_was_not_looked_at_neither_passes_nor_mends() {
    let unknown = judge("", &[]).without_verdict("no git");
    assert_eq!((unknown.outcome, unknown.not_judged.len()), (Outcome::Unknown, 1));
    let failed = judge("", &[finding("stray-a", "make")]).without_verdict("no git");
    assert_eq!((failed.outcome, failed.not_judged.len()), (Outcome::Fail, 1));
}

#[test]
fn a_rule_that_is_not_registered_is_an_error() {
    assert_eq!(judge("", &[finding("new-rule", "x")]).outcome, Outcome::Fail);
}

#[test]
fn an_exception_names_a_subject_a_file_or_a_line() {
    let allowed = |location: &str| {
        let text = format!("ignore: [{{rule: stray-a, where: '{location}', reason: r}}]");
        let verdict = judge(&text, &[in_file("stray-a", "ci/Makefile", 12)]);
        verdict.allowed.len() == 1
    };
    for location in ["subject", "sub*", "ci/Makefile", "**/Makefile", "ci/Makefile:12", "ci/*:12"] {
        assert!(allowed(location), "{location}");
    }
    for location in ["sub", "Makefile", "ci/Makefile:1", "ci/Makefile:120"] {
        assert!(!allowed(location), "{location}");
    }
}

#[test]
fn an_exception_is_for_its_rule_only() {
    let text = "ignore: [{rule: stray-a, where: make, reason: r}]";
    assert!(judge(text, &[finding("volatile-gcflags", "make")]).allowed.is_empty());
}

#[test]
fn an_exception_applies_through_its_last_day() {
    let policy =
        policy("ignore:\n  - {rule: stray-a, where: make, reason: r, until: 2027-06-30}\n");
    let verdict =
        |today| policy.judge(vec![finding("stray-a", "make")], &[], date(today), |_| true);
    insta::assert_snapshot!(show(&verdict("2027-06-30")), @"
    Pass, 0 off
    allowed stray-a make: r
    ");
    insta::assert_snapshot!(show(&verdict("2027-07-01")), @"
    Fail, 0 off
    Error stray-a make: m
    Warning expired-ignore stray-a at make: the exception ended on 2027-06-30
    ");
    let place = verdict("2027-07-01").judged[1].finding.place.clone().unwrap();
    let (line, column) = place.at.unwrap();
    assert_eq!((place.path.as_str(), line.get(), column.get()), ("goaudit.yaml", 2, 5));
}

#[test]
fn an_exception_that_matches_nothing_is_a_finding_where_its_rule_ran() {
    let text = "ignore: [{rule: stray-a, where: make, reason: r}, {rule: cgo-enabled, where: x, reason: s}]";
    let verdict = policy(text).judge(vec![], &[], date("2026-12-01"), |rule| rule == "stray-a");
    insta::assert_snapshot!(show(&verdict), @"
    Pass, 0 off
    Note unused-ignore stray-a at make: the exception matches no finding
    ");
    let off = policy(&format!("rules: {{stray-a: off, unused-ignore: error}}\n{text}")).judge(
        vec![finding("stray-a", "make"), finding("cgo-enabled", "x")],
        &[],
        date("2026-12-01"),
        |_| true,
    );
    insta::assert_snapshot!(show(&off), @"
    Pass, 1 off
    allowed cgo-enabled x: s
    ");
}

#[test]
fn the_order_of_the_findings_does_not_matter() {
    let mut findings = vec![
        finding("stray-a", "b"),
        finding("stray-a", "a"),
        finding("volatile-ldflags", "a"),
        finding("cgo-enabled", "net"),
    ];
    let forwards = judge("", &findings);
    findings.reverse();
    assert_eq!(judge("", &findings), forwards);
}
