//! Tells a difference of path only from a difference of content.

use crate::diff::changes::Change;
use crate::recording::{InvocationInfo, Places, Recording};

/// A directory that both builds have, each at its own path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The tree that is built.
    Root,
    Gomodcache,
    Goroot,
    Gocache,
    Tmpdir,
    Home,
}

impl Place {
    /// Stands for the path. No path holds a NUL.
    const fn token(self) -> &'static str {
        match self {
            Self::Root => "\0root",
            Self::Gomodcache => "\0gomodcache",
            Self::Goroot => "\0goroot",
            Self::Gocache => "\0gocache",
            Self::Tmpdir => "\0tmpdir",
            Self::Home => "\0home",
        }
    }
}

/// The directories of the two builds.
#[derive(Debug, Clone)]
pub struct PathMap {
    first: Vec<(String, Place)>,
    second: Vec<(String, Place)>,
}

impl PathMap {
    /// Returns the directories of two recordings: of each as a whole, and of its go commands, for
    /// which a script may have set others.
    #[must_use]
    pub fn of(first: &Recording, second: &Recording) -> Self {
        let side = |recording: &Recording| {
            let commands = recording.invocations.iter().map(|command| &command.info);
            let places: Vec<_> = places(&recording.manifest.places).collect();
            // A module below the root has the root's place already: of two modules in one tree each
            // would stand for the other.
            let root = recording.manifest.places.root.trim_end_matches('/');
            let is_new = |(path, place): &(&str, Place)| {
                *place != Place::Root || root.is_empty() || !starts_with_dir(path, root)
            };
            prefixes(places.into_iter().chain(commands.flat_map(settings).filter(is_new)))
        };
        Self { first: side(first), second: side(second) }
    }

    /// Returns the places by which two texts differ, when they differ by nothing else.
    #[must_use]
    pub fn places_between(&self, first: &str, second: &str) -> Option<Vec<Place>> {
        let (first, mut places) = replace(first, &self.first);
        let (second, more) = replace(second, &self.second);
        places.extend(more);
        places.sort();
        places.dedup();
        (first == second && !places.is_empty()).then_some(places)
    }

    /// As [`Self::places_between`] the two sides of a change.
    pub(super) fn places_of_change(&self, change: &Change) -> Option<Vec<Place>> {
        self.places_between(change.first.as_deref()?, change.second.as_deref()?)
    }

    /// Returns where a path of the first or the second build lies.
    #[must_use]
    pub fn place_of(&self, path: &str) -> Option<Place> {
        let all = self.first.iter().chain(&self.second);
        all.filter(|(prefix, _)| starts_with_dir(path, prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|&(_, place)| place)
    }
}

fn places(places: &Places) -> impl Iterator<Item = (&str, Place)> {
    let Places { workdir: _, root, goroot, gomodcache, gocache, home, tmpdir, output: _ } = places;
    [
        (root.as_str(), Place::Root),
        (gomodcache, Place::Gomodcache),
        (goroot, Place::Goroot),
        (gocache, Place::Gocache),
        (tmpdir, Place::Tmpdir),
        (home, Place::Home),
    ]
    .into_iter()
}

fn settings(command: &InvocationInfo) -> impl Iterator<Item = (&str, Place)> {
    let folder = |name: &str| command.setting(name).rsplit_once('/').map_or("", |(dir, _)| dir);
    // A build outside of modules has `/dev/null` for a go.mod.
    let module = Some(folder("GOMOD")).filter(|dir| *dir != "/dev").unwrap_or_default();
    [
        (module, Place::Root),
        (folder("GOWORK"), Place::Root),
        (command.setting("GOMODCACHE"), Place::Gomodcache),
        (command.setting("GOROOT"), Place::Goroot),
        (command.setting("GOCACHE"), Place::Gocache),
    ]
    .into_iter()
}

/// Longest first: a module cache is usually below HOME, a tree below TMPDIR.
fn prefixes<'a>(places: impl Iterator<Item = (&'a str, Place)>) -> Vec<(String, Place)> {
    let mut prefixes: Vec<(String, Place)> = places
        .map(|(path, place)| (path.trim_end_matches('/').to_owned(), place))
        .filter(|(path, _)| !path.is_empty())
        .collect();
    prefixes.sort_by_key(|(path, place)| (std::cmp::Reverse(path.len()), *place));
    prefixes.dedup();
    prefixes
}

fn starts_with_dir(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Replaces every path below a place by the place's name. Flags hold paths in the middle of a word.
fn replace(text: &str, prefixes: &[(String, Place)]) -> (String, Vec<Place>) {
    let mut replaced = String::new();
    let mut places = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let found = prefixes.iter().find(|(prefix, _)| {
            rest.strip_prefix(prefix.as_str()).is_some_and(|tail| {
                !tail.starts_with(|next: char| next.is_alphanumeric() || "-_.".contains(next))
            })
        });
        if let Some((prefix, place)) = found {
            places.push(*place);
            replaced.push_str(place.token());
            rest = &rest[prefix.len()..];
        } else {
            replaced.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    (replaced, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> PathMap {
        let places = |root: &str, cache: &str| Places {
            root: root.into(),
            gomodcache: cache.into(),
            home: "/home/u".into(),
            tmpdir: "/tmp".into(),
            ..Places::default()
        };
        let side = |places: Places| prefixes(super::places(&places));
        PathMap {
            first: side(places("/tmp/1/app", "/home/u/go/pkg/mod")),
            second: side(places("/tmp/other/app", "/tmp/mod")),
        }
    }

    #[test]
    fn a_difference_of_path_is_told_from_one_of_content() {
        let map = map();
        let places = |first, second| map.places_between(first, second);
        assert_eq!(
            places("-I/tmp/1/app/include", "-I/tmp/other/app/include"),
            Some(vec![Place::Root])
        );
        assert_eq!(
            places("/home/u/go/pkg/mod/x@v1", "/tmp/mod/x@v1"),
            Some(vec![Place::Gomodcache])
        );
        assert_eq!(places("-I/tmp/1/app/a", "-I/tmp/other/app/b"), None);
        assert_eq!(places("-O1", "-O2"), None);
        // `/tmp/1/app2` is not below `/tmp/1/app`.
        assert_eq!(places("/tmp/1/app2", "/tmp/other/app2"), None);
    }
}
