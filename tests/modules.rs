//! `goaudit check` on the modules of `fixtures/modules`, with a real go of several versions.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs `goaudit check` on a module of the fixtures as somebody does who has only cloned the repository.
fn check(module: &str, args: &[&str], toolchain: Option<&str>) -> Output {
    let found = Command::new("go").arg("version").output();
    assert!(
        found.is_ok(),
        "go is not on PATH: install it from https://go.dev/dl/ (these tests build real programs)"
    );
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/modules").join(module);
    let mut command = Command::new(env!("CARGO_BIN_EXE_goaudit"));
    command.arg("check").args(args).arg(dir).env_remove("GOFLAGS").env("GOENV", "off");
    if let Some(toolchain) = toolchain {
        command.env("GOTOOLCHAIN", toolchain);
    }
    command.output().unwrap()
}

fn report(output: &Output) -> Value {
    let parsed = serde_json::from_slice(&output.stdout);
    parsed.unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn strings<'v>(list: &'v Value, key: &str) -> BTreeSet<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap()).collect()
}

/// What is wrong with `leaky`, as its README and its files say.
const LEAKS: [&str; 4] = ["cgo", "goroot", "link-flags", "workdir"];

fn assert_leaky(output: &Output, version: &str) {
    let report = report(output);
    assert_eq!(output.status.code(), Some(1), "{version}");
    assert_eq!(report["schema"], "goaudit.report.v1");
    assert_eq!(report["verdict"], "fail");
    let causes = &report["comparison"]["causes"];
    assert_eq!(strings(causes, "category"), BTreeSet::from(LEAKS), "{version}: {causes:#}");
    assert_eq!(report["comparison"]["unexplained"].as_array().unwrap().len(), 0, "{version}");
    let keys = &report["comparison"]["keys"];
    assert!(keys["total"].as_u64().unwrap() > 80, "{version}: {keys}");
    assert_eq!(keys["verified"], keys["total"], "{version}");
    assert_eq!(report["artifacts"][0]["path"], "bin/leaky");
    assert_eq!(report["artifacts"][0]["identical"], false);
}

#[test]
fn leaky_fails_for_the_right_reasons() {
    let output = check("leaky", &["--format", "json"], None);
    assert_leaky(&output, "the go on PATH");
    let report = report(&output);
    let findings = report["findings"].as_array().unwrap();
    let errors: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding["level"] == "error")
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    let expected = ["cache-key-volatile", "missing-trimpath", "not-reproducible", "stray-a"];
    assert_eq!(errors, BTreeSet::from(expected));
    let of = |rule: &str| findings.iter().filter(|f| f["rule"] == rule).collect::<Vec<_>>();
    // The time is the Makefile's, the variable is the program's.
    assert_eq!(of("volatile-ldflags")[0]["subject"], "main.built");
    let cgo: BTreeSet<&str> =
        of("cgo-enabled").iter().map(|f| f["subject"].as_str().unwrap()).collect();
    assert!(cgo.contains("example.com/leaky/internal/native"), "{cgo:?}");
    // The artifacts themselves say the same, and their account is whole.
    let inside = &report["artifacts"][0]["inside"];
    assert_eq!(inside["bytes"]["proven"], true, "{inside:#}");
    assert_eq!(inside["bytes"]["differing"], inside["bytes"]["explained"], "{inside:#}");
    let titles = inside["causes"].as_array().unwrap().iter().map(|cause| &cause["title"]);
    assert!(titles.clone().any(|title| title == "-X main.built"), "{inside:#}");
    // The line of the workflow, counted without goaudit.
    let workflow = include_str!("../fixtures/modules/leaky/.github/workflows/ci.yml");
    let line = 1 + workflow.lines().position(|line| line.contains("key: go-")).unwrap();
    assert_eq!(of("cache-key-volatile")[0]["path"], ".github/workflows/ci.yml");
    assert_eq!(of("cache-key-volatile")[0]["line"], line);
}

#[test]
fn clean_passes() {
    let output = check("clean", &["--format", "json"], None);
    let report = report(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["comparison"]["actions"]["changed"], 0);
    assert_eq!(report["comparison"]["causes"].as_array().unwrap().len(), 0);
    assert_eq!(report["artifacts"][0]["identical"], true);
    let applied = report["variations"].as_array().unwrap().iter().filter(|v| v["applied"] == true);
    assert!(applied.count() >= 11, "{:#}", report["variations"]);
}

/// A person reads it whole: at most 40 lines, in the order of what matters.
#[test]
fn the_text_of_leaky_is_short_and_in_order() {
    let output = check("leaky", &["--depth", "build", "--quiet"], None);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() <= 40, "{text}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}"));
    let order = [
        at("FAIL  example.com/leaky"),
        at("why the two builds differ"),
        at("what the policy says"),
        at("not looked at"),
    ];
    assert!(order.is_sorted(), "{text}");
}

#[test]
fn go_1_21_gives_the_same_causes() {
    assert_leaky(&check("leaky", &["--format", "json"], Some("go1.21.13")), "go1.21.13");
}

#[test]
fn go_1_23_gives_the_same_causes() {
    assert_leaky(&check("leaky", &["--format", "json"], Some("go1.23.9")), "go1.23.9");
}

#[test]
fn go_1_25_gives_the_same_causes() {
    assert_leaky(&check("leaky", &["--format", "json"], Some("go1.25.5")), "go1.25.5");
}

#[test]
fn go_1_27_gives_the_same_causes() {
    assert_leaky(&check("leaky", &["--format", "json"], Some("go1.27.3")), "go1.27.3");
}
