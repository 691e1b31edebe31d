use crate::config::go_command::{GoCommand, Setting};
use crate::config::{Repository, SourceFile};

fn repository(files: &[(&str, &str)]) -> Repository {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    Repository::new(files.iter().map(file).collect(), paths)
}

/// Where each go command runs, what it is, and where it stands.
fn found(repository: &Repository) -> Vec<String> {
    let line = |command: &GoCommand| {
        let (line, column) = command.at.place.at.unwrap();
        let dir = command.at.dir.as_deref().unwrap_or("?");
        format!("{dir}> {} @ {}:{line}:{column}", command.line(), command.at.place.path)
    };
    repository.go_commands().iter().map(line).collect()
}

fn script(text: &str) -> Vec<String> {
    let makefile = "x:\n\tsh x.sh one\n";
    let all = found(&repository(&[("Makefile", makefile), ("x.sh", text)]));
    all.into_iter().map(|line| line.split(" @ ").next().unwrap().to_owned()).collect()
}

#[test]
fn directories_and_variables_are_followed() {
    assert_eq!(script("cd a/b && go vet\ncd .. ; go vet"), ["a/b> go vet", "a> go vet"]);
    assert_eq!(script("(cd a; go vet)\ngo vet"), ["a> go vet", "> go vet"]);
    assert_eq!(script("pushd a >/dev/null\ngo vet\npopd\ngo vet"), ["a> go vet", "> go vet"]);
    assert_eq!(script("cd \"$X\" && go vet"), ["?> go vet"]);
    assert_eq!(script("cd \"$(dirname \"$0\")/..\"; go vet"), ["?> go vet"]);
    assert_eq!(script("go -C a vet; go build -C b ."), ["a> go vet", "b> go build -C b ."]);
    assert_eq!(script("F='-a -v'; go build $F \"$F\""), ["> go build -a -v '-a -v'"]);
    assert_eq!(script("F=(-a 'b c'); F+=(d); go build \"${F[@]}\""), ["> go build -a 'b c' d"]);
    assert_eq!(script("f() { go build -o $1 \"$@\"; }; f a b"), ["> go build -o a a b"]);
    assert_eq!(script("go run ./$1 ${Y:-z}"), ["> go run ./one z"]);
    assert_eq!(
        script("echo go build; sudo -E env A=b time go vet; xargs go list"),
        ["> go vet", "> go list "].map(str::trim_end)
    );
    assert_eq!(script("v=$(go run ./v); bash -ec 'cd q; go vet'"), ["> go run ./v", "q> go vet"]);
    assert_eq!(script("gotestsum --format x -- -race ./..."), ["> gotestsum test -race ./..."]);
}

#[test]
fn the_environment_reaches_the_command() {
    let text = "export CGO_ENABLED=0\nGOOS=linux\nA=b GOFLAGS=-race go build .\nGOARCH=$X go vet\nif y; then \
                CGO_ENABLED=1; fi\ngo vet";
    let repository = repository(&[("Makefile", "x:\n\t./x.sh\n"), ("x.sh", text)]);
    let [build, vet, last] = repository.go_commands() else { panic!() };
    assert_eq!(build.at.setting("CGO_ENABLED"), Setting::Known("0"));
    assert_eq!(build.at.setting("GOOS"), Setting::Unset);
    assert!(build.is_set("race") && !vet.is_set("race"));
    assert_eq!(vet.at.setting("GOARCH"), Setting::Unknown);
    assert_eq!(last.at.setting("CGO_ENABLED"), Setting::Unknown);
}

