//! `goaudit init`, `rules`, `schema`, `completions` and `man` as a user runs them.
#![expect(clippy::disallowed_methods, reason = "tests run goaudit in folders")]

mod folder;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use folder::{Folder, code, goaudit};

/// What goaudit says where it succeeds.
fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", folder::stderr(output));
    folder::stdout(output)
}

const WORKFLOW: &str = "\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@v4
        with:
          path: ~/go/pkg/mod
          key: mod-${{ github.run_id }}
";

fn a_project() -> Folder {
    Folder::new(&[
        ("go.mod", "module example.com/app\n\ngo 1.21\n"),
        ("Makefile", "build := x\n\nbuild: main.go\n\tgo build ./...\n"),
        ("cmd/app/main.go", "package main\n"),
        (".goreleaser.yaml", "version: 2\n"),
        (".github/workflows/ci.yml", WORKFLOW),
    ])
}

#[test]
fn init_writes_a_policy_that_fits_what_it_finds() {
    let project = a_project();
    let said = stdout(&goaudit(&project.path().join("cmd/app"), &["init"]));
    assert!(said.ends_with("goaudit.yaml\n"), "{said}");
    let text = project.read("goaudit.yaml");
    insta::assert_snapshot!(text, @r#"
    # What goaudit holds this project against: `goaudit lint` reads its CI files, `goaudit check`
    # builds it twice. `goaudit rules` lists the rules, `goaudit rules RULE` explains one.
    # `goaudit schema` prints the JSON Schema of this file, for editors.

    # default: refuses what is certainly wrong. ci: whatever makes a cache miss is an error.
    # release: whatever touches the bytes of an artifact is. pedantic: both.
    extends: default

    # What `goaudit check` builds, and the files that the build is for.
    build:
      # Makefile has a target `build`. Without this line it is `go build` of every main package.
      command: [make, build]
      # artifacts: ["dist/*"]
    # A release is packed by GoReleaser. To hold that build against a policy:
    #   goaudit check --policy release -- goreleaser build --snapshot --clean

    # What the rebuild makes different, beyond what a well-made build withstands anyway.
    # `goaudit check --list-variations` lists them.
    # vary: [+shallow, -umask]

    # The level of a rule, where it is to be another one: off, note, warning, error. What a rule may
    # find without breaking anything is in `allow`.
    # rules:
    #   cgo-enabled: {level: error, allow: ["runtime/cgo", "net", "os/user"]}

    # Findings that are let pass, each for a reason, and best for a time. A comment in the file does
    # the same: # goaudit: ignore[RULE] REASON
    # ignore:
    #   - rule: cache-key-volatile
    #     where: ".github/workflows/ci.yml"
    #     reason: why it is right here
    #     until: 2027-06-30

    # What `goaudit lint` finds today:
    #   cache-key-volatile at .github/workflows/ci.yml:9
    "#);
    let lint = project.lint(&[]);
    assert_eq!(code(&lint), 1);
    assert!(folder::stdout(&lint).contains("judged by goaudit.yaml"));
}

#[test]
fn init_overwrites_nothing() {
    for file in ["goaudit.yaml", ".github/goaudit.yaml"] {
        let project = a_project();
        project.write(file, "# mine\n");
        let output = project.goaudit(&["init"]);
        assert_eq!(code(&output), 2);
        assert!(folder::stderr(&output).contains("there is a policy already"));
        assert_eq!(project.read(file), "# mine\n");
    }
    // Not even what a link leads to.
    let project = a_project();
    std::os::unix::fs::symlink("elsewhere.yaml", project.path().join("goaudit.yaml")).unwrap();
    assert_eq!(code(&project.goaudit(&["init"])), 2);
    assert!(!project.path().join("elsewhere.yaml").exists());
}

#[test]
fn init_builds_on_the_policy_that_is_named() {
    let project = a_project();
    stdout(&project.goaudit(&["init", "--extends", "release"]));
    let text = project.read("goaudit.yaml");
    assert!(text.contains("\nextends: release\n"));
    assert_eq!(code(&project.goaudit(&["init", "--extends", "nothing"])), 2);
}

/// The schema that is printed is the one of the rules that are registered.
#[test]
fn schema_takes_every_rule() {
    let text = stdout(&goaudit(Path::new("/"), &["schema"]));
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for rule in goaudit::rules::RULES {
        assert!(validator.is_valid(&serde_json::json!({ "rules": { rule.id: "error" } })));
    }
    assert!(!validator.is_valid(&serde_json::json!({ "rules": { "no-such-rule": "error" } })));
    for (name, text) in goaudit::policy::SHIPPED {
        let policy: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert!(validator.is_valid(&policy), "{name}");
    }
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&goaudit(Path::new("/"), &["completions", shell]));
        for command in ["check", "lint", "explain", "completions"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("goaudit.bash");
    fs::write(&path, stdout(&goaudit(Path::new("/"), &["completions", "bash"]))).unwrap();
    let parsed = Command::new("bash").arg("-n").arg(&path).status().unwrap();
    assert!(parsed.success());
}

#[test]
fn a_page_of_the_manual_for_each_command() {
    let page = stdout(&goaudit(Path::new("/"), &["man"]));
    assert!(page.contains(".TH goaudit 1"), "{page}");
    assert!(page.contains("Exit codes"), "{page}");
    let page = stdout(&goaudit(Path::new("/"), &["man", "lint"]));
    assert!(page.contains(".TH goaudit-lint 1"), "{page}");
    assert!(page.contains("\\fB\\-\\-format\\fR"), "{page}");
    assert_eq!(code(&goaudit(Path::new("/"), &["man", "nothing"])), 2);
}

#[test]
fn every_rule_is_listed_and_explained() {
    let list = stdout(&goaudit(Path::new("/"), &["rules"]));
    for rule in goaudit::rules::RULES {
        assert_eq!(list.matches(&format!("  {}  ", rule.id)).count(), 1, "{}", rule.id);
        let text = stdout(&goaudit(Path::new("/"), &["rules", rule.id]));
        assert!(text.contains(rule.summary) && text.contains("## What to do"), "{text}");
    }
    let text = stdout(&goaudit(Path::new("/"), &["rules", "stray-a"]));
    insta::assert_snapshot!(text.lines().take(4).collect::<Vec<_>>().join("\n"), @r#"
    # stray-a: `-a` rebuilds everything and ignores the cache

    about CI and build files: lint and check; and about two builds: check
    policies say ci: error, default: error, pedantic: error, release: note
    "#);
    assert_eq!(code(&goaudit(Path::new("/"), &["rules", "nothing"])), 2);
}
