//! What the README says about rules, policies and exit codes is what goaudit does.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read the README and run it"
)]

mod folder;

use std::fs;
use std::path::Path;
use std::process::Command;

use folder::{goaudit, stdout};
use goaudit::policy::{Known, SHIPPED, parse};
use goaudit::rules::RULES;
use goaudit::variation::VARIATIONS;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn yaml_blocks(text: &str) -> Vec<&str> {
    text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The table is the registry's, line for line.
#[test]
fn the_table_of_rules_is_complete() {
    let table: String =
        RULES.iter().map(|rule| format!("| `{}` | {} |\n", rule.id, rule.summary)).collect();
    assert!(readme().contains(&table), "the README's table of rules should be:\n{table}");
}

#[test]
fn the_policy_that_is_shown_is_valid() {
    let text = readme();
    let yaml = yaml_blocks(&text).into_iter().find(|yaml| yaml.starts_with("extends:")).unwrap();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let variations: Vec<&str> = VARIATIONS.iter().map(|variation| variation.name).collect();
    parse(yaml, &Known { rules: &rules, variations: &variations }).unwrap();
}

#[test]
fn every_shipped_policy_names_only_rules_that_exist_and_all_of_them() {
    for (name, text) in SHIPPED {
        for rule in RULES {
            assert!(
                text.contains(&format!("\n  {}:", rule.id)),
                "{name} does not mention {}",
                rule.id
            );
        }
    }
}

/// What the README shows of `lint` is what it prints.
#[test]
fn the_example_of_lint_is_its_output() {
    let text = readme();
    let command = "$ goaudit lint fixtures/modules/leaky\n";
    let shown = text.split(command).nth(1).unwrap().split("```").next().unwrap();
    let output =
        goaudit(Path::new(env!("CARGO_MANIFEST_DIR")), &["lint", "fixtures/modules/leaky"]);
    assert_eq!(stdout(&output), shown);
}

/// The lines of the first job of a CI file, as its runner hands them to a shell.
fn script(yaml: &str) -> String {
    let file: serde_yaml::Value = serde_yaml::from_str(yaml).unwrap();
    let text = |value: &serde_yaml::Value| value.as_str().map(str::to_owned);
    let lines: Vec<String> = match file["jobs"]["build"]["steps"].as_sequence() {
        Some(steps) => steps.iter().filter_map(|step| text(&step["run"])).collect(),
        None => file["build"]["script"].as_sequence().unwrap().iter().filter_map(text).collect(),
    };
    lines.join("\n")
}

/// Both recipes, run by a shell as a pull request that stamps another version.
#[test]
fn the_recipes_for_ci_explain_a_pull_request() {
    let text = readme();
    let recipes: Vec<String> = yaml_blocks(&text)
        .into_iter()
        .filter(|yaml| yaml.contains("goaudit record"))
        .map(script)
        .collect();
    assert_eq!(recipes.len(), 2);
    for recipe in recipes {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("go.mod"), "module example.com/app\n\ngo 1.21\n").unwrap();
        fs::write(path("main.go"), "package main\n\nfunc main() {}\n").unwrap();
        let bin = path("bin");
        fs::create_dir(&bin).unwrap();
        let goaudit = env!("CARGO_BIN_EXE_goaudit");
        std::os::unix::fs::symlink(goaudit, bin.join("goaudit")).unwrap();
        // What fetches the recording of the default branch finds it here.
        fetcher(
            &bin.join("gh"),
            "mkdir -p baseline && cp main-branch.goaudit baseline/build.goaudit",
        );
        fetcher(&bin.join("curl"), "cp main-branch.goaudit main.goaudit");
        let run = |recipe: &str, flags: &str| {
            let all = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let mut shell = Command::new("bash");
            shell.args(["-e", "-c", recipe]).current_dir(dir.path());
            shell.env("PATH", all).env("GOFLAGS", flags).env("GOCACHE", path("gocache"));
            shell.env("GITHUB_STEP_SUMMARY", path("summary"));
            shell.env("CI_PIPELINE_SOURCE", "merge_request_event");
            let output = shell.output().unwrap();
            let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
            assert!(output.status.success(), "{recipe}\n{err}");
            String::from_utf8(out).unwrap()
        };
        run("goaudit record -o main-branch.goaudit -- go build ./...", "");
        let said = run(&recipe, "-ldflags=-X=main.version=2");
        let summary = fs::read_to_string(path("summary")).unwrap_or(said);
        assert!(summary.contains("link-flags"), "{summary}");
    }
}

fn fetcher(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
