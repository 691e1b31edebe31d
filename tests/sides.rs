//! `goaudit explain --first CMD --second CMD`: it runs the commands and records them itself.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::fs;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use edge::{Room, code, signal, text, wait_for};

const HELLO: &[(&str, &str)] = &[
    ("go.mod", "module example.com/hello\n\ngo 1.21\n"),
    ("main.go", "package main\n\nfunc main() {\n\tprintln(\"hello\")\n}\n"),
];

fn causes(output: &Output) -> Vec<String> {
    assert_eq!(code(output), 0, "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let causes = report["causes"].as_array().unwrap().iter();
    causes.map(|cause| cause["category"].as_str().unwrap().to_owned()).collect()
}

/// The command is a shell's: several words, several commands. What it prints is on stderr.
#[test]
fn two_commands_are_run_and_compared() {
    let room = Room::new(false, HELLO);
    let output = room.goaudit(&[
        "explain",
        "--first=echo one && go build -o $OUT/a .",
        "--second=echo two; go build -ldflags=-s -o $OUT/a .",
        "--format=json",
        "--save",
        room.path("out").to_str().unwrap(),
    ]);
    assert_eq!(causes(&output), ["link-flags"]);
    let said = text(&output.stderr);
    assert!(said.contains("\none\n") && said.contains("\ntwo\n"), "{said}");
    room.assert_nothing_left();

    // What was kept is what was compared; one of each kind is fine, in either place.
    let kept = |name: &str| room.path("out").join(name).to_str().unwrap().to_owned();
    let (first, second) = (kept("first.goaudit"), kept("second.goaudit"));
    let output = room.goaudit(&["explain", "--format=json", &first, &second]);
    assert_eq!(causes(&output), ["link-flags"]);
    let again = "--first=go build -o $OUT/a .";
    assert_eq!(
        causes(&room.goaudit(&["explain", "--format=json", again, &second])),
        ["link-flags"]
    );
    let again = "--second=go build -o $OUT/a .";
    assert_eq!(causes(&room.goaudit(&["explain", "--format=json", &first, again])), [""; 0]);
}

#[test]
fn a_command_that_fails_gives_no_answer() {
    let room = Room::new(false, HELLO);
    let output =
        room.goaudit(&["explain", "--first=go build -o $OUT/a .", "--second=go build . && exit 7"]);
    assert_eq!((code(&output), output.stdout.len()), (3, 0));
    let said = text(&output.stderr);
    assert!(
        said.contains(
            "the second command failed: `go build . && exit 7` ended with exit status: 7"
        ),
        "{said}"
    );
    let output = room.goaudit(&["explain", "--first=go version", "--second=go build ."]);
    assert_eq!((code(&output), output.stdout.len()), (3, 0));
    let said = text(&output.stderr);
    assert!(said.contains("the first command `go version` started no go command"), "{said}");
    room.assert_nothing_left();
}

#[test]
fn two_are_asked_for() {
    let room = Room::new(false, HELLO);
    let refused = |args: &[&str], part: &str| {
        let output = room.goaudit(&[&["explain"], args].concat());
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{said}");
        assert!(said.contains(part), "{said}");
    };
    let names = "name two recordings, two commands";
    refused(&[], names);
    refused(&["a.goaudit"], names);
    refused(&["--second=true"], names);
    refused(&["a.goaudit", "b.goaudit", "--second=true"], "more are named");
    refused(&["a.goaudit", "--first=true", "--second=true"], "more are named");
    refused(&["a.goaudit", "b.goaudit", "--save=kept"], "neither is given");
    assert!(!room.m().join("kept").exists());
    // What is not there is said before anything runs.
    let output = room.goaudit(&["explain", "missing.goaudit", "--second=touch ran && go build ."]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("missing.goaudit"));
    assert!(!room.m().join("ran").exists());
}

#[test]
fn ctrl_c_leaves_nothing() {
    let room = Room::new(false, HELLO);
    let line = "--first=touch started; sleep 60";
    let goaudit = room.spawn(edge::GOAUDIT, &["explain", line, "--second=true"]);
    let started = room.m().join("started");
    assert!(wait_for(|| started.exists().then_some(())).is_some());
    std::thread::sleep(Duration::from_millis(100));
    signal(goaudit.id(), "-INT", true);
    let output = goaudit.wait_with_output().unwrap();
    assert_eq!((code(&output), output.stdout.len()), (130, 0), "{}", text(&output.stderr));
    room.assert_nothing_left();
    fs::remove_file(started).unwrap();
}
