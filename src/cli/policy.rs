//! Finds and reads the policy of an audit.

use std::fs;
use std::path::Path;

use crate::cli::Error;
use crate::policy::{Chain, Known, MAX_BYTES, Policy, SHIPPED, parse};
use crate::rules::RULES;
use crate::variation::VARIATIONS;

/// Where a project's own policy is looked for, relative to the audited directory.
pub(super) const OWN: &[&str] = &["goaudit.yaml", ".github/goaudit.yaml"];

/// A policy and what a report calls it.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) name: String,
}

/// Loads the policy that is named, or the project's own, or `default`.
///
/// A policy that comes with goaudit judges; what is built and what is excepted
/// stays the project's, so that one build is held against several policies.
pub(super) fn load(named: Option<&str>, dir: &Path) -> Result<Loaded, Error> {
    load_below(named, dir, "")
}

fn load_below(named: Option<&str>, dir: &Path, below: &str) -> Result<Loaded, Error> {
    known(|known| load_known(named, dir, below, known))
}

/// Calls with the names that a policy may use.
pub(super) fn known<T>(call: impl FnOnce(&Known<'_>) -> T) -> T {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let variations: Vec<&str> = VARIATIONS.iter().map(|variation| variation.name).collect();
    call(&Known { rules: &rules, variations: &variations })
}

/// A policy that comes with goaudit.
pub(super) fn shipped(name: &str) -> Result<Policy, Error> {
    known(|known| shipped_known(name, known))
}

fn load_known(
    named: Option<&str>,
    dir: &Path,
    below: &str,
    known: &Known<'_>,
) -> Result<Loaded, Error> {
    let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
    let own = || {
        let mut files = OWN.iter().map(|file| format!("{prefix}{file}"));
        files.find(|file| dir.join(file).is_file())
    };
    let (policy, name) = match (named, own()) {
        (Some(name), own) if SHIPPED.iter().any(|(shipped, _)| *shipped == name) => {
            let judge = shipped_known(name, known)?;
            match own {
                Some(file) => (
                    judge.of_project(from_file(&file, dir, known)?),
                    format!("{name}, with the build of {file}"),
                ),
                None => (judge, name.to_owned()),
            }
        }
        // A file that is named is relative to where the user is; its own places are told by that name.
        (Some(file), _) => (from_file(file, Path::new(""), known)?, file.to_owned()),
        (None, Some(file)) => (from_file(&file, dir, known)?, file),
        (None, None) => (shipped_known("default", known)?, "default".to_owned()),
    };
    Ok(Loaded { policy, name })
}

/// As [`load`], with the project's own policy being the nearest one between `from` and the root
/// above it; told by its path from the root.
pub(super) fn load_around(named: Option<&str>, root: &Path, from: &Path) -> Result<Loaded, Error> {
    let has = |dir: &&Path| OWN.iter().any(|file| dir.join(file).is_file());
    let inside = from.ancestors().take_while(|dir| dir.starts_with(root));
    let below = inside.into_iter().find(has).and_then(|dir| dir.strip_prefix(root).ok());
    load_below(named, root, &below.unwrap_or(Path::new("")).to_string_lossy())
}

fn shipped_known(name: &str, known: &Known<'_>) -> Result<Policy, Error> {
    let invalid = |problems| Error::Policy { path: name.to_owned(), problems };
    Chain::of_shipped(name)
        .map_err(|problem| invalid(vec![problem]))?
        .resolve(known)
        .map_err(invalid)
}

fn from_file(file: &str, dir: &Path, known: &Known<'_>) -> Result<Policy, Error> {
    let layer = |path: &str| {
        parse(&read(path, dir)?, known)
            .map_err(|problems| Error::Policy { path: path.to_owned(), problems })
    };
    let mut chain = Chain::of_file(file, layer(file)?);
    while let Some(next) = chain.wanted() {
        chain
            .add(layer(&next)?)
            .map_err(|problem| Error::Policy { path: next.clone(), problems: vec![problem] })?;
    }
    chain.resolve(known).map_err(|problems| Error::Policy { path: file.to_owned(), problems })
}

/// Reads no more than a policy can be: the parser says that it is too large.
fn read(file: &str, dir: &Path) -> Result<String, Error> {
    use std::io::Read as _;
    let path = dir.join(file);
    let missing = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound if !file.contains(['/', '.']) => Error::NoPolicy {
            name: file.to_owned(),
            shipped: SHIPPED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        },
        _ => Error::Policy {
            path: file.to_owned(),
            problems: vec![crate::policy::Problem {
                at: None,
                message: format!("failed to read it: {source}"),
            }],
        },
    };
    let mut bytes = Vec::new();
    let opened = fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    opened.map_err(missing)?;
    // What is not UTF-8 becomes a character that the parser refuses with its place.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
