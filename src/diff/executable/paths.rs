//! Paths of source files that differ, reduced to what took the place of what.

use std::collections::{BTreeMap, BTreeSet};

use super::place::shown;
use super::{Cause, Findings, Level, Pair};
use crate::binary_diff::Owner;
use crate::diff::category::Category;
use crate::golang::package_name::{is_standard, package_of};

/// Substitutions that are shown; another directory for each of three places is usual.
const SHOWN: usize = 8;
/// Files of a renaming that are named.
const FILES: usize = 3;

/// What took the place of what at the start of paths, and in which files.
#[derive(Debug, Default)]
struct Substitution {
    files: BTreeSet<String>,
    standard: bool,
    cached: bool,
}

/// Adds a cause for each kind of directory that is another one, and for files that were renamed.
pub(super) fn causes(pair: &Pair<'_>, findings: &mut Findings) {
    let files = pairs(pair);
    let mut substitutions: BTreeMap<(String, String), Substitution> = BTreeMap::new();
    let mut renamed = Vec::new();
    for (first, second, package) in files {
        if is_renaming(&first, &second) {
            renamed.push((first, second));
            continue;
        }
        let (from, to) = without_common_end(&first, &second);
        let entry = substitutions.entry((from.to_owned(), to.to_owned())).or_default();
        entry.standard |= is_standard(&package);
        entry.cached |= is_cached(&first) && is_cached(&second);
        entry.files.insert(second);
    }
    let mut sorted: Vec<_> = substitutions.into_iter().collect();
    sorted.sort_by_key(|(pair, found)| (std::cmp::Reverse(found.files.len()), pair.clone()));
    let mut bytes = pair.diff.bytes.get(&Owner::Path).copied().unwrap_or_default();
    for ((from, to), found) in sorted.into_iter().take(SHOWN) {
        let category = if found.standard {
            Category::Goroot
        } else if found.cached {
            Category::ModuleLocation
        } else {
            Category::Workdir
        };
        add(findings, category, (&from, &to), found.files.len(), &mut bytes);
    }
    rename(findings, &renamed, bytes);
}

/// The files of functions of one name that are not the same in both, with the package.
fn pairs(pair: &Pair<'_>) -> BTreeSet<(String, String, String)> {
    let [Some(first), Some(second)] = &pair.lines else { return BTreeSet::new() };
    if first.files == second.files {
        return BTreeSet::new();
    }
    let mut of_name: BTreeMap<&[u8], &[u8]> = BTreeMap::new();
    for function in &first.functions {
        if let Some(file) = function.file {
            of_name.entry(function.name).or_insert(file);
        }
    }
    let mut files: BTreeMap<(&[u8], &[u8]), &[u8]> = BTreeMap::new();
    for function in &second.functions {
        let Some((file, other)) = of_name.get(function.name).zip(function.file) else { continue };
        if *file != other {
            files.entry((file, other)).or_insert(function.name);
        }
    }
    let package = |name: &[u8]| package_of(&String::from_utf8_lossy(name));
    files
        .into_iter()
        .filter_map(|((first, second), name)| Some((shown(first), shown(second), package(name)?)))
        .collect()
}

fn is_cached(path: &str) -> bool {
    path.contains("/pkg/mod/") || path.split('/').any(|part| part.contains("@v"))
}

/// Cuts what two paths end in alike, in whole elements.
fn without_common_end<'a>(first: &'a str, second: &'a str) -> (&'a str, &'a str) {
    let (mut one, mut other) = (first, second);
    loop {
        let ends = one.rsplit_once('/').zip(other.rsplit_once('/'));
        match ends {
            Some(((rest, end), (other_rest, other_end))) if end == other_end => {
                (one, other) = (rest, other_rest);
            }
            // One path is the end of the other.
            None if one == other => return ("", ""),
            _ => break,
        }
    }
    match (one.strip_suffix(other), other.strip_suffix(one)) {
        (Some(prefix), _) if prefix.ends_with('/') => (prefix, ""),
        (_, Some(prefix)) if prefix.ends_with('/') => ("", prefix),
        _ => (one, other),
    }
}

