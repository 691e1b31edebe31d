//! `goaudit reuse`: what one go command leaves in the cache for another, held against the real go.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::fs;
use std::path::Path;

use serde_json::Value;

use edge::{Room, code, text};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    (
        "cmd/app/main.go",
        "package main\n\nimport \"example.com/demo/lib\"\n\nfunc main() { println(lib.One()) }\n",
    ),
    ("lib/lib.go", "package lib\n\n// One is 1.\nfunc One() int { return 1 }\n"),
    (
        "lib/lib_test.go",
        "package lib\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fail()\n\t}\n}\n",
    ),
    ("tools/go.mod", "module example.com/tools\n\ngo 1.21\n"),
    ("tools/main.go", "package main\n\nfunc main() {}\n"),
];

fn reuse(room: &Room, first: &str, second: &str) -> Value {
    let output = room.goaudit(&["reuse", "--format=json", first, second]);
    assert_eq!(code(&output), 0, "{first}, {second}: {}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.reuse.v1");
    report
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn counts(report: &Value) -> (u64, u64) {
    (number(&report["needed"]), number(&report["left"]))
}

fn categories(report: &Value) -> Vec<&str> {
    let causes = report["causes"].as_array().unwrap().iter();
    causes.map(|cause| cause["category"].as_str().unwrap()).collect()
}

/// Names of everything in a folder, with what each file holds.
fn listing(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(listing(&path)),
            false => all.push((path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
    all.sort();
    all
}

/// Runs a go command for real, and counts the compiles that it executed.
fn compiled(room: &Room, cache: &Path, args: &[&str]) -> u64 {
    let graph = room.path("out/graph.json");
    let mut go = room.command("go", &room.m());
    go.arg(args[0]).arg(format!("-debug-actiongraph={}", graph.display())).args(&args[1..]);
    let output = go.env("GOCACHE", cache).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    let graph: Value = serde_json::from_slice(&fs::read(graph).unwrap()).unwrap();
    let ran = |node: &&Value| node["Mode"] == "build" && !node["Cmd"].is_null();
    graph.as_array().unwrap().iter().filter(ran).count() as u64
}

/// The oracle: the first command in an empty cache, then the second, and what that compiled.
#[test]
fn what_is_not_left_is_what_go_compiles() {
    let room = Room::new(true, FILES);
    let before = listing(&room.m());
    let (first, second) = ("go test -run=^$ ./...", "go test -cover ./...");
    let report = reuse(&room, first, second);
    assert!(categories(&report).contains(&"instrumentation"), "{report}");
    let (needed, left) = counts(&report);
    assert!(0 < left && left < needed);
    assert_eq!(report["warm_up"]["command"], "go test -cover '-run=^$' ./...");
    assert_eq!(number(&report["warm_up"]["left"]), needed);
    // Planned, and nothing else: no file, no cache entry.
    assert_eq!(listing(&room.m()), before);
    room.assert_nothing_left();

    let cache = room.path("out/cache");
    let stored = compiled(&room, &cache, &["test", "-run=^$", "./..."]);
    assert_eq!(stored, number(&report["first"]["compiles"]));
    assert_eq!(compiled(&room, &cache, &["test", "-cover", "./..."]), needed - left);
}

#[test]
fn pairs_whose_answer_is_known() {
    let room = Room::new(false, FILES);
    let share = |first: &str, second: &str| {
        let report = reuse(&room, first, second);
        let (needed, left) = counts(&report);
        assert!(needed > 0);
        let causes = categories(&report).join(" ");
        (needed - left, left > 0, causes)
    };
    let none = String::new;
    assert_eq!(share("go test ./...", "go test ./..."), (0, true, none()));
    assert_eq!(share("go test ./...", "GOFLAGS=-v go test -count=1 ./..."), (0, true, none()));
    assert_eq!(share("go test ./...", "go vet ./..."), (0, true, none()));
    // Only the main package holds the tags.
    let tags = share("go build ./...", "go build -tags=nothing -o bin/ ./cmd/app");
    assert_eq!(tags, (1, true, "compile-flags".to_owned()));
    let (missing, any, causes) = share("go build ./...", "go test -race ./...");
    assert!(missing > 20 && !any && causes == "instrumentation", "{missing} {any} {causes}");
    let (missing, any, causes) =
        share("go build ./...", "CGO_ENABLED=0 GOARCH=arm64 go build ./...");
    assert!(missing > 20 && !any && causes == "target", "{missing} {any} {causes}");
    let (missing, _, _) = share("go build ./...", "go run ./cmd/app arg");
    assert_eq!(missing, 1);
    // Another module in another folder: the standard library is shared.
    let (missing, any, _) = share("go build ./...", "cd tools && go build .");
    assert!(missing == 1 && any);
    let report = reuse(&room, "go build ./...", "go test ./lib");
    // The package with its test files, and the main package of its tests.
    let tests = serde_json::json!(["example.com/demo/lib", "example.com/demo/lib.test"]);
    assert_eq!(report["not_built"]["tests"], tests);
    let names = |name: &str| {
        report["origins"].as_array().unwrap().iter().find(|o| o["name"] == name).cloned()
    };
    assert_eq!(names("dependencies").unwrap()["needed"], 0);
    assert_eq!(names("this module").unwrap()["needed"], 2);
    assert!(!room.m().join("bin").exists());
}

/// The same answer under every Go version that goaudit reads.
#[test]
fn other_go_versions() {
    let room = Room::new(true, FILES);
    for toolchain in ["go1.21.13", "go1.23.9", "go1.25.5", "go1.27.3"] {
        let under = |rest: &str| format!("GOTOOLCHAIN={toolchain} {rest}");
        let test = under("go test -run=^$ ./...");
        let report = reuse(&room, &test, &under("go test -cover ./..."));
        let (needed, left) = counts(&report);
        assert!(0 < left && left < needed, "{toolchain}");
        assert_eq!(number(&report["warm_up"]["left"]), needed, "{toolchain}");
        // Before Go 1.26 what a command names is vetted on every run.
        assert_eq!(report["vet"].is_null(), toolchain != "go1.27.3", "{toolchain}");
        let (needed, left) = counts(&reuse(&room, &test, &under("go vet ./...")));
        assert_eq!(needed, left, "{toolchain}");
        let (_, left) = counts(&reuse(&room, &test, "go test ./..."));
        assert_eq!(left, 0, "another toolchain shares nothing with {toolchain}");
    }
}

/// A plan in a workspace may write go.work.sum, and one with -mod=mod go.mod: both work in a copy.
#[test]
fn a_tree_that_a_plan_may_write_to_is_copied() {
    let room = Room::new(true, FILES);
    fs::write(room.m().join("go.work"), "go 1.21\n\nuse (\n\t.\n\t./tools\n)\n").unwrap();
    let before = listing(&room.m());
    let (needed, left) = counts(&reuse(&room, "go build ./...", "go build ./... ./tools"));
    assert_eq!(needed - left, 1);
    fs::remove_file(room.m().join("go.work")).unwrap();
    let mended = "GOFLAGS=-mod=mod go build ./...";
    let report = reuse(&room, mended, mended);
    assert_eq!(report["left"], report["needed"]);
    assert_eq!(
        listing(&room.m()),
        before[..]
            .iter()
            .filter(|(name, _)| !name.ends_with("go.work"))
            .cloned()
            .collect::<Vec<_>>()
    );
    room.assert_nothing_left();
}

#[test]
fn what_cannot_be_planned_is_said() {
    let room = Room::new(false, FILES);
    let fails = |first: &str, exit: i32, part: &str| {
        let output = room.goaudit(&["reuse", "-q", first, "go build ./..."]);
        let said = text(&output.stderr);
        assert_eq!((code(&output), output.stdout.len()), (exit, 0), "{said}");
        assert!(said.contains(part), "{said}");
    };
    fails("make", 2, "`make`: it starts with `make` and not with go");
    fails("go generate ./...", 2, "`go generate` has no plan");
    fails("go build ./... && go vet ./...", 2, "`&&` is for a shell");
    fails("cd missing && go build ./...", 2, "missing");
    fails("go build ./missing", 3, "the plan of `go build ./missing` failed");
    room.assert_nothing_left();
}

#[test]
fn markdown_and_text_hold_the_same() {
    let room = Room::new(false, FILES);
    let render = |format: &str| {
        let commands = ["go build ./lib", "go build -gcflags=-N ./lib"];
        let output = room.goaudit(&[&["reuse", "-q", "--format", format], &commands[..]].concat());
        text(&output.stdout).replace("  ", " ")
    };
    for (format, parts) in [
        (
            "text",
            [
                "the second needs",
                "compile-flags",
                "warm up with\n go build -gcflags=-N -o /dev/null ./lib",
            ],
        ),
        (
            "markdown",
            [
                "### The second needs",
                "- **compile-flags** reaches 1:",
                "Warm up with `go build -gcflags=-N -o /dev/null ./lib`",
            ],
        ),
    ] {
        let shown = render(format);
        for part in parts {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
    }
}
