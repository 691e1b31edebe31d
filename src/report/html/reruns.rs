//! Tests that ran although a result of them might have been found.

use std::fmt::Write as _;

use crate::diff::category::Category;
use crate::diff::tests::{TestCause, Tests};
use crate::report::html::number;
use crate::report::html::summary::grouped;
use crate::report::page::escape::{Prose, Text};

/// Causes and packages that are named.
const NAMED: usize = 20;

/// Returns the section of the tests; nothing where neither build looked for a result.
pub(super) fn section(tests: &Tests) -> String {
    if tests.ran.is_empty() && tests.found == 0 {
        return String::new();
    }
    let mut html = format!(
        "<section id=\"tests\" aria-labelledby=\"tests-title\">\n<h2 id=\"tests-title\">Tests</h2>\n<p class=\"note\">Those of {} ran; {} found in the cache.</p>\n<div class=\"cards\">\n",
        number(tests.ran.len(), "package"),
        match tests.found {
            1 => "1 result was".to_owned(),
            found => format!("{} results were", grouped(found)),
        }
    );
    for cause in tests.causes.iter().take(NAMED) {
        html.push_str(&card(cause));
    }
    html.push_str("</div>\n");
    let rest = tests.causes.len().saturating_sub(NAMED);
    if rest > 0 {
        let _ = writeln!(html, "<p class=\"note\">and {}</p>", number(rest, "more cause"));
    }
    html.push_str("</section>\n");
    html
}

fn card(cause: &TestCause) -> String {
    let mut html = format!(
        "<article class=\"cause\">\n<p class=\"rank\"><span class=\"category\">{}</span></p>\n<h3>{}</h3>\n",
        cause.category.map_or("follows", Category::name),
        Prose(&cause.title)
    );
    let _ = writeln!(html, "<p class=\"roots\">made run: {}</p>", names(&cause.tests));
    if cause.files.len() > 1 {
        let _ = writeln!(html, "<p class=\"roots\">files: {}</p>", names(&cause.files));
    }
    if let Some(fix) = cause.fix {
        let _ = writeln!(html, "<p class=\"fix\"><b>Fix</b> {}</p>", Prose(fix));
    }
    html.push_str("</article>\n");
    html
}

fn names(all: &[String]) -> String {
    let shown = all.iter().take(NAMED).map(|name| format!("<code>{}</code>", Text(name)));
    let mut html = shown.collect::<Vec<_>>().join(", ");
    let rest = all.len().saturating_sub(NAMED);
    if rest > 0 {
        let _ = write!(html, " and {} more", grouped(rest));
    }
    html
}
