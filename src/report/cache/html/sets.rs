//! The sets of archives, side by side on one scale.

use std::fmt::Write as _;

use super::tiles::{self, Set, counted};
use super::treemap::{set_class, share};
use crate::cache::{ArtifactSet, Inventory, Origin, Portrait};
use crate::report::cache::{grouped, size};
use crate::report::page::escape::{Text, short};

/// Sets that are drawn.
const DRAWN: usize = 12;
/// Sets and modules of the table.
const ROWS: usize = 100;
const COLUMNS: usize = 6;
const MODULES: usize = 25;

/// Where the packages of a set are from, in the order of a column from below.
const SOURCES: [(&str, &str); 4] = [
    ("std", "standard library"),
    ("modules", "modules with a version"),
    ("local", "code without a version"),
    ("unknown", "module not known"),
];

const fn source(origin: &Origin) -> usize {
    match origin {
        Origin::Std => 0,
        Origin::Module { .. } => 1,
        Origin::Local { .. } => 2,
        Origin::Unknown | Origin::NoPackage => 3,
    }
}

/// Returns the columns, and the tables that say the same.
pub(super) fn section(cache: &Inventory, portrait: &Portrait) -> String {
    let mut html = String::from("<ul class=\"legend\">\n");
    let mut all = [0_u64; 4];
    let mut sources = vec![[0_u64; 4]; cache.sets.len()];
    for holding in &portrait.holdings {
        let Some(set) = holding.set else { continue };
        let at = source(&holding.origin);
        if let Some(bytes) = sources.get_mut(set) {
            bytes[at] += holding.files.bytes;
            all[at] += holding.files.bytes;
        }
    }
    for ((class, name), bytes) in SOURCES.iter().zip(all).filter(|(_, bytes)| *bytes > 0) {
        let _ = writeln!(
            html,
            "<li><span class=\"swatch from-{class}\"></span>{name} <b>{}</b></li>",
            size(bytes)
        );
    }
    html.push_str("</ul>\n<ol class=\"sets\">\n");
    let largest = cache.sets.iter().map(|set| set.archives.bytes).max().unwrap_or_default().max(1);
    for ((at, set), sources) in cache.sets.iter().enumerate().zip(&sources).take(DRAWN) {
        html.push_str(&column(at, set, *sources, largest));
    }
    html.push_str("</ol>\n");
    if cache.sets.len() > DRAWN {
        html.push_str(&list(cache));
    }
    html.push_str(&by_module(cache, portrait));
    html
}

fn column(at: usize, set: &ArtifactSet, sources: [u64; 4], largest: u64) -> String {
    let mut html = String::from(
        "<li><svg class=\"column\" viewBox=\"0 0 10 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"ground\" width=\"10\" height=\"100\"/>",
    );
    let mut y = 100.0;
    for ((class, name), bytes) in SOURCES.iter().zip(sources).filter(|(_, bytes)| *bytes > 0) {
        // What is there is seen.
        let height = (bytes as f64 / largest as f64 * 100.0).max(0.8);
        y -= height;
        let _ = write!(
            html,
            "<rect class=\"from-{class}\" y=\"{y:.2}\" width=\"10\" height=\"{height:.2}\"><title>{name}: {}</title></rect>",
            size(bytes)
        );
    }
    let _ = writeln!(
        html,
        "</svg><p class=\"bytes\"><span class=\"swatch s-{}\"></span>{}</p><p class=\"how\">{}</p><p>{}</p><p>{}/{} {}</p><p class=\"count\">{}, {}</p></li>",
        set_class(Set::of(Some(at))),
        size(set.archives.bytes),
        Text(&set.instrumentation),
        Text(&short(&set.go_version)),
        Text(&short(&set.goos)),
        Text(&short(&set.goarch)),
        Text(&short(&set.level)),
        counted(set.packages, "package"),
        counted(usize::try_from(set.archives.count).unwrap_or(usize::MAX), "archive")
    );
    html
}

