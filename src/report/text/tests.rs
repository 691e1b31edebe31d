//! Which tests ran, and why their results were not found.

use std::fmt::Write as _;

use crate::diff::category::Category;
use crate::diff::tests::Tests;
use crate::report::text::{Paint, Style, folded, number};

pub(super) fn tests(tests: &Tests, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    if tests.ran.is_empty() && tests.found == 0 {
        return text;
    }
    let heading = format!("{} ran, {} found in the cache", packages(tests.ran.len()), tests.found);
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

fn packages(count: usize) -> String {
    format!("tests of {}", number(count, "package"))
}
