//! What the files leave open: `-v` names it, and JSON has it always.

use serde_json::Value;

use crate::folder::{Folder, code, stdout};
use crate::{TWO, WORKFLOW};

const OPEN: &str = "\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: {go-version-file: go.mod, cache: '${{ vars.CACHE }}'}
      - id: ask
        run: ./tool/key >> \"$GITHUB_OUTPUT\"
      - uses: actions/cache@v4
        with:
          path: ~/.cache/go-build
          key: go-${{ steps.ask.outputs.key }}
          restore-keys: go-
      - run: make build
      - run: make build
      - run: go build $(./flags) -o app .
      - run: gh release upload v1 app
";

const MAKEFILE: &str = "\
build:
\t./missing.sh
\t$(shell which tool)/x build
\tmake -C $(shell cat where) all
\tmake -C gone
";

fn open() -> Folder {
    Folder::repository(&[
        (WORKFLOW, OPEN),
        ("Makefile", MAKEFILE),
        ("go.mod", "module example.com/m\n"),
    ])
}

/// The lines of a report below `not looked at`.
fn not_looked_at(report: &str) -> &str {
    report.split_once("not looked at\n").unwrap().1
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    let output = folder.lint(&[&["--format", "json"], args].concat());
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn each_with_its_place_and_the_rules_that_are_silent() {
    let output = open().lint(&["-v"]);
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!(not_looked_at(&stdout(&output)), @r#"
    the build: only files were read
    .github/workflows/ci.yml:7:9: whether setup-go caches in job build, step 2 cannot be told, so cache-dependency-path-missing, double-cache, double-setup-go, setup-go-before-checkout are silent
    .github/workflows/ci.yml:14:16: `steps.ask.outputs.key` in the key of job build, step 4 cannot be told, so cache-key-constant, cache-key-no-toolchain, restore-key-dead are silent
    .github/workflows/ci.yml:18:14: not all flags of this command of a release can be told, so missing-trimpath is silent
    Makefile:2:2: ./missing.sh: it is not in the repository
    Makefile:3:2: $(which tool)/x: which program it is cannot be told
    Makefile:4:2: make: in which folder cannot be told
    Makefile:5:2: make: its makefile is not in the repository
    "#);
}

#[test]
fn without_v_how_many() {
    insta::assert_snapshot!(not_looked_at(&stdout(&open().lint(&[]))), @r#"
    the build: only files were read
    7 calls and values that the files leave open: -v names them
    "#);
}

#[test]
fn check_says_the_same() {
    let folder = open();
    let args = ["check", "--depth", "text", "-v", "--color", "never"];
    let check = stdout(&folder.goaudit(&args));
    assert_eq!(not_looked_at(&check), not_looked_at(&stdout(&folder.lint(&["-v"]))));
}

#[test]
fn json_has_them_without_v() {
    let document = json(&open(), &[]);
    let open = document["not_resolved"].as_array().unwrap();
    assert_eq!(document["not_resolved_total"], open.len());
    let key = open.iter().find(|one| one["line"] == 14).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(key).unwrap(), @r#"
    {
      "column": 16,
      "line": 14,
      "path": ".github/workflows/ci.yml",
      "silent_rules": [
        "cache-key-constant",
        "cache-key-no-toolchain",
        "restore-key-dead"
      ],
      "what": "`steps.ask.outputs.key` in the key of job build, step 4 cannot be told"
    }
    "#);
}

#[test]
fn only_what_is_in_the_files_asked_for() {
    let document = json(&open(), &["Makefile"]);
    let open = document["not_resolved"].as_array().unwrap();
    assert_eq!(open.len(), 4);
    assert!(open.iter().all(|one| one["path"] == "Makefile"), "{open:#?}");
}

#[test]
fn nothing_where_everything_can_be_told() {
    let folder = Folder::repository(&[(WORKFLOW, TWO)]);
    assert_eq!(json(&folder, &[])["not_resolved"], Value::Array(Vec::new()));
    let text = stdout(&folder.lint(&["-v"]));
    assert_eq!(not_looked_at(&text), "  the build: only files were read\n");
}

#[test]
fn the_list_is_bounded() {
    let calls: String = (0..1100).map(|number| format!("\t./missing{number}.sh\n")).collect();
    let folder = Folder::repository(&[("Makefile", &format!("all:\n{calls}"))]);
    let text = stdout(&folder.lint(&["-v"]));
    assert!(text.ends_with("\n  1060 more calls and values that the files leave open\n"), "{text}");
    let document = json(&folder, &[]);
    assert_eq!(document["not_resolved"].as_array().unwrap().len(), 1000);
    assert_eq!(document["not_resolved_total"], 1100);
}

#[test]
fn what_a_file_holds_acts_on_no_terminal() {
    let word = "x".repeat(100_000);
    let folder = Folder::repository(&[(
        "Makefile",
        &format!("all:\n\t'./\u{1b}[2J\u{202e}\u{9b}{word}.sh'\n"),
    )]);
    for text in [stdout(&folder.lint(&["-v"])), stdout(&folder.lint(&["--format", "json"]))] {
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert_eq!(text.find(acts), None, "{text:?}");
        assert!(text.contains("./\\u"), "{text}");
        assert!(text.len() < 2_000, "{}", text.len());
    }
}