/// Whether two files of one directory have other names.
fn is_renaming(first: &str, second: &str) -> bool {
    let split = |path: &str| {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        (dir.to_owned(), name.to_owned())
    };
    let ((dir, name), (other_dir, other_name)) = (split(first), split(second));
    dir == other_dir && name != other_name
}

fn add(
    findings: &mut Findings,
    category: Category,
    (from, to): (&str, &str),
    files: usize,
    bytes: &mut u64,
) {
    let shown = |path: &str| if path.is_empty() { "(nothing)".to_owned() } else { path.to_owned() };
    let count = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    let line = format!("{} → {} in {count}", shown(from), shown(to));
    // Another flag, version or toolchain has other paths.
    let covering = [Category::Trimpath, Category::Toolchain, Category::DependencyVersion];
    let cover = covering.into_iter().find_map(|cover| {
        let applies = match cover {
            Category::Toolchain => category == Category::Goroot,
            Category::DependencyVersion => category == Category::ModuleLocation,
            _ => true,
        };
        findings.causes.iter().position(|cause| applies && cause.category == cover)
    });
    let values = [Some(from.to_owned()), Some(to.to_owned())];
    let own = cover.and_then(|at| findings.causes.get(at)).map_or(category, |cause| cause.category);
    findings.differ(Level::Path, format!("paths of {count}"), values.clone(), Some(own));
    let there = findings.causes.iter().position(|cause| cause.category == own);
    if let Some(cause) = there.and_then(|at| findings.causes.get_mut(at)) {
        cause.details.push(line);
        cause.bytes = cause.bytes.saturating_add(std::mem::take(bytes));
        return;
    }
    let what = match category {
        Category::Goroot => "the directory of Go is in the file",
        Category::ModuleLocation => "the module cache is in the file",
        _ => "the directory of the source is in the file",
    };
    let [first, second] = values;
    let cause = Cause::new(category, format!("{what}: {line}"));
    findings.add(Cause { first, second, bytes: std::mem::take(bytes), ..cause });
}

fn rename(findings: &mut Findings, renamed: &[(String, String)], bytes: u64) {
    let Some(((first, second), rest)) = renamed.split_first() else { return };
    // In other versions and toolchains files have other names.
    let category = findings.absorber.and_then(|at| findings.causes.get(at)).map(|it| it.category);
    for (first, second) in renamed {
        let values = [Some(first.clone()), Some(second.clone())];
        findings.differ(Level::Path, "file", values, category.or(Some(Category::Source)));
    }
    if findings.absorber.is_some() || findings.has(Category::DependencyVersion) {
        return;
    }
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let cause =
        Cause::new(Category::Source, format!("a file was renamed: {first} → {second}{more}"));
    let details = rest.iter().take(FILES).map(|(from, to)| format!("{from} → {to}")).collect();
    let (first, second) = (Some(first.clone()), Some(second.clone()));
    findings.add(Cause { first, second, bytes, details, ..cause });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_at_whole_elements() {
        let cut = without_common_end;
        assert_eq!(cut("/home/a/app/x.go", "/build/app/x.go"), ("/home/a", "/build"));
        assert_eq!(cut("/usr/lib/go/src/fmt/p.go", "fmt/p.go"), ("/usr/lib/go/src/", ""));
        assert_eq!(cut("a@v1/x.go", "/m/a@v1/x.go"), ("", "/m/"));
        assert_eq!(cut("x@v1.0.0/a.go", "x@v1.1.0/a.go"), ("x@v1.0.0", "x@v1.1.0"));
        assert_eq!(
            cut("/tmp/one/main.go", "example.com/pair/main.go"),
            ("/tmp/one", "example.com/pair")
        );
    }

    #[test]
    fn another_name_in_one_directory_is_a_renaming() {
        assert!(is_renaming("m/a.go", "m/b.go"));
        assert!(!is_renaming("m/a.go", "n/a.go"));
        assert!(!is_renaming("m/a.go", "n/b.go"));
    }
}
