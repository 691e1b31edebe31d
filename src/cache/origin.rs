//! Which module a compiled package is of, as far as its archive says.
//!
//! An archive holds an import path and the names of source files. Of a module that was
//! downloaded these have `module@version` in them; of one that was compiled where it is
//! nothing says where it ends, so its packages go by the start that their paths have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::{Linked, Scan, Told};
use crate::binary::goobj::peek::Peek;

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

fn first_element(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// Returns the elements that two paths start with.
fn common(one: &str, other: &str) -> String {
    let pairs = one.split('/').zip(other.split('/'));
    pairs.take_while(|(one, other)| one == other).map(|(one, _)| one).collect::<Vec<_>>().join("/")
}

/// Returns two paths without the elements that both end with.
fn without_common_end<'a>(mut one: &'a str, mut other: &'a str) -> (&'a str, &'a str) {
    while let (Some((a, x)), Some((b, y))) = (one.rsplit_once('/'), other.rsplit_once('/'))
        && x == y
    {
        (one, other) = (a, b);
    }
    (one, other)
}

fn joined(path: &str, rest: &str) -> String {
    if rest.is_empty() { path.to_owned() } else { format!("{path}/{rest}") }
}

/// Writes a module path as the module cache does: `!a` for `A`.
///
/// Source: <https://go.dev/ref/mod#module-cache>.
fn escaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for char in path.chars() {
        if char.is_ascii_uppercase() {
            text.push('!');
        }
        text.push(char.to_ascii_lowercase());
    }
    text
}

fn unescaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut chars = path.chars();
    while let Some(char) = chars.next() {
        match char {
            '!' => text.extend(chars.next().map(|next| next.to_ascii_uppercase())),
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peek(package: &str, directory: &str, is_std: Option<bool>) -> Peek {
        Peek {
            toolchain: "linux amd64 go1.26.8 GOAMD64=v1".to_owned(),
            build_id: None,
            package: Some(package.to_owned()).filter(|package| !package.is_empty()),
            flags: Vec::new(),
            is_covered: false,
            has_tests: package.ends_with("_test"),
            directory: Some(directory.to_owned()).filter(|directory| !directory.is_empty()),
            is_std,
        }
    }

    /// Directories as go 1.21 to 1.27 write them, with and without -trimpath.
    #[test]
    fn a_package_is_of_the_module_that_its_archive_says() {
        let peeks = [
            peek("example.com/demo/lib", "/home/me/m/lib", Some(false)),
            peek("example.com/demo/cmd/x", "example.com/demo/cmd/x", Some(false)),
            peek("m.org/a", "/root/go/pkg/mod/m.org@v1.0.0/a", Some(false)),
        ];
        let mut places = Places::default();
        let mut local = BTreeSet::new();
        peeks.iter().for_each(|peek| places.note_archive(peek, &mut local));
        places.prefixes.insert("example.com".to_owned(), "example.com/demo".to_owned());
        let of = |package: &str, directory: &str, is_std: Option<bool>| {
            let named = places.of_archive(&peek(package, directory, is_std));
            let origin = match named.origin {
                Origin::Std => "std".to_owned(),
                Origin::Module { path, version } => format!("{path} {version}"),
                Origin::Local { prefix } => format!("local {prefix}"),
                Origin::Unknown => "unknown".to_owned(),
                Origin::NoPackage => "none".to_owned(),
            };
            format!("{origin}: {}", named.package)
        };
        let (yes, no) = (Some(true), Some(false));
        for (package, directory, is_std, expected) in [
            ("fmt", "fmt", yes, "std: fmt"),
            ("fmt", "$GOROOT/src/fmt", None, "std: fmt"),
            (
                "vendor/golang.org/x/net/idna",
                "vendor/golang.org/x/net/idna",
                None,
                "std: vendor/golang.org/x/net/idna",
            ),
            ("cmp", "", yes, "std: cmp"),
            ("demo/b", "demo/b", no, "local demo: demo/b"),
            ("main", "$GOROOT/src/cmd/nm", yes, "std: cmd/nm"),
            (
                "github.com/ProtonMail/x/y",
                "/root/go/pkg/mod/github.com/!proton!mail/x@v1.0.0/y",
                no,
                "github.com/ProtonMail/x v1.0.0: github.com/ProtonMail/x/y",
            ),
            (
                "github.com/ProtonMail/x/y",
                "github.com/ProtonMail/x@v1.0.0/y",
                no,
                "github.com/ProtonMail/x v1.0.0: github.com/ProtonMail/x/y",
            ),
            (
                "golang.org/x/term",
                "golang.org/x/term@v0.26.0",
                None,
                "golang.org/x/term v0.26.0: golang.org/x/term",
            ),
            (
                "golang.org/x/term_test",
                "golang.org/x/term@v0.26.0",
                no,
                "golang.org/x/term v0.26.0: golang.org/x/term_test",
            ),
            // Only functions of another package are inlined in it.
            (
                "github.com/skeema/knownhosts",
                "golang.org/x/crypto@v0.25.0/ssh/knownhosts",
                no,
                "unknown: github.com/skeema/knownhosts",
            ),
            ("example.com/demo/lib", "sync/atomic", no, "unknown: example.com/demo/lib"),
            ("example.com/demo/lib", "", no, "unknown: example.com/demo/lib"),
            (
                "example.com/demo/lib",
                "/home/me/m/lib",
                no,
                "local example.com/demo: example.com/demo/lib",
            ),
            (
                "example.com/demo/lib",
                "example.com/demo/lib",
                no,
                "local example.com/demo: example.com/demo/lib",
            ),
            (
                "main",
                "/home/me/m/tools/gen",
                no,
                "local example.com/demo: main in /home/me/m/tools/gen",
            ),
            ("main", "/home/me/mm", no, "unknown: main in /home/me/mm"),
            (
                "main",
                "example.com/demo/cmd/y",
                no,
                "local example.com/demo: example.com/demo/cmd/y",
            ),
            (
                "main",
                "/root/go/pkg/mod/m.org/!t@v2.0.0+incompatible/cmd/t",
                no,
                "m.org/T v2.0.0+incompatible: m.org/T/cmd/t",
            ),
            (
                "main",
                "/elsewhere/m.org/t@v2.0.0/cmd/t",
                no,
                "unknown: main in /elsewhere/m.org/t@v2.0.0/cmd/t",
            ),
            ("", "internal/abi", no, "unknown: (not named)"),
        ] {
            assert_eq!(of(package, directory, is_std), expected, "{package} {directory}");
        }
    }

    #[test]
    fn paths_have_elements_in_common() {
        assert_eq!(common("a/b/c", "a/b/d"), "a/b");
        assert_eq!(common("a/bc", "a/b"), "a");
        assert_eq!(without_common_end("e.com/demo/lib", "/x/m/lib"), ("e.com/demo", "/x/m"));
        assert_eq!(unescaped(&escaped("github.com/BurntSushi/toml")), "github.com/BurntSushi/toml");
    }
}
