//! What is read and judged.

use crate::folder::{Folder, code, goaudit, stderr, stdout};
use crate::{TWO, WORKFLOW};

#[test]
fn the_repository_around_the_current_directory() {
    let folder = Folder::repository(&[(WORKFLOW, TWO), ("a/b/main.go", "package main\n")]);
    let output = goaudit(&folder.path().join("a/b"), &["lint"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output), @r#"
    FAIL  1 error, 1 warning
      judged by default

    what the policy says
      error cache-key-volatile  .github/workflows/ci.yml:9:16: job build, step 1
        each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it
          |
        9 |           key: mod-${{ github.run_id }}
          |                ^^^^^^^^^^^^^^^^^^^^^^^^
        fix: restore-keys: mod-
      warning cache-no-restore-keys  .github/workflows/ci.yml:13:16: job build, step 2
        there is no restore key: each change of the hashed files starts from an empty cache
           |
        13 |           key: go-${{ hashFiles('go.sum') }}
           |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        fix: restore-keys: go-

    1 can be mended by `goaudit lint --fix`, 1 more by `--fix=all`

    not looked at
      the build: only files were read
    "#);
}

#[test]
fn without_git_it_is_the_folder() {
    let folder = Folder::new(&[(WORKFLOW, TWO)]);
    assert_eq!(code(&folder.lint(&[])), 1);
    assert_eq!(code(&folder.lint(&["."])), 1);
    assert_eq!(code(&folder.lint(&[WORKFLOW])), 1);
}

#[test]
fn what_is_asked_for_is_told_and_nothing_else() {
    let folder = Folder::repository(&[
        (WORKFLOW, TWO),
        (".github/workflows/fine.yml", "on: push\n"),
        ("README.md", "# x\n"),
    ]);
    let fine = folder.lint(&[".github/workflows/fine.yml"]);
    assert_eq!((code(&fine), stdout(&fine).contains("ci.yml")), (0, false));
    assert_eq!(code(&folder.lint(&[".github/workflows/fine.yml", WORKFLOW])), 1);
    assert_eq!(code(&folder.lint(&[".github"])), 1);
    let other = folder.lint(&["README.md"]);
    assert_eq!(code(&other), 0);
    assert!(stdout(&other).contains("`README.md`: goaudit reads nothing in such a file"));
    // An absolute path, as an editor gives it.
    let absolute = folder.path().join(WORKFLOW);
    assert_eq!(code(&folder.lint(&[absolute.to_str().unwrap()])), 1);
}

/// A file alone would look as if nothing called it, or as if nothing restored what it saves.
#[test]
fn one_file_is_judged_with_the_others_around_it() {
    let action = "\
runs:
  using: composite
  steps:
    - uses: actions/cache/save@v4
      with:
        path: ~/go/pkg/mod
        key: go-${{ github.sha }}
";
    let job = |restores: &str| {
        format!(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: ./.github/actions/save\n{restores}"
        )
    };
    let path = ".github/actions/save/action.yml";
    let folder = Folder::repository(&[(WORKFLOW, &job("")), (path, action)]);
    assert_eq!(code(&folder.lint(&[path])), 1);
    folder.write(
        ".github/workflows/other.yml",
        "on: push\njobs:\n  use:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/cache/restore@v4\n        with:\n          path: ~/go/pkg/mod\n          key: go-\n          restore-keys: go-\n",
    );
    assert_eq!(code(&folder.lint(&[path])), 0);
}

#[test]
fn a_file_that_git_ignores_is_judged_where_it_is_named() {
    let folder = Folder::repository(&[(WORKFLOW, TWO), (".gitignore", "/.github\n")]);
    // Where there is nothing to judge there is no verdict; a hook may be handed any file.
    let output = folder.lint(&[]);
    assert_eq!(code(&output), 3);
    assert!(stdout(&output).contains("there is no file in it that goaudit reads"), "{output:?}");
    assert_eq!(code(&folder.lint(&[".gitignore"])), 0);
    assert_eq!(code(&folder.lint(&[WORKFLOW])), 1);
}

#[test]
fn usage() {
    let (folder, other) =
        (Folder::repository(&[(WORKFLOW, TWO)]), Folder::repository(&[(WORKFLOW, TWO)]));
    let missing = folder.lint(&["no/such.yml"]);
    assert_eq!(code(&missing), 2);
    insta::assert_snapshot!(stderr(&missing), @"goaudit: there is no file or folder `no/such.yml`");
    let two = folder.lint(&[".", other.path().to_str().unwrap()]);
    assert_eq!(code(&two), 2);
    assert!(stderr(&two).contains("are of two repositories"), "{}", stderr(&two));
    assert_eq!(code(&folder.lint(&["--policy", "no-such-policy"])), 2);
    assert_eq!(code(&folder.lint(&["-q", "-v"])), 2);
}

#[test]
fn the_nearest_policy_judges() {
    let off = "rules: {cache-key-volatile: off, cache-no-restore-keys: off}\n";
    let folder = Folder::repository(&[(WORKFLOW, TWO), ("sub/goaudit.yaml", off), ("sub/x", "")]);
    assert_eq!(code(&folder.lint(&[])), 1);
    let below = goaudit(&folder.path().join("sub"), &["lint"]);
    assert_eq!(code(&below), 0);
    assert!(stdout(&below).contains("judged by sub/goaudit.yaml"), "{}", stdout(&below));
    assert_eq!(code(&folder.lint(&["--policy", "sub/goaudit.yaml"])), 0);
    assert_eq!(code(&folder.lint(&["--policy", "pedantic"])), 1);
}

#[test]
fn quiet_is_silent_where_nothing_is_found() {
    let folder = Folder::repository(&[(".github/workflows/fine.yml", "on: push\n"), ("x", "")]);
    assert_eq!(stdout(&folder.lint(&["-q"])), "");
    assert!(stdout(&folder.lint(&["-q", "--format", "json"])).contains("goaudit.report.v1"));
    folder.write(WORKFLOW, TWO);
    assert!(stdout(&folder.lint(&["-q"])).contains("cache-key-volatile"));
}

#[test]
fn the_report_goes_where_it_is_sent() {
    let folder = Folder::repository(&[(WORKFLOW, TWO)]);
    let output = folder.lint(&["--format", "sarif", "--output", "out.sarif"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (1, ""));
    let written = std::fs::read_to_string(folder.path().join("out.sarif")).unwrap();
    assert!(written.contains("\"2.1.0\""));
    assert_eq!(code(&folder.lint(&["--output", "no/such/folder/x"])), 3);
}

/// Nothing that lies in a repository stops the audit of the rest.
#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::repository(&[
        (WORKFLOW, TWO),
        (".github/workflows/broken.yml", "a: [\n"),
        (".github/workflows/aliases.yml", "a: &a [*a, *a]\n"),
        (".github/workflows/tabs.yml", "a:\n\t- b\n"),
    ]);
    std::fs::write(folder.path().join(".github/workflows/binary.yml"), [0, 159, 146, 150]).unwrap();
    std::fs::write(folder.path().join(".github/workflows/deep.yml"), "[".repeat(100_000)).unwrap();
    std::fs::write(folder.path().join(".github/workflows/large.yml"), vec![b'x'; 3 << 20]).unwrap();
    std::os::unix::fs::symlink("loop.yml", folder.path().join(".github/workflows/loop.yml"))
        .unwrap();
    let output = folder.lint(&[]);
    let text = stdout(&output);
    assert_eq!(code(&output), 1, "{text}{}", stderr(&output));
    for file in ["broken.yml", "binary.yml", "deep.yml", "large.yml", "tabs.yml"] {
        assert!(
            text.contains(&format!("file-not-read  .github/workflows/{file}")),
            "{file}: {text}"
        );
    }
    assert!(text.contains("cache-key-volatile"));
}
