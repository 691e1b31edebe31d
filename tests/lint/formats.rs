//! Each form of the report: on findings as they are, and on text that tries to break out of it.

use serde_json::Value;

use crate::folder::{Folder, code, stdout};
use crate::{TWO, WORKFLOW};

fn report(folder: &Folder, format: &str) -> String {
    let output = folder.lint(&["--format", format]);
    assert!(code(&output) < 2);
    stdout(&output)
}

fn json(folder: &Folder, format: &str) -> Value {
    serde_json::from_str(&report(folder, format)).unwrap()
}

fn two() -> Folder {
    Folder::repository(&[(WORKFLOW, TWO)])
}

/// A step whose name and key hold whatever would end a line, a string, a table or a tag.
fn hostile() -> Folder {
    let name = r#""a]]>\r\n::error file=x::b%0A,c: \u001b[2J\u202e\u0000\u009b\ufffe </failure> \" | `d` @all""#;
    let key = r#""go-]]>::%0A\n::error::x \u001b[31m ${{ github.run_id }}""#;
    let steps = format!(
        "on: push\njobs:\n  \"b,u:i%ld\":\n    runs-on: ubuntu-24.04\n    steps:\n      - name: {name}\n        uses: actions/cache@v4\n        with:\n          path: ~/go/pkg/mod\n          key: {key}\n"
    );
    Folder::repository(&[(".github/workflows/a b,c:d%.yml", &steps)])
}

