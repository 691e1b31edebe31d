//! goaudit in the place of `go`: a build must not notice.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test touches the world, may panic, and says why it was skipped"
)]

mod edge;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use edge::{GOAUDIT, Room, code, holds, signal, text, wait_for};

const MODULE: &[(&str, &str)] = &[
    ("go.mod", "module example.com/m\n\ngo 1.21\n"),
    (
        "cmd/app/main.go",
        "package main\n\nimport \"example.com/m/lib\"\n\nvar v string\n\nfunc main() { println(lib.Hello(), v) }\n",
    ),
    (
        "cmd/seven/main.go",
        "package main\n\nimport \"os\"\n\nfunc main() {\n\tos.Stdout.WriteString(\"out\\n\")\n\
         \tos.Stderr.WriteString(\"no newline\")\n\tos.Exit(7)\n}\n",
    ),
    (
        "cmd/wait/main.go",
        "package main\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() {\n\tout := os.Getenv(\"OUT\")\n\
         \tos.WriteFile(out+\"/ready\", nil, 0o644)\n\tfor i := 0; i < 600; i++ {\n\
         \t\tif _, err := os.Stat(out + \"/stop\"); err == nil {\n\t\t\treturn\n\t\t}\n\
         \t\ttime.Sleep(50 * time.Millisecond)\n\t}\n}\n",
    ),
    (
        "cmd/mage/main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"os/exec\"\n)\n\nfunc main() {\n\
         \tout, err := exec.Command(\"go\", \"build\", \"-o\", os.Getenv(\"OUT\")+\"/nested\", \"example.com/m/cmd/app\").CombinedOutput()\n\
         \tfmt.Printf(\"%q %v %q\\n\", out, err, os.Getenv(\"GODEBUG\"))\n}\n",
    ),
    (
        "lib/lib.go",
        "package lib\n\n//go:generate go build -o /dev/null ../cmd/app\n\nfunc Hello() string { return \"hello\" }\n",
    ),
    (
        "lib/lib_test.go",
        "package lib\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestFails(t *testing.T) {\n\tif os.Getenv(\"TOKEN\") == \"\" {\n\t\tt.Fatal(\"bad\")\n\t}\n}\n",
    ),
    ("broken/broken.go", "package broken\n\nfunc F() { return 1 }\n"),
    (
        "vetted/vetted.go",
        "package vetted\n\nimport \"fmt\"\n\nfunc F() { fmt.Printf(\"%d\\n\", \"x\") }\n",
    ),
];

