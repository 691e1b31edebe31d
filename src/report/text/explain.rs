//! Why two recorded builds differ, without a policy.

use std::fmt::Write as _;

use crate::diff::Comparison;
use crate::recording::Recording;
use crate::report::text::{Paint, Style, actions, causes, number, tests};

/// Renders a comparison of two recordings: the two builds, what changed, the causes.
#[must_use]
pub fn explain(
    comparison: &Comparison,
    first: &Recording,
    second: &Recording,
    style: Style,
) -> String {
    let paint = Paint(style.colored);
    let mut text = String::new();
    let counts = &comparison.counts;
    for (name, recording, total) in
        [("first ", first, counts.first), ("second", second, counts.second)]
    {
        let version = recording.go_version().unwrap_or("unknown Go version");
        let command = recording.manifest.command.join(" ");
        let _ = writeln!(
            text,
            "{}  {}  {version}  {command}",
            paint.bold(name),
            number(total, "action")
        );
    }
    text.push_str(&actions(comparison));
    text.push_str(&causes::causes(comparison, "why the two builds differ", style, paint));
    text.push_str(&tests::tests(&comparison.tests, style, paint));
    let unproven = comparison.keys.total - comparison.keys.verified;
    if unproven > 0 {
        let _ = writeln!(
            text,
            "\n{} not proven by a sum: what differs in them is unknown",
            number(unproven, "key")
        );
    }
    text
}
