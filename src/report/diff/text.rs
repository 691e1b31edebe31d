//! Why two files differ, for a person at a terminal or in a CI log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use super::{Report, members};
use crate::binary_diff::Owner;
use crate::diff::executable::{Bytes, Cause, ExecutableDiff, Functions, Leftover};
use crate::diff::files::{FilePair, FileSide, Outcome, SharedCause, Verdict};
use crate::report::text::{Paint, Style};

/// Lines of details of a cause, and rows of a list, that fit on a screen with all else.
const DETAILS: usize = 8;
/// Files that a cause of several names.
const FILES: usize = 3;
/// A value that is longer is cut.
const VALUE: usize = 160;

/// Renders a report.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let paint = Paint(style.colored);
    let pair = &report.pair;
    let mut text = headline(report, paint);
    if pair.outcome == Outcome::Identical {
        return text;
    }
    let causes = pair.causes();
    if !causes.is_empty() {
        let count = if causes.len() == 1 {
            "1 cause".to_owned()
        } else {
            format!("{} causes", causes.len())
        };
        let _ = writeln!(text, "\n{}", paint.bold(&format!("{count} why they differ")));
    }
    for shared in &causes {
        let files = files(shared, &pair.name);
        text.push_str(&cause(shared.cause, files.as_deref(), style, paint));
    }
    text.push_str(&outcome(pair, style, paint, 0));
    text
}

/// What the bytes of two files say, without their names.
pub(in crate::report) fn inside(pair: &FilePair, style: Style, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.bold("where they differ"));
    for shared in pair.causes() {
        // What to do is said with the reasons.
        let found = Cause { fix: None, ..shared.cause.clone() };
        text.push_str(&cause(&found, None, style, paint));
    }
    text.push_str(&outcome(pair, style, paint, 0));
    text
}

fn headline(report: &Report, paint: Paint) -> String {
    let pair = &report.pair;
    let (word, color) = match (&pair.outcome, pair.verdict()) {
        (Outcome::Identical, _) => ("IDENTICAL", AnsiColor::Green),
        (_, Verdict::Same) if report.ignores_signature => {
            ("SAME BUT FOR THE SIGNATURE", AnsiColor::Green)
        }
        (_, Verdict::Same) => ("SAME CONTENT", AnsiColor::Green),
        (_, Verdict::Unknown) => ("NOT COMPARED", AnsiColor::Yellow),
        (_, Verdict::Differs) => ("DIFFERS", AnsiColor::Red),
    };
    let mut text = paint.with(Ansi::new().fg_color(Some(color.into())).bold(), word);
    let (first, second) = (pair.first.as_ref(), pair.second.as_ref());
    let common = |of: fn(&FileSide) -> &str| match (first.map(of), second.map(of)) {
        (Some(one), Some(other)) if one == other => one.to_owned(),
        _ => String::new(),
    };
    for part in [common(|side| &side.go_version), common(|side| &side.format)] {
        if !part.is_empty() {
            let _ = write!(text, "  {part}");
        }
    }
    text.push('\n');
    for (name, path, side) in [("FIRST", &report.first, first), ("SECOND", &report.second, second)]
    {
        let Some(side) = side else { continue };
        let sum = side.sha256.get(..16).unwrap_or(&side.sha256);
        let format = if common(|side| &side.format).is_empty() {
            format!("  {}", side.format)
        } else {
            String::new()
        };
        let sum = if sum.is_empty() { String::new() } else { format!("  sha256:{sum}…") };
        let _ = writeln!(text, "  {name:6}  {path}  {} bytes{sum}{format}", grouped(side.bytes));
    }
    text
}

