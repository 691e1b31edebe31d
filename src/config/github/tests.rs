use super::read;
use crate::config::SourceFile;
use crate::config::pipeline::{CacheState, Os, Pipeline, StepKind, VersionSource};
use crate::config::template::Class;

fn pipelines(files: &[(&str, &str)]) -> Vec<Pipeline> {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    read(&files.iter().map(file).collect::<Vec<_>>()).pipelines
}

fn workflow(text: &str) -> Pipeline {
    pipelines(&[(".github/workflows/ci.yml", text)]).remove(0)
}

/// The parts of the key of the one cache step in a workflow.
fn key(steps: &str) -> Vec<(String, Vec<Class>)> {
    let text = format!(
        "on: push\nenv: {{A: a}}\njobs:\n  j:\n    env: {{B: b, A: aa}}\n    \
         strategy: {{matrix: {{x: [1, 2], include: [{{y: {{go: '1.25'}}}}]}}}}\n    steps:\n{steps}"
    );
    let pipeline = workflow(&text);
    let (_, cache) = pipeline.jobs[0].caches().last().unwrap();
    let parts = cache.key.parts.iter();
    parts.map(|part| (part.text.clone(), part.classes.iter().copied().collect())).collect()
}

fn part(text: &str, classes: &[Class]) -> (String, Vec<Class>) {
    (text.to_owned(), classes.to_vec())
}

fn cache(key: &str) -> String {
    format!("      - uses: actions/cache@v4\n        with: {{path: x, key: \"{key}\"}}\n")
}

#[test]
fn the_nearest_definition_of_a_variable_counts() {
    assert_eq!(key(&cache("${{ env.A }}${{ env.b }}")), [part("aa", &[]), part("b", &[])]);
    let step = "      - uses: actions/cache@v4\n        env: {A: aaa}\n        with: {key: '${{ env.A }}'}\n";
    assert_eq!(key(step), [part("aaa", &[])]);
    let written = "      - run: echo A=$(date +%s) >> $GITHUB_ENV\n";
    let steps = format!("{written}{}", cache("${{ env.A }}"));
    assert_eq!(key(&steps), [part("$(date +%s)", &[Class::Volatile])]);
}

#[test]
fn classes_of_expressions() {
    let one = |expression: &str| key(&cache(&format!("${{{{ {expression} }}}}"))).remove(0).1;
    assert_eq!(one("github.sha"), [Class::Volatile]);
    assert_eq!(one("github.sha || github.run_id"), [Class::Volatile]);
    assert_eq!(one("github.head_ref || github.run_id"), [Class::SlowVolatile, Class::Branch]);
    assert_eq!(one("env.C && github.sha"), [Class::SlowVolatile]);
    assert_eq!(one("join(github.sha, hashFiles('go.sum'))"), [Class::Volatile, Class::Deps]);
    assert_eq!(one("matrix.x"), [Class::Job]);
    assert_eq!(one("matrix.y.go"), [Class::Toolchain, Class::Job]);
    assert_eq!(one("matrix"), [Class::Job, Class::Opaque]);
    assert_eq!(one("runner.os"), [Class::Platform]);
    assert_eq!(one("vars.GO_VERSION"), [Class::Toolchain, Class::Opaque]);
    assert_eq!(one("secrets.x"), [Class::Opaque]);
    assert_eq!(one("hashFiles(env.A)"), [Class::Opaque]);
}

#[test]
fn format_and_shell_text_are_resolved_in_place() {
    assert_eq!(
        key(&cache("${{ format('{{{0}-{1}', github.sha, 'x') }}")),
        [
            part("", &[]),
            part("{", &[]),
            part("", &[]),
            part("github.sha", &[Class::Volatile]),
            part("-", &[]),
            part("x", &[]),
            part("", &[]),
        ]
    );
    let step = "      - id: s\n        run: echo \"k=a-$(echo '${{ runner.os }}' | tr A-Z a-z)-${{ runner.os }}\" >> $GITHUB_OUTPUT\n";
    let parts = key(&format!("{step}{}", cache("${{ steps.s.outputs.k }}")));
    let classes: Vec<_> = parts.into_iter().map(|(_, classes)| classes).collect();
    assert_eq!(classes, [vec![], vec![Class::Opaque], vec![], vec![Class::Platform]]);
}

#[test]
fn jobs_know_what_ended_before_them() {
    let called = "on: workflow_call\njobs: {x: {steps: []}, y: {needs: x, steps: []}}";
    let caller = "on: [push, pull_request]\njobs:\n  z: {needs: [b], steps: []}\n  \
                  b: {needs: a, uses: ./.github/workflows/called.yml}\n  a: {steps: []}\n";
    let pipelines = pipelines(&[
        (".github/workflows/called.yml", called),
        (".github/workflows/ci.yml", caller),
    ]);
    let [pipeline] = pipelines.as_slice() else { panic!("{pipelines:?}") };
    assert!(pipeline.is_complete && pipeline.triggers.contains("pull_request"));
    let needs: Vec<String> = pipeline
        .jobs
        .iter()
        .map(|job| {
            format!("{}: {}", job.id, job.needs.iter().cloned().collect::<Vec<_>>().join(","))
        })
        .collect();
    assert_eq!(needs, ["a: ", "b / x: a", "b / y: a,b / x", "z: a,b / x,b / y"]);
}

#[test]
fn runners_and_set_ups() {
    let pipeline = workflow(
        "on: push\njobs:\n  j:\n    strategy: {matrix: {os: [ubuntu-24.04, macos-15]}}\n    \
         runs-on: ${{ matrix.os }}\n    container: {image: 'golang:1.25'}\n    steps:\n      \
         - uses: actions/setup-go@0a12ed9d # v6.5.0\n        with: {go-version-file: go.mod}\n  \
         k:\n    runs-on: [self-hosted, big]\n    steps: [{uses: actions/checkout@v5}]\n",
    );
    let [job, other] = pipeline.jobs.as_slice() else { panic!("{pipeline:?}") };
    assert_eq!(job.runner.os, Some([Os::Linux, Os::MacOs].into()));
    assert_eq!(job.runner.container.as_ref().unwrap().name[0].text, "golang:1.25");
    let (_, setup) = job.setups().next().unwrap();
    assert_eq!(setup.cache, CacheState::On);
    assert!(matches!(&setup.version, VersionSource::File(file) if file[0].text == "go.mod"));
    assert_eq!(other.runner.os, None);
    assert!(matches!(other.steps[0].kind, StepKind::Checkout(_)));
}

#[test]
fn an_action_nobody_uses_is_read_on_its_own() {
    let action = "runs: {using: composite, steps: [{run: x}, {uses: ./other}]}";
    let pipelines = pipelines(&[("a/action.yml", action), ("other/action.yml", "runs: {}")]);
    let [pipeline] = pipelines.as_slice() else { panic!("{pipelines:?}") };
    assert!(!pipeline.is_complete);
    assert_eq!(pipeline.jobs[0].steps[0].subject, "action a/action.yml, step 1");
}
