//! What the text report says, as markup: totals, advice, executables, duplicates, what is broken.

use std::fmt::Write as _;

use super::tiles::counted;
use crate::cache::{Advice, Aging, Inventory, Tally};
use crate::report::cache::text::{by_difference, words};
use crate::report::cache::{CacheReport, ago, grouped, percent, place, size, title, tool_name};
use crate::report::page::escape::{Prose, Text, short};

/// Rows of each list; the text report shows all with -v.
const ROWS: usize = 50;
/// Characters of a sentence; the names in it may have thousands.
const SENTENCE: usize = 500;

/// Returns the answer in one line.
pub(super) fn headline(cache: &Inventory) -> String {
    match cache.total.count {
        0 => "The cache is empty".to_owned(),
        count => format!("{} in {}", size(cache.total.bytes), files(count)),
    }
}

pub(super) fn files(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "file")
}

/// Returns the answer, what it rests on, and the kinds.
pub(super) fn head(report: &CacheReport) -> String {
    let cache = &report.cache;
    let mut html = format!(
        "<h1>{}</h1>\n<p class=\"lede\"><code>{}</code>{}</p>\n",
        Text(&headline(cache)),
        Text(&report.dir),
        Text(&lede(cache))
    );
    html.push_str(&figures(cache));
    html.push_str(&kinds(cache));
    html
}

fn lede(cache: &Inventory) -> String {
    if cache.is_empty() && cache.broken.is_empty() {
        return ": nothing is cached. No build has used it yet, or it was cleaned.".to_owned();
    }
    let used = cache.trim.used.map(|(oldest, newest)| {
        format!(", used {}, oldest use {}", ago(cache, newest), ago(cache, oldest))
    });
    format!("{}.", used.unwrap_or_default())
}

fn figures(cache: &Inventory) -> String {
    let tally = |tally: Tally| (size(tally.bytes), files(tally.count));
    let spare = cache.recompiled.spare;
    let copies = counted(usize::try_from(spare.count).unwrap_or(usize::MAX), "archive");
    let of_archives = percent(spare.bytes, cache.kind("archive").bytes);
    let due = match cache.trim.aging {
        Aging::Ages => files(cache.trim.now.count),
        _ => format!("{}; but see below", files(cache.trim.now.count)),
    };
    let (executables, tools) = tally(cache.kind("executable"));
    let mut facts = vec![
        ("On disk", size(cache.total.disk), "as du counts".to_owned()),
        ("Sets of archives", grouped(cache.sets.len() as u64), tally(cache.kind("archive")).1),
        ("Cached executables", executables, tools),
        ("Compiled again", size(spare.bytes), format!("{copies}, {of_archives} of all")),
        ("Next trim removes", size(cache.trim.now.bytes), due),
        (
            "Broken",
            counted(cache.broken.len(), "file"),
            if cache.is_verified { "all were hashed" } else { "contents were not hashed" }
                .to_owned(),
        ),
    ];
    if cache.unnamed.count > 0 {
        let (bytes, count) = tally(cache.unnamed);
        facts.push(("Named by no entry", bytes, format!("{count} that nothing finds")));
    }
    let mut html = String::from("<dl class=\"facts\">\n");
    for (name, value, note) in facts {
        let _ = writeln!(
            html,
            "<div><dt>{name}</dt><dd>{}<small>{}</small></dd></div>",
            Text(&value),
            Text(&note)
        );
    }
    html.push_str("</dl>\n");
    html
}

fn kinds(cache: &Inventory) -> String {
    if cache.total.count == 0 {
        return String::new();
    }
    let mut kinds: Vec<_> = cache.kinds.iter().filter(|kind| kind.tally.count > 0).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.tally.bytes));
    let mut html = String::from(
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\n",
    );
    let mut x = 0.0;
    for kind in &kinds {
        let width = kind.tally.bytes as f64 / cache.total.bytes.max(1) as f64 * 1000.0;
        let _ = writeln!(
            html,
            "<rect class=\"k-{}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"10\"/>",
            kind.name
        );
        x += width;
    }
    html.push_str("</svg>\n<table class=\"list kinds\"><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\" class=\"number\">Size</th><th scope=\"col\" class=\"number\">On disk</th><th scope=\"col\" class=\"number\">Files</th></tr></thead>\n<tbody>\n");
    for kind in kinds {
        let Tally { count, bytes, disk } = kind.tally;
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><span class=\"swatch k-{}\"></span>{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            kind.name,
            title(kind.name),
            size(bytes),
            size(disk),
            grouped(count)
        );
    }
    html.push_str("</tbody></table>\n");
    html
}

