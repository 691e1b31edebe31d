//! The field `tests` of `goaudit.explain.v1`: tests that ran, and why.

use serde::Serialize;

use crate::diff::tests::{TestCause, TestDifference, TestReason, Tests};

#[derive(Serialize)]
pub(super) struct TestsObject<'a> {
    found: usize,
    /// Of which the log does not say whether they ran.
    not_known: usize,
    ran: Vec<RanObject<'a>>,
    causes: Vec<TestCauseObject<'a>>,
}

#[derive(Serialize)]
struct RanObject<'a> {
    package: &'a str,
    args: &'a str,
    /// One sentence each.
    why: Vec<String>,
}

#[derive(Serialize)]
struct TestCauseObject<'a> {
    /// Null for tests that follow their executable, or are new.
    category: Option<&'static str>,
    title: &'a str,
    tests: &'a [String],
    files: &'a [String],
    fix: Option<&'a str>,
}

impl<'a> From<&'a Tests> for TestsObject<'a> {
    fn from(tests: &'a Tests) -> Self {
        Self {
            found: tests.found,
            not_known: tests.not_known,
            ran: tests.ran.iter().map(RanObject::from).collect(),
            causes: tests.causes.iter().map(TestCauseObject::from).collect(),
        }
    }
}

impl<'a> From<&'a TestDifference> for RanObject<'a> {
    fn from(test: &'a TestDifference) -> Self {
        let why = test.why.iter().map(TestReason::sentence).collect();
        Self { package: &test.package, args: &test.args, why }
    }
}

impl<'a> From<&'a TestCause> for TestCauseObject<'a> {
    fn from(cause: &'a TestCause) -> Self {
        Self {
            category: cause.category.map(crate::diff::category::Category::name),
            title: &cause.title,
            tests: &cause.tests,
            files: &cause.files,
            fix: cause.fix,
        }
    }
}
