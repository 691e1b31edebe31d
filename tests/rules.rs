//! Every rule about files against every fixture, and the claims that hold for all rules.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read fixtures")]

mod cases;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cases::{children, repository};
use goaudit::config::{Repository, SourceFile};
use goaudit::finding::Finding;
use goaudit::rules::{self, Check, RULES};

fn fixture(case: &str) -> Vec<Finding> {
    rules::check_files(&repository(&cases::path(case)))
}

/// A rule that fires on another rule's fixture shows here, as a changed line.
#[test]
fn every_files_rule_on_every_fixture() {
    let mut matrix = String::new();
    for case in cases::all() {
        let name = case.strip_prefix(cases::path("")).unwrap().display().to_string();
        let findings = fixture(&name);
        let fired: BTreeSet<_> = findings.iter().map(|finding| finding.rule).collect();
        let fired: String = fired.into_iter().map(|rule| format!(" {rule}")).collect();
        matrix += &format!("{name}:{fired}\n");
    }
    insta::assert_snapshot!("every_rule_on_every_fixture", matrix);
}

/// What the matrix shows is also what the names of the cases promise.
#[test]
fn fires_and_quiet_mean_what_they_say() {
    for rule in RULES.iter().filter(|rule| rule.is_about_files()) {
        for kind in ["fires", "quiet"] {
            let dir = cases::path(rule.id).join(kind);
            assert!(dir.is_dir(), "{} has no fixtures `{kind}`", rule.id);
            for case in children(&dir) {
                let findings = rules::check_files(&repository(&case));
                let fired = findings.iter().any(|finding| finding.rule == rule.id);
                assert_eq!(fired, kind == "fires", "{} on {}", rule.id, case.display());
            }
        }
    }
}

