//! Which member of one package is which of the other.

use std::collections::{BTreeMap, VecDeque};

use super::{Member, MemberKind, names};

/// Two members that are compared, or one that the other side has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index into the members of the first.
    pub first: Option<usize>,
    pub second: Option<usize>,
    pub by: PairedBy,
}

/// Why two members are taken for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairedBy {
    /// Equal names; among several of one name, their order.
    Name,
    /// Equal paths below [`Pairing::tops`].
    BelowTop,
    /// Equal names but for a version, and no other member with such a name.
    Version,
    /// The other side has none.
    Nothing,
}

/// Members of two packages side by side: those of the first in their order,
/// then those that only the second has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairing {
    pub pairs: Vec<Pair>,
    /// The folder that all members are in, first and second, where it is not the same;
    /// empty for the side that has none.
    pub tops: Option<(String, String)>,
}

/// Pairs the members of two packages by name.
#[must_use]
pub fn pair(first: &[Member], second: &[Member]) -> Pairing {
    let mut matching = Matching {
        partner: vec![None; first.len()],
        taken: vec![false; second.len()],
        names: [paths(first), paths(second)],
    };
    matching.by(PairedBy::Name, false, |_, path| Some(path.to_owned()));
    let tops = [top(first), top(second)];
    let mut renamed = None;
    if tops[0] != tops[1] {
        let found = matching.by(PairedBy::BelowTop, false, |side, path| {
            below(path, tops.get(side).copied().flatten())
        });
        if found {
            let name = |top: Option<&str>| top.unwrap_or_default().to_owned();
            renamed = Some((name(tops[0]), name(tops[1])));
        }
    }
    matching.by(PairedBy::Version, true, |_, path| Some(without_version(path)));
    Pairing { pairs: matching.pairs(), tops: renamed }
}

fn paths(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| names::path(&member.name)).collect()
}

struct Matching<'a> {
    partner: Vec<Option<(usize, PairedBy)>>,
    taken: Vec<bool>,
    names: [Vec<&'a str>; 2],
}

impl Matching<'_> {
    /// Pairs what is left and has the same key, in order; tells whether there was any.
    fn by(
        &mut self,
        by: PairedBy,
        only_unique: bool,
        key: impl Fn(usize, &str) -> Option<String>,
    ) -> bool {
        let [first, second] = &self.names;
        let mut left: BTreeMap<String, [VecDeque<usize>; 2]> = BTreeMap::new();
        let free = first.iter().zip(&self.partner).map(|(path, partner)| (path, partner.is_none()));
        for (index, (path, _)) in free.enumerate().filter(|(_, (_, free))| *free) {
            if let Some(key) = key(0, path) {
                left.entry(key).or_default()[0].push_back(index);
            }
        }
        for (index, (path, taken)) in second.iter().zip(&self.taken).enumerate() {
            let Some(key) = key(1, path).filter(|_| !taken) else { continue };
            if let Some(slot) = left.get_mut(&key) {
                slot[1].push_back(index);
            }
        }
        let mut any = false;
        for [first, second] in left.into_values() {
            if only_unique && (first.len() != 1 || second.len() != 1) {
                continue;
            }
            for (first, second) in first.into_iter().zip(second) {
                any = true;
                if let Some(partner) = self.partner.get_mut(first) {
                    *partner = Some((second, by));
                }
                if let Some(taken) = self.taken.get_mut(second) {
                    *taken = true;
                }
            }
        }
        any
    }

    fn pairs(self) -> Vec<Pair> {
        let of_first = self.partner.into_iter().enumerate().map(|(first, partner)| {
            let (second, by) = partner.unzip();
            Pair { first: Some(first), second, by: by.unwrap_or(PairedBy::Nothing) }
        });
        let of_second = self.taken.into_iter().enumerate().filter(|(_, taken)| !taken);
        let only_second = of_second.map(|(second, _)| Pair {
            first: None,
            second: Some(second),
            by: PairedBy::Nothing,
        });
        of_first.chain(only_second).collect()
    }
}

/// Gives the folder that holds all members.
fn top(members: &[Member]) -> Option<&str> {
    let mut top = None;
    for member in members.iter().filter(|member| !matches!(member.kind, MemberKind::Other(_))) {
        let path = names::path(&member.name);
        let here = match path.split_once('/') {
            Some((here, _)) => here,
            None if member.kind == MemberKind::Directory => path,
            None => return None,
        };
        if *top.get_or_insert(here) != here {
            return None;
        }
    }
    top
}

fn below(path: &str, top: Option<&str>) -> Option<String> {
    let Some(top) = top else { return Some(path.to_owned()) };
    let rest = path.strip_prefix(top)?;
    if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
}

