//! Which module a compiled package is of, as far as its archive says.
//!
//! An archive holds an import path and the names of source files. Of a module that was
//! downloaded these have `module@version` in them; of one that was compiled where it is
//! nothing says where it ends, so its packages go by the start that their paths have in common.

mod paths;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Linked, Scan, Told};
use crate::binary::goobj::peek::Peek;
use paths::{common, escaped, first_element, joined, unescaped, without_common_end};

/// Where the sources of a package come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Go's own distribution.
    Std,
    /// A version of a module, from the module cache.
    Module { path: String, version: String },
    /// A directory without a version: a main module, a workspace, a replacement. `prefix` is
    /// what the import paths of such packages start with, those of one host or organisation.
    Local { prefix: String },
    /// The package does not say.
    Unknown,
    /// Files that are of no one package: index entries, test results.
    NoPackage,
}

/// A package: where it is from, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) origin: Origin,
    pub(super) package: String,
}

/// Top folders of `GOROOT/src` up to Go 1.22, whose archives do not say that they are of it.
const STD: &[&str] = &[
    "archive",
    "arena",
    "bufio",
    "builtin",
    "bytes",
    "cmd",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unsafe",
    "vendor",
];
const GOROOT: &str = "$GOROOT/src/";
/// What ends the name of the package of external tests.
const EXTERNAL: &str = "_test";

/// What is learned from all packages of a cache together.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Directories of module caches.
    module_caches: BTreeSet<String>,
    /// What local import paths start with, by their first element.
    prefixes: BTreeMap<String, String>,
    /// Directories of local packages, with the import path that goes with each.
    trees: BTreeMap<String, String>,
}

impl Places {
    pub(super) fn of(scan: &Scan) -> Self {
        let mut places = Self::default();
        let mut local = BTreeSet::new();
        for file in &scan.outputs {
            match &file.told {
                Told::Archive(peek) => places.note_archive(peek, &mut local),
                Told::Executable(linked) if is_local(linked) => {
                    local.insert(linked.package.clone());
                }
                Told::Nothing | Told::Executable(_) | Told::BadArchive(_) | Told::BadFolder(_) => {}
            }
        }
        for path in local {
            let first = first_element(&path).to_owned();
            places
                .prefixes
                .entry(first)
                .and_modify(|prefix| *prefix = common(prefix, &path))
                .or_insert(path);
        }
        places
    }

    fn note_archive(&mut self, peek: &Peek, local: &mut BTreeSet<String>) {
        let (Some(package), Some(directory)) = (&peek.package, &peek.directory) else { return };
        if is_std(peek) {
            return;
        }
        if package == "main" {
            if is_import_path(directory) && !peek.has_tests {
                local.insert(directory.clone());
            }
            return;
        }
        let package = tested(package, peek);
        if let Some(found) = versioned(package, directory) {
            if let Some(root) = found.before.strip_suffix('/').filter(|root| !root.is_empty()) {
                self.module_caches.insert(root.to_owned());
            }
        } else if is_local_directory(package, directory) {
            local.insert(package.to_owned());
            let (path, tree) = without_common_end(package, directory);
            if !path.is_empty() && !tree.is_empty() {
                self.trees.insert(tree.to_owned(), path.to_owned());
            }
        }
    }

    /// Returns where an archive is from.
    pub(super) fn of_archive(&self, peek: &Peek) -> Named {
        let named = |origin, package: &str| Named { origin, package: package.to_owned() };
        let directory = peek.directory.as_deref();
        let Some(package) = peek.package.as_deref() else {
            let origin = if is_std(peek) { Origin::Std } else { Origin::Unknown };
            return named(origin, "(not named)");
        };
        if package == "main" {
            return self.of_command(peek);
        }
        if is_std(peek) {
            return named(Origin::Std, package);
        }
        let tested = tested(package, peek);
        let origin = match directory {
            None => Origin::Unknown,
            Some(directory) => match versioned(tested, directory) {
                Some(found) => found.origin(),
                None if is_local_directory(tested, directory) => self.local(tested),
                None => Origin::Unknown,
            },
        };
        named(origin, package)
    }