/// The sets that no column shows.
fn list(cache: &Inventory) -> String {
    let rest = cache.sets.len() - DRAWN;
    let mut html = format!(
        "<details class=\"more\"><summary>{}</summary>\n<table class=\"list\"><thead><tr><th scope=\"col\">Go</th><th scope=\"col\">Platform</th><th scope=\"col\">Built</th><th scope=\"col\" class=\"number\">Packages</th><th scope=\"col\" class=\"number\">Size</th></tr></thead>\n<tbody>\n",
        counted(rest, "more set")
    );
    for set in cache.sets.iter().skip(DRAWN).take(ROWS) {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}/{} {}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            Text(&short(&set.go_version)),
            Text(&short(&set.goos)),
            Text(&short(&set.goarch)),
            Text(&short(&set.level)),
            Text(&set.instrumentation),
            grouped(set.packages as u64),
            size(set.archives.bytes)
        );
    }
    html.push_str("</tbody></table>\n");
    if rest > ROWS {
        let _ = writeln!(html, "<p class=\"note\">and {}</p>", counted(rest - ROWS, "more set"));
    }
    html.push_str("</details>\n");
    html
}

/// A row for each of the largest modules, a column for each of the largest sets.
fn by_module(cache: &Inventory, portrait: &Portrait) -> String {
    if cache.sets.len() < 2 {
        return String::new();
    }
    let columns = cache.sets.len().min(COLUMNS);
    let mut rows: Vec<(&Origin, Vec<u64>)> = Vec::new();
    // Holdings come in the order of their origins.
    for holding in &portrait.holdings {
        let Some(set) = holding.set else { continue };
        if rows.last().is_none_or(|(origin, _)| *origin != &holding.origin) {
            rows.push((&holding.origin, vec![0; columns]));
        }
        if let Some(cell) = rows.last_mut().and_then(|(_, cells)| cells.get_mut(set)) {
            *cell += holding.files.bytes;
        }
    }
    rows.retain(|(_, cells)| cells.iter().any(|bytes| *bytes > 0));
    rows.sort_by_key(|(_, cells)| std::cmp::Reverse(cells.iter().sum::<u64>()));
    let mut html = String::from(
        "<details class=\"more\"><summary>By module</summary>\n<div class=\"wide-table\" tabindex=\"0\" role=\"region\" aria-label=\"Bytes of each set by module\"><table class=\"list matrix\"><thead><tr><th scope=\"col\">Module</th>",
    );
    for (at, set) in cache.sets.iter().enumerate().take(columns) {
        let _ = write!(
            html,
            "<th scope=\"col\" class=\"number\"><span class=\"swatch s-{}\"></span>{}<br>{}/{} {}<br>{}</th>",
            set_class(Set::of(Some(at))),
            Text(&short(&set.go_version)),
            Text(&short(&set.goos)),
            Text(&short(&set.goarch)),
            Text(&short(&set.level)),
            Text(&set.instrumentation)
        );
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    let whole: u64 = cache.sets.iter().take(columns).map(|set| set.archives.bytes).sum();
    for (origin, cells) in rows.iter().take(MODULES) {
        let _ = write!(html, "<tr><th scope=\"row\">{}</th>", Text(&tiles::name(origin)));
        for bytes in cells {
            match bytes {
                0 => html.push_str("<td class=\"number none\">-</td>"),
                bytes => {
                    let _ = write!(
                        html,
                        "<td class=\"number\">{} <small>{}</small></td>",
                        size(*bytes),
                        Text(&share(*bytes, whole))
                    );
                }
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    if rows.len() > MODULES {
        let _ = writeln!(
            html,
            "<p class=\"note\">and {}; the table of the treemap has them</p>",
            counted(rows.len() - MODULES, "smaller module")
        );
    }
    html.push_str("</details>\n");
    html
}
