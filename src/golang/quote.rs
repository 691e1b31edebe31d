//! Go's quoted strings, as `%q` writes them.

use std::borrow::Cow;

/// Returns the bytes between the quotes of `"…"` or `` `…` ``, with all escapes resolved.
///
/// Borrows when there is nothing to resolve. `None` when the text is not one
/// complete quoted string: no closing quote, an escape that is cut off or
/// unknown, a bare quote or line feed inside. Bytes that are not UTF-8 pass
/// through. Unlike `strconv.Unquote`, `\'` is taken between double quotes too.
///
/// Source: `unquote` and `UnquoteChar` in `strconv/quote.go`, Go 1.25.5.
#[must_use]
pub fn unquote(quoted: &[u8]) -> Option<Cow<'_, [u8]>> {
    match quoted {
        [b'"', inner @ .., b'"'] => interpreted(inner),
        [b'`', inner @ .., b'`'] => raw(inner),
        _ => None,
    }
}

/// As [`unquote`] a string in double quotes, appended to a buffer. Says whether it is one; if not,
/// part of it may have been appended.
#[must_use]
pub fn unquote_onto(quoted: &[u8], out: &mut Vec<u8>) -> bool {
    match quoted {
        [b'"', inner @ .., b'"'] => {
            let (plain, rest) = split_plain(inner);
            out.extend_from_slice(plain);
            resolve(rest, out).is_some()
        }
        _ => false,
    }
}

/// Returns bytes as text; what is not UTF-8 becomes `\xNN`, so that different bytes stay different.
#[must_use]
pub fn to_text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    Cow::Owned(text)
}

fn raw(inner: &[u8]) -> Option<Cow<'_, [u8]>> {
    if inner.contains(&b'`') {
        return None;
    }
    // Go drops carriage returns from raw strings.
    Some(match inner.contains(&b'\r') {
        false => Cow::Borrowed(inner),
        true => inner.iter().copied().filter(|byte| *byte != b'\r').collect(),
    })
}

fn interpreted(inner: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (plain, rest) = split_plain(inner);
    if rest.is_empty() {
        return Some(Cow::Borrowed(plain));
    }
    let mut out = Vec::with_capacity(inner.len());
    out.extend_from_slice(plain);
    resolve(rest, &mut out)?;
    Some(Cow::Owned(out))
}

/// Appends what text stands for that is empty or starts with an escape.
fn resolve(mut rest: &[u8], out: &mut Vec<u8>) -> Option<()> {
    while !rest.is_empty() {
        let after = escape(rest, out)?;
        let (plain, next) = split_plain(after);
        out.extend_from_slice(plain);
        rest = next;
    }
    Some(())
}

/// Splits before the first byte that cannot stand for itself.
fn split_plain(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr3(b'\\', b'"', b'\n', text).unwrap_or(text.len());
    text.split_at(end)
}

/// Resolves the escape that `text` starts with, and returns what follows it.
fn escape<'a>(text: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (kind, rest) = text.strip_prefix(b"\\")?.split_first()?;
    let byte = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' | b'"' | b'\'' => *kind,
        b'x' => {
            let (value, rest) = number(rest, 2, 16)?;
            out.push(u8::try_from(value).ok()?);
            return Some(rest);
        }
        b'0'..=b'7' => {
            let (value, rest) = number(text.get(1..)?, 3, 8)?;
            out.push(u8::try_from(value).ok()?);
            return Some(rest);
        }
        b'u' => return character(rest, 4, out),
        b'U' => return character(rest, 8, out),
        _ => return None,
    };
    out.push(byte);
    Some(rest)
}

fn character<'a>(digits: &'a [u8], count: usize, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (value, rest) = number(digits, count, 16)?;
    let character = char::from_u32(value)?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

/// Reads exactly `count` digits, at most eight.
fn number(text: &[u8], count: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let mut value = 0_u32;
    for digit in digits {
        value = value.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)?;
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unquoted(text: &str) -> Option<String> {
        unquote(text.as_bytes()).map(|bytes| to_text(&bytes).into_owned())
    }

    #[test]
    fn every_escape_of_go() {
        let cases = [
            (r#""""#, ""),
            (r#""plain é""#, "plain é"),
            (r#""a\tb\n""#, "a\tb\n"),
            (r#""\a\b\f\r\v\\\"\'""#, "\u{7}\u{8}\u{c}\r\u{b}\\\"'"),
            (r#""\x41\101\u00e9\U0001F600""#, "AAé😀"),
            ("`raw \\n`", "raw \\n"),
            ("`a\rb`", "ab"),
        ];
        for (quoted, expected) in cases {
            assert_eq!(unquoted(quoted).as_deref(), Some(expected), "{quoted}");
        }
    }

    #[test]
    fn nothing_to_resolve_is_borrowed() {
        assert!(matches!(unquote(br#""dir /tmp""#), Some(Cow::Borrowed(b"dir /tmp"))));
    }

    #[test]
    fn what_is_not_one_quoted_string_is_refused() {
        let cases = [
            "",
            "\"",
            "`",
            "plain",
            "\"open",
            "\"a\"b\"",
            "\"a\nb\"",
            "\"\\\"",
            "\"\\q\"",
            "\"\\x4\"",
            "\"\\xzz\"",
            "\"\\8\"",
            "\"\\400\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\U00110000\"",
            "\"\\Uffffffff\"",
            "`a`b`",
        ];
        for quoted in cases {
            assert_eq!(unquoted(quoted), None, "{quoted}");
        }
    }

    #[test]
    fn a_cut_off_string_is_refused_at_every_length() {
        let whole = br#""a\n\x41\101\u00e9\U0001F600\\""#;
        assert!(unquote(whole).is_some());
        for end in 0..whole.len() {
            let mut cut = whole[..end].to_vec();
            assert_eq!(unquote(&cut), None);
            // With a closing quote it may be whole again, but never panics.
            cut.push(b'"');
            let _ = unquote(&cut);
        }
    }

    #[test]
    fn bytes_outside_utf8_survive_and_stay_apart() {
        assert_eq!(unquote(b"\"\xff\\xfe\"").as_deref(), Some(&b"\xff\xfe"[..]));
        assert_eq!(to_text(b"a\xff\xfeb"), "a\\xff\\xfeb");
        assert_eq!(to_text("é".as_bytes()), "é");
    }
}
