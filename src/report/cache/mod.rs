//! What fills a GOCACHE: as text, as JSON, as Markdown, as a page.

mod html;
mod json;
mod markdown;
pub mod measure;
pub mod needed;

mod text;

use crate::cache::{Advice, Aging, Inventory, Tool, Trim, TrimFile};

pub use html::render as html;
pub use json::render as json;
pub use markdown::render as markdown;
pub use text::render as text;

/// Everything that a report of `goaudit cache` says.
#[derive(Debug)]
pub struct CacheReport {
    /// As it was named, or as `go env GOCACHE` names it.
    pub dir: String,
    pub cache: Inventory,
    pub advice: Vec<Advice>,
}

/// Returns a size as people say it: 1.4 MB, 401 MB, 4.3 GB. A megabyte is 1,000,000 bytes.
pub(in crate::report) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let unit = UNITS[unit];
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// Returns a number with commas.
pub(in crate::report) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a time span in its largest unit: 40 minutes, 3 hours, 4.2 days.
pub(in crate::report) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..120 => "a minute".to_owned(),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{:.1} days", seconds as f64 / 86_400.0),
    }
}

fn ago(cache: &Inventory, time: i64) -> String {
    format!("{} ago", span(cache.now - time))
}

/// Returns the words for each kind.
fn title(kind: &str) -> &'static str {
    match kind {
        "archive" => "package archives",
        "executable" => "executables",
        "test_result" => "test results",
        "vet" => "vet facts",
        "cgo" => "cgo outputs",
        "module_index" => "module indexes",
        "fuzz" => "fuzz corpus",
        "entry" => "entries (-a)",
        _ => "other",
    }
}

fn percent(part: u64, whole: u64) -> String {
    match part.saturating_mul(100).checked_div(whole) {
        Some(percent) => format!("{percent} %"),
        None => "0 %".to_owned(),
    }
}

fn tool_name(tool: &Tool) -> String {
    match tool.package.as_str() {
        "" => tool.name.clone(),
        package if package.rsplit('/').next() == Some(&tool.name) => package.to_owned(),
        package => format!("{package} ({})", tool.name),
    }
}

/// What trim will remove, and when: sentences.
fn forecast(cache: &Inventory) -> Vec<String> {
    let trim = &cache.trim;
    let mut lines = vec![last(cache, trim)];
    let removed = |tally: &crate::cache::Tally| {
        format!("{} in {} files", size(tally.bytes), grouped(tally.count))
    };
    if trim.now.count > 0 {
        lines.push(format!("it would remove {}, not used for 5 days", removed(&trim.now)));
    } else {
        let first = (1..).zip(&trim.later).find(|(_, tally)| tally.count > 0);
        lines.push(match first {
            Some((days, tally)) => format!(
                "nothing is old enough to be removed; in {days} d {} will be, unless it is used",
                removed(tally)
            ),
            None => "nothing is old enough to be removed".to_owned(),
        });
    }
    let aging = match &trim.aging {
        Aging::Ages => return lines,
        Aging::NoTrimFile { oldest } => format!(
            "it never ran: there is no trim.txt, and the oldest file was last used {}",
            ago(cache, *oldest)
        ),
        Aging::Survivors { files, .. } => format!(
            "it did not run here: {} were older than 5 days by the time in trim.txt, and are still there",
            removed(files)
        ),
        Aging::Renewed { entries, oldest_stored, oldest_used } => format!(
            "nothing ages: {} entries were stored up to {}, and no file has a time before {}",
            grouped(*entries),
            ago(cache, *oldest_stored),
            ago(cache, *oldest_used)
        ),
    };
    lines.push(aging);
    lines
}

fn last(cache: &Inventory, trim: &Trim) -> String {
    let next = if trim.next <= cache.now {
        "the next build trims".to_owned()
    } else {
        format!("a build trims again in {}", span(trim.next - cache.now))
    };
    match trim.last {
        TrimFile::Missing => format!("trim has not run; {next}"),
        TrimFile::Unreadable => format!("trim.txt is not readable; {next}"),
        TrimFile::At(last) if last > cache.now => {
            format!("trim.txt is {} ahead of the clock; {next}", span(last - cache.now))
        }
        TrimFile::At(last) => format!("trim last ran {}; {next}", ago(cache, last)),
    }
}

/// Place and line of an advice, where they are known.
fn place(advice: &Advice) -> Option<String> {
    let place = advice.place.as_ref()?;
    let line = place.at.map(|(line, _)| format!(":{line}")).unwrap_or_default();
    Some(format!("{}{line}: {}", place.path, advice.line.as_deref().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{grouped, size, span};

    #[test]
    fn sizes_have_two_or_three_digits() {
        let all = [0, 999, 1000, 9_949, 401_234_567, 999_600, 4_300_000_000, u64::MAX].map(size);
        assert_eq!(
            all,
            ["0 B", "999 B", "1.0 kB", "9.9 kB", "401 MB", "1.0 MB", "4.3 GB", "18446744 TB"]
        );
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn spans_have_one_unit() {
        let all = [-5, 60, 3600, 7200, 200_000].map(span);
        assert_eq!(all, ["a minute", "a minute", "60 minutes", "2 hours", "2.3 days"]);
    }
}
