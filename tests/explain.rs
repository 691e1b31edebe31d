//! `goaudit explain` on recordings of real builds, without Go.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit")]

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

fn explain(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goaudit"));
    command.arg("explain").args(args);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings"));
    command.output().unwrap()
}

fn causes(first: &str, second: &str) -> Vec<(String, u64)> {
    let output = explain(&["--format", "json", first, second]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.explain.v1");
    assert_eq!(report["unexplained"].as_array().unwrap().len(), 0);
    assert_eq!(report["keys"]["verified"], report["keys"]["total"]);
    let causes = report["causes"].as_array().unwrap().iter();
    causes
        .map(|cause| {
            let category = cause["category"].as_str().unwrap().to_owned();
            (category, cause["roots_total"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn two_builds_of_one_tree_differ_by_what_was_planted() {
    let mut categories: Vec<String> = causes("leaky-first.goaudit", "leaky-second.goaudit")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    categories.sort();
    assert_eq!(categories, ["cgo", "goroot", "link-flags", "workdir"]);
    assert_eq!(causes("clean-first.goaudit", "clean-second.goaudit"), []);
    assert_eq!(causes("leaky-first.goaudit", "leaky-first.goaudit"), []);
}

/// With -trimpath on one side every key differs, the standard library's too: one cause.
#[test]
fn one_switch_that_changes_every_key_is_one_cause() {
    let causes = causes("clean-first.goaudit", "leaky-second.goaudit");
    assert_eq!(causes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["trimpath"]);
    assert!(causes[0].1 > 50, "{causes:?}");
}

#[test]
fn what_is_no_recording_is_named() {
    let fails = |path: &str, code: i32, part: &str| {
        let output = explain(&["leaky-first.goaudit", path]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(path) && text.contains(part), "{text}");
        assert!(output.stdout.is_empty());
    };
    fails("missing.goaudit", 3, "failed to read");
    fails("README.md", 2, "none of its");
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("cut.goaudit");
    let whole = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/leaky-first.goaudit");
    let bytes = fs::read(whole).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    fails(cut.to_str().unwrap(), 3, "damaged");
}
