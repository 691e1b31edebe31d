//! What a value looks like: a date, a commit, a path, a random name.
//!
//! A look is a hint and never proof; what a rule says on one it says as such.

use std::fmt;

/// What makes a value change from build to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// A time or a date of today's kind.
    Time,
    /// A hash of a commit.
    Commit,
    /// A UUID.
    Uuid,
    /// An absolute path.
    Path,
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "a time",
            Self::Commit => "a commit",
            Self::Uuid => "a UUID",
            Self::Path => "an absolute path",
        })
    }
}

/// Returns the first thing in a value that looks as if it changed from build to build.
#[must_use]
pub fn look(value: &str) -> Option<Look> {
    let words = || value.split(|char: char| char.is_whitespace() || "=,;'\"()+".contains(char));
    let any = |is: fn(&str) -> bool| words().any(is);
    if any(is_uuid) {
        Some(Look::Uuid)
    } else if any(is_time) {
        Some(Look::Time)
    } else if any(is_commit) {
        Some(Look::Commit)
    } else if any(is_path) {
        Some(Look::Path)
    } else {
        None
    }
}

/// `2026-11-20`, `2026-11-20T22:41:00Z`, `20261120`, `20261120224100`, or seconds since 1970 from 2014 to 2033.
fn is_time(word: &str) -> bool {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let only_digits = digits.len() == word.len();
    let date = |text: &str| {
        let number = |range: std::ops::Range<usize>| {
            text.get(range).and_then(|part| part.parse::<u32>().ok())
        };
        let plausible = |value: Option<u32>, low, high| {
            value.is_some_and(|value| (low..=high).contains(&value))
        };
        plausible(number(0..4), 1990, 2099)
            && plausible(number(4..6), 1, 12)
            && plausible(number(6..8), 1, 31)
    };
    if only_digits {
        return match digits.len() {
            8 | 12 | 14 => date(&digits),
            10 => ("1400000000".."2000000000").contains(&digits.as_str()),
            13 => ("1400000000000".."2000000000000").contains(&digits.as_str()),
            _ => false,
        };
    }
    let dashed = |separator: u8| {
        let bytes = word.as_bytes();
        bytes.get(4) == Some(&separator) && bytes.get(7) == Some(&separator)
    };
    // `v2026-01-02` and `build_2026-01-02` hold a date as well.
    let inner = word.find(|char: char| char.is_ascii_digit()).and_then(|start| word.get(start..));
    (dashed(b'-') || dashed(b'/') || dashed(b'.')) && date(&digits)
        || inner.is_some_and(|inner| inner.len() < word.len() && is_time(inner))
}

/// 40 or 64 hex digits, or 7 to 16 of which some are letters and some are not.
fn is_commit(word: &str) -> bool {
    let word = word.strip_suffix("-dirty").unwrap_or(word);
    // The last part of `v1.2.3-4-gabcdef0`.
    let word = word.rsplit("-g").next().unwrap_or(word);
    let hex = word.chars().all(|char| matches!(char, '0'..='9' | 'a'..='f'));
    let mixed = word.chars().any(|char| char.is_ascii_digit())
        && word.chars().any(|char| char.is_ascii_lowercase());
    hex && (matches!(word.len(), 40 | 64) || (mixed && (7..=16).contains(&word.len())))
}

fn is_uuid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.chars().all(|char| char.is_ascii_hexdigit()))
}

/// `/a/b`, also behind the letters of a flag: `-I/a/b`.
fn is_path(word: &str) -> bool {
    let path = match word.strip_prefix('-') {
        Some(flag) => flag.trim_start_matches(|char: char| char.is_ascii_alphabetic()),
        None => word,
    };
    path.len() > 1 && path.starts_with('/') && !path.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_told_from_what_does_not() {
        let cases = [
            ("-X main.date=2026-11-20T22:41:00Z", Some(Look::Time)),
            ("main.built=1763678460", Some(Look::Time)),
            ("v20261120", Some(Look::Time)),
            ("-X main.rev=7d1593b54c916cbee3db28afcc2279403cccc145", Some(Look::Commit)),
            ("v1.2.3-4-gabcdef0", Some(Look::Commit)),
            ("0b3c8f9e-1a2b-4c3d-8e4f-5a6b7c8d9e0f", Some(Look::Uuid)),
            ("-trimpath=/home/ci/app", Some(Look::Path)),
            ("-I/opt/include", Some(Look::Path)),
            ("-s -w", None),
            ("-X main.version=v1.20.3", None),
            ("all=-N -l", None),
            ("netgo,osusergo", None),
            ("1234567", None),
            ("defaced", None),
            ("https://example.com/x", None),
        ];
        for (value, expected) in cases {
            assert_eq!(look(value), expected, "{value}");
        }
    }
}