/// What may follow the numbers of a version.
const SUFFIXES: [&str; 8] = ["rc", "alpha", "beta", "next", "snapshot", "dev", "pre", "dirty"];

/// Replaces each version, such as `v1.2.3-rc.1`, by `*`.
fn without_version(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    let mut boundary = true;
    while let Some(char) = rest.chars().next() {
        if boundary && let Some(len) = version_len(rest) {
            text.push('*');
            rest = rest.get(len..).unwrap_or_default();
            boundary = false;
            continue;
        }
        text.push(char);
        boundary = !char.is_alphanumeric();
        rest = rest.get(char.len_utf8()..).unwrap_or_default();
    }
    text
}

/// Length in bytes of the version that the text starts with: at least two numbers.
fn version_len(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix('v').unwrap_or(text);
    let mut rest = after_digits(numbers)?.strip_prefix('.').and_then(after_digits)?;
    while let Some(next) = rest.strip_prefix('.').and_then(after_digits) {
        rest = next;
    }
    // Such as `-SNAPSHOT-0123abc` and `~rc.1`.
    while let Some(suffix) = rest.strip_prefix(['-', '~', '+']) {
        let end = suffix.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(suffix.len());
        let (word, after) = suffix.split_at_checked(end)?;
        let word = word.to_ascii_lowercase();
        let commit = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let known = SUFFIXES.iter().any(|known| {
            word.strip_prefix(known).is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()))
        });
        if !commit && !known {
            break;
        }
        rest = after.strip_prefix('.').and_then(after_digits).unwrap_or(after);
    }
    text.len().checked_sub(rest.len())
}

fn after_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|char: char| char.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str]) -> Vec<Member> {
        let kind = |name: &str| {
            if name.ends_with('/') { MemberKind::Directory } else { MemberKind::File }
        };
        names.iter().map(|name| Member::bare(name.as_bytes(), kind(name), 0)).collect()
    }

    fn shown(first: &[&str], second: &[&str]) -> Vec<String> {
        let (first, second) = (members(first), members(second));
        let name = |of: &[Member], at: Option<usize>| {
            at.map_or("-".to_owned(), |at| of[at].name.to_string())
        };
        let line = |pair: &Pair| {
            let (a, b) = (name(&first, pair.first), name(&second, pair.second));
            format!("{a} = {b} {:?}", pair.by)
        };
        pair(&first, &second).pairs.iter().map(line).collect()
    }

    #[test]
    fn equal_names_are_paired_in_their_order() {
        let pairs = shown(&["a", "./b", "a", "c"], &["b", "a", "a", "d"]);
        assert_eq!(
            pairs,
            ["a = a Name", "./b = b Name", "a = a Name", "c = - Nothing", "- = d Nothing"]
        );
    }

    #[test]
    fn a_folder_around_all_is_left_out() {
        let first = ["app_1.0.0_linux/", "app_1.0.0_linux/app", "app_1.0.0_linux/doc/x"];
        let second = ["app_1.0.1_darwin/app", "app_1.0.1_darwin/doc/x"];
        let pairs = pair(&members(&first), &members(&second));
        assert_eq!(pairs.tops, Some(("app_1.0.0_linux".into(), "app_1.0.1_darwin".into())));
        assert!(pairs.pairs[1..].iter().all(|pair| pair.by == PairedBy::BelowTop));
        assert_eq!(shown(&["top/a"], &["a"]), ["top/a = a BelowTop"]);
        assert_eq!(pair(&members(&["t/a"]), &members(&["t/a"])).tops, None);
    }

    #[test]
    fn versions_in_names_are_left_out_where_that_is_clear() {
        let first = ["app_1.0.0_linux.tar.gz", "app_1.0.0_windows.zip", "app_2.0_linux.deb"];
        let second = ["app_v1.0.1-rc.1_windows.zip", "app_1.0.1_linux.tar.gz"];
        assert_eq!(
            shown(&first, &second)[0],
            "app_1.0.0_linux.tar.gz = app_1.0.1_linux.tar.gz Version"
        );
        assert_eq!(
            shown(&first, &second)[1],
            "app_1.0.0_windows.zip = app_v1.0.1-rc.1_windows.zip Version"
        );
        // Two of one kind: nothing says which is which.
        assert_eq!(shown(&["a-1.0", "a-1.1"], &["a-1.2"])[0], "a-1.0 = - Nothing");
    }

    #[test]
    fn versions() {
        assert_eq!(without_version("app_1.0.0_linux_amd64.tar.gz"), "app_*_linux_amd64.tar.gz");
        assert_eq!(without_version("app-0.0.0-SNAPSHOT-0123abc-linux"), "app-*-linux");
        assert_eq!(without_version("x86_64/v1/é"), "x86_64/v1/é");
    }
}
