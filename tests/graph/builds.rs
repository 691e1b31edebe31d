//! Builds of today, recorded by goaudit itself.

use std::collections::BTreeSet;
use std::fs;

use goaudit::golang::inputs::Inputs;
use goaudit::recording::{self, Invocation, Recording};
use goaudit::timing::variant::Trait;
use goaudit::timing::{self, State, Timing};
use serde_json::Value;

use crate::edge::{Room, code, text};
use crate::{assert_trace, check};

/// A package that is compiled again for the test of another, two main packages, a profile.
const MODULE: &[(&str, &str)] = &[
    ("go.mod", "module example.com/m\n\ngo 1.21\n"),
    (
        "cmd/plain/main.go",
        "package main\n\nimport \"example.com/m/lib\"\n\nfunc main() { println(lib.Name) }\n",
    ),
    (
        "cmd/profiled/main.go",
        "package main\n\nimport \"example.com/m/lib\"\n\nfunc main() { println(lib.Name) }\n",
    ),
    (
        "profile/main.go",
        "package main\n\nimport (\n\t\"os\"\n\t\"runtime/pprof\"\n)\n\n\
         func main() {\n\tpprof.StartCPUProfile(os.Stdout)\n\tpprof.StopCPUProfile()\n}\n",
    ),
    (
        "lib/lib_test.go",
        "package lib\n\nimport \"testing\"\n\nfunc TestName(t *testing.T) {\n\tif Name == \"\" {\n\t\tt.Fatal()\n\t}\n}\n",
    ),
    ("lib/user_test.go", "package lib_test\n\nimport _ \"example.com/m/user\"\n"),
    ("user/user.go", "package user\n\nimport \"example.com/m/lib\"\n\nvar Users = lib.Name\n"),
    (
        "user/user_test.go",
        "package user\n\nimport \"testing\"\n\nfunc TestUsers(t *testing.T) {}\n",
    ),
];

/// A module whose own packages are in no cache, whoever has run this before.
fn room() -> Room {
    let room = Room::new(false, MODULE);
    let unique = format!("package lib\n\nvar Name = {:?}\n", room.dir.path());
    fs::write(room.m().join("lib/lib.go"), unique).unwrap();
    room
}

struct Recorded {
    recording: Recording,
    inputs: Inputs,
    file: String,
}

fn record(room: &Room, toolchain: &str, script: &str) -> Recorded {
    let file = room.path("out/r.goaudit");
    let mut command = room.command(crate::edge::GOAUDIT, &room.m());
    command.env("GOTOOLCHAIN", toolchain).env("CGO_ENABLED", "0");
    // A toolchain that is not in the module cache comes from where go is told to look.
    command.env_remove("GOPROXY");
    let output = command
        .args(["record", "-o", file.to_str().unwrap(), "--", "sh", "-ec", script])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{toolchain}: {}", text(&output.stderr));
    let mut inputs = Inputs::default();
    let recording = recording::read(fs::File::open(&file).unwrap(), &mut inputs).unwrap();
    Recorded { recording, inputs, file: file.to_str().unwrap().to_owned() }
}

impl Recorded {
    fn measured(&self) -> Vec<(&Invocation, Timing)> {
        let builds = self.recording.invocations.iter().filter(|one| !one.graph.is_empty());
        builds
            .map(|one| {
                check(&one.graph);
                (one, timing::measure(&one.graph, Some((&one.log, &self.inputs))))
            })
            .collect()
    }
}

/// Returns the variants in which actions of a mode and package are there.
fn labels(one: &(&Invocation, Timing), mode: &str, package: &str) -> Vec<String> {
    let (invocation, timing) = one;
    let nodes = invocation.graph.iter().zip(&timing.variants);
    let mut labels: Vec<String> = nodes
        .filter(|(node, _)| node.mode == mode && node.package == package)
        .map(|(_, variant)| variant.label())
        .collect();
    labels.sort();
    labels
}

fn builds_with(toolchain: &str) {
    let room = room();
    let recorded = record(
        &room,
        toolchain,
        "go build -o $OUT/a ./cmd/plain; go build -o $OUT/b ./cmd/plain; go vet ./lib\n\
         go test -cover ./lib ./user; go build -n ./cmd/plain 2>/dev/null",
    );
    let measured = recorded.measured();
    let [first, again, vet, test, plan] = measured.as_slice() else { panic!("{}", measured.len()) };
    let version = recorded.recording.go_version().unwrap();
    assert!(toolchain == "local" || version == toolchain, "{version}");
    for (_, timing) in [first, again, vet, test] {
        assert_eq!(timing.state, State::Built);
        assert_eq!(timing.oddities, timing::Oddities::default());
        assert!(timing.elapsed_ns > 0 && timing.concurrency.peak > 0);
    }
    assert_eq!(plan.1.state, State::Plan);
    let ran = |one: &(&Invocation, Timing), package: &str| {
        let of = |node: &&goaudit::golang::action_graph::GraphAction| node.package == package;
        one.0.graph.iter().filter(of).any(|node| node.mode == "build" && node.ran)
    };
    assert!(ran(first, "example.com/m/lib") && !ran(again, "example.com/m/lib"));
    assert!(first.1.totals.ran >= 3 && first.1.totals.cpu_ns > 0, "{:?}", first.1.totals);
    // A link is never in the cache of go build.
    assert_eq!(again.1.totals.ran, 1);
    assert_eq!(again.1.totals.cached + 1, first.1.totals.ran + first.1.totals.cached);
    assert_eq!(again.1.cpu_path.total_ns, again.1.totals.cpu_ns);
    let groups: BTreeSet<&str> = test.1.groups.iter().map(|(group, _)| group.name()).collect();
    assert!(groups.is_superset(&BTreeSet::from(["compile", "link", "test"])), "{groups:?}");
    assert_eq!(test.1.tests.len(), 2);
    let lib = labels(test, "build", "example.com/m/lib");
    assert!(lib.contains(&"in-package test, cover".to_owned()), "{lib:?}");
    let user = labels(test, "build", "example.com/m/user");
    assert!(user.contains(&"in-package test, cover".to_owned()), "{user:?}");
    assert!(user.iter().any(|label| label.ends_with("for example.com/m/lib.test")), "{user:?}");
    assert_eq!(labels(test, "build", "example.com/m/lib_test"), ["external test"]);
    assert_eq!(labels(test, "build", "example.com/m/lib.test").len(), 1);
    assert!(labels(test, "build", "example.com/m/lib.test")[0].starts_with("test main"));
    assert!(labels(vet, "vet", "example.com/m/lib").contains(&"in-package test".to_owned()));
    let trace = room.goaudit(&["graph", "--format", "chrome-trace", &recorded.file]);
    let pids: BTreeSet<u64> =
        assert_trace(&trace.stdout).iter().map(|event| event["pid"].as_u64().unwrap()).collect();
    assert_eq!(pids.len(), 4, "the plan has no times");
}

