//! A cache as one HTML page: where its bytes are, the sets side by side, and when they go.
//!
//! All of it stands in the markup, the pictures too. The script adds what is under the pointer,
//! the search and the order of the table.

mod ages;
mod facts;
mod labels;
mod sets;
mod squarify;
#[cfg(test)]
mod tests;
mod tiles;
mod treemap;

use super::CacheReport;
use crate::cache::{Origin, Portrait};
use crate::report::page::escape::Text;
use crate::report::page::{Page, fill};
use tiles::Tiles;

const PAGE: Page = Page {
    template: include_str!("assets/page.html"),
    style: concat!(include_str!("../../page/assets/base.css"), include_str!("assets/style.css")),
    script: concat!(
        include_str!("assets/table.js"),
        include_str!("assets/treemap.js"),
        include_str!("assets/main.js"),
    ),
};

/// Tiles of the treemap, fewer where names are so long that the page would get too large.
const TILES: [usize; 5] = [900, 450, 200, 80, 20];
/// Bytes of a page.
const LARGEST: usize = 1_900_000;

/// Renders a report as one self-contained HTML document of less than 2 MB.
#[must_use]
pub fn render(report: &CacheReport, portrait: &Portrait) -> String {
    let mut html = String::new();
    for limit in TILES {
        html = page(report, portrait, limit);
        if html.len() <= LARGEST {
            break;
        }
    }
    html
}

fn page(report: &CacheReport, portrait: &Portrait, limit: usize) -> String {
    let cache = &report.cache;
    let sections = [
        facts::section("advice", "What to do", "", &facts::advice(report)),
        map(report, portrait, limit),
        sets_section(report, portrait),
        match cache.total.count {
            0 => String::new(),
            _ => facts::section(
                "trim",
                "Age, and what go removes",
                "",
                &ages::section(cache, portrait),
            ),
        },
        facts::section(
            "executables",
            "Cached executables",
            "Since Go 1.24 <code>go run</code> and <code>go tool</code> keep what they link.",
            &facts::executables(cache),
        ),
        facts::section("duplicates", "Compiled more than once", "", &facts::duplicates(cache)),
        facts::section("broken", "Broken", "", &facts::broken(cache)),
    ];
    PAGE.fill(&[
        ("title", Text(&facts::headline(cache)).to_string()),
        ("head", facts::head(report)),
        ("sections", sections.concat()),
    ])
}

fn map(report: &CacheReport, portrait: &Portrait, limit: usize) -> String {
    let tiles = Tiles::of(portrait, limit);
    if tiles.modules.is_empty() {
        return String::new();
    }
    let cache = &report.cache;
    let pictures = match tiles.bytes {
        0 => "<p class=\"note\">All files are empty: there is nothing to draw.</p>\n".to_owned(),
        _ => treemap::pictures(&tiles, cache),
    };
    let unknown = bytes_of(portrait, &Origin::Unknown);
    let unknown = match unknown {
        0 => String::new(),
        bytes => format!(
            " Module not known: {}, {}.",
            super::size(bytes),
            Text(&treemap::share(bytes, tiles.bytes))
        ),
    };
    fill(
        include_str!("assets/map.html"),
        &[
            ("unknown", &unknown),
            ("legends", &treemap::legends(&tiles, cache)),
            ("pictures", &pictures),
            ("rows", &treemap::table(&tiles, cache)),
        ],
    )
}

fn bytes_of(portrait: &Portrait, origin: &Origin) -> u64 {
    let holdings = portrait.holdings.iter().filter(|holding| holding.origin == *origin);
    holdings.map(|holding| holding.files.bytes).sum()
}

fn sets_section(report: &CacheReport, portrait: &Portrait) -> String {
    let cache = &report.cache;
    if cache.sets.is_empty() {
        return String::new();
    }
    let heading = match cache.sets.len() {
        1 => "One set of archives".to_owned(),
        count => format!("{count} sets of archives"),
    };
    let note = "An archive serves builds of its own Go version, platform and instrumentation only. The columns have one scale.";
    facts::section("sets", &heading, note, &sets::section(cache, portrait))
}