/// Says which files have a cause; `None` for a cause of the two files themselves.
fn files(shared: &SharedCause<'_>, whole: &str) -> Option<String> {
    let SharedCause { files, of, is_around, varies, .. } = shared;
    let named: Vec<&str> = files.iter().copied().filter(|file| *file != whole).collect();
    if named.is_empty() {
        return None;
    }
    let mut text = named.iter().take(FILES).copied().collect::<Vec<_>>().join(", ");
    if named.len() > FILES {
        let _ = write!(text, " and {} more", named.len() - FILES);
    }
    if *varies {
        text.push_str("; this is of the first, the others have other functions");
    }
    let what = if *is_around { "archives" } else { "executables" };
    Some(match (files.len(), *of) {
        (_, 1) => text,
        (some, of) if some == of => format!("all {of} {what} that differ: {text}"),
        (some, of) => format!("{some} of {of} {what} that differ: {text}"),
    })
}

fn cause(cause: &Cause, files: Option<&str>, style: Style, paint: Paint) -> String {
    let mut text = String::new();
    let category = paint.with(AnsiColor::Yellow.on_default(), cause.category.name());
    let _ = writeln!(text, "  {category}  {}", cause.title);
    let has_values = !cause.title.contains(" → ");
    if has_values {
        let width = VALUE;
        for (name, value) in [("FIRST", &cause.first), ("SECOND", &cause.second)] {
            match value {
                Some(value) => {
                    let _ = writeln!(text, "    {name:6}  \"{}\"", cut(value, width, style));
                }
                None if cause.first.is_some() || cause.second.is_some() => {
                    let _ = writeln!(text, "    {name:6}  (none)");
                }
                None => {}
            }
        }
    }
    let shown = if style.verbose { usize::MAX } else { DETAILS };
    for detail in cause.details.iter().take(shown) {
        let _ = writeln!(text, "    {}", cut(detail, VALUE * 2, style));
    }
    if cause.details.len() > shown {
        let _ = writeln!(text, "    … and {} more (-v shows them)", cause.details.len() - shown);
    }
    if let Some(files) = files {
        let _ = writeln!(text, "    in {files}");
    }
    if let Some(fix) = &cause.fix {
        let _ = writeln!(text, "    fix: {fix}");
    }
    text
}

fn cut(value: &str, width: usize, style: Style) -> String {
    if style.verbose || value.chars().count() <= width {
        return value.to_owned();
    }
    let cut: String = value.chars().take(width).collect();
    format!("{cut}…")
}

fn outcome(pair: &FilePair, style: Style, paint: Paint, depth: usize) -> String {
    let mut text = String::new();
    let indent = "  ".repeat(depth);
    match &pair.outcome {
        Outcome::Identical => {}
        Outcome::Executable(diff) => text.push_str(&executable(diff, style, paint, &indent)),
        Outcome::OnlyFirst => text.push_str(&format!("{indent}  in FIRST only\n")),
        Outcome::OnlySecond => text.push_str(&format!("{indent}  in SECOND only\n")),
        Outcome::Unread { why } => {
            let _ = writeln!(text, "{indent}  not compared: {why}");
        }
        Outcome::Content { offset, text: None } => {
            let _ = writeln!(
                text,
                "{indent}  no executables: their bytes differ from byte {} on",
                offset + 1
            );
        }
        Outcome::Content { text: Some(lines), .. } => {
            text.push_str(&members::lines(lines, &indent));
        }
        Outcome::Follows { why } => {
            let _ = writeln!(text, "{indent}  {why}");
        }
        Outcome::Package(package) => {
            text.push_str(&members::render(&pair.name, package, style, paint));
        }
        Outcome::Parts(parts) => {
            for part in parts.iter().filter(|part| !part.is_same()) {
                let _ = writeln!(text, "\n{indent}{}", paint.bold(&part.name));
                text.push_str(&outcome(part, style, paint, depth + 1));
            }
        }
    }
    text
}

