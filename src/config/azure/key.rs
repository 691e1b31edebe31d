//! The key of `Cache@2`: segments between bars, of which paths and patterns are hashed.

use super::frame::Frame;
use crate::config::classify;
use crate::config::document::Document;
use crate::config::template::{Part, Template, Value, bounded};
use crate::config::variables::Variables;
use crate::config::yaml::NodeId;
use crate::finding::Place;

/// Reads a key or one line of restore keys.
pub(super) fn template(text: &str, place: Place, frame: &Frame<'_>, vars: &Variables) -> Template {
    // Parameters are put in before the key is cut into segments.
    let with = frame.substituted(text, vars).filter(|_| text.contains("${{"));
    let text = with.unwrap_or_else(|| text.to_owned());
    Template { parts: parts(&text, frame, vars), place, text }
}

fn parts(text: &str, frame: &Frame<'_>, variables: &Variables) -> Value {
    let mut value = Value::new();
    let mut at = 0_usize;
    for segment in segments(text) {
        let trimmed = segment.trim();
        let lead = segment.len().saturating_sub(segment.trim_start().len());
        let start = at.saturating_add(lead);
        let source = start..start.saturating_add(trimmed.len());
        if at > 0 {
            value.push(Part { source: at.saturating_sub(1)..start, ..Part::literal("|") });
        }
        at = at.saturating_add(segment.len()).saturating_add(1);
        let is_quoted = trimmed.len() >= 2 && trimmed.starts_with('"') && trimmed.ends_with('"');
        let inner = if is_quoted { trimmed.trim_matches('"') } else { trimmed };
        let parts = frame.resolve(inner, variables);
        let spelt: String = parts.iter().map(|part| part.text.as_str()).collect();
        let is_literal = |part: &Part| part.is_literal && part.text.contains(['.', '/', '\\', '*']);
        if !is_quoted && parts.iter().any(is_literal) {
            let hashed: Vec<String> =
                spelt.split(',').map(|path| path.trim().replace('\\', "/")).collect();
            let mut part = Part::new(format!("hash({spelt})"), classify::hashed(&hashed));
            (part.hashed, part.source) = (hashed, source);
            value.push(part);
        } else {
            value.extend(parts.into_iter().map(|p| Part { source: source.clone(), ..p }));
        }
    }
    bounded(value)
}

/// Cuts a key at the bars that are not within quotes or expressions.
fn segments(text: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut start, mut quoted, mut braces) = (0_usize, false, 0_usize);
    for (index, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '{' => braces = braces.saturating_add(1),
            '}' => braces = braces.saturating_sub(1),
            '|' if !quoted && braces == 0 => {
                segments.push(text.get(start..index).unwrap_or_default());
                start = index.saturating_add(1);
            }
            _ => {}
        }
    }
    segments.push(text.get(start..).unwrap_or_default());
    segments
}

/// Reads `restoreKeys:`, a key in each line.
pub(super) fn lines(
    document: &Document<'_>,
    node: NodeId,
    frame: &Frame<'_>,
    variables: &Variables,
) -> Vec<Template> {
    let script = document.script(node);
    let mut at = 0_usize;
    let mut keys = Vec::new();
    for line in script.text.split_inclusive('\n').take(128) {
        let indent = line.len().saturating_sub(line.trim_start().len());
        let place = script.lines.place(&script.text, at.saturating_add(indent));
        if !line.trim().is_empty() {
            let place = place.unwrap_or_else(|| document.place(node));
            keys.push(template(line.trim(), place, frame, variables));
        }
        at = at.saturating_add(line.len());
    }
    keys
}
