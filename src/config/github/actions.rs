//! Actions of others that goaudit knows.

use crate::config::pipeline::{CacheState, CacheUse, DependencyFile};

/// What a `uses:` is, as far as goaudit knows the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Checkout,
    SetupGo,
    Cache(CacheUse),
    Other,
}

/// `actions/cache` and those that take the same inputs.
const CACHES: &[&str] = &[
    "actions/cache",
    "buildjet/cache",
    "runs-on/cache",
    "ubicloud/cache",
    "useblacksmith/cache",
    "warpbuilds/cache",
];

/// Actions that run a script, and the input that it is.
const SCRIPTS: &[(&str, &str)] = &[
    ("addnab/docker-run-action", "run"),
    ("geomys/sandboxed-step", "run"),
    ("nick-fields/retry", "command"),
    ("nick-invision/retry", "command"),
    ("wandalen/wretry.action", "command"),
];

/// The input of an action that is a shell script.
pub(super) fn script_input(uses: &str) -> Option<&'static str> {
    let name = uses.split_once('@').map_or(uses, |(name, _)| name).to_ascii_lowercase();
    SCRIPTS.iter().find(|(action, _)| *action == name).map(|(_, input)| *input)
}

pub(super) fn known(uses: &str) -> Known {
    let name = uses.split_once('@').map_or(uses, |(name, _)| name).to_ascii_lowercase();
    let cache = |name: &str| CACHES.contains(&name);
    match name.as_str() {
        "actions/checkout" => Known::Checkout,
        "actions/setup-go" | "buildjet/setup-go" | "useblacksmith/setup-go" => Known::SetupGo,
        name if cache(name) => Known::Cache(CacheUse::Both),
        name => match name.rsplit_once('/') {
            Some((name, "restore")) if cache(name) => Known::Cache(CacheUse::Restore),
            Some((name, "save")) if cache(name) => Known::Cache(CacheUse::Save),
            _ => Known::Other,
        },
    }
}

/// Tells whether setup-go caches: by its input, else by the default of its version.
///
/// The default is true since version 4. A commit is read by the comment that
/// follows it, and taken to be recent where there is none.
///
/// Source: `action.yml` of each release of actions/setup-go up to 7.0.
pub(super) fn setup_go_cache(uses: &str, comment: Option<&str>, input: Option<&str>) -> CacheState {
    match input.map(|input| input.trim().to_ascii_lowercase()).as_deref() {
        Some("true") => CacheState::On,
        Some("false") => CacheState::Off,
        None | Some("") => {
            let version = uses.split_once('@').map_or("", |(_, version)| version);
            match major(version).or_else(|| major(comment?)) {
                Some(..=3) => CacheState::Off,
                Some(4..) | None => CacheState::On,
            }
        }
        Some(_) => CacheState::Unknown,
    }
}

/// The file that the default key of setup-go hashes: go.mod since 6.3.
///
/// Source: `src/cache-utils.ts` of actions/setup-go from 4.0 to 7.0.
pub(super) fn dependency_file(uses: &str, comment: Option<&str>) -> DependencyFile {
    let Some((major, minor)) = release(uses, comment) else {
        return DependencyFile::Either;
    };
    match (major, minor) {
        (..=5, _) => DependencyFile::GoSum,
        (6, Some(..=2)) => DependencyFile::GoSum,
        // A tag of the major version is the newest one of it.
        (6.., _) => DependencyFile::GoMod,
    }
}

/// Major and minor version of an action; those of a commit by the comment that follows it.
pub(super) fn release(uses: &str, comment: Option<&str>) -> Option<(u32, Option<u32>)> {
    let version = uses.split_once('@').map_or("", |(_, version)| version);
    numbers(version).or_else(|| numbers(comment?))
}

/// Reads major and minor version of `v6.5.0`, the minor where there is one.
fn numbers(text: &str) -> Option<(u32, Option<u32>)> {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    words.find_map(|word| {
        let mut numbers = word.strip_prefix('v')?.split('.');
        let major = numbers.next()?.parse().ok()?;
        Some((major, numbers.next().and_then(|minor| minor.parse().ok())))
    })
}

/// Reads the major version of `v6.5.0`, `pin@v7.0.1`, `ratchet:actions/setup-go@v6`.
fn major(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find_map(|word| word.strip_prefix('v')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_by_name() {
        assert_eq!(known("actions/cache@v4"), Known::Cache(CacheUse::Both));
        assert_eq!(known("Actions/Cache/restore@v4"), Known::Cache(CacheUse::Restore));
        assert_eq!(known("runs-on/cache/save@v4"), Known::Cache(CacheUse::Save));
        assert_eq!(known("actions/cache-go@v4"), Known::Other);
        assert_eq!(known("actions/checkout"), Known::Checkout);
    }

    #[test]
    fn dependency_files_by_version() {
        use DependencyFile::{Either, GoMod, GoSum};
        let file = |uses, comment| dependency_file(uses, comment);
        assert_eq!(file("actions/setup-go@v5", None), GoSum);
        assert_eq!(file("actions/setup-go@v6.2.0", None), GoSum);
        assert_eq!(file("actions/setup-go@v6", None), GoMod);
        assert_eq!(file("actions/setup-go@v6.3.0", None), GoMod);
        assert_eq!(file("actions/setup-go@0a12ed9", Some(" pin@v7.0.1")), GoMod);
        assert_eq!(file("actions/setup-go@0a12ed9", None), Either);
        assert_eq!(file("actions/setup-go@main", None), Either);
    }

    #[test]
    fn setup_go_caches_by_default_since_version_four() {
        let state = |uses, comment, input| setup_go_cache(uses, comment, input);
        assert_eq!(state("actions/setup-go@v3.5.0", None, None), CacheState::Off);
        assert_eq!(state("actions/setup-go@v6", None, Some("")), CacheState::On);
        assert_eq!(state("actions/setup-go@0a12ed9", Some(" v3.1"), None), CacheState::Off);
        assert_eq!(state("actions/setup-go@0a12ed9", Some(" pin@v7.0.1"), None), CacheState::On);
        assert_eq!(state("actions/setup-go@0a12ed9", None, None), CacheState::On);
        assert_eq!(state("actions/setup-go@v6", None, Some("False")), CacheState::Off);
        assert_eq!(state("actions/setup-go@v6", None, Some("${{ x }}")), CacheState::Unknown);
    }
}
