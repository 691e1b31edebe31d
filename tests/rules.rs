//! Every rule about files against every fixture, and the claims that hold for all rules.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read fixtures")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use goaudit::config::{Repository, SourceFile};
use goaudit::finding::Finding;
use goaudit::rules::{self, Check, RULES, Rule};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn children(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// All files below a directory as a repository.
fn repository(dir: &Path) -> Repository {
    let mut files = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(children(&path));
        } else {
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(SourceFile { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    let paths = files.iter().map(|file| file.path.clone()).collect();
    Repository::new(files, paths)
}

fn reads_files(rule: &Rule) -> bool {
    matches!(rule.check, Check::Files(_) | Check::Both(..))
}

fn fixture(case: &str) -> Vec<Finding> {
    rules::check_files(&repository(&root("fixtures/rules").join(case)))
}

/// A rule that fires on another rule's fixture shows here, as a changed line.
#[test]
#[expect(clippy::too_many_lines, reason = "one line a case")]
fn every_files_rule_on_every_fixture() {
    let mut matrix = String::new();
    for rule in children(&root("fixtures/rules")).iter().filter(|path| path.is_dir()) {
        for case in children(rule).iter().flat_map(|kind| children(kind)) {
            let name = case.strip_prefix(root("fixtures/rules")).unwrap().display().to_string();
            let findings = fixture(&name);
            let fired: BTreeSet<_> = findings.iter().map(|finding| finding.rule).collect();
            let fired: String = fired.into_iter().map(|rule| format!(" {rule}")).collect();
            matrix += &format!("{name}:{fired}\n");
        }
    }
    insta::assert_snapshot!(matrix, @r#"
    cache-dependency-path-missing/fires/checked-out-into-a-folder: cache-dependency-path-missing
    cache-dependency-path-missing/fires/module-in-a-folder: cache-dependency-path-missing
    cache-dependency-path-missing/fires/no-sum-before-six: cache-dependency-path-missing
    cache-dependency-path-missing/fires/pattern-of-nothing: cache-dependency-path-missing
    cache-dependency-path-missing/quiet/found:
    cache-dependency-path-missing/quiet/no-module-or-made:
    cache-dependency-path-missing/quiet/patterns-and-folders: double-setup-go
    cache-key-constant/fires/circleci-and-buildkite: cache-key-constant
    cache-key-constant/fires/system-only: cache-key-constant
    cache-key-constant/quiet/changes:
    cache-key-constant/quiet/written-anew:
    cache-key-hash-empty/fires/before-checkout: cache-key-hash-empty
    cache-key-hash-empty/fires/gitlab: cache-key-hash-empty
    cache-key-hash-empty/fires/wrong-name: cache-key-hash-empty
    cache-key-hash-empty/quiet/found-made-or-elsewhere:
    cache-key-invalid/fires/comma: cache-key-invalid
    cache-key-invalid/quiet/comma-in-an-expression:
    cache-key-no-deps/fires/branch-only: cache-key-no-deps
    cache-key-no-deps/quiet/deps-or-unknown:
    cache-key-no-deps/quiet/written-anew:
    cache-key-no-platform/fires/two-systems: cache-key-no-platform
    cache-key-no-platform/quiet/one-system-or-told:
    cache-key-no-toolchain/fires/azure-sum-only: cache-key-no-toolchain
    cache-key-no-toolchain/fires/buildkite-manifest: cache-key-no-toolchain
    cache-key-no-toolchain/fires/circleci-sum-only: cache-key-no-toolchain
    cache-key-no-toolchain/fires/go-mod-is-not-the-source: cache-key-no-toolchain
    cache-key-no-toolchain/fires/go-sum-only: cache-key-no-toolchain unpinned-toolchain
    cache-key-no-toolchain/fires/matrix-of-targets: cache-key-no-toolchain
    cache-key-no-toolchain/fires/version-of-the-image: cache-key-no-toolchain
    cache-key-no-toolchain/quiet/action-with-inputs:
    cache-key-no-toolchain/quiet/azure-set-by-a-script:
    cache-key-no-toolchain/quiet/azure-variable:
    cache-key-no-toolchain/quiet/buildkite-key-extra:
    cache-key-no-toolchain/quiet/circleci-matrix-and-checksum:
    cache-key-no-toolchain/quiet/env-of-the-step: unpinned-toolchain
    cache-key-no-toolchain/quiet/gitlab-is-saved-again:
    cache-key-no-toolchain/quiet/hash-of-the-version-file: unpinned-toolchain
    cache-key-no-toolchain/quiet/image-of-the-container:
    cache-key-no-toolchain/quiet/matrix-from-elsewhere:
    cache-key-no-toolchain/quiet/matrix-of-versions:
    cache-key-no-toolchain/quiet/modules-only:
    cache-key-no-toolchain/quiet/opaque-part:
    cache-key-no-toolchain/quiet/output-of-setup-go: unpinned-toolchain
    cache-key-no-toolchain/quiet/rolling-key:
    cache-key-no-toolchain/quiet/version-asked-of-the-image:
    cache-key-no-toolchain/quiet/version-from-a-script:
    cache-key-no-toolchain/quiet/version-from-env:
    cache-key-no-toolchain/quiet/version-in-github-env:
    cache-key-no-toolchain/quiet/version-written-out:
    cache-key-volatile/fires/azure-build-id: cache-key-volatile
    cache-key-volatile/fires/circleci-revision: cache-key-volatile
    cache-key-volatile/fires/commit-in-key: cache-key-volatile
    cache-key-volatile/fires/drone-commit: cache-key-volatile
    cache-key-volatile/fires/gitlab-commit: cache-key-volatile
    cache-key-volatile/fires/gitlab-through-extends: cache-key-volatile
    cache-key-volatile/fires/restore-key-holds-it-too: cache-key-volatile
    cache-key-volatile/fires/through-an-action: cache-key-volatile
    cache-key-volatile/fires/time-from-a-step: cache-key-volatile
    cache-key-volatile/quiet/azure-restore-keys:
    cache-key-volatile/quiet/circleci-prefix:
    cache-key-volatile/quiet/gitlab-hand-off-and-branch:
    cache-key-volatile/quiet/gitlab-replaced-and-unknown:
    cache-key-volatile/quiet/hand-off-between-jobs:
    cache-key-volatile/quiet/hand-off-of-the-key:
    cache-key-volatile/quiet/lookup-only:
    cache-key-volatile/quiet/no-go-path:
    cache-key-volatile/quiet/only-called-from-elsewhere:
    cache-key-volatile/quiet/parts-that-cannot-be-told:
    cache-key-volatile/quiet/rolling-key:
    cache-key-volatile/quiet/saved-here-restored-there: cache-key-no-toolchain
    cache-key-volatile/quiet/woodpecker-branch: cache-restore-without-save
    cache-no-restore-keys/fires/anchor-used-twice: cache-no-restore-keys
    cache-no-restore-keys/fires/azure-exact-key: cache-no-restore-keys
    cache-no-restore-keys/fires/buildkite-file-only: cache-no-restore-keys
    cache-no-restore-keys/fires/called-workflow: cache-no-restore-keys
    cache-no-restore-keys/fires/circleci-exact-key: cache-no-restore-keys
    cache-no-restore-keys/fires/crlf-and-byte-order-mark: cache-no-restore-keys
    cache-no-restore-keys/fires/exact-key-only: cache-no-restore-keys
    cache-no-restore-keys/fires/gitlab-key-files: cache-no-restore-keys
    cache-no-restore-keys/fires/gitlab-reference-and-child: cache-no-restore-keys
    cache-no-restore-keys/quiet/circleci-saved-before-and-orb:
    cache-no-restore-keys/quiet/crlf-and-byte-order-mark:
    cache-no-restore-keys/quiet/drone-has-none: cache-restore-without-save
    cache-no-restore-keys/quiet/gitlab-fallback:
    cache-no-restore-keys/quiet/key-handed-over: cache-restore-without-save
    cache-no-restore-keys/quiet/merge-key:
    cache-no-restore-keys/quiet/restore-keys-from-an-input:
    cache-no-restore-keys/quiet/save-only-and-lookup-only:
    cache-no-restore-keys/quiet/saved-by-the-job-before:
    cache-path-mismatch/fires/circleci: cache-path-mismatch
    cache-path-mismatch/fires/systems: cache-path-mismatch
    cache-path-mismatch/quiet/set-asked-or-listed:
    cache-path-outside-project/fires/gopath-of-the-image: cache-path-outside-project
    cache-path-outside-project/quiet/in-the-project:
    cache-path-too-broad/fires/circleci: cache-path-too-broad
    cache-path-too-broad/fires/home-and-go: cache-path-too-broad
    cache-path-too-broad/quiet/narrow-or-not-go:
    cache-pr-scope-only/fires/pull-requests: cache-pr-scope-only
    cache-pr-scope-only/quiet/target:
    cache-pr-scope-only/quiet/warmed:
    cache-restore-without-save/fires/each-system: cache-restore-without-save restore-key-dead
    cache-restore-without-save/quiet/saved-by-another-workflow:
    cache-restore-without-save/quiet/saved-somewhere:
    cache-version-mismatch/fires/other-order: cache-version-mismatch
    cache-version-mismatch/quiet/same-or-unknown:
    double-cache/fires/default-and-own: double-cache
    double-cache/quiet/either-or:
    double-cache/quiet/off-or-not-operative:
    double-setup-go/fires/twice-and-scan: double-setup-go
    double-setup-go/quiet/one-of-two:
    file-not-read/fires/gitlab-include-broken: file-not-read
    file-not-read/fires/no-mapping: file-not-read
    file-not-read/fires/not-yaml: cache-no-restore-keys file-not-read
    file-not-read/fires/one-of-each-system: file-not-read unpinned-toolchain
    file-not-read/quiet/circles:
    file-not-read/quiet/empty:
    file-not-read/quiet/files-of-others:
    file-not-read/quiet/several-documents:
    restore-key-dead/fires/gitlab-prefix: restore-key-dead
    restore-key-dead/fires/suffix-and-itself: restore-key-dead
    restore-key-dead/quiet/gitlab-default-branch:
    restore-key-dead/quiet/of-another-workflow:
    setup-go-before-checkout/fires/checkout-second: setup-go-before-checkout
    setup-go-before-checkout/fires/through-an-action: setup-go-before-checkout
    setup-go-before-checkout/quiet/brought-by-others:
    setup-go-before-checkout/quiet/checked-out-by-the-caller:
    setup-go-before-checkout/quiet/off-or-old:
    unpinned-toolchain/fires/azure-range: unpinned-toolchain
    unpinned-toolchain/fires/circleci-latest: unpinned-toolchain
    unpinned-toolchain/fires/github-stable: unpinned-toolchain
    unpinned-toolchain/fires/gitlab-default-image: unpinned-toolchain
    unpinned-toolchain/fires/images-of-steps: unpinned-toolchain
    unpinned-toolchain/quiet/matrix-of-versions:
    unpinned-toolchain/quiet/versions-and-unknown:
    "#);
}

/// What the matrix shows is also what the names of the cases promise.
#[test]
fn fires_and_quiet_mean_what_they_say() {
    for rule in RULES.iter().filter(|rule| reads_files(rule)) {
        for kind in ["fires", "quiet"] {
            let dir = root("fixtures/rules").join(rule.id).join(kind);
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
            rule.explanation.lines().filter(|line| line.starts_with("## ")).collect();
        let expected = ["## What it finds", "## Why it matters", "## What to do", "## Source"];
        assert_eq!(headings, expected, "{}", rule.id);
    }
    let sources: BTreeSet<String> = children(&root("src/rules"))
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
            subject: "job build, step \"Cache\"",
            message: "no part of the key follows the Go version: after an upgrade the exact key still hits, brings objects of the old Go, and is never saved again",
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
            evidence: [
                "${{ runner.os }}-go-${{ hashFiles('**/go.sum') }}",
            ],
            fix: Some(
                "give the setup-go step `id: setup-go`\nkey: ${{ runner.os }}-go-${{ steps.setup-go.outputs.go-version }}-${{ hashFiles('**/go.sum') }}\nand the same in restore-keys",
            ),
        },
    ]
    "#);
}

/// The fix of each case that fires: it is what a reader will paste.
#[test]
#[expect(clippy::too_many_lines, reason = "one line a case")]
fn fixes() {
    let mut fixes = String::new();
    for rule in RULES.iter().filter(|rule| reads_files(rule)) {
        for case in children(&root("fixtures/rules").join(rule.id).join("fires")) {
            for finding in rules::check_files(&repository(&case)) {
                if finding.rule == rule.id {
                    let name = case.file_name().unwrap().to_str().unwrap();
                    let fix = finding.fix.unwrap().replace('\n', "; ");
                    fixes += &format!("{name}: {}: {fix}\n", finding.subject);
                }
            }
        }
    }
    insta::assert_snapshot!(fixes, @r###"
    checked-out-into-a-folder: job build, step 2: cache-dependency-path: '**/go.sum'
    module-in-a-folder: job build, step 2: cache-dependency-path: '**/go.sum'
    no-sum-before-six: job build, step 2: cache-dependency-path: '**/go.mod'
    pattern-of-nothing: job build, step 2: cache-dependency-path: '**/go.sum'
    circleci-and-buildkite: job build, step 2: key: go-mod-{{ checksum "go.sum" }}
    circleci-and-buildkite: step 1, cache plugin: save: file, with `manifest: go.sum`; or force: true
    system-only: job build, step 2: key: ${{ runner.os }}-${{ env.VERSION }}-go-${{ hashFiles('**/go.sum') }}; restore-keys: ${{ runner.os }}-${{ env.VERSION }}-go-
    before-checkout: job build, step 1: move the checkout step before this one
    gitlab: job build, cache: name the file by its path: **/go.sum
    wrong-name: job build, step 2: name the file by its path: **/go.sum
    comma: job build, step 1: put `-` in place of the comma
    branch-only: job build, step 1: key: mod-${{ github.ref_name }}-${{ hashFiles('**/go.sum') }}; restore-keys: mod-${{ github.ref_name }}-
    two-systems: job test, step 1: key: ${{ runner.os }}-go1.25-${{ hashFiles('go.sum') }}; and the same in restore-keys
    azure-sum-only: job build, step 3: add a step before this one: script: echo "##vso[task.setvariable variable=goVersion]$(go env GOVERSION)"; key: go | "$(Agent.OS)" | "$(goVersion)" | go.sum; and the same in restoreKeys
    buildkite-manifest: step "build", cache plugin: key-extra: the Go version of the step's image
    circleci-sum-only: job build, step 4: add a step before this one and before restore_cache: run: go env GOVERSION > /tmp/go-version; key: build-{{ checksum "/tmp/go-version" }}-{{ checksum "go.sum" }}; and the same in restore_cache
    go-mod-is-not-the-source: job build, step 2: key: go-${{ steps.go.outputs.go-version }}-${{ hashFiles('go.mod', 'go.sum') }}; and the same in restore-keys
    go-sum-only: job build, step "Cache": give the setup-go step `id: setup-go`; key: ${{ runner.os }}-go-${{ steps.setup-go.outputs.go-version }}-${{ hashFiles('**/go.sum') }}; and the same in restore-keys
    matrix-of-targets: job build, step 2: add a step with `id: go` before this one: run: echo "version=$(go env GOVERSION)" >> "$GITHUB_OUTPUT"; key: go-${{ matrix.goos }}-${{ steps.go.outputs.version }}-${{ hashFiles('**/go.sum') }}; and the same in restore-keys
    version-of-the-image: job build, step 1: add a step with `id: go` before this one: run: echo "version=$(go env GOVERSION)" >> "$GITHUB_OUTPUT"; key: go-alpine-${{ steps.go.outputs.version }}-${{ hashFiles('go.mod', 'go.sum') }}; and the same in restore-keys
    azure-build-id: steps, step "Go build cache": restoreKeys: 'go | "$(Agent.OS)"'
    circleci-revision: job build, step 2: keys:;   - go-{{ .Revision }};   - go-
    commit-in-key: job build, step "Cache": restore-keys: ${{ runner.os }}-go-
    drone-commit: pipeline build, step "restore": cache_key: '{{ .Repo.Name }}'
    gitlab-commit: job build, cache: key: go-$CI_COMMIT_REF_SLUG; fallback_keys: [go-$CI_DEFAULT_BRANCH]
    gitlab-through-extends: job build, cache: key: go-$CI_COMMIT_REF_SLUG; fallback_keys: [go-$CI_DEFAULT_BRANCH]
    restore-key-holds-it-too: job build, step 1: restore-keys: go-
    through-an-action: action .github/actions/cache/action.yml, step "Save the build cache": restore it with a restore key that ends before that part, or drop the step
    time-from-a-step: job build, step "Cache": restore-keys: mod-
    anchor-used-twice: job build, step "Cache": restore-keys: mod-
    azure-exact-key: job unit, step 2: restoreKeys: 'mod | "$(Agent.OS)"'
    buildkite-file-only: step "test", cache plugin: restore: pipeline; save: [file, pipeline]; force: true
    called-workflow: job build, step 1: restore-keys: ${{ inputs.os }}-
    circleci-exact-key: job build, step 2: keys:;   - mod-{{ arch }}-{{ checksum "go.sum" }};   - mod-{{ arch }}-
    crlf-and-byte-order-mark: job build, step 1: restore-keys: go-1.25-
    exact-key-only: job bare, step 1: key: go-${{ hashFiles('**/go.sum') }}; restore-keys: go-
    exact-key-only: job build, step "Cache": restore-keys: ${{ runner.os }}-mod-
    gitlab-key-files: job build, cache: key: go-$CI_COMMIT_REF_SLUG; fallback_keys: [go-$CI_DEFAULT_BRANCH]
    gitlab-reference-and-child: job build $[[ inputs.stage ]], cache: key: go-$CI_COMMIT_REF_SLUG; fallback_keys: [go-$CI_DEFAULT_BRANCH]
    circleci: job image, step 1: path: /home/circleci/go/pkg/mod
    circleci: job machine, step 1: path: ~/go/pkg/mod, or what `go env GOMODCACHE` says
    systems: job container, step 1: path: /go/pkg/mod
    systems: job mac, step 1: path: ~/Library/Caches/go-build
    systems: job windows, step 1: path: ~\AppData\Local\go-build
    gopath-of-the-image: job build, cache: variables: {GOMODCACHE: $CI_PROJECT_DIR/.go/pkg/mod}; paths: [.go/pkg/mod]
    gopath-of-the-image: job build, cache: variables: {GOCACHE: $CI_PROJECT_DIR/.cache/go-build}; paths: [.cache/go-build]
    circleci: job build, step 1: cache ~/go/pkg/mod alone
    circleci: job build, step 2: cache ~/go/pkg/mod alone
    home-and-go: job build, step 1: cache ~/.cache/go-build alone
    home-and-go: job build, step 1: cache ~/go/pkg/mod alone
    pull-requests: job build, step 1: run the workflow on the default branch too: on: push: branches: [main]
    each-system: job build, cache: give one job `policy: pull-push`, or drop this cache
    each-system: job build, step 1: add a save_cache step with this key, or drop this step
    each-system: job build, step 1: save it in a workflow of the default branch, or drop this step
    other-order: job test, step 1: write the same lines in the same order into both
    default-and-own: job build, step 3: give setup-go `cache: false`, or drop this step
    twice-and-scan: job build, step 3: give this one `cache: false`, or drop it
    gitlab-include-broken: ci/broken.yml: mend the file, or leave it out of the audit
    no-mapping: .github/workflows/list.yml: mend the file, or leave it out of the audit
    not-yaml: .github/workflows/broken.yml: mend the file, or leave it out of the audit
    one-of-each-system: .buildkite/pipeline.yml: mend the file, or leave it out of the audit
    one-of-each-system: .circleci/config.yml: mend the file, or leave it out of the audit
    one-of-each-system: .drone.yml: mend the file, or leave it out of the audit
    one-of-each-system: .woodpecker/a.yml: mend the file, or leave it out of the audit
    one-of-each-system: azure-pipelines.yml: mend the file, or leave it out of the audit
    one-of-each-system: cloudbuild.json: mend the file, or leave it out of the audit
    gitlab-prefix: job build, cache: name the key of another branch: go-$CI_DEFAULT_BRANCH
    suffix-and-itself: job build, step 1: restore-keys: go-${{ runner.os }}-
    suffix-and-itself: job build, step 1: restore-keys: go-${{ runner.os }}-
    checkout-second: job build, step 1: move the checkout step before this one
    through-an-action: job build, step 1: move the checkout step before this one
    azure-range: steps, step 2: name a version, such as 1.25.5, or read it from go.mod
    circleci-latest: job build: name a version: cimg/go:1.25.5, the one that go.mod asks for
    github-stable: job build, step 2: name a version, such as 1.25.5, or read it from go.mod
    github-stable: job image: name a version: golang:1.25.5, the one that go.mod asks for
    gitlab-default-image: job build: name a version: docker.io/library/golang:1.25.5, the one that go.mod asks for
    images-of-steps: pipeline default, step "build": name a version: golang:1.25.5, the one that go.mod asks for
    images-of-steps: pipeline woodpecker, step "build": name a version: golang:1.25.5, the one that go.mod asks for
    images-of-steps: step 1: name a version: golang:1.25.5, the one that go.mod asks for
    images-of-steps: step 1: name a version: golang:1.25.5, the one that go.mod asks for
    "###);
}

/// Whether a fix does what it says: with its lines in place of the key, the rule is quiet.
#[test]
fn a_file_with_its_fix_is_quiet() {
    let mut mended = 0;
    for rule in RULES.iter().filter(|rule| rule.id.starts_with("cache-")) {
        for case in children(&root("fixtures/rules").join(rule.id).join("fires")) {
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
        let text = fs::read_to_string(root("fixtures/rules").join(case).join(file)).unwrap();
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

/// A restore key in a block scalar is at its own line.
#[test]
fn restore_keys_know_their_lines() {
    let dir = root("fixtures/rules/cache-key-volatile/fires/restore-key-holds-it-too");
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
    let dir = root("fixtures/rules/cache-no-restore-keys/fires/called-workflow");
    let repository = repository(&dir);
    let reversed: Vec<_> = repository.files().iter().rev().cloned().collect();
    let reversed = Repository::new(reversed, Vec::new());
    assert_eq!(rules::check_files(&repository), rules::check_files(&reversed));
}