#[test]
fn go_1_21() {
    builds_with("go1.21.13");
}

#[test]
fn go_1_25() {
    builds_with("go1.25.5");
}

#[test]
fn go_1_27() {
    builds_with("go1.27.3");
}

#[test]
fn the_go_on_path() {
    builds_with("local");
}

/// Every package is there once for the main package with a profile and once for the other.
#[test]
fn copies_for_a_profile_are_told_apart_with_a_log_and_without() {
    let room = room();
    let recorded = record(
        &room,
        "local",
        "go run ./profile >cmd/profiled/default.pgo\n\
         go build -debug-actiongraph=$OUT/graph.json -o $OUT ./cmd/plain ./cmd/profiled",
    );
    let measured = recorded.measured();
    let run = &measured[0];
    assert_eq!(labels(run, "build", "example.com/m/profile"), ["go run"]);
    let build = &measured[1];
    let user = "example.com/m/cmd/profiled";
    let copy = format!("PGO copy for {user}");
    let plain = "for example.com/m/cmd/plain".to_owned();
    assert_eq!(labels(build, "build", "example.com/m/lib"), [copy, plain]);
    assert_eq!(labels(build, "build", user), ["PGO copy"]);
    let index = build.0.graph.iter().position(|node| node.package == "example.com/m/lib").unwrap();
    assert_eq!(build.1.times_built[index], 2);
    let json = fs::read(room.path("out/graph.json")).unwrap();
    let graph = goaudit::golang::action_graph::parse(&json).unwrap();
    let alone = timing::measure(&graph, None);
    let without: Vec<_> =
        alone.variants.iter().filter(|v| v.traits.contains(&Trait::Pgo)).collect();
    assert!(without.is_empty());
    let users = graph.iter().zip(&alone.variants).filter(|(n, _)| n.package == "example.com/m/lib");
    let users: BTreeSet<String> = users.map(|(_, variant)| variant.label()).collect();
    assert!(users.contains(&format!("for {user}")), "{users:?}");
    assert_eq!(alone.totals, build.1.totals);
    assert_eq!(alone.cpu_path, build.1.cpu_path);
}

#[test]
fn the_heaviest_of_several_commands_is_shown_and_another_can_be_asked_for() {
    let room = room();
    let recorded = record(
        &room,
        "local",
        "go env GOOS; go build -o $OUT/a ./cmd/plain; go build -n ./cmd/plain 2>/dev/null",
    );
    let ask = |args: &[&str]| {
        let output = room.goaudit(&[&["graph", &recorded.file], args].concat());
        (code(&output), text(&output.stdout), text(&output.stderr))
    };
    let (_, json, _) = ask(&["--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let commands: Vec<u64> = report["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| command["number"].as_u64().unwrap())
        .collect();
    let [build, plan] = commands[..] else { panic!("{commands:?}") };
    assert_eq!(report["selected"], build);
    let (status, shown, _) = ask(&["--command", &plan.to_string()]);
    assert_eq!(status, 0);
    assert!(
        shown.contains("2 go commands") && shown.contains("with -n go runs nothing"),
        "{shown}"
    );
    let (status, _, told) = ask(&["--command", "99"]);
    assert_eq!(status, 2);
    assert!(
        told.contains(&format!("no go command 99 with an action graph; it has {build}, {plan}"))
    );
    let empty = record(&room, "local", "go env GOOS");
    let output = room.goaudit(&["graph", &empty.file]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("none of its go commands builds"));
}

#[test]
fn a_build_that_fails_says_what_is_missing() {
    let room = room();
    crate::edge::write_all(&room.m(), &[("bad/bad.go", "package bad\n\nfunc F() { return 1 }\n")]);
    let recorded = record(&room, "local", "go build ./bad ./cmd/plain || true");
    let measured = recorded.measured();
    assert_eq!(measured[0].1.totals.failed, 1);
    let output = room.goaudit(&["graph", &recorded.file]);
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).contains("the command ended with 1"), "{}", text(&output.stdout));
}