/// Takes out what differs from run to run: the name of go's work directory, and times.
fn stable(bytes: &[u8]) -> String {
    let text = text(bytes);
    let mut words = text.split("/go-build");
    let mut kept = words.next().unwrap_or_default().to_owned();
    for word in words {
        kept.push_str("/go-build");
        kept.push_str(word.trim_start_matches(|char: char| char.is_ascii_digit()));
    }
    let is_time = |word: &str| {
        let number = word.trim_matches(['(', ')']).strip_suffix('s').unwrap_or("x");
        number.contains('.') && number.parse::<f64>().is_ok()
    };
    let lines = kept.split('\n').map(|line| {
        let words = line.split([' ', '\t']).map(|word| if is_time(word) { "TIME" } else { word });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn exit_code_and_output_are_those_of_the_bare_command() {
    let room = Room::new(true, MODULE);
    let commands: &[&[&str]] = &[
        &["go", "build", "-o", "bin/app", "./cmd/app"],
        &["go", "build", "./broken"],
        &["go", "build", "-x", "-p", "1", "-o", "bin/x", "./cmd/app"],
        &["go", "build", "-v", "./nowhere"],
        &["go", "vet", "./vetted"],
        &["go", "test", "./lib"],
        &["go", "test", "-count=1", "-v", "./lib", "-run", "None"],
        &["go", "run", "./cmd/seven"],
        &["go", "run", "./cmd/mage"],
        &["go", "run", "-x", "./cmd/seven"],
        &["go", "generate", "./lib"],
        &["go", "version"],
        &["go", "env", "GOOS", "GOFLAGS", "GOCACHE", "GODEBUG"],
        &["go", "list", "-deps", "-f", "{{.ImportPath}}", "./cmd/app"],
        &["go", "list", "-export", "-f", "{{.ImportPath}} {{.Export}}", "./lib"],
        &["go", "build", "-nope"],
        &["go", "nope"],
        &["go"],
        &["go", "-C", "lib", "build", "."],
        &["go", "-C=lib", "vet", "."],
        &["go", "build", "-C", "cmd", "-o", "../bin/c", "./app"],
        &["go", "-C", "nowhere", "build", "."],
        &["go", "-C"],
        &["sh", "-c", "go build -o bin/s ./cmd/app && ./bin/s; go vet ./vetted; exit 5"],
    ];
    for command in commands {
        let bare = || room.command(command[0], &room.m()).args(&command[1..]).output().unwrap();
        // The first run fills the cache.
        bare();
        let expected = bare();
        let (output, recorded) = room.record(command);
        assert_eq!(code(&output), code(&expected), "{command:?}: {}", text(&output.stderr));
        assert_eq!(stable(&output.stdout), stable(&expected.stdout), "{command:?}");
        let recording = recorded.read();
        assert!(!recording.invocations.is_empty(), "{command:?}");
        // The one line of its own that `record` may add, at the end.
        let said = text(&output.stderr);
        let (said, is_warned) = match said.split_once("goaudit: nothing to compare was recorded") {
            Some((before, _)) => (before, true),
            None => (said.as_str(), false),
        };
        assert_eq!(stable(said.as_bytes()), stable(&expected.stderr), "{command:?}");
        let builds = recording.invocations.iter().any(|go| go.info.command().is_build());
        assert_eq!(is_warned, !builds, "{command:?}");
    }
    room.assert_nothing_left();
}

#[test]
fn go_commands_of_a_program_that_go_runs_are_recorded_too() {
    let room = Room::new(true, MODULE);
    let (output, recorded) = room.record(&["go", "run", "./cmd/mage"]);
    assert_eq!(text(&output.stdout), "\"\" <nil> \"\"\n", "{}", text(&output.stderr));
    let lines = recorded.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with("go build -o "), "{lines:?}");
    let builds = recorded.read();
    assert!(builds.invocations.iter().all(|build| !build.graph.is_empty()));
    assert!(builds.manifest.artifacts.iter().any(|file| file.path == "nested"));
}

#[test]
fn the_directory_the_graph_and_the_settings_are_those_of_the_command() {
    let room = Room::new(true, MODULE);
    let script = "go -C lib build . && go build -C cmd/app -o ../../bin/app . \
        && go build -debug-actiongraph=own.json ./cmd/app \
        && go -C lib build -debug-actiongraph=lib.json . \
        && GODEBUG=http2debug=1 GOFLAGS=\"-tags=x \\\"-ldflags=-X 'main.v=a b'\\\"\" go build -o bin/f ./cmd/app \
        && bin/f";
    let (output, recorded) = room.record(&["sh", "-c", script]);
    assert_eq!(text(&output.stderr), "hello a b\n");
    assert_eq!(code(&output), 0);
    let recording = recorded.read();
    let dirs: Vec<_> = recording.invocations.iter().map(|i| i.info.dir.clone()).collect();
    let m = fs::canonicalize(room.m()).unwrap();
    let dir = |name: &str| m.join(name).display().to_string();
    let root = m.display().to_string();
    assert_eq!(dirs, [dir("lib"), dir("cmd/app"), root.clone(), dir("lib"), root]);
    for invocation in &recording.invocations {
        assert!(!invocation.graph.is_empty() && invocation.log.faults_total == 0);
        assert!(invocation.info.command().is_build());
    }
    assert!(room.m().join("own.json").exists() && room.m().join("lib/lib.json").exists());
    let artifacts: Vec<_> = recording.manifest.artifacts.iter().map(|a| &a.path).collect();
    assert_eq!(artifacts, ["app", "bin/app", "bin/f"]);
}

#[test]
fn many_go_commands_at_once_are_each_recorded_whole() {
    let targets: Vec<String> = (1..=8).map(|number| format!("t{number}")).collect();
    let rules: String = targets
        .iter()
        .map(|target| {
            format!("{target}:\n\t@go build -o bin/{target} ./cmd/app\n\t@go version >/dev/null\n")
        })
        .collect();
    let room = Room::new(true, MODULE);
    fs::write(room.m().join("Makefile"), format!("all: {}\n{rules}", targets.join(" "))).unwrap();
    let (output, recorded) = room.record(&["make", "-j4"]);
    assert_eq!((code(&output), text(&output.stderr)), (0, String::new()));
    let recording = recorded.read();
    assert_eq!(recording.invocations.len(), 16);
    assert_eq!(recording.builds().count(), 8);
    for build in recording.builds() {
        let (verified, total) = build.log.verified();
        assert!(verified == total && total > 0 && !build.graph.is_empty());
    }
    assert_eq!(recording.manifest.artifacts.len(), 8);
}

#[test]
fn a_script_that_clears_its_environment_is_recorded_all_the_same() {
    let room = Room::new(true, MODULE);
    let script =
        "env -i PATH=\"$PATH\" HOME=\"$HOME\" GOCACHE=\"$GOCACHE\" go build -o bin/app ./cmd/app";
    let (output, recorded) = room.record(&["sh", "-c", script]);
    assert_eq!((code(&output), text(&output.stderr)), (0, String::new()));
    assert_eq!(recorded.read().builds().count(), 1);
}

#[test]
fn a_signal_for_the_stand_in_alone_reaches_go() {
    let room = Room::new(true, MODULE);
    let script = "go run ./cmd/wait & pid=$!; while ! test -e $OUT/ready; do sleep 0.05; done; \
        kill -TERM $pid; wait $pid; echo $?; touch $OUT/stop";
    let bare = room.command("sh", &room.m()).args(["-c", script]).output().unwrap();
    for name in ["ready", "stop"] {
        fs::remove_file(room.path("out").join(name)).unwrap();
    }
    let (output, recorded) = room.record(&["sh", "-c", script]);
    assert_eq!(text(&output.stdout), text(&bare.stdout));
    assert_eq!(text(&output.stdout), "143\n");
    // What go did not get to print is not known: the record is not whole, and says so.
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("`go run ./cmd/wait` is not whole: signal 15 ended it"));
    assert!(!recorded.0.exists());
    room.assert_nothing_left();
}

#[test]
fn ctrl_c_ends_the_build_and_keeps_nothing() {
    let room = Room::new(true, MODULE);
    let file = room.path("out/r.goaudit");
    let args = ["record", "-o", file.to_str().unwrap(), "--", "go", "run", "./cmd/wait"];
    let child = room.spawn(GOAUDIT, &args);
    wait_for(|| room.path("out/ready").exists().then_some(())).unwrap();
    signal(child.id(), "-INT", true);
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130);
    assert!(text(&output.stderr).ends_with("goaudit: interrupted\n"), "{}", text(&output.stderr));
    assert!(!file.exists());
    room.assert_nothing_left();
}