    /// A command is `main` to its compiler: only its directory tells which one.
    fn of_command(&self, peek: &Peek) -> Named {
        let named = |origin, package: String| Named { origin, package };
        let Some(directory) = peek.directory.as_deref() else {
            let origin = if is_std(peek) { Origin::Std } else { Origin::Unknown };
            return named(origin, "main".to_owned());
        };
        if peek.has_tests {
            return named(Origin::Unknown, "main (of tests)".to_owned());
        }
        if is_std(peek) {
            let path = directory.strip_prefix(GOROOT).unwrap_or(directory);
            return named(Origin::Std, path.to_owned());
        }
        let caches = self.module_caches.iter();
        let below = caches
            .filter_map(|cache| directory.strip_prefix(cache.as_str())?.strip_prefix('/'))
            .next_back();
        let path = below.unwrap_or(directory);
        if let Some((module, version, rest)) = at_version(path).filter(|_| !path.starts_with('/')) {
            let path = unescaped(module);
            let package = joined(&path, rest);
            return named(Origin::Module { path, version: version.to_owned() }, package);
        }
        if is_import_path(directory) {
            return named(self.local(directory), directory.to_owned());
        }
        let tree = self.trees.iter().rev().find(|(tree, _)| {
            directory
                .strip_prefix(tree.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let origin = tree.map_or(Origin::Unknown, |(_, path)| self.local(path));
        named(origin, format!("main in {directory}"))
    }

    /// Returns where an executable is from.
    pub(super) fn of_executable(&self, linked: &Linked) -> Named {
        let named = |origin, package: &str| Named { origin, package: package.to_owned() };
        let package = linked.package.as_str();
        match &linked.module {
            _ if package.is_empty() => named(Origin::Unknown, &linked.name),
            Some((path, version)) => {
                named(Origin::Module { path: path.clone(), version: version.clone() }, package)
            }
            None if first_element(package) == "cmd" => named(Origin::Std, package),
            None if is_local(linked) => named(self.local(package), package),
            None => named(Origin::Unknown, &format!("{package} ({})", linked.name)),
        }
    }

    fn local(&self, path: &str) -> Origin {
        let prefix = self.prefixes.get(first_element(path)).cloned();
        Origin::Local { prefix: prefix.unwrap_or_else(|| first_element(path).to_owned()) }
    }
}

/// Files on a command line have no import path.
fn is_local(linked: &Linked) -> bool {
    let package = linked.package.as_str();
    linked.module.is_none()
        && !matches!(package, "" | "command-line-arguments")
        && first_element(package) != "cmd"
}

fn is_std(peek: &Peek) -> bool {
    peek.is_std.unwrap_or_else(|| {
        let directory = peek.directory.as_deref().unwrap_or_default();
        match peek.package.as_deref() {
            Some("main") => {
                directory.strip_prefix(GOROOT).is_some_and(|path| path.starts_with("cmd/"))
            }
            Some(path) => STD.contains(&first_element(path)),
            None => false,
        }
    })
}

/// Returns the package that tests are of: `example.com/lib` of `example.com/lib_test`.
fn tested<'a>(package: &'a str, peek: &Peek) -> &'a str {
    package.strip_suffix(EXTERNAL).filter(|_| peek.has_tests).unwrap_or(package)
}

/// A module with a version, found in the directory of one of its packages.
struct Versioned<'a> {
    /// What is before the module path.
    before: &'a str,
    path: &'a str,
    version: &'a str,
}

impl Versioned<'_> {
    fn origin(&self) -> Origin {
        Origin::Module { path: self.path.to_owned(), version: self.version.to_owned() }
    }
}

/// Finds the module of a package whose directory is `…/module@version/rest`.
///
/// A package without a function of its own may have the file of an inlined one first: then
/// the two do not agree, and nothing is said.
fn versioned<'a>(package: &'a str, directory: &'a str) -> Option<Versioned<'a>> {
    let (module, version, rest) = at_version(directory)?;
    let path = match rest {
        "" => package,
        rest => package.strip_suffix(rest)?.strip_suffix('/')?,
    };
    let before =
        module.strip_suffix(escaped(path).as_str()).or_else(|| module.strip_suffix(path))?;
    (before.is_empty() || before.ends_with('/')).then_some(Versioned { before, path, version })
}

/// `…/module@version/rest` in its three parts.
fn at_version(directory: &str) -> Option<(&str, &str, &str)> {
    let (module, rest) = directory.split_once("@v")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (version, rest) = rest.split_at(end);
    let at = module.len().saturating_add(1);
    let whole = directory.get(at..at.saturating_add(version.len()).saturating_add(1))?;
    Some((module, whole, rest.strip_prefix('/').unwrap_or_default()))
}

/// Says whether a directory can be that of a package that has no version: an absolute one, or
/// its import path, as -trimpath has it.
fn is_local_directory(package: &str, directory: &str) -> bool {
    directory == package
        || directory.starts_with('/')
        || directory.get(1..3) == Some(":\\")
        || directory.get(1..3) == Some(":/")
}

/// With -trimpath the directory of a command is its import path.
fn is_import_path(directory: &str) -> bool {
    !directory.starts_with(['/', '.', '$'])
        && !directory.contains(['@', ':', '\\'])
        && first_element(directory).contains('.')
}
