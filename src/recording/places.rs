//! The directories of a build, as far as its hash log gives them away.

use crate::golang::hash_input::{self, Slot};
use crate::golang::hash_log::{HashLog, Key, KeyKind};
use crate::golang::inputs::Inputs;
use crate::recording::Places;

/// Returns the directories that the keys of a log hold. One that none of them holds is empty.
///
/// A build under `-trimpath` hashes none of them but GOROOT's absence.
pub(super) fn of_log(log: &HashLog, inputs: &Inputs) -> Places {
    let module = log.keys.iter().find_map(|key| main_module(key, inputs));
    let mut places = Places::default();
    for key in &log.keys {
        match key.kind {
            KeyKind::Link if places.goroot.is_empty() => {
                places.goroot = value(key, inputs, "GOROOT=", Slot::Goroot).unwrap_or_default();
            }
            KeyKind::Build if places.root.is_empty() || places.gomodcache.is_empty() => {
                let Some(dir) = value(key, inputs, "dir ", Slot::Dir) else { continue };
                if let Some(cache) = module_cache(&dir, &key.package) {
                    places.gomodcache = cache;
                } else if let Some(root) =
                    module.as_deref().and_then(|module| root(&dir, &key.package, module))
                {
                    places.root = root;
                }
            }
            _ => {}
        }
    }
    if !places.goroot.starts_with('/') {
        places.goroot.clear();
    }
    places.workdir = places.root.clone();
    places
}

fn value(key: &Key, inputs: &Inputs, start: &str, slot: Slot) -> Option<String> {
    let quoted = key.inputs.iter().map(|&id| inputs.quoted(id));
    let line = quoted
        .into_iter()
        .find(|line| line.strip_prefix('"').is_some_and(|line| line.starts_with(start)))?;
    let atom = hash_input::atoms(key.kind, line).into_iter().find(|atom| atom.slot == slot)?;
    Some(atom.value)
}

/// Returns the path of the main module, which the key of a main package holds.
fn main_module(key: &Key, inputs: &Inputs) -> Option<String> {
    if key.kind != KeyKind::Build {
        return None;
    }
    let lines = key.inputs.iter().map(|&id| inputs.quoted(id));
    let info = lines.into_iter().find(|line| line.starts_with("\"modinfo "))?;
    let atoms = hash_input::atoms(key.kind, info);
    let module =
        atoms.into_iter().find(|atom| atom.slot == Slot::ModInfo && atom.subject == "mod")?;
    module.value.split(' ').next().map(str::to_owned)
}

/// `/src/app/internal/a` of the package `example.com/app/internal/a` is below `/src/app`.
fn root(dir: &str, package: &str, module: &str) -> Option<String> {
    let below = package.strip_prefix(module)?;
    (below.is_empty() || below.starts_with('/'))
        .then(|| dir.strip_suffix(below))?
        .map(str::to_owned)
}

/// `/home/u/go/pkg/mod/github.com/!x/y@v1.0.0/z` of the package `github.com/X/y/z` is below
/// `/home/u/go/pkg/mod`. Capital letters are escaped (golang.org/x/mod/module, EscapePath).
fn module_cache(dir: &str, package: &str) -> Option<String> {
    let (before, _) = dir.split_once('@')?;
    let escaped: String = package
        .chars()
        .flat_map(|char| {
            let mark = char.is_ascii_uppercase().then_some('!');
            mark.into_iter().chain([char.to_ascii_lowercase()])
        })
        .collect();
    let ends = escaped.match_indices('/').map(|(at, _)| at).chain([escaped.len()]);
    let module = ends
        .filter_map(|end| escaped.get(..end))
        .filter(|module| before.strip_suffix(module).is_some_and(|rest| rest.ends_with('/')));
    let cache =
        before.strip_suffix(module.max_by_key(|module| module.len())?)?.trim_end_matches('/');
    Some(cache.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_cache_is_what_stands_before_a_module_path() {
        let cache = |dir: &str, package: &str| module_cache(dir, package);
        assert_eq!(
            cache(
                "/go/pkg/mod/github.com/!burnt!sushi/toml@v1.0.0/internal",
                "github.com/BurntSushi/toml/internal"
            )
            .as_deref(),
            Some("/go/pkg/mod")
        );
        assert_eq!(cache("/m/a.b/c@v1.0.0", "a.b/c").as_deref(), Some("/m"));
        assert_eq!(cache("/src/vendor/a.b/c", "a.b/c"), None);
        // A directory that only has an @ in its name.
        assert_eq!(cache("/src/me@home/c", "a.b/c"), None);
    }

    #[test]
    fn the_root_is_what_stands_before_the_rest_of_an_import_path() {
        assert_eq!(root("/s/app/a", "x.y/app/a", "x.y/app").as_deref(), Some("/s/app"));
        assert_eq!(root("/s/app", "x.y/app", "x.y/app").as_deref(), Some("/s/app"));
        assert_eq!(root("/s/apple", "x.y/apple", "x.y/app"), None);
        assert_eq!(root("/elsewhere", "x.y/app/a", "x.y/app"), None);
    }
}
