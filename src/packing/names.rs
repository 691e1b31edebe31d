//! Names as texts that can be shown and still tell one name from another.

use std::fmt::Write as _;

use super::{Digest, MemberKind, Package};

/// Bytes of a value past which it is named by its digest.
const VALUE_LIMIT: usize = 64;

/// Notes of hostile names past which they are counted only.
const NOTES: usize = 3;

/// Escapes what a terminal would obey, what is not UTF-8, and `\` itself.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\\' => text.push_str("\\\\"),
                _ if char.is_control() || is_format(char) => text.extend(char.escape_default()),
                _ => text.push(char),
            }
        }
        for byte in chunk.invalid() {
            // A String takes every write.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Tells characters that show nothing and turn, join or hide what is around them.
fn is_format(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Gives a value as text, a long one by size and digest.
pub(super) fn shortened(bytes: &[u8]) -> String {
    if bytes.len() <= VALUE_LIMIT { printable(bytes) } else { by_digest(bytes) }
}

/// Gives bytes in hex, many by size and digest.
pub(super) fn hex(bytes: &[u8]) -> String {
    if bytes.len() > VALUE_LIMIT {
        return by_digest(bytes);
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn by_digest(bytes: &[u8]) -> String {
    format!("{} bytes, SHA-256 {}", bytes.len(), Digest::of(bytes))
}

/// Gives the path that an unpacker makes of a name: `./bin/` is `bin`.
pub(super) fn path(name: &str) -> &str {
    let mut path = name;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path.strip_suffix('/').unwrap_or(path)
}

/// Notes members that a careless unpacker would write outside its folder, and names twice there.
pub(super) fn note_hostile(package: &mut Package) {
    let escaping = |name: &str| {
        // A `\` is escaped, so doubled: Windows takes one for a `/`.
        let parts = || name.split(['/', '\\']);
        name.starts_with(['/', '\\']) || parts().any(|part| part == "..")
    };
    let drive =
        |name: &str| matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let mut notes = Notes::default();
    for member in &package.members {
        if escaping(&member.name) || drive(&member.name) {
            notes.add(format!("`{}` leads out of the folder it is unpacked to", member.name));
        }
        if let MemberKind::Symlink(to) = &member.kind
            && leaves(&member.name, to)
        {
            notes.add(format!("`{}` links to `{to}`, outside the archive", member.name));
        }
    }
    let mut names: Vec<&str> = package.members.iter().map(|member| path(&member.name)).collect();
    names.sort_unstable();
    let mut twice = Notes::default();
    for same in names.chunk_by(|first, second| first == second).filter(|same| same.len() > 1) {
        let name = same.first().copied().unwrap_or_default();
        twice.add(format!("{} members are named `{name}`", same.len()));
    }
    package.notes.extend(notes.list("names and links that lead out of the folder"));
    package.notes.extend(twice.list("names that several members share"));
}

/// Tells whether a link at `from` leads above the top of its archive.
fn leaves(from: &str, to: &str) -> bool {
    if to.starts_with('/') {
        return true;
    }
    let folder = path(from).rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut depth = 0_i64;
    for part in folder.split('/').chain(to.split('/')) {
        depth = match part {
            "" | "." => depth,
            ".." => depth.saturating_sub(1),
            _ => depth.saturating_add(1),
        };
        if depth < 0 {
            return true;
        }
    }
    false
}

#[derive(Default)]
struct Notes {
    shown: Vec<String>,
    more: usize,
}

impl Notes {
    fn add(&mut self, note: String) {
        if self.shown.len() < NOTES {
            self.shown.push(note);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn list(self, what: &str) -> Vec<String> {
        let Self { mut shown, more } = self;
        if more > 0 {
            shown.push(format!("{more} more {what}"));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_in_a_name_reaches_the_terminal() {
        assert_eq!(printable(b"bin/app"), "bin/app");
        assert_eq!(printable("bin/\u{e9}".as_bytes()), "bin/\u{e9}");
        assert_eq!(printable(b"a\x1b[31m\n\xff\\"), r"a\u{1b}[31m\n\xff\\");
        assert_eq!(printable("a\u{202e}b".as_bytes()), r"a\u{202e}b");
    }

    #[test]
    fn a_link_may_climb_inside_its_archive() {
        assert!(!leaves("app/bin/a", "../lib/a"));
        assert!(leaves("app/bin/a", "../../../etc"));
        assert!(leaves("a", "../b"));
        assert!(leaves("a", "/etc/passwd"));
        assert!(!leaves("./a/b", "../c"));
    }

    proptest! {
        #[test]
        fn different_names_stay_different(
            first in prop::collection::vec(any::<u8>(), 0..12),
            second in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            prop_assert_eq!(first == second, printable(&first) == printable(&second));
            prop_assert!(!printable(&first).chars().any(char::is_control));
        }
    }
}
