//! The same truths on the standard library and the go command itself: some 900 actions, many of
//! which have a namesake that was compiled with a PGO profile.

use std::fs;
use std::path::Path;

use crate::plan::{Plan, World, compare, goroot_of, goroot_on_path};
use crate::table;

fn base() -> Plan {
    Plan::default().packages("std cmd")
}

/// Builds with another text of one file of the standard library, without touching it.
fn overlay(world: &World, file: &str, edit: fn(String) -> String) -> String {
    let source = goroot_on_path().join("src").join(file);
    let edited = world.path(&file.replace('/', "-"));
    fs::write(&edited, edit(fs::read_to_string(&source).unwrap())).unwrap();
    let overlay = world.path(&format!("{}.json", file.replace('/', "-")));
    let json = serde_json::json!({ "Replace": { source.to_str().unwrap(): edited } });
    fs::write(&overlay, json.to_string()).unwrap();
    format!("-overlay={}", overlay.display())
}

fn with_comment(text: String) -> String {
    format!("{text}\n// one more line\n")
}

#[test]
fn one_thing_planted_in_nine_hundred_actions() {
    let world = World::new();
    let goroot = world.other_goroot();
    let json = overlay(&world, "encoding/json/encode.go", with_comment);
    let url = overlay(&world, "net/url/url.go", with_comment);
    let with = |flag: &str| base().args(&[flag]);
    let variants: &[(_, Plan, &[_])] = &[
        ("nothing", base(), &[]),
        ("other HOME", base().env("HOME", "/nowhere"), &[]),
        ("other directory", base().dir("elsewhere/deep/demo"), &[]),
        ("other GOROOT", base().goroot(&goroot), &["goroot"]),
        ("-gcflags of one package", with("-gcflags=fmt=-N"), &["compile-flags -gcflags"]),
        ("-gcflags of all", with("-gcflags=all=-l"), &["compile-flags -gcflags"]),
        ("CGO_CFLAGS", base().env("CGO_CFLAGS", "-g -O1"), &["cgo flags"]),
        ("comment", with(&json), &["source encoding/json"]),
        ("-race", with("-race"), &["instrumentation"]),
        ("-tags without effect", with("-tags=nothing_has_this"), &["compile-flags -tags"]),
        (
            "three at once",
            base().env("CGO_CFLAGS", "-g -O1").args(&["-gcflags=compress/flate=-N", &url]),
            &["cgo flags", "compile-flags -gcflags", "source net/url"],
        ),
    ];
    table(&world, &base(), variants);
}

#[test]
fn another_toolchain_absorbs_nine_hundred_actions() {
    let world = World::new();
    let plan = |goroot: &Path| world.plan(&base().goroot(goroot));
    let comparison = compare(&plan(&goroot_of("go1.25.5")), &plan(&goroot_of("go1.27.3")));
    let causes: Vec<_> =
        comparison.causes.iter().map(|cause| (cause.category.name(), cause.reach_total)).collect();
    assert_eq!(causes, [("toolchain", comparison.counts.changed)]);
    assert!(comparison.counts.changed > 500, "{:?}", comparison.counts);
}