/// A section with a title; nothing where it would be empty.
pub(super) fn section(id: &str, heading: &str, note: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let note =
        if note.is_empty() { String::new() } else { format!("<p class=\"note\">{note}</p>\n") };
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{heading}</h2>\n{note}{body}</section>\n"
    )
}

fn sentence(text: &str) -> String {
    match text.char_indices().nth(SENTENCE) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn rest(html: &mut String, all: usize) {
    if all > ROWS {
        let _ = writeln!(
            html,
            "<p class=\"note\">and {} more; <code>goaudit cache -v</code> shows all</p>",
            grouped((all - ROWS) as u64)
        );
    }
}

/// Advice that is shown without a click.
const FIRST: usize = 3;

/// Returns what to do, the most urgent first.
pub(super) fn advice(report: &CacheReport) -> String {
    let all: Vec<String> = report.advice.iter().take(ROWS).map(card).collect();
    if all.is_empty() {
        return String::new();
    }
    let cards = |cards: &[String]| format!("<div class=\"cards\">\n{}</div>\n", cards.concat());
    let (first, others) = all.split_at(all.len().min(FIRST));
    let mut html = cards(first);
    if !others.is_empty() {
        let more = report.advice.len() - FIRST;
        let _ = writeln!(
            html,
            "<details class=\"more\"><summary>{} more</summary>\n{}",
            grouped(more as u64),
            cards(others)
        );
        rest(&mut html, report.advice.len());
        html.push_str("</details>\n");
    }
    html
}

fn card(advice: &Advice) -> String {
    let place = place(advice)
        .map(|place| format!("<p class=\"place\"><code>{}</code></p>\n", Text(&sentence(&place))));
    format!(
        "<article class=\"advice\"><p class=\"category\">{}</p><p>{}</p>\n{}<p class=\"fix\"><b>Fix</b> {}</p></article>\n",
        Text(advice.id),
        prose(&sentence(&advice.what)),
        place.unwrap_or_default(),
        prose(&sentence(&advice.fix))
    )
}

/// Writes what is between backquotes as code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return Prose(text).to_string();
    }
    let one = |(at, part): (usize, &&str)| match at % 2 {
        0 => Prose(part).to_string(),
        _ => format!("<code>{}</code>", Text(part)),
    };
    parts.iter().enumerate().map(one).collect()
}

