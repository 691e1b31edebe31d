//! A comparison as one HTML page that needs nothing but a browser.
//!
//! What a reader must see stands in the markup: the answer, the causes, their
//! fixes. The flow, the timeline and the table are drawn by a script from JSON
//! in the page, and only through `textContent`. The page's policy admits this
//! script and this style by their hashes, and no request.

mod cards;
mod chains;
mod data;
mod escape;
mod flow;
mod reruns;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;

use sha2::{Digest as _, Sha256};

use crate::diff::Comparison;
use crate::recording::Recording;
use crate::report::html::data::Data;
use crate::report::html::escape::Text;
use crate::report::html::timeline::Timeline;

const PAGE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/style.css");
/// In one scope, in this order.
const SCRIPT: &str = concat!(
    include_str!("assets/state.js"),
    include_str!("assets/table.js"),
    include_str!("assets/details.js"),
    include_str!("assets/flow.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/main.js"),
);

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
    fill(&[
        ("title", Text(&summary::headline(comparison)).to_string()),
        ("policy", policy()),
        ("style", STYLE.to_owned()),
        ("head", summary::head(comparison, first, second)),
        ("causes", cards::section(comparison)),
        ("tests", reruns::section(&comparison.tests)),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("data", escape::json(&data)),
        ("script", SCRIPT.to_owned()),
    ])
}

/// Fills the template. What is filled in is not looked at again, whatever it holds.
fn fill(values: &[(&str, String)]) -> String {
    let mut html = String::new();
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        html.push_str(before);
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            html.push_str(value);
        }
        rest = after;
    }
    html.push_str(rest);
    html
}

/// Returns the Content-Security-Policy of the page: this style, this script, no request.
///
/// Source: <https://www.w3.org/TR/CSP3/#grammardef-hash-source>.
fn policy() -> String {
    let hash = |text: &str| escape::base64(&Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
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
