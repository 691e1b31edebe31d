//! What `--fix` leaves alone: no edit is better than a wrong one.

use goaudit::config::{Repository, SourceFile};
use goaudit::finding::Safety;
use goaudit::{mend, rules};

use crate::WORKFLOW;

fn repository(files: &[(&str, &str)]) -> Repository {
    let file =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).into(), text: (*text).into() };
    let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    Repository::new(files.iter().map(file).collect(), paths)
}

/// The rule has a finding in these files, and mending it changes this many of them.
#[track_caller]
fn assert_mends(rule: &str, files: &[(&str, &str)], up_to: Safety, changed: usize) {
    let repository = repository(files);
    let all = rules::check_files(&repository);
    let findings: Vec<_> = all.iter().filter(|finding| finding.rule == rule).collect();
    assert!(!findings.is_empty(), "{rule} is quiet: {files:?}");
    let mended = mend::mend(&repository, &findings, up_to);
    assert_eq!(mended.len(), changed, "{}", mend::patch(&mended));
}

#[track_caller]
fn assert_left(rule: &str, files: &[(&str, &str)]) {
    assert_mends(rule, files, Safety::Unsafe, 0);
}

fn steps(steps: &str) -> String {
    format!("on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n{steps}")
}

const MODULE: [(&str, &str); 2] = [("go.mod", "module example.com/app\n"), ("go.sum", "")];

#[test]
fn words_that_are_not_the_flag_alone() {
    for makefile in [
        "A = a\nbuild:\n\tgo build -$(A) .\n",
        "build:\n\tgo build \"-a\" .\n",
        "build:\n\tgo build '-'a .\n",
    ] {
        assert_left("stray-a", &[("Makefile", makefile)]);
    }
    for run in [
        "      - run: \"go build \\x2da .\"\n",
        "      - run: >-\n          go build\n          -a\n",
        "      - run: go build\n          -a\n",
        "      - run: go test ./...\n        env:\n          GOFLAGS: -a\n",
        "      - run: go test ./...\n        env: {GOFLAGS: -a}\n",
    ] {
        assert_left("stray-a", &[(WORKFLOW, &steps(run))]);
    }
    for dockerfile in [
        "FROM golang:1.26\nRUN [\"go\", \"build\", \"-a\", \".\"]\n",
        "FROM golang:1.26\nENV GOFLAGS -a\nRUN go build .\n",
        "# escape=`\nFROM golang:1.26\nRUN go build `\n  -a `\n  .\n",
    ] {
        assert_left("stray-a", &[("Dockerfile", dockerfile)]);
    }
    assert_left(
        "stray-a",
        &[(
            "cloudbuild.yaml",
            "steps:\n- name: golang\n  entrypoint: go\n  args: ['build', '-a', '.']\n",
        )],
    );
    let task = "version: '3'\nvars:\n  FLAGS: -a\ntasks:\n  build: go build {{.FLAGS}} .\n";
    assert_left("stray-a", &[("Taskfile.yml", task)]);
    let release = "version: 2\nbuilds:\n  - flags: [-trimpath, -a]\n";
    assert_left("stray-a", &[(".goreleaser.yml", release)]);
}

/// A variable may be used by more than the command that was found.
#[test]
fn a_flag_in_a_variable_is_not_safe() {
    let makefile = [("Makefile", "FLAGS = -v -a\nbuild:\n\tgo build $(FLAGS) .\n")];
    assert_mends("stray-a", &makefile, Safety::Safe, 0);
    assert_mends("stray-a", &makefile, Safety::Unsafe, 1);
    let run = "      - run: |\n          flags='-v -a'\n          go build $flags .\n";
    let workflow = steps(run);
    let script = [(WORKFLOW, workflow.as_str())];
    assert_mends("stray-a", &script, Safety::Safe, 0);
    assert_mends("stray-a", &script, Safety::Unsafe, 1);
}

#[test]
fn builds_whose_flags_are_elsewhere() {
    for build in [
        "builds:\n  - flags: [-v]\n",
        "builds:\n  - {id: app}\n",
        "x: &base\n  flags:\n    - -v\nbuilds:\n  - id: app\n    <<: *base\n",
        "builds:\n  - id: app\n    flags: -v\n",
        "project_name: app\n",
    ] {
        assert_left("missing-trimpath", &[(".goreleaser.yml", build)]);
    }
}

#[test]
fn steps_in_braces_with_anchors_or_of_another_file() {
    let first = "      - uses: actions/checkout@v5\n      - uses: actions/setup-go@v6\n";
    for second in [
        "      - {uses: actions/setup-go@v6, name: x}\n",
        "      - uses: actions/setup-go@v6\n        with: {go-version: '1.25'}\n",
        "      - &go\n        uses: actions/setup-go@v6\n        with: &with\n          go-version: '1.25'\n",
        "      - &go uses: actions/setup-go@v6\n",
        "      - uses: actions/setup-go@v6\n        with:\n          cache: ${{ true }}\n",
        "      - uses: actions/setup-go@v6\n        with:\n          <<: {go-version: '1.25'}\n",
    ] {
        let workflow = steps(&format!("{first}{second}"));
        // Some ways to write it are no YAML: those are no findings, either.
        let files = [&MODULE[..], &[(WORKFLOW, workflow.as_str())]].concat();
        let is_found = rules::check_files(&repository(&files))
            .iter()
            .any(|finding| finding.rule == "double-setup-go");
        if is_found {
            assert_left("double-setup-go", &files);
        }
    }
    let action = "runs:\n  using: composite\n  steps:\n    - uses: actions/setup-go@v6\n";
    let workflow = steps(&format!("{first}      - uses: ./.github/actions/go\n"));
    let path = ".github/actions/go/action.yml";
    let files = [&MODULE[..], &[(WORKFLOW, workflow.as_str()), (path, action)]].concat();
    assert_left("double-setup-go", &files);
}

