//! `--prove`: each difference that is planted is undone, and a wrong claim is found out.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use edge::{GOAUDIT, Room, code, text};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    (
        "cmd/app/main.go",
        "package main\n\nimport \"example.com/demo/lib\"\n\nvar version string\n\nfunc main() { println(lib.One(), version) }\n",
    ),
    ("lib/lib.go", "package lib\n\n// One is 1.\nfunc One() int { return 1 }\n"),
    (
        "lib/fast.go",
        "//go:build fast\n\npackage lib\n\n// Two is 2.\nfunc Two() int { return 2 }\n",
    ),
];

/// The leaky fixture: a package with cgo and `${SRCDIR}` in its flags.
fn leaky() -> Room {
    let room = Room::new(false, &[]);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/modules/leaky");
    copy(&fixture, &room.m());
    room
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Records a go command in a directory.
fn record(room: &Room, dir: &Path, name: &str, line: &str) -> String {
    let file = room.path("out").join(name).to_str().unwrap().to_owned();
    let mut goaudit = room.command(GOAUDIT, dir);
    let output = goaudit.args(["record", "-o", &file, "--", "sh", "-c", line]).output().unwrap();
    assert_eq!(code(&output), 0, "{line}: {}", text(&output.stderr));
    file
}

/// Returns the causes of a report by name of category, first of each.
fn causes(output: &Output) -> BTreeMap<String, Value> {
    assert!(code(output) < 2, "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = report.get("causes").unwrap_or_else(|| &report["comparison"]["causes"]);
    let list = list.as_array().unwrap().iter().rev();
    list.map(|cause| (cause["category"].as_str().unwrap().to_owned(), cause.clone())).collect()
}

fn prove(room: &Room, first: &str, second: &str) -> BTreeMap<String, Value> {
    causes(&room.goaudit(&["explain", "--prove", "--format=json", first, second]))
}

fn assert_proven(cause: &Value, tried: &str, keys: bool) {
    assert_eq!(cause["fix_proven"], true, "{cause:#}");
    assert_eq!(cause["proof"]["tried"], tried, "{cause:#}");
    assert_eq!(cause["proof"]["equal"], cause["proof"]["predicted"]);
    assert_eq!(cause["proof"]["equal"].as_u64().unwrap() > 0, keys, "{cause:#}");
}

#[test]
fn what_one_flag_or_variable_did_is_undone() {
    let room = Room::new(true, FILES);
    let build = "go build -o $OUT/ ./...";
    let first = record(&room, &room.m(), "first", build);
    let cases = [
        (
            "go build -ldflags '-s -X main.version=1' -o $OUT/ ./...",
            "link-flags",
            "-ldflags as in the first",
        ),
        ("go build -ldflags -s -v -o $OUT/ ./...", "link-flags", "-ldflags as in the first"),
        (
            "GOFLAGS='-tags=fast -v' go build -o $OUT/ ./...",
            "compile-flags",
            "-tags as in the first",
        ),
        ("go build -gcflags=-N -o $OUT/ ./...", "compile-flags", "-gcflags as in the first"),
        ("go build -trimpath -o $OUT/ ./...", "trimpath", "-trimpath as in the first"),
        ("go build -race -o $OUT/ ./...", "instrumentation", "-race as in the first"),
        ("CGO_ENABLED=0 go build -o $OUT/ ./...", "cgo", "CGO_ENABLED as in the first"),
        ("CGO_CFLAGS=-O1 go build -o $OUT/ ./...", "cgo", "CGO_CFLAGS as in the first"),
        (
            "GOAMD64=v3 GOARM64=v8.1 go build -o $OUT/ ./...",
            "target",
            "GOAMD64, GOARM64 as in the first",
        ),
        ("go build -buildvcs=false -o $OUT/ ./...", "vcs-stamp", "-buildvcs=false on both sides"),
    ];
    for (line, category, tried) in cases {
        // What would be built takes long, and what it is compared by does not.
        let planned = line.replacen("go build", "go build -n", 1);
        let second = record(&room, &room.m(), "second", &planned);
        let planned = record(&room, &room.m(), "first-planned", "go build -n -o $OUT/ ./...");
        let causes = prove(&room, &planned, &second);
        assert_eq!(causes.len(), 1, "{line}: {causes:#?}");
        assert_proven(&causes[category], tried, true);
    }
    // Several at once: each is undone, though few keys have one of them alone.
    let line = "CGO_ENABLED=0 go build -ldflags=-s -gcflags=-N -o $OUT/ ./...";
    let second = record(&room, &room.m(), "second", line);
    let causes = prove(&room, &first, &second);
    assert_proven(&causes["compile-flags"], "-gcflags as in the first", true);
    assert_proven(&causes["link-flags"], "-ldflags as in the first", false);
    room.assert_nothing_left();
}

#[test]
fn where_a_build_is_and_what_builds_it() {
    let room = leaky();
    let there = room.path("elsewhere/m");
    copy(&room.m(), &there);
    let first = record(&room, &room.m(), "first", "go build -n ./...");
    let second = record(&room, &there, "second", "go build -n ./...");
    let causes = prove(&room, &first, &second);
    assert_proven(&causes["workdir"], "-trimpath on both sides", true);
    assert_proven(&causes["cgo"], "the second in the directory of the first", false);
    assert_eq!(causes.len(), 2);

    let second = record(&room, &room.m(), "second", "GOTOOLCHAIN=go1.25.5 go build -n ./...");
    let causes = prove(&room, &first, &second);
    let tried = causes["toolchain"]["proof"]["tried"].as_str().unwrap();
    assert!(tried.starts_with("the second with go1."), "{tried}");
    assert_proven(&causes["toolchain"], tried, true);
}

/// A file that came with the flag is laid to the flag. Undoing the flag shows that it was not.
#[test]
fn a_wrong_claim_is_disproved() {
    let room = Room::new(false, FILES);
    let there = room.path("elsewhere/m");
    copy(&room.m(), &there);
    fs::write(there.join("lib/more.go"), "package lib\n\nconst more = 1\n").unwrap();
    let first = record(&room, &room.m(), "first", "go build -n -trimpath ./...");
    let second = record(&room, &there, "second", "go build -n -trimpath -tags=fast ./...");
    let causes = prove(&room, &first, &second);
    let tags = &causes["compile-flags"];
    assert_eq!(tags["fix_proven"], false, "{tags:#}");
    assert_eq!(tags["proof"]["remaining"][0], "source example.com/demo/lib");
    assert!(tags["proof"]["equal"].as_u64() < tags["proof"]["predicted"].as_u64());
    let shown = room.goaudit(&["explain", "--prove", &first, &second]);
    let shown = text(&shown.stdout);
    assert!(shown.contains("    disproved: -tags as in the first: "), "{shown}");
}

#[test]
fn what_cannot_be_tried_is_not_claimed() {
    let room = Room::new(false, FILES);
    let there = room.path("elsewhere/m");
    copy(&room.m(), &there);
    fs::write(
        there.join("lib/lib.go"),
        "package lib\n\n// One is 2.\nfunc One() int { return 2 }\n",
    )
    .unwrap();
    let first = record(&room, &room.m(), "first", "go build -n -trimpath ./...");
    let second = record(&room, &there, "second", "go build -n -trimpath -ldflags=-s ./...");
    let why = |causes: &BTreeMap<String, Value>, category: &str| {
        assert_eq!(causes[category]["fix_proven"], Value::Null);
        causes[category]["proof"]["not_tried"].as_str().unwrap().to_owned()
    };
    let causes = prove(&room, &first, &second);
    assert_eq!(why(&causes, "source"), "it is in files, and no option undoes it");
    // The tree has moved on.
    copy(&room.m(), &there);
    let causes = prove(&room, &first, &second);
    assert_eq!(causes["link-flags"]["fix_proven"], true);
    // The file that is compiled is not what the flag is about: a tree that does not compile has no plan.
    fs::write(there.join("lib/lib.go"), "package other\n").unwrap();
    fs::write(there.join("lib/two.go"), "package another\n").unwrap();
    assert!(why(&prove(&room, &first, &second), "link-flags").contains("has no plan"));
    // The tree is gone.
    fs::remove_dir_all(&there).unwrap();
    let causes = prove(&room, &first, &second);
    assert!(why(&causes, "link-flags").contains("is not here: the directory"));
    assert!(why(&causes, "source").contains("is not here: the directory"));
    room.assert_nothing_left();
}

/// A plan in a workspace may write go.work.sum.
#[test]
fn the_tree_of_a_workspace_is_not_written_to() {
    let room = Room::new(false, FILES);
    fs::write(room.m().join("go.work"), "go 1.21\n\nuse .\n").unwrap();
    let first = record(&room, &room.m(), "first", "go build -n ./...");
    let second = record(&room, &room.m(), "second", "go build -n -gcflags=-N ./...");
    let causes = prove(&room, &first, &second);
    assert_proven(&causes["compile-flags"], "-gcflags as in the first", true);
    assert!(!room.m().join("go.work.sum").exists());
    room.assert_nothing_left();
}

#[test]
fn a_check_says_which_variation_shows_a_cause_alone() {
    let room = leaky();
    let args = ["--prove", "--format=json", "--vary=-all,+workdir,+goroot,+cgo,+timezone,+home"];
    let tail = ["--depth=plan", "--", "go", "build", "./..."];
    let causes = causes(&room.check(&[&args[..], &tail[..]].concat()));
    let alone = |category: &str| causes[category]["variations"].as_array().unwrap().clone();
    assert_eq!(alone("workdir"), ["workdir"]);
    assert_eq!(alone("goroot"), ["goroot"]);
    assert_eq!(alone("cgo"), ["cgo"]);
    for category in ["workdir", "goroot", "cgo"] {
        assert_eq!(causes[category]["fix_proven"], true, "{:#}", causes[category]);
    }
    room.assert_nothing_left();
}
