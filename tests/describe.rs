//! `goaudit init`, `rules`, `schema`, `completions` and `man` as a user runs them.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit in folders")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn goaudit(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goaudit")).args(args).current_dir(dir).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
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

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("go.mod", "module example.com/app\n\ngo 1.21\n");
    write("Makefile", "build := x\n\nbuild: main.go\n\tgo build ./...\n");
    write("cmd/app/main.go", "package main\n");
    write(".goreleaser.yaml", "version: 2\n");
    write(".github/workflows/ci.yml", WORKFLOW);
    dir
}

#[test]
fn init_writes_a_policy_that_fits_what_it_finds() {
    let dir = project();
    let said = stdout(&goaudit(&dir.path().join("cmd/app"), &["init"]));
    assert!(said.ends_with("goaudit.yaml\n"), "{said}");
    let text = fs::read_to_string(dir.path().join("goaudit.yaml")).unwrap();
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
    let lint = goaudit(dir.path(), &["lint"]);
    assert_eq!(lint.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&lint.stdout).contains("judged by goaudit.yaml"));
}

#[test]
fn init_overwrites_nothing() {
    for file in ["goaudit.yaml", ".github/goaudit.yaml"] {
        let dir = project();
        fs::write(dir.path().join(file), "# mine\n").unwrap();
        let output = goaudit(dir.path(), &["init"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("there is a policy already"));
        assert_eq!(fs::read_to_string(dir.path().join(file)).unwrap(), "# mine\n");
    }
    // Not even what a link leads to.
    let dir = project();
    std::os::unix::fs::symlink("elsewhere.yaml", dir.path().join("goaudit.yaml")).unwrap();
    assert_eq!(goaudit(dir.path(), &["init"]).status.code(), Some(2));
    assert!(!dir.path().join("elsewhere.yaml").exists());
}

#[test]
fn init_builds_on_the_policy_that_is_named() {
    let dir = project();
    stdout(&goaudit(dir.path(), &["init", "--extends", "release"]));
    let text = fs::read_to_string(dir.path().join("goaudit.yaml")).unwrap();
    assert!(text.contains("\nextends: release\n"));
    assert_eq!(goaudit(dir.path(), &["init", "--extends", "nothing"]).status.code(), Some(2));
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
    assert_eq!(goaudit(Path::new("/"), &["man", "nothing"]).status.code(), Some(2));
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
    assert_eq!(goaudit(Path::new("/"), &["rules", "nothing"]).status.code(), Some(2));
}
