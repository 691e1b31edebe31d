//! A comparison as one HTML page that needs nothing but a browser.
//!
//! What a reader must see stands in the markup: the answer, the causes, their
//! fixes. The flow, the timeline and the table are drawn by a script from JSON
//! in the page, and only through `textContent`. The page's policy admits this
//! script and this style by their hashes, and no request.

mod cards;
mod chains;
mod data;
mod flow;
mod reruns;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;

use crate::diff::Comparison;
use crate::recording::Recording;
use crate::report::html::data::Data;
use crate::report::html::timeline::Timeline;
use crate::report::page::Page;
use crate::report::page::escape::{self, Text};

const STYLE: &str =
    concat!(include_str!("../page/assets/base.css"), include_str!("assets/style.css"));
/// In one scope, in this order.
const SCRIPT: &str = concat!(
    include_str!("assets/state.js"),
    include_str!("assets/table.js"),
    include_str!("assets/details.js"),
    include_str!("assets/flow.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/main.js"),
);
const PAGE: Page =
    Page { template: include_str!("assets/page.html"), style: STYLE, script: SCRIPT };

/// Renders a comparison of two recordings as one self-contained HTML document.
#[must_use]
pub fn explain(comparison: &Comparison, first: &Recording, second: &Recording) -> String {
    page(comparison, first, second, timeline::of(comparison, first, second))
}

fn page(
    comparison: &Comparison,
    first: &Recording,
    second: &Recording,
    timeline: Timeline,
) -> String {
    let data = Data::new(comparison, second, timeline);
    // All of it is maps with string keys, strings and finite numbers, which JSON can hold.
    let data = serde_json::to_string(&data).unwrap_or_else(|_| "null".to_owned());
    PAGE.fill(&[
        ("title", Text(&summary::headline(comparison)).to_string()),
        ("head", summary::head(comparison, first, second)),
        ("causes", cards::section(comparison)),
        ("tests", reruns::section(&comparison.tests)),
        ("data", escape::json(&data)),
    ])
}

fn number(count: usize, name: &str) -> String {
    format!("{} {name}{}", summary::grouped(count), if count == 1 { "" } else { "s" })
}

/// Seconds for a reader: as many digits as can matter.
fn seconds(seconds: f64) -> String {
    match seconds {
        seconds if seconds >= 100.0 => format!("{seconds:.0} s"),
        seconds if seconds >= 0.1 || seconds == 0.0 => format!("{seconds:.1} s"),
        seconds => format!("{:.0} ms", seconds * 1000.0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 nanoseconds are a hundred days")]
fn cpu_seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
