//! `--fix`: few bytes, the rest as it was, and the finding gone.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use goaudit::config::yaml;
use goaudit::finding::{Finding, Level, Safety};
use goaudit::{mend, rules};

use crate::cases::{children, firing, repository};
use crate::folder::{Folder, code, stderr, stdout};
use crate::{TWO, WORKFLOW};

/// The rules whose findings can be mended.
const MENDED: &[&str] = &[
    "cache-dependency-path-missing",
    "cache-key-constant",
    "cache-key-hash-empty",
    "cache-key-invalid",
    "cache-key-no-deps",
    "cache-key-no-platform",
    "cache-key-no-toolchain",
    "cache-key-volatile",
    "cache-no-restore-keys",
    "cache-path-mismatch",
    "cache-path-too-broad",
    "docker-cache-mount-mismatch",
    "docker-copy-before-download",
    "docker-no-cache-mount",
    "double-cache",
    "double-setup-go",
    "go-version-float",
    "goreleaser-no-mod-timestamp",
    "installsuffix-obsolete",
    "missing-trimpath",
    "mod-mod",
    "restore-key-dead",
    "setup-go-before-checkout",
    "stray-a",
];

/// Each finding with edits, by itself: the file still parses, is otherwise as it was, and the rule
/// is quiet about it.
#[test]
fn each_fix_alone() {
    let mut tried = BTreeSet::new();
    for case in firing() {
        let repository = repository(&case);
        let all = rules::check_files(&repository);
        for finding in all.iter().filter(|finding| !finding.edits.is_empty()) {
            let mended = mend::mend(&repository, &[finding], Safety::Unsafe);
            assert!(!mended.is_empty(), "{}: {}", case.display(), finding.rule);
            for file in &mended {
                if file.path.ends_with(".yml") || file.path.ends_with(".yaml") {
                    yaml::parse(&file.after).unwrap();
                }
                let edits = finding.edits.iter().filter(|edit| edit.path == file.path);
                let inserted: usize = edits.clone().map(|edit| edit.replacement.len()).sum();
                let removed: usize = edits.map(|edit| edit.end - edit.start).sum();
                assert_eq!(file.after.len() + removed, file.before.len() + inserted);
                assert!(removed.max(inserted) < 200, "{}", case.display());
                let bare = |text: &str| text.matches('\n').count() - text.matches("\r\n").count();
                if bare(&file.before) == 0 {
                    assert_eq!(bare(&file.after), 0, "{}", case.display());
                }
                assert_eq!(file.after.ends_with('\n'), file.before.ends_with('\n'));
            }
            let left = rules::check_files(&mend::with(&repository, &mended));
            let is_same =
                |other: &Finding| (other.rule, &other.subject) == (finding.rule, &finding.subject);
            let count = |all: &[Finding]| all.iter().filter(|other| is_same(other)).count();
            assert!(count(&left) < count(&all), "{}: {}", case.display(), finding.rule);
            let is_error = |rule: &str| rules::by_id(rule).unwrap().level == Level::Error;
            let is_new = |other: &&Finding| {
                is_error(other.rule) && !all.iter().any(|old| old.rule == other.rule)
            };
            let new: Vec<_> = left.iter().filter(is_new).map(|other| other.rule).collect();
            assert!(new.is_empty(), "{}: {} leaves {new:?}", case.display(), finding.rule);
            tried.insert(finding.rule);
        }
    }
    let tried: Vec<&str> = tried.into_iter().collect();
    assert_eq!(tried, MENDED);
}

/// What a reader of the patch sees, for every fixture.
#[test]
fn patches() {
    let mut patches = String::new();
    for case in firing() {
        let repository = repository(&case);
        let mended = mend::mend_all(&repository, rules::check_files, Safety::Unsafe);
        let after = mend::with(&repository, &mended);
        assert_eq!(mend::mend_all(&after, rules::check_files, Safety::Unsafe), []);
        let patch = mend::patch(&mended);
        let changes = patch.lines().filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        });
        let changes: String = changes.map(|line| format!("  {}\n", line.trim_end())).collect();
        if !changes.is_empty() {
            let name = case.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
            patches += &format!("{name}\n{changes}");
        }
    }
    insta::assert_snapshot!("patches", patches);
}

#[test]
fn safe_ones_and_all_of_them() {
    let folder = Folder::repository(&[(WORKFLOW, TWO)]);
    let path = folder.path().join(WORKFLOW);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let safe = folder.lint(&["--fix"]);
    assert_eq!(code(&safe), 1);
    assert_eq!(stderr(&safe), "goaudit: mended 1 finding in 1 file\n");
    assert!(!stdout(&safe).contains("cache-no-restore-keys"), "{}", stdout(&safe));
    let key = "          key: go-${{ hashFiles('go.sum') }}\n";
    let mended = TWO.replace(key, &format!("{key}          restore-keys: go-\n"));
    assert_eq!(fs::read_to_string(&path).unwrap(), mended);
    assert_eq!(code(&folder.lint(&["--fix=all"])), 0);
    let key = "          key: mod-${{ github.run_id }}\n";
    let mended = mended.replace(key, &format!("{key}          restore-keys: mod-\n"));
    assert_eq!(fs::read_to_string(&path).unwrap(), mended);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    // Nothing is left to be done, and nothing beside the file.
    assert_eq!(stderr(&folder.lint(&["--fix=all"])), "goaudit: mended 0 findings in 0 files\n");
    assert_eq!(children(path.parent().unwrap()).len(), 1);
}

