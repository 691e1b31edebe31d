use super::*;
use crate::config::pipeline::{Os, VersionSource};
use crate::config::template::{Class, Part};

fn jobs(text: &str) -> Vec<Job> {
    let source = SourceFile { path: ".circleci/config.yml".to_owned(), text: text.to_owned() };
    let reading = read(&[source]);
    assert!(reading.unread.is_empty(), "{:?}", reading.unread);
    reading.pipelines.into_iter().flat_map(|pipeline| pipeline.jobs).collect()
}

fn text(value: &[Part]) -> String {
    value.iter().map(|part| part.text.as_str()).collect()
}

const COMMANDS: &str = "version: 2.1\norbs: {go: circleci/go@1.11}\ncommands:\n  cached:\n    parameters:\n      key: {type: string, default: d}\n      steps: {type: steps}\n    steps:\n      - restore_cache: {keys: ['<< parameters.key >>-{{ .Branch }}-{{ epoch }}', '<<parameters.key>>-']}\n      - steps: << parameters.steps >>\n      - save_cache: {key: '<< parameters.key >>-{{ .Branch }}-{{ epoch }}', paths: ['~/go/pkg/mod']}\n";

#[test]
fn commands_are_walked_with_what_they_are_given() {
    let jobs = jobs(&format!(
        "{COMMANDS}jobs:\n  build:\n    parameters: {{name: {{type: string, default: n}}}}\n    machine: true\n    steps:\n      - checkout\n      - when:\n          condition: << pipeline.git.branch >>\n          steps:\n            - cached:\n                key: k-<< parameters.name >>\n                steps:\n                  - run: go build -o << parameters.name >>\n"
    ));
    let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
    let kinds: Vec<String> = job
        .steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Cache(cache) => {
                let keys = std::iter::once(&cache.key).chain(&cache.restore_keys);
                let keys: Vec<String> = keys.map(|key| text(&key.parts)).collect();
                format!("{:?} {} {}", cache.how, keys.join(" "), cache.paths.len())
            }
            StepKind::Script { text } => text.clone(),
            _ => "other".to_owned(),
        })
        .collect();
    assert_eq!(
        kinds,
        ["other", "Restore k-n-.Branch-epoch k-n- 1", "go build -o n", "Save k-n-.Branch-epoch 1",]
    );
    assert_eq!(job.runner.os, Some([Os::Linux].into()));
}

#[test]
fn workflows_run_jobs_with_parameters_and_matrices() {
    let jobs = jobs(
        "version: 2.1\nexecutors:\n  go:\n    parameters: {tag: {type: string, default: '1.24'}}\n    docker: [{image: 'cimg/go:<< parameters.tag >>', environment: {GOCACHE: /tmp/c}}]\n\
         jobs:\n  a: {executor: go, steps: [{save_cache: {key: 'x-<< parameters.v >>', paths: [/tmp/c]}}], parameters: {v: {type: string, default: ''}}}\n  b: {executor: {name: go, tag: '1.25'}, steps: []}\n\
         workflows:\n  w:\n    jobs:\n      - a: {name: first, v: one}\n      - a: {matrix: {parameters: {v: ['1.24', '1.25']}}, requires: [first]}\n      - b: {requires: [a]}\n",
    );
    let [first, second, third] = jobs.as_slice() else { panic!("{jobs:?}") };
    assert_eq!(text(&first.caches().next().unwrap().1.key.parts), "x-one");
    let (_, cache) = second.caches().next().unwrap();
    assert!(cache.key.has(Class::Toolchain) && cache.has_go_path());
    assert_eq!(first.id, "w/first");
    assert_eq!(third.needs.iter().map(String::as_str).collect::<Vec<_>>(), ["w/a", "w/first"]);
    assert_eq!(text(&third.runner.container.as_ref().unwrap().name), "cimg/go:1.25");
    assert_eq!(text(&first.runner.container.as_ref().unwrap().name), "cimg/go:1.24");
}

#[test]
fn the_orb_of_go_caches() {
    let jobs = jobs(&format!(
        "{COMMANDS}jobs:\n  build:\n    docker: [{{image: 'cimg/base:current'}}]\n    steps:\n      - go/install: {{version: '1.25.1'}}\n      - go/with-cache: {{mod: true, steps: [{{run: go test}}]}}\n      - other/thing\n"
    ));
    let shown: Vec<String> = jobs[0]
        .steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::SetupGo(setup) => match &setup.version {
                VersionSource::Input(version) => text(version),
                _ => String::new(),
            },
            StepKind::Cache(cache) => format!("{:?} {}", cache.how, cache.paths[0].text),
            StepKind::Script { text } => text.clone(),
            StepKind::Other { uses } => uses.clone(),
            StepKind::Checkout(_) => "checkout".to_owned(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1.25.1",
            "Restore ~/.cache/go-build",
            "Restore /home/circleci/go/pkg/mod",
            "go test",
            "Save ~/.cache/go-build",
            "Save /home/circleci/go/pkg/mod",
            "other/thing",
        ]
    );
}

#[test]
fn commands_that_multiply_end() {
    let mut file =
        "version: 2.1\njobs: {build: {docker: [{image: x}], steps: [c0]}}\ncommands:\n".to_owned();
    for level in 0..40 {
        let next = level + 1;
        file += &format!("  c{level}: {{steps: [c{next}, c{next}, c{next}]}}\n");
    }
    let source = SourceFile { path: ".circleci/config.yml".to_owned(), text: file };
    let reading = read(&[source]);
    assert_eq!(reading.pipelines.len(), 1);
}