pub(super) fn executable(
    diff: &ExecutableDiff,
    style: Style,
    paint: Paint,
    indent: &str,
) -> String {
    let mut text = String::new();
    if diff.bytes.is_proven.is_some() {
        let _ = writeln!(
            text,
            "\n{indent}{}\n{indent}  {}",
            paint.bold("bytes"),
            accounting(&diff.bytes)
        );
    }
    if diff.functions != Functions::default() {
        let _ = writeln!(
            text,
            "{indent}{}\n{indent}  {}",
            paint.bold("functions"),
            functions(&diff.functions)
        );
    }
    if style.verbose {
        text.push_str(&all(diff, indent, paint));
    }
    if !diff.unexplained.is_empty() {
        let _ = writeln!(text, "{indent}{}", paint.bold("what nothing explains"));
        for left in &diff.unexplained {
            text.push_str(&leftover(left, indent));
        }
    }
    if !diff.notes.is_empty() {
        let _ = writeln!(text, "{indent}{}", paint.bold("not compared"));
        for note in &diff.notes {
            let _ = writeln!(text, "{indent}  {note}");
        }
    }
    text
}

/// `99 of 99 differing bytes explained (40 value, 39 Go build ID, 20 GNU build ID)`.
fn accounting(bytes: &Bytes) -> String {
    let owners: Vec<String> = bytes
        .owners
        .iter()
        .map(|(owner, bytes)| format!("{} {}", grouped(*bytes), owner.name()))
        .collect();
    let is_whole = bytes.explained == bytes.differing;
    let (from, to) = if is_whole { (" (", ")") } else { ("; all are of: ", "") };
    let mut text = format!(
        "{} of {} differing bytes explained{from}{}{to}",
        grouped(bytes.explained),
        grouped(bytes.differing),
        owners.join(", ")
    );
    if bytes.owners.contains_key(&Owner::Packed) {
        let _ = write!(
            text,
            "; {} bytes of packed debug sections differ unpacked",
            grouped(bytes.unpacked)
        );
    }
    match bytes.is_proven {
        Some(true) if !is_whole => {}
        Some(true) => text.push_str("; FIRST and these differences give SECOND, byte for byte"),
        Some(false) => {
            text.push_str("; FIRST and these differences do not give SECOND: please report this")
        }
        None => {}
    }
    text
}

pub(super) fn functions(functions: &Functions) -> String {
    let counts = [
        (functions.identical, "identical"),
        (functions.moved, "equal but for addresses"),
        (functions.changed, "changed"),
        (functions.only_first, "in FIRST only"),
        (functions.only_second, "in SECOND only"),
        (functions.not_compared, "of equal size that may have changed"),
    ];
    let shown = counts.iter().filter(|(count, name)| *count > 0 || *name == "changed");
    shown
        .map(|(count, name)| {
            format!("{} {name}", grouped(u64::try_from(*count).unwrap_or_default()))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// Every difference by level, for who asks for all.
fn all(diff: &ExecutableDiff, indent: &str, paint: Paint) -> String {
    let mut levels: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for difference in &diff.differences {
        levels.entry(difference.level).or_default().push(difference);
    }
    let mut text = String::new();
    for (level, differences) in levels {
        let _ = writeln!(text, "{indent}{}", paint.bold(&format!("differences: {}", level.name())));
        for difference in differences {
            let value = |side: &Option<String>| side.clone().unwrap_or_else(|| "(none)".to_owned());
            let echo = match difference.category {
                Some(category) => category.name(),
                None => "follows",
            };
            let _ = writeln!(
                text,
                "{indent}  {}  {} → {}  ({echo})",
                difference.name,
                value(&difference.first),
                value(&difference.second)
            );
        }
    }
    text
}

pub(super) fn leftover(left: &Leftover, indent: &str) -> String {
    let section = if left.section.is_empty() { "between sections" } else { &left.section };
    let symbol =
        if left.symbol.is_empty() { String::new() } else { format!(" in {}", left.symbol) };
    let look = left.look.map(|look| format!("  looks like {look}")).unwrap_or_default();
    format!(
        "{indent}  {:#x} {section}{symbol}: \"{}\" → \"{}\"{look}\n",
        left.offset, left.first, left.second
    )
}

/// `24,449,320`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
