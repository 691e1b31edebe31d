//! `action.yml`, the pre-commit hook, and what the README says of both.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run what users run")]

mod cases;
mod folder;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use folder::goaudit;
use serde_yaml::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

fn steps() -> Vec<Value> {
    yaml("action.yml")["runs"]["steps"].as_sequence().unwrap().clone()
}

/// The script of the step of that name.
fn script(name: &str) -> String {
    let steps = steps();
    let step = steps.iter().find(|step| step["name"].as_str() == Some(name)).unwrap();
    step["run"].as_str().unwrap().to_owned()
}

/// A runner: a workspace, its folder for temporary files with goaudit in it, and what steps write to.
struct Runner(tempfile::TempDir);

impl Runner {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("temp/goaudit/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(dir.path().join("work/.github/workflows")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_goaudit"), bin.join("goaudit")).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, step: &str, args: &str, policy: &str) -> Output {
        let mut bash = Command::new("bash");
        // As GitHub runs `shell: bash`.
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script(step)]);
        bash.current_dir(self.path("work"))
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("GOAUDIT_ARGS", args)
            .env("GOAUDIT_POLICY", policy)
            .env("GOAUDIT_DIRECTORY", ".");
        bash.output().unwrap()
    }
}

const VOLATILE: &str = "\
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

#[test]
fn the_action_annotates_summarizes_and_fails() {
    let runner = Runner::new();
    fs::write(runner.path("work/.github/workflows/ci.yml"), VOLATILE).unwrap();
    let output = runner.run("Run goaudit", "lint", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("::error file=.github/workflows/ci.yml,line=9,col=16,"), "{text}");
    let summary = fs::read_to_string(runner.path("summary")).unwrap();
    assert!(summary.starts_with("## goaudit: the policy is broken: 1 error\n"), "{summary}");
    // A form that is asked for is the one that is written.
    let output = runner.run("Run goaudit", "lint --format json .github", "pedantic");
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"policy\": \"pedantic\""));
    fs::write(runner.path("work/.github/workflows/ci.yml"), "on: push\n").unwrap();
    assert_eq!(runner.run("Run goaudit", "lint", "").status.code(), Some(0));
}

/// An input is data: nothing in it is run.
#[test]
fn an_input_is_no_script() {
    let runner = Runner::new();
    let output = runner.run("Run goaudit", "lint $(touch a) ; touch b `touch c`", "x; touch d");
    assert_eq!(output.status.code(), Some(2));
    for name in ["a", "b", "c", "d"] {
        assert!(!runner.path("work").join(name).exists(), "{name}");
    }
    for step in steps() {
        let run = step["run"].as_str().unwrap_or_default();
        assert!(!run.contains("${{"), "an expression in a script: {run}");
    }
}

#[test]
fn the_action_knows_its_version() {
    let runner = Runner::new();
    let output = runner.run("Find out which goaudit this is", "", "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let key = fs::read_to_string(runner.path("output")).unwrap();
    let sum = key.trim_end().strip_prefix("key=goaudit-Linux-X64-").unwrap();
    assert!(sum.len() == 16 && sum.chars().all(|c| c.is_ascii_hexdigit()), "{key}");
}

#[test]
fn the_action_is_one_that_goaudit_reads() {
    let lint = goaudit(root(), &["lint", "--format", "json", "action.yml"]);
    let report: serde_json::Value = serde_json::from_slice(&lint.stdout).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]));
    // Whoever uses the action runs the actions that it uses: by commit, not by a name that moves.
    for step in steps() {
        let Some(uses) = step["uses"].as_str() else { continue };
        let commit = uses.rsplit('@').next().unwrap();
        assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{uses}");
    }
}

fn readme_blocks() -> Vec<Value> {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_yaml::from_str(block).unwrap()).collect()
}

#[test]
fn the_readme_uses_the_action_as_it_is() {
    let inputs = yaml("action.yml")["inputs"].as_mapping().unwrap().clone();
    let blocks = readme_blocks();
    let is_ours =
        |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.contains("/goaudit@"));
    let steps: Vec<&Value> =
        blocks.iter().filter_map(Value::as_sequence).flatten().filter(is_ours).collect();
    assert_eq!(steps.len(), 1);
    for (name, _) in steps[0]["with"].as_mapping().unwrap() {
        assert!(inputs.contains_key(name), "{name:?}");
    }
}

#[test]
fn the_readme_uses_the_hook_as_it_is() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let blocks = readme_blocks();
    let config = blocks.iter().find(|block| !block["repos"].is_null()).unwrap();
    assert_eq!(config["repos"][0]["hooks"][0]["id"], hooks[0]["id"]);
}

/// pre-commit gives the names of files to the command of the hook.
#[test]
fn the_hook_judges_the_files_that_it_is_given() {
    let hook = yaml(".pre-commit-hooks.yaml")[0].clone();
    let runner = Runner::new();
    fs::write(runner.path("work/.github/workflows/ci.yml"), VOLATILE).unwrap();
    let words: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
    let [program, args @ ..] = words.as_slice() else { panic!("{words:?}") };
    assert_eq!(*program, "goaudit");
    let output = goaudit(&runner.path("work"), &[args, &[".github/workflows/ci.yml"]].concat());
    assert_eq!(output.status.code(), Some(1));

    // The pattern is tried by what is at hand: a schema is one way to hold a text against one.
    let pattern = serde_json::json!({ "pattern": hook["files"].as_str().unwrap() });
    let pattern = jsonschema::validator_for(&pattern).unwrap();
    for path in [
        ".github/workflows/ci.yml",
        ".github/actions/cache/action.yaml",
        "action.yml",
        "tools/cache/action.yml",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        "azure-pipelines.yml",
        "Makefile",
        "build/common.mk",
        "Dockerfile",
        "build/app.Dockerfile",
        "Dockerfile.release",
        "scripts/release.sh",
        ".goreleaser.yaml",
        "build/.goreleaser-nightly.yml",
        "deploy/cloudbuild-release.yaml",
        "hack/verify",
        "Makefile.common",
        "Taskfile.dist.yml",
        "build/taskfile.go.yaml",
        "go.mod",
        "sub/go.mod",
    ] {
        assert!(pattern.is_valid(&serde_json::json!(path)), "{path}");
    }
    let files: Vec<String> = cases::all().iter().flat_map(|case| cases::files(case)).collect();
    assert!(files.len() > 100, "{}", files.len());
    for path in files {
        let is_read = goaudit::config::is_read(&path) || goaudit::config::may_be_script(&path);
        assert!(!is_read || pattern.is_valid(&serde_json::json!(path)), "{path}");
    }
    for path in ["README.md", "main.go", "transaction.yml.txt", "docs/ci.yml", "go.sum"] {
        assert!(!pattern.is_valid(&serde_json::json!(path)), "{path}");
    }
}