fn list(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut html = String::from("<table class=\"list\"><thead><tr>");
    // All but the first are numbers, but for what a name begins in lower case.
    let class =
        |name: &str| if name.starts_with(char::is_uppercase) { " class=\"number\"" } else { "" };
    for (at, name) in columns.iter().enumerate() {
        let class = if at == 0 { "" } else { class(name) };
        let mut chars = name.chars();
        let first = chars.next().map(|char| char.to_ascii_uppercase());
        let shown: String = first.into_iter().chain(chars).collect();
        let _ = write!(html, "<th scope=\"col\"{class}>{shown}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (at, (cell, name)) in row.iter().zip(columns).enumerate() {
            let _ = match at {
                0 => write!(html, "<th scope=\"row\">{}</th>", Text(cell)),
                _ => write!(html, "<td{}>{}</td>", class(name), Text(cell)),
            };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table>\n");
    html
}

pub(super) fn executables(cache: &Inventory) -> String {
    if cache.executables.is_empty() {
        return String::new();
    }
    let rows = cache.executables.iter().take(ROWS).map(|tool| {
        vec![
            short(&tool_name(tool)),
            size(tool.copies.bytes),
            grouped(tool.copies.count),
            ago(cache, tool.used.1),
            ago(cache, tool.used.0),
            short(&tool.go_versions.join(", ")),
        ]
    });
    let columns = ["tool", "Size", "Copies", "Used", "Oldest", "go"];
    let mut html = list(&columns, rows);
    rest(&mut html, cache.executables.len());
    html
}

/// Returns what was compiled again to the same, and packages with several archives.
pub(super) fn duplicates(cache: &Inventory) -> String {
    let mut html = String::new();
    let spare = cache.recompiled.spare;
    if spare.count > 0 {
        let _ = writeln!(
            html,
            "<h3>Same content, other key</h3>\n<p class=\"note\">{} archives, {}, {} of all archives: compiled again for nothing.</p>",
            grouped(spare.count),
            size(spare.bytes),
            percent(spare.bytes, cache.kind("archive").bytes)
        );
        let rows = cache.recompiled.packages.iter().take(ROWS).map(|repeated| {
            vec![
                short(&repeated.package),
                size(repeated.spare.bytes),
                grouped(repeated.spare.count),
            ]
        });
        html.push_str(&folded(
            &list(&["package", "Size", "Archives"], rows),
            cache.recompiled.packages.len(),
        ));
    }
    if cache.copies.is_empty() {
        return html;
    }
    let bytes: u64 = cache.copies.iter().map(|copies| copies.archives.bytes).sum();
    let recorded = cache.recorded.map(|count| {
        format!(" {} of these archives are in the recordings.", grouped(count as u64))
    });
    let _ = writeln!(
        html,
        "<h3>Several archives</h3>\n<p class=\"note\">{}, {}. They differ in:{}</p>",
        counted(cache.copies.len(), "package"),
        size(bytes),
        recorded.unwrap_or_default()
    );
    let rows = by_difference(cache).into_iter().map(|(difference, packages, bytes)| {
        vec![words(difference).to_owned(), size(bytes), grouped(packages as u64)]
    });
    html.push_str(&list(&["what differs", "Size", "Packages"], rows));
    let rows = cache.copies.iter().take(ROWS).map(|copies| {
        let what: Vec<&str> = copies.differ_in.iter().map(|what| words(*what)).collect();
        let what =
            if copies.inputs.is_empty() { what.join(", ") } else { copies.inputs.join(", ") };
        vec![
            short(&copies.package),
            size(copies.archives.bytes),
            grouped(copies.archives.count),
            short(&what),
        ]
    });
    html.push_str(&folded(
        &list(&["package", "Size", "Archives", "differ in"], rows),
        cache.copies.len(),
    ));
    html
}

fn folded(list: &str, all: usize) -> String {
    let mut html =
        format!("<details class=\"more\"><summary>{}</summary>\n{list}", counted(all, "package"));
    rest(&mut html, all);
    html.push_str("</details>\n");
    html
}

/// Returns what is broken and what could not be read.
pub(super) fn broken(cache: &Inventory) -> String {
    let mut html = String::new();
    if !cache.broken.is_empty() {
        let rows = cache.broken.iter().take(ROWS).map(|broken| {
            let package = broken.package.as_deref().map(|package| format!(" ({package})"));
            vec![
                short(&format!("{}{}", broken.path, package.unwrap_or_default())),
                sentence(&broken.fault.to_string()),
            ]
        });
        html.push_str(&list(&["file", "what is wrong"], rows));
        rest(&mut html, cache.broken.len());
    }
    if cache.unread_total > 0 {
        let _ = writeln!(html, "<h3>Not read: {}</h3>", counted(cache.unread_total, "place"));
        let rows = cache.unread.iter().map(|(path, why)| vec![short(path), sentence(why)]);
        html.push_str(&list(&["place", "why"], rows));
    }
    if !cache.is_verified {
        html.push_str(
            "<p class=\"note\">Contents were not hashed; <code>--verify</code> does that.</p>\n",
        );
    } else if cache.broken.is_empty() && cache.unread_total == 0 {
        html.push_str("<p class=\"note\">Every output has the bytes that its name says.</p>\n");
    }
    html
}
