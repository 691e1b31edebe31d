//! The line of a file that a finding is about, with a caret below.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::config::SourceFile;
use crate::finding::Finding;
use crate::report::source::SourceLine;
use crate::report::text::Style;

/// Columns of a line that are shown around the caret.
const WIDTH: usize = 140;

/// A line as it is drawn.
pub(super) struct Excerpt {
    pub(super) text: String,
    /// Whether the first evidence of the finding stands in the line.
    pub(super) shows_evidence: bool,
}

/// Draws the line; `None` where it is not at hand.
pub(super) fn excerpt(sources: &[SourceFile], finding: &Finding, style: Style) -> Option<Excerpt> {
    let place = finding.place.as_ref()?;
    let line = SourceLine::find(sources, place)?;
    if line.text.trim().is_empty() {
        return None;
    }
    let start = line.offset;
    let end = start + length(line, finding);
    let number = place.at?.0.get() as usize;
    let snippet = Snippet::source(line.text)
        .line_start(number)
        .annotation(AnnotationKind::Primary.span(start..end));
    let renderer = if style.colored { Renderer::styled() } else { Renderer::plain() };
    let drawn =
        renderer.term_width(WIDTH).render(&[Group::with_level(Level::ERROR).element(snippet)]);
    let rows = drawn.lines().filter(|row| !row.trim().is_empty());
    let text = rows.map(|row| format!("    {row}\n")).collect();
    Some(Excerpt {
        text,
        shows_evidence: evidence(finding).is_some_and(|it| line.text.contains(it)),
    })
}

/// Bytes of the line that the finding is about: its evidence where that stands there, else what is
/// not a blank.
fn length(line: SourceLine<'_>, finding: &Finding) -> usize {
    let rest = line.text.get(line.offset..).unwrap_or_default();
    match evidence(finding) {
        Some(first) if rest.starts_with(first) => first.len(),
        _ => rest.chars().next().map_or(0, char::len_utf8),
    }
}

/// The first line of the first evidence.
fn evidence(finding: &Finding) -> Option<&str> {
    finding.evidence.first()?.lines().next().filter(|line| !line.is_empty())
}