#[test]
fn every_rule_is_registered_and_explained() {
    let ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted_by(|first, second| first < second), "sorted and unique: {ids:?}");
    for rule in RULES {
        let is_kebab = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        assert!(rule.id.split('-').all(is_kebab), "{}", rule.id);
        assert!(!rule.summary.ends_with('.'), "{}", rule.id);
        let headings: Vec<_> =
            rule.explanation.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let expected =
            ["What it finds", "Why it matters", "What to do", "When to ignore it", "Source"];
        assert_eq!(headings, expected, "{}", rule.id);
    }
    let sources: BTreeSet<String> =
        children(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules"))
            .iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .filter(|path| fs::read_to_string(path).unwrap().contains("const RULE: Rule"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().replace('_', "-"))
            .collect();
    assert_eq!(sources, ids.iter().map(ToString::to_string).collect(), "files of src/rules");
}

#[test]
fn a_finding_in_full() {
    let mut findings = fixture("cache-key-no-toolchain/fires/go-sum-only");
    findings.truncate(1);
    insta::assert_debug_snapshot!(findings, @r#"
    [
        Finding {
            rule: "cache-key-no-toolchain",
            place: Some(
                Place {
                    path: ".github/workflows/ci.yml",
                    at: Some(
                        (
                            LineNumber(
                                17,
                            ),
                            ColumnNumber(
                                16,
                            ),
                        ),
                    ),
                },
            ),
            subject: "job build, step \"Cache\"",
            message: "no part of the key follows the Go version: after an upgrade the exact key still hits, brings objects of the old Go, and is never saved again",
            evidence: [
                "${{ runner.os }}-go-${{ hashFiles('**/go.sum') }}",
            ],
            fix: Some(
                "give the setup-go step `id: setup-go`\nkey: ${{ runner.os }}-go-${{ steps.setup-go.outputs.go-version }}-${{ hashFiles('**/go.sum') }}\nand the same in restore-keys",
            ),
            edits: [
                Edit {
                    path: ".github/workflows/ci.yml",
                    start: 104,
                    end: 104,
                    replacement: "id: setup-go\n        ",
                    safety: Unsafe,
                },
                Edit {
                    path: ".github/workflows/ci.yml",
                    start: 369,
                    end: 369,
                    replacement: "${{ steps.setup-go.outputs.go-version }}-",
                    safety: Unsafe,
                },
                Edit {
                    path: ".github/workflows/ci.yml",
                    start: 443,
                    end: 443,
                    replacement: "${{ steps.setup-go.outputs.go-version }}-",
                    safety: Unsafe,
                },
            ],
        },
    ]
    "#);
}

/// The fix of each case that fires: it is what a reader will paste.
#[test]
fn fixes() {
    let mut fixes = String::new();
    for rule in RULES.iter().filter(|rule| rule.is_about_files()) {
        for case in children(&cases::path(rule.id).join("fires")) {
            for finding in rules::check_files(&repository(&case)) {
                if finding.rule == rule.id {
                    let name = case.file_name().unwrap().to_str().unwrap();
                    let fix = finding.fix.unwrap().replace('\n', "; ");
                    fixes += &format!("{name}: {}: {fix}\n", finding.subject);
                }
            }
        }
    }
    insta::assert_snapshot!("fixes", fixes);
}

/// Whether a fix does what it says: with its lines in place of the key, the rule is quiet.
#[test]
fn a_file_with_its_fix_is_quiet() {
    let mut mended = 0;
    for rule in RULES
        .iter()
        .filter(|rule| rule.id.starts_with("cache-") && matches!(rule.check, Check::Files(_)))
    {
        for case in children(&cases::path(rule.id).join("fires")) {
            let repository = repository(&case);
            for finding in rules::check_files(&repository) {
                let (place, fix) = (finding.place.unwrap(), finding.fix.unwrap());
                let index = place.at.unwrap().0.get() as usize - 1;
                let mut files = repository.files().to_vec();
                let file = files.iter_mut().find(|file| file.path == place.path).unwrap();
                let mut lines: Vec<_> = file.text.lines().map(str::to_owned).collect();
                let Some((indent, _)) = lines[index].split_once("key: ") else { continue };
                let wanted =
                    |line: &&str| line.starts_with("key: ") || line.starts_with("restore-keys: ");
                let mut new: Vec<_> =
                    fix.lines().filter(wanted).map(|line| format!("{indent}{line}")).collect();
                if new.is_empty() {
                    continue;
                }
                if !new[0].trim_start().starts_with("key: ") {
                    new.insert(0, lines[index].clone());
                }
                lines.splice(index..=index, new);
                file.text = lines.join("\n");
                let findings = rules::check_files(&Repository::new(files, Vec::new()));
                let is_same =
                    |found: &Finding| found.rule == rule.id && found.subject == finding.subject;
                assert!(!findings.iter().any(is_same), "{}: {fix}", case.display());
                mended += 1;
            }
        }
    }
    assert!(mended >= 10, "only {mended} fixes were tried");
}

/// The line and column in a finding are those of the key, by a search that goaudit did not make.
#[test]
fn a_finding_points_at_the_value_of_the_key() {
    for (case, file) in [
        ("cache-key-no-toolchain/fires/go-sum-only", ".github/workflows/ci.yml"),
        ("cache-no-restore-keys/fires/crlf-and-byte-order-mark", ".github/workflows/ci.yml"),
        ("cache-key-volatile/fires/through-an-action", ".github/actions/cache/action.yml"),
    ] {
        let findings = fixture(case);
        let text = fs::read_to_string(cases::path(case).join(file)).unwrap();
        let (before, _) = text.split_once(" key: ").unwrap();
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap().chars().count() + " key: ".len();
        let place = findings.first().unwrap().place.clone().unwrap();
        let (found_line, found_column) = place.at.unwrap();
        assert_eq!(place.path, file);
        assert_eq!(
            (found_line.get() as usize, found_column.get() as usize),
            (line, column),
            "{case}"
        );
    }
}

/// Where each finding of a rule is in a case, as `path:line:column: subject`.
fn places(rule: &str, case: &str) -> Vec<String> {
    let findings = fixture(&format!("{rule}/fires/{case}"));
    let own = findings.iter().filter(|finding| finding.rule == rule);
    own.map(|finding| {
        let place = finding.place.as_ref().unwrap();
        let (line, column) = place.at.unwrap();
        format!("{}:{}:{}: {}", place.path, line.get(), column.get(), finding.subject)
    })
    .collect()
}

/// Not at the build that a template stands in, nor at the makefile that an image calls, nor at
/// another job that sets the same flag.
#[test]
fn a_finding_points_at_what_is_wrong() {
    assert_eq!(
        places("volatile-ldflags", "goreleaser-block"),
        [".goreleaser.yaml:8:20: .goreleaser.yaml, build ages"]
    );
    assert_eq!(
        places("stray-a", "parameters-of-ci-systems"),
        [
            ".circleci/config.yml:15:64: job build, step \"Compile\"",
            ".gitlab-ci.yml:9:46: job build, script",
            "azure-pipelines.yml:7:48: steps, step 2",
        ]
    );
    assert_eq!(
        places("docker-no-cache-mount", "through-make"),
        ["Dockerfile:6:5: Dockerfile, stage build"]
    );
    assert_eq!(
        places("mod-mod", "jobs-and-vendor"),
        [
            ".github/workflows/build.yml:8:29: Makefile, target ages",
            ".github/workflows/build.yml:15:29: Makefile, target years",
            "Makefile:8:9: Makefile, target example",
        ]
    );
    assert_eq!(
        places("cache-path-mismatch", "listed-with-modules"),
        [".github/workflows/build.yml:10:13: job build, step 2"]
    );
}

/// A restore key in a block scalar is at its own line.
#[test]
fn restore_keys_know_their_lines() {
    let dir = cases::path("cache-key-volatile/fires/restore-key-holds-it-too");
    let repository = repository(&dir);
    let text = fs::read_to_string(dir.join(".github/workflows/ci.yml")).unwrap();
    let caches: Vec<_> = repository.caches().collect();
    for key in &caches[0].cache.restore_keys {
        let lines: Vec<_> = text.lines().collect();
        let (line, column) = key.place.at.unwrap();
        let line = lines[line.get() as usize - 1];
        assert_eq!(line.get(column.get() as usize - 1..), Some(key.text.as_str()));
    }
    assert_eq!(caches[0].cache.restore_keys.len(), 2);
}

/// Whether the same bytes come out when the files go in another order.
#[test]
fn the_order_of_the_files_does_not_matter() {
    let dir = cases::path("cache-no-restore-keys/fires/called-workflow");
    let repository = repository(&dir);
    let reversed: Vec<_> = repository.files().iter().rev().cloned().collect();
    let reversed = Repository::new(reversed, Vec::new());
    assert_eq!(rules::check_files(&repository), rules::check_files(&reversed));
}

/// The first block of code in a text, and its language.
fn cure(explanation: &'static str) -> Option<(&'static str, String)> {
    let (_, rest) = explanation.split_once("\n```")?;
    let (language, rest) = rest.split_once('\n')?;
    let (code, _) = rest.split_once("```")?;
    Some((language, code.replace('…', "./...")))
}

fn indented(code: &str, by: usize) -> String {
    code.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

/// A workflow in which a cure may stand as what it is: triggers, a step, or inputs of one.
fn workflow(code: &str) -> String {
    const KEY: &str = "key: go-${{ runner.os }}-${{ hashFiles('**/go.sum') }}\n";
    let (triggers, step, inputs, setup) = match code.split([':', ' ']).next() {
        Some("on") => (code, String::new(), KEY, ""),
        Some("-") => ("on: push\n", indented(code, 6), KEY, ""),
        Some("cache-dependency-path") => ("on: push\n", String::new(), KEY, code),
        _ => ("on: push\n", String::new(), code, ""),
    };
    // A cure that caches by itself stands in the place of setup-go's cache and of this one.
    let (setup, cache) = match code.contains("uses: actions/cache") {
        true => ("cache: false", String::new()),
        false => {
            let inputs = match inputs.starts_with("path:") {
                true => format!("{inputs}{KEY}"),
                false => format!("path: |\n  ~/.cache/go-build\n  ~/go/pkg/mod\n{inputs}"),
            };
            let with = indented(&inputs, 10);
            (setup, format!("      - uses: actions/cache@v4\n        with:\n{with}"))
        }
    };
    format!(
        "{triggers}jobs:\n  build:\n    strategy:\n      matrix:\n        os: [ubuntu-24.04, macos-15]\n    \
         runs-on: ${{{{ matrix.os }}}}\n    steps:\n      - uses: actions/checkout@v4\n      \
         - uses: actions/setup-go@v5\n        id: setup-go\n        with:\n          go-version: 1.25.5\n{}{step}\
         {cache}      - run: go build ./...\n",
        indented(setup, 10),
    )
}

/// Whoever pastes what a text advises is rid of the finding.
#[test]
fn the_cure_in_a_text_is_quiet() {
    let mut cured = 0;
    for rule in RULES.iter().filter(|rule| rule.is_about_files()) {
        let Some((language, code)) = cure(rule.explanation) else { continue };
        let (path, text) = match language {
            "dockerfile" => ("Dockerfile", format!("FROM golang:1.25.5\nWORKDIR /src\n{code}")),
            "make" => ("Makefile", code),
            _ if code.starts_with("variables") => (
                ".gitlab-ci.yml",
                format!("image: golang:1.25.5\n{code}test: {{script: go test}}\n"),
            ),
            _ => (".github/workflows/ci.yml", workflow(&code)),
        };
        let names = ["go.mod", "go.sum", "main.go", path].map(str::to_owned);
        let file = SourceFile { path: path.to_owned(), text };
        let repository = Repository::new(vec![file.clone()], names.to_vec());
        assert_eq!(repository.unread().count(), 0, "{}\n{}", rule.id, file.text);
        let is_read = !repository.go_commands().is_empty();
        assert!(is_read, "{}\n{}", rule.id, file.text);
        let findings = rules::check_files(&repository);
        let fired = findings.iter().find(|finding| finding.rule == rule.id);
        assert!(fired.is_none(), "{fired:#?}\n{}", file.text);
        cured += 1;
    }
    assert!(cured >= 13, "{cured}");
}
