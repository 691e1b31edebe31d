//! Members that differ for no reason of their own: lists of checksums, signatures, bills of materials.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::packing::{Digest, Member, Package, Pairing, is_checksums};

/// Larger files are no lists.
const LIST: usize = 8 << 20;

/// Endings of detached signatures and their certificates.
const SIGNATURES: [&str; 9] = [
    ".sigstore.json",
    ".sigstore",
    ".cosign.bundle",
    ".bundle",
    ".minisig",
    ".asc",
    ".sig",
    ".gpg",
    ".pem",
];

/// What names of bills of materials and attestations hold.
const MATERIALS: [&str; 6] = [".sbom", ".spdx", ".cdx", ".cyclonedx", ".bom.", ".intoto"];

/// Why a member differs, if others alone are the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Follows(&'static str),
    /// A signature of a file that is the same on both sides.
    Signature,
}

/// Which members of two packages differ.
pub(super) struct Echoes<'a> {
    /// By path and by the last part of it.
    differs: BTreeMap<&'a str, bool>,
    /// Pair of each SHA-256 of a member that differs, for both sides.
    sums: [BTreeMap<Digest, usize>; 2],
}

impl<'a> Echoes<'a> {
    pub(super) fn new(first: &'a Package, second: &'a Package, pairing: &Pairing) -> Self {
        let mut differs: BTreeMap<&str, bool> = BTreeMap::new();
        let mut sums = [BTreeMap::new(), BTreeMap::new()];
        for (at, pair) in pairing.pairs.iter().enumerate() {
            let member = |of: &'a Package, index: Option<usize>| of.members.get(index?);
            let sides = [member(first, pair.first), member(second, pair.second)];
            let differing = match sides {
                [Some(one), Some(other)] => one.same_content(other) == Some(false),
                _ => true,
            };
            for (side, sums) in sides.into_iter().zip(&mut sums) {
                let Some(side) = side else { continue };
                for name in [side.path(), last(side)] {
                    *differs.entry(name).or_default() |= differing;
                }
                sums.extend(side.digest.filter(|_| differing).map(|digest| (digest, at)));
            }
        }
        Self { differs, sums }
    }

    /// Tells what the member of this path is an echo of.
    pub(super) fn of(&self, path: &str, first: &[u8], second: &[u8]) -> Option<Echo> {
        if is_checksums(path, first, second, |file| self.differs(file) == Some(true)) {
            return Some(Echo::Follows("lists checksums of files that differ"));
        }
        let signed = SIGNATURES.iter().find_map(|ending| path.strip_suffix(ending));
        match signed.and_then(|signed| self.differs(signed)) {
            Some(true) => return Some(Echo::Follows("signs a file that differs")),
            Some(false) => return Some(Echo::Signature),
            None => {}
        }
        if first.len().max(second.len()) > LIST {
            return None;
        }
        let (first, second) = (std::str::from_utf8(first).ok()?, std::str::from_utf8(second).ok()?);
        let [ours, theirs] = &self.sums;
        if masked(first, Some(ours)) == masked(second, Some(theirs)) {
            return Some(Echo::Follows("holds the SHA-256 of files that differ"));
        }
        let lists = MATERIALS.iter().any(|word| path.to_ascii_lowercase().contains(word));
        let any = !ours.is_empty() || !theirs.is_empty();
        (lists && any && masked(first, None) == masked(second, None))
            .then_some(Echo::Follows("holds checksums of what differs"))
    }

    /// `None` for a file that neither side has.
    fn differs(&self, file: &str) -> Option<bool> {
        self.differs.get(file).or_else(|| self.differs.get(file.rsplit('/').next()?)).copied()
    }
}

fn last(member: &Member) -> &str {
    member.path().rsplit('/').next().unwrap_or_default()
}

/// Puts the number of its pair in the place of each sum that is known; without `known` the same text
/// in that of all that is as long as a sum.
fn masked(text: &str, known: Option<&BTreeMap<Digest, usize>>) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_hex = |char: char| char.is_ascii_hexdigit();
        let start = rest.find(is_hex).unwrap_or(rest.len());
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let end = from.find(|char| !is_hex(char)).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(end).unwrap_or((from, ""));
        masked.push_str(before);
        match known {
            Some(known) => match parse(word).and_then(|sum| known.get(&sum)) {
                Some(pair) => {
                    let _ = write!(masked, "<{pair}>");
                }
                None => masked.push_str(word),
            },
            None if matches!(word.len(), 32 | 40 | 64 | 96 | 128) => masked.push_str("<sum>"),
            None => masked.push_str(word),
        }
        rest = after;
    }
    masked
}

fn parse(word: &str) -> Option<Digest> {
    if word.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (at, byte) in digest.iter_mut().enumerate() {
        let from = at.checked_mul(2)?;
        *byte = u8::from_str_radix(word.get(from..from.checked_add(2)?)?, 16).ok()?;
    }
    Some(Digest(digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::{FolderEntry, MemberKind, folder, pair};

    fn package(files: &[(&str, &str)]) -> Package {
        let entry = |(name, content): &(&str, &str)| FolderEntry {
            path: name.as_bytes().to_vec(),
            kind: MemberKind::File,
            mode: 0o644,
            size: content.len() as u64,
            digest: Some(Digest::of(content.as_bytes())),
            unread: None,
        };
        folder(files.iter().map(entry).collect())
    }

    fn echo(path: &str, first: &str, second: &str) -> Option<Echo> {
        let one = package(&[("app.zip", "a"), ("doc.zip", "same")]);
        let other = package(&[("app.zip", "b"), ("doc.zip", "same")]);
        let pairing = pair(&one.members, &other.members);
        Echoes::new(&one, &other, &pairing).of(path, first.as_bytes(), second.as_bytes())
    }

    #[test]
    fn only_the_sums_of_what_differs_are_echoes() {
        let sum = |text: &str| Digest::of(text.as_bytes()).to_string();
        let json = |sum: &str, path: &str| format!("{{\"sha256\": \"{sum}\", \"at\": \"{path}\"}}");
        let follows = |echo| matches!(echo, Some(Echo::Follows(_)));
        let (a, b) = (sum("a"), sum("b"));
        assert!(follows(echo("artifacts.json", &json(&a, "x"), &json(&b, "x"))));
        assert_eq!(echo("artifacts.json", &json(&a, "x"), &json(&b, "y")), None);
        assert_eq!(echo("artifacts.json", &json(&b, "x"), &json(&a, "x")), None);
        assert_eq!(echo("artifacts.json", &json(&a, "x"), &json(&sum("c"), "x")), None);
        // Of a bill of materials: the sums of what the archives hold.
        let inner = (sum("c"), sum("d"));
        assert!(follows(echo("app.zip.sbom.json", &json(&inner.0, "x"), &json(&inner.1, "x"))));
    }

    #[test]
    fn signatures_follow_the_file_that_they_sign() {
        assert!(matches!(echo("app.zip.sig", "1", "2"), Some(Echo::Follows(_))));
        assert_eq!(echo("doc.zip.sig", "1", "2"), Some(Echo::Signature));
        assert_eq!(echo("other.sig", "1", "2"), None);
    }
}