#[test]
fn the_patch_is_what_would_be_written() {
    let folder = Folder::repository(&[(WORKFLOW, TWO)]);
    let shown = folder.lint(&["--fix=all", "--diff"]);
    assert_eq!(code(&shown), 1);
    assert_eq!(fs::read_to_string(folder.path().join(WORKFLOW)).unwrap(), TWO);
    fs::write(folder.path().join("x.patch"), stdout(&shown)).unwrap();
    let apply = Command::new("git").args(["apply", "x.patch"]).current_dir(folder.path()).status();
    assert!(apply.unwrap().success(), "{}", stdout(&shown));
    let applied = fs::read_to_string(folder.path().join(WORKFLOW)).unwrap();
    folder.write(WORKFLOW, TWO);
    folder.lint(&["--fix=all"]);
    assert_eq!(fs::read_to_string(folder.path().join(WORKFLOW)).unwrap(), applied);
    // Without --fix it is what is safe.
    folder.write(WORKFLOW, TWO);
    assert!(!stdout(&folder.lint(&["--diff"])).contains("restore-keys: mod-"));
}

#[test]
fn what_is_let_pass_or_not_asked_for_stays() {
    let kept = TWO
        .replace("key: go-", "# goaudit: ignore[cache-no-restore-keys] small\n          key: go-");
    let folder =
        Folder::repository(&[(WORKFLOW, &kept), (".github/workflows/x.yml", "on: push\n")]);
    folder.lint(&["--fix"]);
    folder.lint(&["--fix=all", ".github/workflows/x.yml"]);
    assert_eq!(fs::read_to_string(folder.path().join(WORKFLOW)).unwrap(), kept);
}

/// A prefix that leaves out what tells entries apart is another cache than was meant, perhaps.
#[test]
fn a_prefix_that_loses_the_platform_is_not_safe() {
    let text = TWO.replace("hashFiles('go.sum') }}", "hashFiles('go.sum') }}-${{ runner.arch }}");
    let folder = Folder::repository(&[(WORKFLOW, &text)]);
    folder.lint(&["--fix"]);
    assert_eq!(fs::read_to_string(folder.path().join(WORKFLOW)).unwrap(), text);
    folder.lint(&["--fix=all"]);
    assert!(
        fs::read_to_string(folder.path().join(WORKFLOW)).unwrap().contains("restore-keys: go-\n")
    );
}

/// A step that only restores meets what another one saves: neither gets another key.
#[test]
fn keys_that_two_steps_share_stay() {
    let job = |step: &str| {
        format!(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/setup-go@v6\n        id: go\n      - uses: {step}@v4\n        with:\n          path: ~/.cache/go-build\n          key: go-${{{{ hashFiles('go.sum') }}}}\n          restore-keys: go-\n"
        )
    };
    let folder = Folder::repository(&[(WORKFLOW, &job("actions/cache"))]);
    assert!(stdout(&folder.lint(&["--fix=all", "--diff"])).contains("steps.go.outputs.go-version"));
    folder.write(".github/workflows/other.yml", job("actions/cache/restore"));
    assert_eq!(stdout(&folder.lint(&["--fix=all", "--diff"])), "");
}

/// Ways to write a key that a line cannot simply be added to.
#[test]
fn what_cannot_be_mended_is_left_alone() {
    for key in [
        "key: >-\n            go-${{ hashFiles('go.sum') }}",
        "key: &key go-${{ hashFiles('go.sum') }}",
        "key: \"go-\\x2d${{ hashFiles('go.sum') }}\"",
        "\"key\": go-${{ hashFiles('go.sum') }}",
        "key: go-\n            ${{ hashFiles('go.sum') }}",
        "key: go:${{ hashFiles('go.sum') }}",
    ] {
        let text = TWO.replace("key: go-${{ hashFiles('go.sum') }}", key);
        let folder = Folder::repository(&[(WORKFLOW, &text)]);
        let output = folder.lint(&["--fix"]);
        assert!(stdout(&output).contains("cache-no-restore-keys"), "{key}: {}", stdout(&output));
        assert_eq!(fs::read_to_string(folder.path().join(WORKFLOW)).unwrap(), text);
    }
    for key in ["'go:${{ hashFiles(''go.sum'') }}'", "\"go: ${{ hashFiles('go.sum') }}\""] {
        let text = TWO.replace("go-${{ hashFiles('go.sum') }}", key);
        let folder = Folder::repository(&[(WORKFLOW, &text)]);
        let output = folder.lint(&["--fix"]);
        let mended = fs::read_to_string(folder.path().join(WORKFLOW)).unwrap();
        let is_mended = mended != text;
        assert_eq!(is_mended, !stdout(&output).contains("cache-no-restore-keys"), "{key}");
        assert_eq!(is_mended, key.starts_with('"'), "{key}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_not_touched() {
    let folder = Folder::repository(&[]);
    let mut bytes = b"# caf\xe9\n".to_vec();
    bytes.extend(TWO.bytes());
    let path = folder.path().join(WORKFLOW);
    folder.write(WORKFLOW, &bytes);
    let output = folder.lint(&["--fix"]);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(code(&output) == 3 || stderr(&output).contains("mended 0 findings"), "{output:?}");
}