#[test]
fn a_go_command_that_was_killed_leaves_no_recording() {
    let room = Room::new(true, MODULE);
    let kill = |what: &str| {
        format!(
            "go run ./cmd/wait & pid=$!; while ! test -e $OUT/ready; do sleep 0.05; done; \
             kill -KILL {what}; wait $pid; touch $OUT/stop; exit 0"
        )
    };
    // The stand-in, then the go command behind it.
    for what in ["$pid", "$(pgrep -P $pid -x go)"] {
        let (output, recorded) = room.record(&["sh", "-c", &kill(what)]);
        let stderr = text(&output.stderr);
        assert_eq!(code(&output), 3, "{stderr}");
        assert!(stderr.contains("the record of `go run ./cmd/wait` is not whole"), "{stderr}");
        assert!(!recorded.0.exists());
        for name in ["ready", "stop"] {
            fs::remove_file(room.path("out").join(name)).unwrap();
        }
    }
}

#[test]
fn no_secret_enters_a_recording() {
    const MARKER: &str = "zq7marker";
    let room = Room::new(true, MODULE);
    fs::write(
        room.m().join("Makefile"),
        "all:\n\t@go test ./lib -args $(TOKEN) >/dev/null\n\t@go test ./lib >/dev/null\n\
         \t@go build -ldflags '-X main.v=https://bob:zq7marker@example.com/x' -o bin/app ./cmd/app\n\
         \t@go run ./cmd/app --token $(TOKEN) 2>/dev/null\n",
    )
    .unwrap();
    let file = room.path("out/r.goaudit");
    let output = room
        .command(GOAUDIT, &room.m())
        .args(["record", "-o", file.to_str().unwrap(), "--", "make", "TOKEN=zq7marker"])
        .env("TOKEN", MARKER)
        .env("GOPROXY", "https://bob:zq7marker@example.com,off")
        .env("GOAUTH", "off")
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let recorded = edge::Recorded(file);
    assert_eq!(recorded.read().builds().count(), 4);
    let bytes = recorded.bytes();
    assert!(holds(&bytes, "TOKEN"), "the name of the variable is recorded");
    let at = bytes.windows(MARKER.len()).position(|window| window == MARKER.as_bytes());
    assert_eq!(at.map(|at| text(&bytes[at.saturating_sub(200)..at + 20])), None);
}

#[test]
fn tar_opens_a_recording() {
    let room = Room::new(true, MODULE);
    let (_, recorded) = room.record(&["go", "build", "-o", "bin/app", "./cmd/app"]);
    let bytes = recorded.bytes();
    let mut archive = tar::Archive::new(&bytes[..]);
    let paths: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    let expected = ["invocation.json", "hash.log", "graph.json", "cache.jsonl"]
        .map(|f| format!("invocations/0001/{f}"));
    assert_eq!(paths[0], "goaudit.json");
    assert_eq!(paths[1..], expected);
    let mode = fs::metadata(&recorded.0).unwrap().permissions().mode();
    assert_eq!(mode & 0o444, 0o444, "a recording is an ordinary file");
}

#[test]
fn a_recording_that_cannot_be_written_is_refused_before_the_build() {
    let room = Room::new(false, MODULE);
    for (file, cause) in [
        ("nowhere/r.goaudit", "No such file or directory"),
        ("out", "is a directory"),
        ("m/go.mod/r.goaudit", "Not a directory"),
    ] {
        let file = room.path(file);
        let args = ["record", "-o", file.to_str().unwrap(), "--", "touch", "ran"];
        let output = room.goaudit(&args);
        let stderr = text(&output.stderr);
        assert_eq!(code(&output), 3);
        assert!(
            stderr.contains(&format!("failed to write the recording `{}`", file.display())),
            "{stderr}"
        );
        assert!(stderr.contains(cause), "{stderr}");
        assert!(!room.m().join("ran").exists());
    }
    let output = room.goaudit(&["record", "-o", "/dev/full", "--", "go", "version"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("No space left on device"));
    assert!(!fs::metadata("/dev/full").unwrap().is_file());
    room.assert_nothing_left();
}