fn validate(schema: &str, document: &Value) {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<String> = validator
        .iter_errors(document)
        .map(|err| format!("{}: {err}", err.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// No character that acts on a terminal, or turns text around, is in any report.
#[test]
fn no_report_acts_on_a_terminal() {
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"] {
        let text = report(&hostile(), format);
        let acts = |c: char| {
            (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}')
        };
        assert_eq!(text.find(acts), None, "{format}: {text:?}");
        assert!(text.contains("cache-key-volatile"), "{format}: {text}");
    }
}

#[test]
fn text() {
    insta::assert_snapshot!(report(&hostile(), "text"), @r#"
    FAIL  1 error
      judged by default

    what the policy says
      error cache-key-volatile  .github/workflows/a b,c:d%.yml:10:16: job b,u:i%ld, step "a]]>\r\n::error file=x::b%0A,c: \u{1b}[2J\u{202e}\u{0}\u{9b}￾ </failure> " | `d` @all"
        each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it
           |
        10 |           key: "go-]]>::%0A\n::error::x \u001b[31m ${{ github.run_id }}"
           |                ^
        fix:
          restore-keys: go-]]>::%0A
          \u{3a}:error::x \u{1b}[31m 

    not looked at
      the build: only files were read
    "#);
}

#[test]
fn github() {
    insta::assert_snapshot!(report(&two(), "github"), @r#"
    ::error file=.github/workflows/ci.yml,line=9,col=16,title=goaudit cache-key-volatile::job build, step 1: each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it%0A  mod-${{ github.run_id }}%0Afix: restore-keys: mod-
    ::warning file=.github/workflows/ci.yml,line=13,col=16,title=goaudit cache-no-restore-keys::job build, step 2: there is no restore key: each change of the hashed files starts from an empty cache%0A  go-${{ hashFiles('go.sum') }}%0Afix: restore-keys: go-
    goaudit: the policy is broken: 1 error, 1 warning
    "#);
    let hostile = report(&hostile(), "github");
    insta::assert_snapshot!(hostile, @r#"
    ::error file=.github/workflows/a b%2Cc%3Ad%25.yml,line=10,col=16,title=goaudit cache-key-volatile::job b,u:i%25ld, step "a]]>\r\n::error file=x::b%250A,c: \u{1b}[2J\u{202e}\u{0}\u{9b}￾ </failure> " | `d` @all": each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it%0A  go-]]>::%250A%0A\u{3a}:error::x \u{1b}[31m ${{ github.run_id }}%0Afix:%0Arestore-keys: go-]]>::%250A%0A\u{3a}:error::x \u{1b}[31m 
    goaudit: the policy is broken: 1 error
    "#);
    // As the runner reads it: what starts with two colons, its blanks aside, is a command.
    let commands: Vec<&str> =
        hostile.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert_eq!(commands.len(), 1, "{hostile}");
    let (properties, _) = commands[0].trim_start_matches("::").split_once("::").unwrap();
    assert_eq!(properties.split(',').count(), 4, "{properties}");
}

#[test]
fn gitlab() {
    for folder in [two(), hostile()] {
        validate("gitlab-code-quality.json", &json(&folder, "gitlab"));
    }
    insta::assert_snapshot!(report(&two(), "gitlab"), @r#"
    [
      {
        "description": "job build, step 1: each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it\n  mod-${{ github.run_id }}\nfix: restore-keys: mod-",
        "check_name": "cache-key-volatile",
        "fingerprint": "0a6fe4260ca30ce7bda90d21ae213553",
        "severity": "major",
        "location": {
          "path": ".github/workflows/ci.yml",
          "lines": {
            "begin": 9
          }
        }
      },
      {
        "description": "job build, step 2: there is no restore key: each change of the hashed files starts from an empty cache\n  go-${{ hashFiles('go.sum') }}\nfix: restore-keys: go-",
        "check_name": "cache-no-restore-keys",
        "fingerprint": "ef0f84a4a6a1b3d7f339766be3d09be9",
        "severity": "minor",
        "location": {
          "path": ".github/workflows/ci.yml",
          "lines": {
            "begin": 13
          }
        }
      }
    ]
    "#);
    let hostile = json(&hostile(), "gitlab");
    assert_eq!(hostile[0]["location"]["path"], ".github/workflows/a b,c:d%.yml");
}

#[test]
fn sarif() {
    for folder in [two(), hostile(), Folder::repository(&[(WORKFLOW, "on: push\n")])] {
        validate("sarif-2.1.0-results.json", &json(&folder, "sarif"));
    }
    let mut log = json(&two(), "sarif");
    let run = &mut log["runs"][0];
    // Where a rule stands among the others changes with each new one.
    let rules = run["tool"]["driver"]["rules"].clone();
    for result in run["results"].as_array_mut().unwrap() {
        let index = result.as_object_mut().unwrap().remove("ruleIndex").unwrap();
        let index = usize::try_from(index.as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let run = &log["runs"][0];
    insta::assert_snapshot!(serde_json::to_string_pretty(&run["results"]).unwrap(), @r#"
    [
      {
        "level": "error",
        "locations": [
          {
            "logicalLocations": [
              {
                "fullyQualifiedName": "job build, step 1"
              }
            ],
            "physicalLocation": {
              "artifactLocation": {
                "uri": ".github/workflows/ci.yml"
              },
              "region": {
                "startColumn": 16,
                "startLine": 9
              }
            }
          }
        ],
        "message": {
          "text": "job build, step 1: each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it\n  mod-${{ github.run_id }}\nfix: restore-keys: mod-"
        },
        "partialFingerprints": {
          "goaudit/v1": "0a6fe4260ca30ce7bda90d21ae213553",
          "primaryLocationLineHash": "0a6fe4260ca30ce7bda90d21ae213553:1"
        },
        "ruleId": "cache-key-volatile"
      },
      {
        "level": "warning",
        "locations": [
          {
            "logicalLocations": [
              {
                "fullyQualifiedName": "job build, step 2"
              }
            ],
            "physicalLocation": {
              "artifactLocation": {
                "uri": ".github/workflows/ci.yml"
              },
              "region": {
                "startColumn": 16,
                "startLine": 13
              }
            }
          }
        ],
        "message": {
          "text": "job build, step 2: there is no restore key: each change of the hashed files starts from an empty cache\n  go-${{ hashFiles('go.sum') }}\nfix: restore-keys: go-"
        },
        "partialFingerprints": {
          "goaudit/v1": "ef0f84a4a6a1b3d7f339766be3d09be9",
          "primaryLocationLineHash": "ef0f84a4a6a1b3d7f339766be3d09be9:1"
        },
        "ruleId": "cache-no-restore-keys"
      }
    ]
    "#);
}

/// The line of a result is that of the key, by a count that goaudit did not make.
#[test]
fn sarif_regions_are_counted_from_one() {
    let log = json(&two(), "sarif");
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    let (before, _) = TWO.split_once("mod-$").unwrap();
    assert_eq!(region["startLine"], 1 + before.matches('\n').count());
    assert_eq!(region["startColumn"], 1 + before.rsplit('\n').next().unwrap().chars().count());
}

fn fingerprints(text: &str) -> Vec<String> {
    let issues = json(&Folder::repository(&[(WORKFLOW, text)]), "gitlab");
    let print = |issue: &Value| issue["fingerprint"].as_str().unwrap().to_owned();
    issues.as_array().unwrap().iter().map(print).collect()
}

#[test]
fn fingerprints_stay_when_lines_move_and_change_with_their_text() {
    let before = fingerprints(TWO);
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1]);
    let moved = format!("# a comment\n\n{}", TWO.replace("key: mod", "key:   mod"));
    assert_eq!(fingerprints(&moved), before);
    let changed = fingerprints(&TWO.replace("mod-$", "other-$"));
    assert_ne!(changed[0], before[0]);
    assert_eq!(changed[1], before[1]);
}

#[test]
fn findings_that_are_alike_have_fingerprints_of_their_own() {
    let step = TWO.split("    steps:\n").nth(1).unwrap();
    let step = step.split("      - ").nth(1).unwrap();
    let named = format!("      - name: same\n        {step}");
    let head = TWO.split("      - ").next().unwrap();
    let prints = fingerprints(&format!("{head}{named}{named}"));
    assert_eq!(prints.len(), 2);
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn junit() {
    insta::assert_snapshot!(
        report(&two(), "junit").lines().filter(|line| !line.ends_with("/>")).collect::<Vec<_>>().join("\n"),
        @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="goaudit" tests="53" failures="1" errors="0">
      <testsuite name="goaudit, policy default" tests="53" failures="1" errors="0">
        <testcase classname="goaudit.cache-key-volatile" name=".github/workflows/ci.yml:9: job build, step 1" file=".github/workflows/ci.yml" line="9">
          <failure type="cache-key-volatile" message="each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it">job build, step 1: each run saves this cache under a key of its own and none restores it: `github.run_id` is another one each time and no restore key ends before it&#10;  mod-${{ github.run_id }}&#10;fix: restore-keys: mod-</failure>
        </testcase>
        <testcase classname="goaudit.cache-no-restore-keys" name=".github/workflows/ci.yml:13: job build, step 2" file=".github/workflows/ci.yml" line="13">
          <system-out>job build, step 2: there is no restore key: each change of the hashed files starts from an empty cache&#10;  go-${{ hashFiles('go.sum') }}&#10;fix: restore-keys: go-</system-out>
        </testcase>
        <system-out>the policy is broken: 1 error, 1 warning</system-out>
      </testsuite>
    </testsuites>
    "#
    );
    let hostile = report(&hostile(), "junit");
    assert!(!hostile.contains("]]>"), "{hostile}");
    // Each tag that opens also closes, and no other is there.
    for tag in ["testsuites", "testsuite", "failure", "system-out"] {
        let opened = hostile.matches(&format!("<{tag} ")).count()
            + hostile.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, hostile.matches(&format!("</{tag}>")).count(), "{tag}: {hostile}");
    }
    let tests: usize =
        hostile.split("tests=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert_eq!(hostile.matches("<testcase ").count(), tests);
    assert_eq!(hostile.matches("<failure ").count(), 1);
}

#[test]
fn markdown() {
    insta::assert_snapshot!(report(&two(), "markdown"), @r#"
    ## goaudit: the policy is broken: 1 error, 1 warning

    Judged by `default`.

    | | rule | where | what |
    | --- | --- | --- | --- |
    | ❌ error | `cache-key-volatile` | `.github/workflows/ci.yml:9:16` job build, step 1 | each run saves this cache under a key of its own and none restores it: \`github.run\_id\` is another one each time and no restore key ends before it |
    | ⚠️ warning | `cache-no-restore-keys` | `.github/workflows/ci.yml:13:16` job build, step 2 | there is no restore key: each change of the hashed files starts from an empty cache |

    <details><summary>fix cache-key-volatile: .github/workflows/ci.yml:9</summary>

    `mod-${{ github.run_id }}`

    restore-keys: mod-

    </details>

    <details><summary>fix cache-no-restore-keys: .github/workflows/ci.yml:13</summary>

    `go-${{ hashFiles('go.sum') }}`

    restore-keys: go-

    </details>

    **Not looked at**

    - the build: only files were read
    "#);
    insta::assert_snapshot!(report(&hostile(), "markdown"), @r#"
    ## goaudit: the policy is broken: 1 error

    Judged by `default`.

    | | rule | where | what |
    | --- | --- | --- | --- |
    | ❌ error | `cache-key-volatile` | `.github/workflows/a b,c:d%.yml:10:16` job b,u:i%ld, step "a\]\]&gt;  ::error file=x::b%0A,c:  \[2J\u{202e}  ￾ &lt;/failure&gt; " \| \`d\` \@all" | each run saves this cache under a key of its own and none restores it: \`github.run\_id\` is another one each time and no restore key ends before it |

    <details><summary>fix cache-key-volatile: .github/workflows/a b,c:d%.yml:10</summary>

    `go-]]>::%0A ::error::x  [31m ${{ github.run_id }}`

    ```
    restore-keys: go-]]>::%0A
    \u{3a}:error::x \u{1b}[31m 
    ```

    </details>

    **Not looked at**

    - the build: only files were read
    "#);
}

/// Paths are those of the repository, wherever in it the audited folder is.
#[test]
fn a_folder_below_the_top_of_the_repository() {
    let folder = Folder::repository(&[(&format!("services/a/{WORKFLOW}"), TWO)]);
    let text = stdout(&folder.lint(&["--format", "github", "services/a"]));
    assert!(text.contains("file=services/a/.github/workflows/ci.yml,line=9"), "{text}");
    let text = stdout(&folder.lint(&["services/a"]));
    assert!(text.contains("  .github/workflows/ci.yml:9:16"), "{text}");
}
