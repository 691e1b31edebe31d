use super::*;
use crate::config::SourceFile;
use crate::config::pipeline::{CacheUse, Job, StepKind};

fn reading(files: &[(&str, &str)]) -> Reading {
    let files = files.iter();
    let sources: Vec<SourceFile> = files
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect();
    read(&sources)
}

fn jobs(text: &str) -> Vec<Job> {
    reading(&[(".gitlab-ci.yml", text)]).pipelines.remove(0).jobs
}

fn text(value: &[crate::config::template::Part]) -> String {
    value.iter().map(|part| part.text.as_str()).collect()
}

/// The script of a job, with the place of each line.
fn script(job: &Job) -> Vec<String> {
    let step = job.steps.iter().find(|step| matches!(step.kind, StepKind::Script { .. })).unwrap();
    let StepKind::Script { text } = &step.kind else { return Vec::new() };
    let mut offset = 0_usize;
    text.lines()
        .map(|line| {
            let place = step.place_in_script(offset);
            offset = offset.saturating_add(line.len()).saturating_add(1);
            let (row, column) = place.at.unwrap();
            format!("{}:{row}:{column} {line}", place.path)
        })
        .collect()
}

#[test]
fn what_comes_later_wins_and_the_own_file_wins_over_all() {
    let pipelines = reading(&[
        (
            ".gitlab-ci.yml",
            "include: [a.yml, /b.yml]\njob:\n  variables: {C: own}\n  script: echo\n  \
             cache: {key: $A-$B-$C-$D, paths: [x]}\n",
        ),
        ("a.yml", "include: c.yml\nvariables: {A: a, B: a}\njob: {variables: {C: a, D: a}}\n"),
        ("b.yml", "variables: {B: b}\njob: {variables: {D: b}}\n"),
        ("c.yml", "variables: {A: c, B: c}\n"),
    ])
    .pipelines;
    let (_, cache) = pipelines[0].jobs[0].caches().next().unwrap();
    assert_eq!(text(&cache.key.parts), "a-b-own-b");
}

#[test]
fn a_script_is_put_together_from_where_its_lines_are_written() {
    let included = ".setup:\n  before_script:\n    - go version\n    - - nested\n      - >-\n        folded\n        text\n";
    let own = "include: .ci/setup.yml\ndefault:\n  before_script: [not this]\nbuild:\n  before_script:\n    - !reference [.setup, before_script]\n  script:\n    - |\n      go build\n      go vet\n    - &run go test\nagain: {extends: build, script: [*run]}\n";
    let pipelines = reading(&[(".gitlab-ci.yml", own), (".ci/setup.yml", included)]).pipelines;
    let [build, again] = pipelines[0].jobs.as_slice() else { panic!("{pipelines:?}") };
    assert_eq!(
        script(build),
        [
            ".ci/setup.yml:3:7 go version",
            ".ci/setup.yml:4:9 nested",
            ".ci/setup.yml:6:9 folded text",
            ".gitlab-ci.yml:9:7 go build",
            ".gitlab-ci.yml:10:7 go vet",
            ".gitlab-ci.yml:11:12 go test",
        ]
    );
    assert_eq!(script(again)[3], ".gitlab-ci.yml:11:12 go test");
}

#[test]
fn defaults_are_inherited_unless_a_job_says_otherwise() {
    let jobs = jobs(
        "image: golang:1.24\ndefault:\n  image: {name: 'golang:$V'}\n  cache: {key: d, paths: [.go/pkg/mod]}\n\
         variables: {V: '1.25', W: w}\n.hidden: {script: x}\na: {script: x}\n\
         b: {script: x, inherit: {default: [image]}, cache: {key: $W, paths: [x], policy: pull}}\n\
         c: {script: x, inherit: {default: false, variables: false}, image: 'a:$W', cache: []}\n",
    );
    let shown: Vec<String> = jobs
        .iter()
        .map(|job| {
            let image = job.runner.container.as_ref().map(|image| text(&image.name));
            let caches: Vec<_> =
                job.caches().map(|(_, c)| (text(&c.key.parts), c.how == CacheUse::Both)).collect();
            format!("{} {image:?} {caches:?}", job.id)
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"a Some("golang:1.25") [("d", true)]"#,
            r#"b Some("golang:1.25") [("w", false)]"#,
            r#"c Some("a:$W") []"#,
        ]
    );
}

#[test]
fn stages_and_needs_say_what_ended_before() {
    let jobs = jobs(
        "stages: [one, two, three]\na: {stage: one, script: x}\nb: {stage: two, script: x}\n\
         c: {stage: three, script: x}\nd: {stage: three, needs: [{job: a}], script: x}\n\
         e: {stage: three, needs: [], script: x}\nf: {stage: .post, script: x}\n",
    );
    let needs: Vec<String> = jobs
        .iter()
        .map(|job| format!("{}:{}", job.id, job.needs.iter().cloned().collect::<String>()))
        .collect();
    assert_eq!(needs, ["a:", "b:a", "c:ab", "d:a", "e:", "f:abcde"]);
}

#[test]
fn variables_of_a_matrix_and_of_rules_are_not_taken_for_known() {
    let jobs = jobs(
        "a:\n  parallel: {matrix: [{GO: ['1.24', '1.25'], X: y}]}\n  rules: [{if: $A, variables: {R: r}}]\n  \
         variables: {R: s, GO: '1'}\n  cache: {key: $GO-$R-$CI_COMMIT_REF_SLUG, paths: [x]}\n  script: x\n",
    );
    let (_, cache) = jobs[0].caches().next().unwrap();
    let classes: Vec<Vec<Class>> = cache
        .key
        .parts
        .iter()
        .filter(|part| !part.is_literal)
        .map(|part| part.classes.iter().copied().collect())
        .collect();
    assert_eq!(
        classes,
        [vec![Class::Toolchain, Class::Job], vec![Class::Opaque], vec![Class::Branch]]
    );
}

#[test]
fn templates_that_multiply_end() {
    let mut file = "j: {extends: [t0, t0], script: x}\n".to_owned();
    for level in 0..20 {
        let next = level + 1;
        file += &format!("t{level}: {{extends: [t{next}, t{next}], before_script: [a, *b]}}\n");
    }
    assert!(!jobs(&file.replace(", *b", "")).is_empty());
    let long: String = (0..500).map(|n| format!("  - line {n}\n")).collect();
    let many: String = (0..3_000).map(|n| format!("j{n}: {{script: *s}}\n")).collect();
    let reading = reading(&[(".gitlab-ci.yml", &format!(".s: &s\n{long}{many}"))]);
    assert_eq!(reading.unread.len(), 1);
    assert!(reading.pipelines[0].jobs.len() <= 2048);
}
