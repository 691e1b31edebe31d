use super::read;
use crate::config::SourceFile;
use crate::config::pipeline::{CacheUse, Job, Os, StepKind};
use crate::config::template::Class;

fn jobs(path: &str, text: &str) -> Vec<Job> {
    let source = SourceFile { path: path.to_owned(), text: text.to_owned() };
    read(&[source]).pipelines.remove(0).jobs
}

#[test]
fn documents_are_pipelines_and_volumes_of_the_host_are_kept() {
    let jobs = jobs(
        ".drone.yml",
        "kind: pipeline\nname: a\nplatform: {os: linux, arch: arm64}\nsteps:\n- name: build\n  image: golang:1.25\n  volumes: [{name: mod, path: /go}, {name: tmp, path: /root/.cache/go-build}]\n  commands:\n  - go build\n  - go vet\nvolumes:\n- {name: mod, host: {path: /var/mod}}\n- {name: tmp, temp: {}}\n---\nkind: secret\nname: s\n---\nkind: pipeline\nname: b\ndepends_on: [a]\nclone: {disable: true}\nsteps:\n- {name: x, image: plugins/docker}\n",
    );
    let [first, second] = jobs.as_slice() else { panic!("{jobs:?}") };
    let paths: Vec<&str> =
        first.caches().flat_map(|(_, cache)| &cache.paths).map(|p| p.text.as_str()).collect();
    assert_eq!(paths, ["/go"]);
    let script = first.steps.last().unwrap();
    let StepKind::Script { text } = &script.kind else { panic!("{script:?}") };
    assert_eq!(text, "go build\ngo vet\n");
    let place = script.place_in_script("go build\n".len());
    assert_eq!(place.at.map(|(line, column)| (line.get(), column.get())), Some((10, 5)));
    assert_eq!(first.runner.os, Some([Os::Linux].into()));
    assert!(second.needs.contains("a") && second.steps.len() == 1);
}

#[test]
fn woodpecker_has_a_matrix_and_steps_of_either_form() {
    let jobs = jobs(
        ".woodpecker.yml",
        "matrix: {GO: ['1.24', '1.25']}\nsteps:\n  test:\n    image: golang:${GO}\n    commands: go test\n  restore:\n    image: meltwater/drone-cache\n    settings: {restore: true, cache_key: '{{ checksum \"go.sum\" }}-{{ .Commit.Branch }}-${GO}', mount: [.go/pkg/mod]}\n",
    );
    let image = &jobs[0].steps[1].image.as_ref().unwrap().name;
    assert!(image.iter().any(|part| part.is(Class::Toolchain)));
    let (_, cache) = jobs[0].caches().next().unwrap();
    let has = [Class::Deps, Class::Branch, Class::Toolchain];
    assert!(has.iter().all(|class| cache.key.has(*class)), "{:?}", cache.key);
    assert!(cache.has_go_path() && cache.how == CacheUse::Restore && cache.store.is_mutable);
}
