//! Edits of files: of the module, of its dependency, of go.mod.

use std::fs;
use std::path::Path;

use crate::plan::{Plan, World, compare, replace};
use crate::table;

/// Copies the dependency into the module.
fn place_dependency(tree: &Path, dir: &str) {
    let dir = tree.join(dir);
    fs::create_dir_all(&dir).unwrap();
    for file in ["go.mod", "dep.go"] {
        let from = tree.join("../modcache/example.com/dep@v1.0.0").join(file);
        fs::copy(from, dir.join(file)).unwrap();
    }
}

fn vendor(tree: &Path) {
    place_dependency(tree, "vendor/example.com/dep");
    let list = "# example.com/dep v1.0.0\n## explicit; go 1.21\nexample.com/dep\n";
    fs::write(tree.join("vendor/modules.txt"), list).unwrap();
}

fn replace_dependency(tree: &Path, dir: &str) {
    place_dependency(tree, dir);
    let version = "dep v1.0.0";
    let line = format!("{version}\n\nreplace example.com/dep => ./{dir}");
    replace(&tree.join("go.mod"), version, &line);
}

#[test]
fn sources() {
    let world = World::new();
    let base = Plan::default().without_git();
    let edited = |edit: fn(&Path)| base.clone().edit(edit);
    let alpha = "source example.com/demo/internal/alpha";
    let beta = "source example.com/demo/internal/beta";
    let cg = "source example.com/demo/internal/cg";
    let variants: &[(_, Plan, &[_])] = &[
        (
            "comment",
            edited(|tree| {
                replace(&tree.join("internal/alpha/alpha.go"), "called.", "called, or not.");
            }),
            &[alpha],
        ),
        (
            "added file",
            edited(|tree| {
                fs::write(tree.join("internal/alpha/more.go"), "package alpha\n").unwrap();
            }),
            &[alpha],
        ),
        (
            "new import",
            edited(|tree| {
                let text = "package alpha\n\nimport _ \"net/url\"\n";
                fs::write(tree.join("internal/alpha/more.go"), text).unwrap();
            }),
            &[alpha],
        ),
        (
            "embedded file",
            edited(|tree| {
                fs::write(tree.join("internal/beta/data.txt"), "other\n").unwrap();
            }),
            &[beta],
        ),
        (
            "test file",
            edited(|tree| {
                fs::write(tree.join("internal/beta/beta_test.go"), "package beta\n").unwrap();
            }),
            &[],
        ),
        (
            "header of the package",
            edited(|tree| {
                replace(&tree.join("internal/cg/local.h"), "LOCAL 0", "LOCAL 1");
            }),
            &[cg],
        ),
        // Read by the C compiler, and in no key: a stale build.
        (
            "header of another folder",
            edited(|tree| {
                replace(&tree.join("internal/cg/include/answer.h"), "ANSWER 42", "ANSWER 43");
            }),
            &[],
        ),
        (
            "assembly",
            edited(|tree| fs::write(tree.join("internal/alpha/x_amd64.s"), "").unwrap()),
            &[alpha],
        ),
        (
            "#cgo line",
            edited(|tree| {
                replace(&tree.join("internal/cg/cg.go"), "/include", "/include -DMORE");
            }),
            &[cg],
        ),
        (
            "two packages",
            edited(|tree| {
                fs::write(tree.join("internal/alpha/more.go"), "package alpha\n").unwrap();
                fs::write(tree.join("internal/beta/data.txt"), "other\n").unwrap();
            }),
            &[alpha, beta],
        ),
    ];
    table(&world, &base, variants);
}

#[test]
fn go_mod() {
    let world = World::new();
    let base = Plan::default().without_git();
    let edited = |edit: fn(&Path)| base.clone().edit(edit);
    let variants: &[(_, Plan, &[_])] = &[
        (
            "go line",
            edited(|tree| replace(&tree.join("go.mod"), "go 1.21", "go 1.22")),
            &["go-directive"],
        ),
        (
            "dependency",
            edited(|tree| replace(&tree.join("go.mod"), "dep v1.0.0", "dep v1.1.0")),
            &["dependency-version"],
        ),
        ("vendored", edited(vendor), &["module-location"]),
        ("replaced", edited(|tree| replace_dependency(tree, "third/one")), &["module-location"]),
    ];
    table(&world, &base, variants);
}

/// Two directories that a replace names are not two versions.
#[test]
fn a_dependency_that_is_replaced_elsewhere_has_moved() {
    let world = World::new();
    let base = Plan::default().without_git();
    // Makes the module cache that the replacements are copied from.
    world.plan(&base);
    let first = base.clone().edit(|tree| replace_dependency(tree, "third/one"));
    let second: &[(_, Plan, &[_])] = &[(
        "replaced elsewhere",
        base.edit(|tree| replace_dependency(tree, "other/place")),
        &["module-location"],
    )];
    table(&world, &first, second);
}

/// A cause that twelve modules show is told by a module, not by a directory.
#[test]
fn a_dependency_is_named() {
    let world = World::new();
    let base = Plan::default().without_git();
    let bumped =
        base.clone().edit(|tree| replace(&tree.join("go.mod"), "dep v1.0.0", "dep v1.1.0"));
    let comparison = compare(&world.plan(&base), &world.plan(&bumped));
    let titles: Vec<_> = comparison.causes.iter().map(|cause| cause.title.as_str()).collect();
    let [title] = titles[..] else { panic!("{titles:?}") };
    assert!(title.starts_with("dep example.com/dep: "), "{title}");
    assert!(title.contains("v1.0.0") && title.contains("v1.1.0"), "{title}");
}
