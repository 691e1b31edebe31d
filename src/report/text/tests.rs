//! Which tests ran, and why their results were not found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::diff::category::Category;
use crate::diff::tests::Tests;
use crate::report::text::{Paint, Style, folded, number};

pub(super) fn tests(tests: &Tests, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    if tests.ran.is_empty() && tests.found + tests.not_known == 0 {
        return text;
    }
    let mut heading = format!("{} ran, {} found in the cache", packages(ran(tests)), tests.found);
    if tests.not_known > 0 {
        let _ = write!(heading, ", {} of which the log does not say", tests.not_known);
    }
    let _ = writeln!(text, "\n{}", paint.bold(&heading));
    for cause in &tests.causes {
        let name = cause.category.map_or("follows", Category::name);
        let _ = writeln!(text, "  {}  {}", paint.bold(name), cause.title);
        let tests: Vec<&str> = cause.tests.iter().map(String::as_str).collect();
        let _ = writeln!(text, "    made run: {}", folded(&tests, style));
        if style.verbose {
            for file in cause.files.iter().filter(|_| cause.files.len() > 1) {
                let _ = writeln!(text, "      {}", paint.dim(file));
            }
        }
        if let Some(fix) = cause.fix {
            let _ = writeln!(text, "    fix: {fix}");
        }
    }
    text
}

/// A package counts once, however often its tests ran.
fn ran(tests: &Tests) -> usize {
    tests.ran.iter().map(|test| &test.package).collect::<BTreeSet<_>>().len()
}

fn packages(count: usize) -> String {
    format!("tests of {}", number(count, "package"))
}