#[test]
fn from_a_step_through_make_to_a_script() {
    let workflow = "on: push\njobs:\n  b:\n    runs-on: ubuntu-24.04\n    defaults:\n      run:\n        working-directory: \
                    sub\n    env:\n      GOFLAGS: -v\n    steps:\n      - run: |\n          set -e\n          make V=1 dist \
                    FLAGS=-race\n";
    let makefile = "include ../common.mk\nGO ?= go\nexport CGO_ENABLED = 0\n\nall: ;\n\ndist: FLAGS += -x\ndist: gen x.tmp\n\t\
                    $(Q)$(GO) build $(FLAGS) \\\n\t   -o $@ .\n\t@../x.sh $@\n\n%.tmp:\n\tgo vet $*\n";
    let repository = repository(&[
        (".github/workflows/ci.yml", workflow),
        ("sub/Makefile", makefile),
        ("common.mk", "gen:\n\tcd gen && $(GO) generate\n"),
        ("x.sh", "#!/bin/sh\ngo run ./tool \"$1\"\n"),
    ]);
    assert_eq!(
        found(&repository),
        [
            "sub/gen> go generate @ common.mk:2:12",
            "sub> go vet x @ sub/Makefile:14:2",
            "sub> go build -race -o dist . @ sub/Makefile:9:6",
            "sub> go run ./tool dist @ x.sh:2:1",
        ]
    );
    let [_, _, build, run] = repository.go_commands() else { panic!() };
    assert!(build.is_set("race") && build.is_set("v"));
    assert_eq!(build.at.setting("CGO_ENABLED"), Setting::Known("0"));
    let chain = run.at.chain().unwrap();
    assert_eq!(
        chain,
        "job b, step 1 (.github/workflows/ci.yml:13) → sub/Makefile, target dist (sub/Makefile:11)"
    );
}

#[test]
fn a_dockerfile_is_followed_stage_by_stage() {
    let text = "ARG V=1\nFROM golang:1.26 AS base\nENV CGO_ENABLED=0 GOFLAGS=\"-trimpath -v\"\nWORKDIR /src\n\nFROM base\n\
                COPY . .\nRUN --mount=type=cache,target=/root/.cache/go-build \\\n    # why\n    cd cmd \\\n && go build \
                -o /app .\nRUN [\"go\", \"vet\", \"./a b\"]\nRUN <<EOF\ncd /src/x\ngo test\nEOF\nRUN make -C tools\n";
    let repository =
        repository(&[("Dockerfile", text), ("tools/Makefile", "a:\n\tgo install ./...\n")]);
    assert_eq!(
        found(&repository),
        [
            "cmd> go build -o /app . @ Dockerfile:11:5",
            "> go vet './a b' @ Dockerfile:12:5",
            "x> go test @ Dockerfile:15:1",
            "tools> go install ./... @ tools/Makefile:2:2",
        ]
    );
    assert!(repository.go_commands().iter().all(|command| command.is_set("trimpath")));
}

#[test]
fn tasks_and_recipes() {
    let taskfile = "version: '3'\nvars: {PKG: ./cmd/x}\nenv: {CGO_ENABLED: '0'}\nincludes: {sub: ./sub}\ntasks:\n  default:\n    \
                    cmds:\n      - task: b\n        vars: {FLAG: -race}\n      - task: sub:c\n  b:\n    cmds:\n      - go test \
                    {{.FLAG}} {{.PKG}} {{.OTHER}}\n";
    let just = "flags := '-v'\nexport CGO_ENABLED := \"0\"\n\nbuild target='x': check\n    @go build {{flags}} -o \
                {{target}}\n\ncheck:\n    #!/usr/bin/env bash\n    cd sub\n    go vet\n";
    let repository = repository(&[
        ("Taskfile.yml", taskfile),
        ("sub/Taskfile.yml", "version: '3'\ntasks: {c: 'go vet ./c'}\n"),
        ("justfile", just),
        ("build.sh", "task\njust build y\n"),
        ("Makefile", "a:\n\t./build.sh\n"),
    ]);
    assert_eq!(
        found(&repository),
        [
            "> go test -race ./cmd/x {{.OTHER}} @ Taskfile.yml:13:9",
            "> go vet ./c @ sub/Taskfile.yml:2:13",
            "sub> go vet @ justfile:10:5",
            "> go build -v -o y @ justfile:5:6",
        ]
    );
    let settings = repository.go_commands().iter().map(|command| command.at.setting("CGO_ENABLED"));
    assert!(settings.clone().all(|setting| setting == Setting::Known("0")), "{settings:?}");
}

#[test]
fn what_cannot_be_followed_is_counted() {
    let repository = repository(&[(
        "Makefile",
        "a:\n\tmake -C $(DIR) x\n\t./missing.sh\n\tmake -f other.mk\n\t$(TOOL)/x.sh\n",
    )]);
    assert!(repository.go_commands().is_empty());
    assert_eq!(repository.not_followed().len(), 4);
}