#[test]
fn a_checkout_that_needs_what_comes_before_it() {
    let go = "      - uses: actions/setup-go@v6\n";
    let plain = "      - uses: actions/checkout@v5\n";
    let case = |before: &str, checkout: &str, safe: usize, all: usize| {
        let workflow = steps(&format!("{before}{checkout}"));
        let files = [&MODULE[..], &[(WORKFLOW, workflow.as_str())]].concat();
        assert_mends("setup-go-before-checkout", &files, Safety::Safe, safe);
        assert_mends("setup-go-before-checkout", &files, Safety::Unsafe, all);
    };
    case(go, plain, 1, 1);
    case(&format!("{go}      - run: sudo apt-get update\n"), plain, 0, 1);
    case(&format!("{go}      - uses: some/action@v1\n"), plain, 0, 1);
    case(go, &format!("{plain}        if: always()\n"), 0, 0);
    case(
        go,
        &format!("{plain}        with:\n          token: ${{{{ steps.app.outputs.token }}}}\n"),
        0,
        0,
    );
    case(go, "      - {uses: actions/checkout@v5}\n", 0, 0);
    case(go, &format!("{plain}        with:\n          path: src\n"), 0, 0);
    // Two steps that ask for it: it is moved once, before the first.
    let workflow = steps(&format!("{go}{go}{plain}      - run: go build .\n"));
    let files = [&MODULE[..], &[(WORKFLOW, workflow.as_str())]].concat();
    let repository = repository(&files);
    let all = rules::check_files(&repository);
    let mended = mend::mend(&repository, &all.iter().collect::<Vec<_>>(), Safety::Safe);
    let text = &mended.first().unwrap().after;
    assert_eq!(text.matches("actions/checkout").count(), 1, "{text}");
}

#[test]
fn images_that_need_more_than_the_module() {
    let dockerfile = "FROM golang:1.26\nWORKDIR /src\nCOPY . .\nRUN go build .\n";
    let rule = "docker-copy-before-download";
    let rest = |more: &[(&'static str, &'static str)]| [&MODULE[..], more].concat();
    fn files<'t>(text: &'t str, rest: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
        [&[("Dockerfile", text)], rest].concat()
    }
    assert_mends(rule, &files(dockerfile, &MODULE), Safety::Unsafe, 1);
    assert_mends(rule, &files(dockerfile, &MODULE), Safety::Safe, 0);
    for (from, to) in [
        ("COPY . .", "COPY --chown=go . ."),
        ("COPY . .", "COPY . /other"),
        ("COPY . .", "COPY . \\\n  ."),
        ("RUN go", "RUN --mount=type=secret,id=netrc go"),
        ("RUN go build .", "RUN if test -f x; then go build .; fi"),
    ] {
        let text = dockerfile.replace(from, to);
        assert_left(rule, &files(&text, &MODULE));
    }
    assert_left(rule, &files(dockerfile, &rest(&[("tools/go.mod", "module tools\n")])));
    assert_left(rule, &files(dockerfile, &rest(&[("go.work", "go 1.25\n")])));
}

#[test]
fn keys_that_are_not_what_is_written() {
    let cache = |key: &str| {
        steps(&format!(
            "      - uses: actions/checkout@v5\n      - uses: actions/cache@v4\n        with:\n          path: ~/go/pkg/mod\n          {key}\n"
        ))
    };
    for key in
        ["key: >-\n            go-mod", "key: \"go\\x2dmod\"", "key: &key go-mod", "{key: x}"]
    {
        let workflow = cache(key);
        let files = [&MODULE[..], &[(WORKFLOW, workflow.as_str())]].concat();
        if key.starts_with('k') {
            assert_left("cache-key-constant", &files);
        }
    }
    let workflow = cache("key: go-mod");
    // Nothing to hash.
    assert_left("cache-key-constant", &[("go.mod", "module x\n"), (WORKFLOW, &workflow)]);
    for key in ["key: a, b", "key: \"a\\x2c,b\"", "key: a,\n            b"] {
        assert_left("cache-key-invalid", &[(WORKFLOW, &cache(key))]);
    }
}

/// setup-go would cache what the job caches already.
#[test]
fn a_job_with_a_cache_of_its_own_gets_no_second_one() {
    let workflow = steps(
        "      - uses: actions/checkout@v5\n      - uses: actions/setup-go@v5\n      - uses: actions/cache@v4\n        with:\n          path: ~/go/pkg/mod\n          key: go-${{ hashFiles('**/go.sum') }}\n          restore-keys: go-\n",
    );
    let module = [("app/go.mod", "module example.com/app\n"), ("app/go.sum", "")];
    let files = [&module[..], &[(WORKFLOW, workflow.as_str())]].concat();
    assert_left("cache-dependency-path-missing", &files);
}
