//! When files were last used, and what trim will remove when.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cache::{Age, Aging, HOURS, Inventory, Portrait, Tally};
use crate::report::cache::{forecast, grouped, size, title};
use crate::report::page::escape::Text;

/// Height of the figure in its own units.
const HEIGHT: f64 = 100.0;
/// Hours that the bar of all that is older is wide.
const OLDER: usize = 8;

/// Returns the section, or nothing of a cache in which nothing is ever trimmed.
pub(super) fn section(cache: &Inventory, portrait: &Portrait) -> String {
    let mut html = String::from("<ul class=\"forecast\">\n");
    for line in forecast(cache) {
        let _ = writeln!(html, "<li>{}</li>", Text(&line));
    }
    html.push_str("</ul>\n");
    if portrait.hours.is_empty() {
        return html;
    }
    html.push_str(&figure(portrait));
    html.push_str(&table(cache, portrait));
    html.push_str(&left(cache));
    html
}

/// A bar for each hour of six days, the oldest first, and one for all that is older.
fn figure(portrait: &Portrait) -> String {
    let mut hours: BTreeMap<usize, Vec<(&'static str, Tally)>> = BTreeMap::new();
    for hour in &portrait.hours {
        hours.entry(hour.ago).or_default().push((hour.kind, hour.files));
    }
    let sum = |kinds: &Vec<(&str, Tally)>| kinds.iter().map(|(_, files)| files.bytes).sum::<u64>();
    let highest = hours.values().map(sum).max().unwrap_or_default().max(1);
    let mut html = format!(
        "<div class=\"chart\">\n<p class=\"top\">highest bar: {}</p>\n<svg class=\"ages\" viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Bytes by the hour of their last use; the table below says the same\">\n",
        size(highest),
        HOURS + OLDER
    );
    // Go keeps a file for five days and an hour: 121 hours before now.
    let _ = writeln!(
        html,
        "<rect class=\"due\" x=\"0\" y=\"0\" width=\"{}\" height=\"{HEIGHT}\"/>",
        OLDER + HOURS - 121
    );
    for (ago, kinds) in hours.iter().rev() {
        let (x, width) = match ago {
            &HOURS => (0.0, OLDER as f64 - 1.0),
            ago => ((OLDER + HOURS - 1 - ago) as f64, 0.94),
        };
        let mut y = HEIGHT;
        for (kind, files) in kinds {
            // What is there is seen.
            let height = (files.bytes as f64 / highest as f64 * HEIGHT).max(0.3).min(y);
            y -= height;
            let _ = writeln!(
                html,
                "<rect class=\"k-{kind}\" x=\"{x}\" y=\"{y:.2}\" width=\"{width}\" height=\"{height:.2}\"><title>{}: {}, {}</title></rect>",
                match ago {
                    &HOURS => "more than 6 days ago".to_owned(),
                    0 => "within the last hour".to_owned(),
                    1 => "1 hour ago".to_owned(),
                    ago => format!("{ago} hours ago"),
                },
                title(kind),
                size(files.bytes)
            );
        }
    }
    html.push_str("</svg>\n");
    html.push_str("<div class=\"axis\"><span>older</span><span>6 days ago</span><span>5</span><span>4</span><span>3</span><span>2</span><span>1 day ago</span><b>now</b></div>\n");
    html.push_str("<div class=\"axis removal\"><span></span><span>due</span><span>in 1 h</span><span>in 1 d</span><span>in 2 d</span><span>in 3 d</span><span>in 4 d</span><b>in 5 d</b></div>\n");
    html.push_str("<p class=\"note\">Above: when a file was last used, as its time says. Below: when go may remove it, if nothing uses it until then. A hit renews the time of a file at most once an hour; a build trims at most once a day.</p>\n</div>\n");
    html
}

fn table(cache: &Inventory, portrait: &Portrait) -> String {
    let mut html = String::from(
        "<table class=\"list\" id=\"ages-table\"><thead><tr><th scope=\"col\">Last used</th><th scope=\"col\">Go may remove it</th><th scope=\"col\" class=\"number\">Size</th><th scope=\"col\" class=\"number\">Files</th></tr></thead>\n<tbody>\n",
    );
    let shown = portrait.ages.iter().enumerate().filter(|(_, age)| age.files.count > 0);
    for (at, Age { files, .. }) in shown {
        let (used, removed) = match at {
            0 => ("within a day", "in 4 to 5 days"),
            1 => ("1 to 2 days ago", "in 3 to 4 days"),
            2 => ("2 to 3 days ago", "in 2 to 3 days"),
            3 => ("3 to 4 days ago", "in 1 to 2 days"),
            4 => ("4 to 5 days ago", "within a day"),
            5 => ("5 days ago", "within the hour"),
            _ if cache.trim.aging == Aging::Ages => ("more than 5 days ago", "with the next trim"),
            _ => ("more than 5 days ago", "with the next trim, if it ever runs"),
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{used}</th><td>{removed}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            size(files.bytes),
            grouped(files.count)
        );
    }
    html.push_str("</tbody></table>\n");
    html
}

/// What stays after each day on which nothing is used.
fn left(cache: &Inventory) -> String {
    let trim = &cache.trim;
    let all = cache.total;
    if all.bytes == 0 {
        return String::new();
    }
    let mut html = String::from(
        "<h3>What a trim leaves, if nothing is used until then</h3>\n<ol class=\"left\">\n",
    );
    for (days, removed) in std::iter::once(&trim.now).chain(&trim.later).enumerate() {
        let left = all.bytes.saturating_sub(removed.bytes);
        let when = match days {
            0 => "now".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        };
        let _ = writeln!(
            html,
            "<li><span>{when}</span><svg class=\"meter\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"100\" height=\"1\"/><rect class=\"part\" width=\"{:.2}\" height=\"1\"/></svg><b>{}</b> <span class=\"of\">{} files</span></li>",
            left as f64 / all.bytes as f64 * 100.0,
            size(left),
            grouped(all.count.saturating_sub(removed.count))
        );
    }
    html.push_str("</ol>\n");
    html
}
