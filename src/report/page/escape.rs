//! What a log or a recording holds, made fit to stand in a page.
//!
//! Names of packages, files and flags are anybody's text. Nothing of it may
//! end the element that it stands in, and nothing may show as what it is not.

use std::fmt::{self, Write as _};

/// Characters of a value that are shown; a line of build info can have a million.
const SHOWN: usize = 2_000;
/// Characters of a name in a long list.
const SHORT: usize = 160;

/// A text in the content of an element or in a quoted attribute.
#[derive(Clone, Copy)]
pub(in crate::report) struct Text<'a>(pub(in crate::report) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in visible(self.0).chars() {
            match char {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                char => f.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// Prose or a command in the content of an element, whose flags no line end takes apart.
#[derive(Clone, Copy)]
pub(in crate::report) struct Prose<'a>(pub(in crate::report) &'a str);

/// Words that stay whole; a longer one would not fit a narrow screen.
const UNBROKEN: usize = 24;

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in visible(self.0).split(' ').enumerate() {
            if number > 0 {
                f.write_char(' ')?;
            }
            let is_flag = word.starts_with(['-', '(']) && word.len() <= UNBROKEN;
            match is_flag {
                true => write!(f, "<span class=\"flag\">{}</span>", Text(word))?,
                false => Text(word).fmt(f)?,
            }
        }
        Ok(())
    }
}

/// Returns a text with its invisible characters spelled out: line ends, control characters, and
/// those that change the direction of what follows. A long text is cut, and says so.
pub(in crate::report) fn visible(text: &str) -> String {
    visible_up_to(SHOWN, text)
}

/// As [`visible`], of a text that is one of thousands.
pub(in crate::report) fn short(text: &str) -> String {
    visible_up_to(SHORT, text)
}

fn visible_up_to(limit: usize, text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    for (number, char) in text.chars().enumerate() {
        if number == limit {
            let rest = text.chars().count() - limit;
            let _ = write!(shown, "… ({rest} more characters)");
            break;
        }
        match char {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            char if char.is_control() || is_invisible(char) => {
                let _ = write!(shown, "\\u{{{:04x}}}", u32::from(char));
            }
            char => shown.push(char),
        }
    }
    shown
}

/// Unicode's format characters that reorder, join or hide text, and its two line separators.
const fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Returns JSON as it may stand inside of a `script` element.
///
/// Outside of a string JSON has none of these characters, and inside each has
/// an escape. `<` is what could end the element, or open a comment in it.
///
/// Source: <https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements>.
pub(in crate::report) fn json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(char));
            }
            char => escaped.push(char),
        }
    }
    escaped
}

/// Returns bytes in the base64 of RFC 4648 section 4, as a Content-Security-Policy names a hash.
pub(in crate::report) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (digit, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let sextet = usize::try_from(bits >> shift & 0x3f).unwrap_or_default();
            let char = ALPHABET.get(sextet).copied().map_or('A', char::from);
            text.push(if digit <= group.len() { char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element_that_it_stands_in() {
        let hostile = "</script><img src=x onerror='alert(1)'>&\"";
        let text = Text(hostile).to_string();
        assert_eq!(text, "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;&quot;");
        let data = json(&serde_json::to_string(hostile).unwrap());
        assert!(!data.contains(['<', '>', '&']), "{data}");
        assert_eq!(serde_json::from_str::<String>(&data).unwrap(), hostile);
    }

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        let text = "a\u{202e}b\u{2028}c\nd\u{0}e\u{200b}";
        assert_eq!(visible(text), "a\\u{202e}b\\u{2028}c\\nd\\u{0000}e\\u{200b}");
        assert_eq!(visible("…/café/日本"), "…/café/日本");
    }

    #[test]
    fn a_long_value_says_how_much_is_not_shown() {
        let shown = visible(&"é".repeat(SHOWN + 7));
        assert!(shown.ends_with("é… (7 more characters)"), "{shown}");
        assert_eq!(visible(&"é".repeat(SHOWN)).chars().count(), SHOWN);
    }

    /// The vectors of RFC 4648 section 10.
    #[test]
    fn base64_is_that_of_the_rfc() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
