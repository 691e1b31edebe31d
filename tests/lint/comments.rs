//! `# goaudit: ignore[RULE] REASON`.

use crate::folder::{Folder, code, stdout};
use crate::{TWO, WORKFLOW};

/// The findings of a workflow with these comments, in short.
fn judged(text: &str, policy: &str) -> (i32, Vec<String>) {
    let folder = Folder::repository(&[(WORKFLOW, text), ("goaudit.yaml", policy)]);
    let output = folder.lint(&["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().map(|finding| {
        format!("{}:{} {}", finding["rule"].as_str().unwrap(), finding["line"], finding["message"])
    });
    (code(&output), findings.collect())
}

fn with(line: &str, comment: &str) -> String {
    TWO.replace(line, &format!("{line}{comment}"))
}

const VOLATILE: &str = "key: mod-${{ github.run_id }}";
const EXACT: &str = "          key: go-${{ hashFiles('go.sum') }}";

#[test]
fn on_the_line_and_above_it() {
    let on = with(VOLATILE, " # goaudit: ignore[cache-key-volatile] a hand-off to another system");
    assert_eq!(judged(&on, "").0, 0);
    let above = on.replace(
        EXACT,
        &format!(
            "          # goaudit: ignore[cache-no-restore-keys, cache-key-volatile] small\n{EXACT}"
        ),
    );
    let (exit, findings) = judged(&above, "");
    assert_eq!(exit, 0);
    assert_eq!(
        findings,
        ["unused-ignore:13 \"the comment matches no finding on its line or the one below\""]
    );
}

#[test]
fn a_comment_without_a_reason_does_not_count_and_says_so() {
    let (exit, findings) = judged(&with(VOLATILE, " # goaudit: ignore[cache-key-volatile]"), "");
    assert_eq!(exit, 1);
    insta::assert_snapshot!(findings.join("\n"), @r#"
    cache-key-volatile:9 "each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it"
    cache-no-restore-keys:13 "there is no restore key: each change of the hashed files starts from an empty cache"
    unused-ignore:9 "the comment gives no reason, so it does not count"
    "#);
}

#[test]
fn a_rule_that_does_not_exist() {
    let (exit, findings) =
        judged(&with(VOLATILE, " # goaudit: ignore[cache-key-volatil, unused-ignore] r"), "");
    assert_eq!(exit, 1);
    insta::assert_snapshot!(findings.join("\n"), @r#"
    cache-key-volatile:9 "each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it"
    cache-no-restore-keys:13 "there is no restore key: each change of the hashed files starts from an empty cache"
    unused-ignore:9 "unknown rule `cache-key-volatil`; did you mean `cache-key-volatile`?"
    unused-ignore:9 "`unused-ignore` cannot be ignored"
    "#);
}

/// A rule that looks at builds is not run here: whether its comment is used is not known.
#[test]
fn a_comment_for_a_rule_that_was_not_run() {
    let (_, findings) = judged(&with(VOLATILE, " # goaudit: ignore[leaked-path] r"), "");
    assert!(findings.iter().all(|finding| !finding.starts_with("unused-ignore")), "{findings:?}");
}

#[test]
fn next_to_an_exception_of_the_policy() {
    let policy = "ignore: [{rule: cache-key-volatile, where: \".github/**\", reason: known}]\n";
    let comment = " # goaudit: ignore[cache-key-volatile] r";
    let (exit, findings) = judged(&with(VOLATILE, comment), policy);
    // Each matches the finding, so neither is unused.
    assert_eq!((exit, findings.len()), (0, 1), "{findings:?}");
    // The policy may refuse exceptions that say nothing.
    let strict = "rules: {unused-ignore: error, cache-key-volatile: off}\n";
    assert_eq!(judged(&with(VOLATILE, " # goaudit: ignore[stray-z] r"), strict).0, 1);
    assert_eq!(judged(&with(VOLATILE, comment), strict).0, 0);
}

/// A restore key of a block is at a line that no comment fits into.
#[test]
fn a_block_scalar_is_covered_by_its_key() {
    let block = TWO.replace(VOLATILE, "key: >-\n            mod-${{ github.run_id }}");
    assert_eq!(judged(&block, "").0, 1);
    let on = block.replace("key: >-", "key: >- # goaudit: ignore[cache-key-volatile] r");
    assert_eq!(judged(&on, "").0, 0);
}

#[test]
fn the_report_names_the_reason() {
    let folder = Folder::repository(&[(
        WORKFLOW,
        &with(VOLATILE, " # goaudit: ignore[cache-key-volatile] fetched by the nightly job"),
    )]);
    let text = stdout(&folder.lint(&["-v"]));
    assert!(text.contains("fetched by the nightly job"), "{text}");
}
