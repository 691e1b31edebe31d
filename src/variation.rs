//! Variations: what a rebuild makes different on purpose.
//!
//! The names are those of reprotest where it has one.

use std::collections::BTreeMap;

/// One thing made different between the first build and the rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    pub name: &'static str,
    /// What the rebuild does, one line.
    pub summary: &'static str,
    /// Whether a well-made build gives the same bytes under it.
    pub expected_equal: bool,
}

/// Every variation. Those that a well-made build withstands are on unless taken away;
/// the others change the bytes by design and are asked for by name.
pub const VARIATIONS: &[Variation] = &[
    on("workdir", "builds in a copy of the tree at another path of another length"),
    on("home", "an empty HOME; GOENV, GOPATH and the module cache stay what they are"),
    on("tmpdir", "another TMPDIR"),
    on("goroot", "the same toolchain at another GOROOT path"),
    on("gomodcache", "the same module cache at another GOMODCACHE path"),
    on("timezone", "another TZ, 12 hours 45 minutes from UTC"),
    on("locale", "another LC_ALL and LANG"),
    on("umask", "another umask"),
    on("user", "another USER and LOGNAME, and another uid where that needs no root"),
    on("hostname", "another host name, where the platform allows it without root"),
    on("environment", "an extra variable, GOAUDIT_CANARY, with a value that is nowhere else"),
    on("parallelism", "one more CPU in GOMAXPROCS than there is"),
    on("path", "an extra entry in PATH"),
    on("mtime", "all files of the tree dated 400 days earlier"),
    off("vcs", "the source without .git"),
    off("shallow", "a shallow clone of depth 1, without tags"),
    off("cgo", "CGO_ENABLED turned over"),
    off("toolchain", "another Go version: +toolchain=go1.25.5"),
];

const fn on(name: &'static str, summary: &'static str) -> Variation {
    Variation { name, summary, expected_equal: true }
}

const fn off(name: &'static str, summary: &'static str) -> Variation {
    Variation { name, summary, expected_equal: false }
}

/// Which variations a rebuild runs under. The value is that of `+name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(BTreeMap<&'static str, Option<String>>);

/// Why a selection cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    #[error("unknown variation `{name}`; `goaudit check --list-variations` lists them")]
    Unknown { name: String },
    #[error("`{word}` must start with `+` or `-`")]
    NoSign { word: String },
    #[error("`toolchain` needs a version: +toolchain=go1.25.5")]
    NoToolchain,
    #[error("`vcs` takes .git away and `shallow` replaces it: choose one")]
    VcsAndShallow,
}

impl Default for Selection {
    fn default() -> Self {
        Self(VARIATIONS.iter().filter(|v| v.expected_equal).map(|v| (v.name, None)).collect())
    }
}

impl Selection {
    /// Applies words such as `+shallow` and `-umask` to the default, in order. `-all` empties it.
    ///
    /// # Errors
    ///
    /// Fails on the first word that names no variation or has no sign, and on
    /// a combination that cannot be had.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, SelectionError> {
        let mut selection = Self::default();
        for word in words {
            let (add, rest) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
                (Some(rest), _) => (true, rest),
                (_, Some(rest)) => (false, rest),
                _ => return Err(SelectionError::NoSign { word: word.to_owned() }),
            };
            let (name, value) =
                rest.split_once('=').map_or((rest, None), |(name, value)| (name, Some(value)));
            if name == "all" && !add {
                selection.0.clear();
                continue;
            }
            let variation = VARIATIONS
                .iter()
                .find(|variation| variation.name == name)
                .ok_or_else(|| SelectionError::Unknown { name: name.to_owned() })?;
            if add {
                selection.0.insert(variation.name, value.map(str::to_owned));
            } else {
                selection.0.remove(variation.name);
            }
        }
        match selection {
            Self(map) if matches!(map.get("toolchain"), Some(None)) => {
                Err(SelectionError::NoToolchain)
            }
            Self(map) if map.contains_key("vcs") && map.contains_key("shallow") => {
                Err(SelectionError::VcsAndShallow)
            }
            selection => Ok(selection),
        }
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the value of `+name=value`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Option::as_deref)
    }

    /// Returns the variations that were taken away from the default, in the order of [`VARIATIONS`].
    pub fn left_out(&self) -> impl Iterator<Item = &'static Variation> {
        VARIATIONS.iter().filter(|variation| variation.expected_equal && !self.has(variation.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_add_to_and_take_from_the_default() {
        let selection = Selection::parse(["+shallow", "-umask", "+toolchain=go1.25.5"]).unwrap();
        assert!(selection.has("shallow") && selection.has("workdir") && !selection.has("umask"));
        assert_eq!(selection.value("toolchain"), Some("go1.25.5"));
        assert_eq!(selection.left_out().map(|v| v.name).collect::<Vec<_>>(), ["umask"]);
        assert!(!Selection::parse(["-all", "+home"]).unwrap().has("workdir"));
    }

    #[test]
    fn what_cannot_be_had_is_refused() {
        assert_eq!(
            Selection::parse(["umask"]),
            Err(SelectionError::NoSign { word: "umask".into() })
        );
        assert_eq!(
            Selection::parse(["+unmask"]),
            Err(SelectionError::Unknown { name: "unmask".into() })
        );
        assert_eq!(Selection::parse(["+toolchain"]), Err(SelectionError::NoToolchain));
        assert_eq!(Selection::parse(["+vcs", "+shallow"]), Err(SelectionError::VcsAndShallow));
    }
}
