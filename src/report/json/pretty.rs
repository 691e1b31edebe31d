//! How every document is spelt.

use std::fmt::Write as _;

use serde::Serialize;

/// A document, with what acts on a terminal or turns text around spelt as JSON spells it.
pub(in crate::report) fn pretty(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut spelt = String::with_capacity(text.len() + 1);
    for char in text.chars() {
        // Outside of strings JSON is ASCII, and its only control character is the line end.
        match char {
            '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(spelt, "\\u{:04x}", u32::from(char));
            }
            char => spelt.push(char),
        }
    }
    spelt.push('\n');
    spelt
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_comes_back_as_it_was() {
        let hostile = "a\u{202e}b\u{7f}\u{9b}2J\u{1b}[2J\"\\\n";
        let written = super::pretty(&hostile);
        assert!(written.trim_end().chars().all(|char| !char.is_control() && char != '\u{202e}'));
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), hostile);
    }
}
