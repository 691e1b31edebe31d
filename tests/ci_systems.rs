//! CI files of all systems through the command line: found by themselves, read through
//! what they include, and refused one by one.
#![expect(clippy::unwrap_used, reason = "tests run goaudit in folders")]

mod folder;

use std::path::Path;

use folder::{Folder, goaudit};
use serde_json::Value;

fn findings(folder: &Folder) -> Vec<String> {
    let dir = folder.path().to_str().unwrap();
    let args = ["check", "--depth", "text", "--format", "json", dir];
    let output = goaudit(Path::new(env!("CARGO_MANIFEST_DIR")), &args);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|f| {
        let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}:{}", text("rule"), text("path"), f["line"])
    })
    .collect()
}

const GITLAB: &str = "include: /ci/*.yml\nbuild: {extends: .go, script: go build}\n";
const INCLUDED: &str = "include: [/ci/go.yml, /.gitlab-ci.yml]\n.go:\n  image: golang\n  cache:\n    \
                        key: $CI_COMMIT_SHA\n    paths: [.go/pkg/mod]\n";

#[test]
fn files_are_found_through_what_includes_them() {
    let azure = "extends: {template: build/jobs.yml}\n";
    let template = "steps:\n- task: GoTool@0\n  inputs: {version: latest}\n";
    let files = [
        (".gitlab-ci.yml", GITLAB),
        ("ci/go.yml", INCLUDED),
        ("ci/broken.yml", "a: [\n"),
        ("azure-pipelines.yml", azure),
        ("build/jobs.yml", template),
        ("build/not-used.yml", "a: [\n"),
        (
            ".buildkite/pipeline.yml",
            "steps: [{command: x, plugins: [{docker#v1: {image: golang}}]}]\n",
        ),
        (
            ".circleci/config.yml",
            "jobs: {build: {docker: [{image: 'golang:latest'}], steps: []}}\n",
        ),
        (".drone.yml", "steps: [{image: golang, commands: [x]}]\n"),
        (".woodpecker/a.yaml", "steps: [{image: golang, commands: [x]}]\n"),
        ("deploy/cloudbuild.yaml", "steps: [{name: golang, args: [go]}]\n"),
        ("vendor/x/cloudbuild.yaml", "steps: [{name: golang, args: [go]}]\n"),
    ];
    let folder = Folder::repository(&files);
    insta::assert_snapshot!(findings(&folder).join("\n"), @r#"
    cache-key-volatile ci/go.yml:5
    file-not-read ci/broken.yml:1
    unpinned-toolchain .buildkite/pipeline.yml:1
    unpinned-toolchain .circleci/config.yml:1
    unpinned-toolchain .drone.yml:1
    unpinned-toolchain .woodpecker/a.yaml:1
    unpinned-toolchain build/jobs.yml:2
    unpinned-toolchain ci/go.yml:3
    unpinned-toolchain deploy/cloudbuild.yaml:1
    "#);
}

/// Without git only the places where CI systems look are read.
#[test]
fn files_are_found_without_git() {
    let files = [
        (".gitlab-ci.yml", "build: {image: golang, script: x}\n"),
        (".circleci/config.yml", "jobs: {build: {docker: [{image: golang}], steps: []}}\n"),
        ("cloudbuild.yaml", "steps: [{name: golang, args: [go]}]\n"),
        ("deep/cloudbuild.yaml", "steps: [{name: golang, args: [go]}]\n"),
    ];
    let folder = Folder::new(&files);
    insta::assert_snapshot!(findings(&folder).join("\n"), @r#"
    unpinned-toolchain .circleci/config.yml:1
    unpinned-toolchain .gitlab-ci.yml:1
    unpinned-toolchain cloudbuild.yaml:1
    "#);
}

/// One finding a file, all others audited, whatever a file holds.
#[test]
fn bad_files_of_every_system_are_refused_one_by_one() {
    let bomb: String = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let before = level - 1;
        format!("{text}a{level}: &a{level} [{}]\n", format!("*a{before}, ").repeat(9))
    });
    let keys: String = (0..30_000).map(|key| format!("  k{key}: v\n")).collect();
    let merges = format!("a: &a\n{keys}b:\n{}", "- {<<: *a}\n".repeat(30_000));
    let bad = [
        "a: [\n".to_owned(),
        "\0\u{1}binary".to_owned(),
        "[".repeat(100_000),
        format!("steps: *a39\njobs: *a39\n{bomb}"),
        merges,
        "x".repeat(3 << 20),
        "script: !reference [script]\nsteps: [*gone, 1, [], {}]\njobs: {build: *gone}\n".to_owned(),
    ];
    let roots = [
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        "azure-pipelines.yml",
        ".buildkite/pipeline.yml",
        ".drone.yml",
        ".woodpecker.yml",
        "cloudbuild.yaml",
    ];
    for (index, text) in bad.iter().enumerate() {
        for root in roots {
            let other = if root == ".drone.yml" { ".woodpecker.yml" } else { ".drone.yml" };
            let good = "steps: [{image: golang, commands: [x]}]\n";
            let folder = Folder::new(&[(root, text), (other, good)]);
            let found = findings(&folder);
            let unread: Vec<_> = found.iter().filter(|f| f.starts_with("file-not-read")).collect();
            assert!(
                unread.len() <= 1 && (index > 2 || unread.len() == 1),
                "{root} {index}: {found:?}"
            );
            let of_good = format!("unpinned-toolchain {other}:1");
            assert!(found.contains(&of_good), "{root} {index}: {found:?}");
        }
    }
}
