use super::*;
use crate::config::pipeline::{Job, Os, StepKind};
use crate::config::template::Part;

fn reading(files: &[(&str, &str)]) -> Reading {
    let files = files.iter();
    let sources: Vec<SourceFile> = files
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect();
    read(&sources)
}

fn jobs(files: &[(&str, &str)]) -> Vec<Job> {
    reading(files).pipelines.remove(0).jobs
}

fn text(value: &[Part]) -> String {
    value.iter().map(|part| part.text.as_str()).collect()
}

#[test]
fn the_segments_of_a_key() {
    let key = |key: &str| {
        let file = format!(
            "variables: {{os: Linux, dir: src}}\nsteps:\n- task: Cache@2\n  inputs:\n    path: x\n    key: '{key}'\n"
        );
        let jobs = jobs(&[("azure-pipelines.yml", &file)]);
        let (_, cache) = jobs[0].caches().next().unwrap();
        cache
            .key
            .parts
            .iter()
            .map(|part| format!("{}{:?}", part.text, part.classes))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(key("go | \"$(os)\" | \"a.b\""), r#"go{} |{} Linux{} |{} a.b{}"#);
    assert_eq!(
        key("$(Agent.OS)|**/go.sum,!x/go.sum"),
        "$(Agent.OS){Platform} |{} hash(**/go.sum,!x/go.sum){Deps}"
    );
    assert_eq!(key("$(dir)/go.sum"), "hash(src/go.sum){Deps}");
    assert_eq!(key("$(Build.BuildId)|$(what)"), "$(Build.BuildId){Volatile} |{} $(what){Opaque}");
}

#[test]
fn templates_are_walked_with_what_they_are_given() {
    let jobs = jobs(&[
        (
            "azure-pipelines.yml",
            "variables:\n- template: ci/vars.yml\n- name: own\n  value: o\nstages:\n- stage: s\n  jobs:\n  - template: ci/job.yml\n    parameters:\n      name: unit\n      steps: [{script: before}]\n- stage: t\n  jobs: [{job: last, steps: []}]\n",
        ),
        ("ci/vars.yml", "variables: {image: ubuntu-24.04}\n"),
        (
            "ci/job.yml",
            "parameters:\n- {name: name, type: string}\n- {name: steps, type: stepList, default: []}\njobs:\n- job: ${{ parameters.name }}\n  pool: {vmImage: $(image)}\n  steps:\n  - ${{ parameters.steps }}\n  - ${{ if eq(1, 1) }}:\n    - template: /ci/steps.yml\n      parameters: {run: 'go test -o ${{ parameters.name }}'}\n",
        ),
        (
            "ci/steps.yml",
            "parameters: {run: x}\nsteps:\n- bash: ${{ parameters.run }}\n- task: Go@0\n  inputs: {command: build, arguments: '-o x ./...'}\n",
        ),
    ]);
    let [job, last] = jobs.as_slice() else { panic!("{jobs:?}") };
    let scripts: Vec<&str> = job
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Script { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(scripts, ["before", "go test -o unit", "go build -o x ./..."]);
    assert_eq!(job.runner.os, Some([Os::Linux].into()));
    assert!(matches!(job.steps[0].kind, StepKind::Checkout(_)));
    assert_eq!(last.needs.len(), 1);
    let place = job.steps.last().unwrap().place_in_script("go build -o".len());
    assert_eq!(place.path, "ci/steps.yml");
}

#[test]
fn what_a_condition_or_a_script_sets_is_not_known() {
    let jobs = jobs(&[(
        "azure-pipelines.yml",
        "variables:\n- ${{ if x }}:\n  - {name: a, value: '1'}\n- ${{ else }}:\n  - {name: a, value: '2'}\n- {name: b, value: b}\n- {name: c, value: '$[ counter() ]'}\nsteps:\n- script: 'echo ##vso[task.setvariable variable=b]1'\n- checkout: none\n- task: Cache@2\n  inputs: {key: '$(a)|$(b)|$(c)', path: x}\n",
    )]);
    let (_, cache) = jobs[0].caches().next().unwrap();
    let open = cache.key.parts.iter().filter(|part| part.is(Class::Opaque));
    assert_eq!(text(&open.cloned().collect::<Vec<_>>()), "$(a)$(b)$(c)");
    assert!(!jobs[0].steps.iter().any(|step| matches!(step.kind, StepKind::Checkout(_))));
}

#[test]
fn templates_that_multiply_or_name_themselves_end() {
    let mut files =
        vec![("azure-pipelines.yml".to_owned(), "steps: [{template: t0.yml}]\n".to_owned())];
    for level in 0..19 {
        let next = level + 1;
        let line = format!(
            "steps:\n- template: t{next}.yml\n- template: t{next}.yml\n- template: t{next}.yml\n"
        );
        files.push((format!("t{level}.yml"), line));
    }
    files.push(("t19.yml".to_owned(), "steps: [{template: t19.yml}, {script: x}]\n".to_owned()));
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let reading = reading(&files);
    assert_eq!((reading.pipelines.len(), reading.unread.len()), (1, 1));
}
