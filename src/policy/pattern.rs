//! Globs of a policy.

use globset::{GlobBuilder, GlobSet};
use serde::Deserialize;

/// Longest pattern, in bytes.
const MAX_LEN: usize = 1024;

/// A glob in which `*` stays within one element of a path and `**` does not.
///
/// A text that is the pattern letter for letter matches too, so that a subject
/// with brackets, such as `build fmt [fmt.test]`, needs no escapes.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    text: String,
    globs: GlobSet,
}

impl Pattern {
    /// Reads a glob.
    ///
    /// # Errors
    ///
    /// Fails on an empty or overlong pattern, on unbalanced `[` and `{`, and on
    /// one that is too complex.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        if text.len() > MAX_LEN {
            return Err(format!("the pattern is longer than {MAX_LEN} bytes"));
        }
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|err| err.kind().to_string())?;
        // `Glob::compile_matcher` panics on a glob that is too complex; a set says so.
        let globs = GlobSet::builder()
            .add(glob)
            .build()
            .map_err(|_| "the pattern is too complex".to_owned())?;
        Ok(Self { text: text.to_owned(), globs })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        text == self.text || self.globs.is_match(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().is_match(text)
    }

    #[test]
    fn a_star_stays_within_an_element() {
        assert!(is_match("net", "net"));
        assert!(!is_match("net", "net/http"));
        assert!(is_match("dist/*", "dist/app"));
        assert!(!is_match("dist/*", "dist/linux/app"));
        assert!(is_match("dist/**", "dist/linux/app"));
        assert!(is_match("example.com/{a,b}/*", "example.com/b/x"));
        assert!(is_match("build fmt [fmt.test]", "build fmt [fmt.test]"));
    }

    #[test]
    fn bad_patterns_are_refused() {
        let refusal = |pattern: &str| Pattern::parse(pattern).unwrap_err();
        insta::assert_snapshot!(refusal(""), @"the pattern is empty");
        insta::assert_snapshot!(refusal("[a"), @"unclosed character class; missing ']'");
        insta::assert_snapshot!(refusal("{a"), @"unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)");
        insta::assert_snapshot!(refusal(&"a".repeat(1025)), @"the pattern is longer than 1024 bytes");
        insta::assert_snapshot!(refusal(&format!("{}a*{}", "{".repeat(400), "}".repeat(400))), @"the pattern is too complex");
    }
}
