//! Tests whose results are cached: what real runs of `go test` tell, recorded and compared.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the world and may panic"
)]

mod edge;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use edge::{GOAUDIT, Recorded, Room, code, holds, text};
use goaudit::diff;
use goaudit::diff::test_inputs::{FileChange, InputChange};
use goaudit::diff::tests::{TestReason, Tests};
use goaudit::golang::inputs::Inputs;
use goaudit::golang::test_log::{FileState, TestOutcome, TestRun};
use goaudit::recording;
use serde_json::Value;

const READS: &str = r#"package reads

import (
	"os"
	"testing"
)

func TestReads(t *testing.T) {
	_ = os.Getenv("DEMO")
	if _, err := os.ReadFile("testdata/in.txt"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir("testdata/list"); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stat("testdata/none.txt")
	if Two() != 2 {
		t.Fatal("not two")
	}
}
"#;

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/m\n\ngo 1.21\n"),
    ("reads/reads.go", "package reads\n\nfunc Two() int { return 2 }\n"),
    ("reads/reads_test.go", READS),
    ("reads/testdata/in.txt", "in\n"),
    ("reads/testdata/list/one", "1\n"),
    ("pure/pure.go", "package pure\n"),
    ("pure/pure_test.go", "package pure\n\nimport \"testing\"\n\nfunc TestPure(t *testing.T) {}\n"),
];

/// A module whose tests read, with files that are old enough for results to be kept.
struct Tested {
    room: Room,
    toolchain: &'static str,
}

impl Tested {
    fn new(toolchain: &'static str) -> Self {
        let room = Room::new(false, FILES);
        let tested = Self { room, toolchain };
        for path in ["testdata/in.txt", "testdata/list/one", "testdata/list"] {
            tested.age(path, 3600);
        }
        tested
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.room.m().join("reads").join(name)
    }

    /// Sets the time of a file to some seconds ago.
    fn age(&self, name: &str, seconds: u64) {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        File::open(self.path(name)).unwrap().set_modified(time).unwrap();
    }

    fn write(&self, name: &str, content: &str, seconds: u64) {
        fs::write(self.path(name), content).unwrap();
        self.age(name, seconds);
    }

    /// Records `go test`, and fails if it does.
    fn record(&self, name: &str, args: &[&str], variables: &[(&str, &str)]) -> Recorded {
        let file = self.room.path(name);
        let output = self
            .room
            .command(GOAUDIT, &self.room.m())
            .args(["record", "-o", file.to_str().unwrap(), "--", "go", "test"])
            .args(args)
            .env("GOTOOLCHAIN", self.toolchain)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
        Recorded(file)
    }

    /// Records with DEMO=hunter2 until a run finds all results. A file may be too young at first.
    fn found(&self) -> Recorded {
        let mut last = Vec::new();
        for _ in 0..5 {
            let recorded = self.record("first.goaudit", &["./..."], SAME);
            last = runs(&recorded);
            if last.iter().all(|run| run.outcome == TestOutcome::Found) {
                return recorded;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        panic!("{last:#?}")
    }

    /// Compares a first run that found all results with one after a change.
    fn after(&self, first: &Recorded, args: &[&str], variables: &[(&str, &str)]) -> Tests {
        compared(first, &self.record("second.goaudit", args, variables))
    }
}

const SAME: &[(&str, &str)] = &[("DEMO", "hunter2")];

fn runs(recorded: &Recorded) -> Vec<TestRun> {
    let invocations = recorded.read().invocations.into_iter();
    let mut runs: Vec<TestRun> = invocations.flat_map(|invocation| invocation.log.tests).collect();
    // They run side by side.
    runs.sort_by(|one, other| one.package.cmp(&other.package));
    runs
}

fn compared(first: &Recorded, second: &Recorded) -> Tests {
    let inputs = &mut Inputs::default();
    let mut read = |file: &Recorded| recording::read(File::open(&file.0).unwrap(), inputs).unwrap();
    let (first, second) = (read(first), read(second));
    diff::compare(&first, &second, inputs).tests
}

/// The reasons of the one package that ran; all others must have been found.
fn why(tests: &Tests) -> &[TestReason] {
    let [ran] = tests.ran.as_slice() else { panic!("{tests:#?}") };
    assert_eq!((ran.package.as_str(), tests.found), ("example.com/m/reads", 1), "{tests:#?}");
    &ran.why
}

fn how(tests: &Tests, name: &str) -> FileChange {
    let [TestReason::Input(InputChange::File { path, how })] = why(tests) else {
        panic!("{tests:#?}")
    };
    assert!(path.ends_with(name), "{path}");
    how.clone()
}

#[test]
fn each_version_of_go_tells_what_a_test_read() {
    for toolchain in ["go1.21.13", "go1.23.9", "local", "go1.27.3"] {
        let tested = Tested::new(toolchain);
        let first = tested.found();
        let runs = runs(&first);
        let [pure, reads] = runs.as_slice() else { panic!("{toolchain}: {runs:#?}") };
        assert_eq!(
            (pure.package.as_str(), reads.package.as_str()),
            ("example.com/m/pure", "example.com/m/reads")
        );
        let inputs = reads.inputs.as_ref().unwrap();
        let named = |end: &str| inputs.iter().find(|input| input.name.ends_with(end)).unwrap();
        // As sha256sum says.
        let sum = "ab5080369a968a3638a5a5e0df9932a3656766bec904667f72438fd49cd515b0";
        assert_eq!(named("in.txt").content.as_deref(), Some(sum));
        assert!(matches!(&named("in.txt").file, Some(FileState::File(stat)) if stat.bytes == 3));
        assert!(matches!(&named("none.txt").file, Some(FileState::Missing(_))));
        let Some(FileState::Directory { entries, .. }) = &named("/list").file else { panic!() };
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["one"]);
        assert_eq!(named("DEMO").sum.len(), 3);

        let other = tested.after(&first, &["./..."], &[("DEMO", "other")]);
        let variable = TestReason::Input(InputChange::Variable("DEMO".to_owned()));
        assert_eq!(why(&other), [variable], "{toolchain}");

        tested.age("testdata/in.txt", 7200);
        let touched = tested.after(&first, &["./..."], SAME);
        assert_eq!(how(&touched, "in.txt"), FileChange::Time { same_content: true }, "{toolchain}");
        tested.room.assert_nothing_left();
    }
}

#[test]
fn what_differs_in_a_file_is_told() {
    let tested = Tested::new("local");
    let first = tested.found();
    tested.write("testdata/in.txt", "on\n", 3600);
    assert_eq!(how(&tested.after(&first, &["./..."], SAME), "in.txt"), FileChange::Content);

    tested.write("testdata/in.txt", "longer\n", 3600);
    assert_eq!(how(&tested.after(&first, &["./..."], SAME), "in.txt"), FileChange::Content);

    let tested = Tested::new("local");
    let first = tested.found();
    tested.write("testdata/list/two", "2\n", 3600);
    tested.age("testdata/list", 3600);
    let listed = tested.after(&first, &["./..."], SAME);
    let two = vec!["two".to_owned()];
    assert_eq!(how(&listed, "list"), FileChange::Entries { come: two, gone: Vec::new() });

    let first = tested.found();
    tested.write("testdata/none.txt", "", 3600);
    assert_eq!(how(&tested.after(&first, &["./..."], SAME), "none.txt"), FileChange::Come);
    // With none.txt as it was, the result from before would be found.
    let first = tested.found();
    tested.age("testdata/in.txt", 60);
    fs::remove_file(tested.path("testdata/none.txt")).unwrap();
    let gone = tested.after(&first, &["./..."], SAME);
    let is_gone = |reason: &TestReason| {
        matches!(reason, TestReason::Input(InputChange::File { how: FileChange::Gone, .. }))
    };
    assert_eq!(why(&gone).iter().filter(|reason| is_gone(reason)).count(), 1, "{gone:#?}");

    let first = tested.found();
    let zone = tested.after(&first, &["./..."], &[("DEMO", "hunter2"), ("TZ", "Asia/Tokyo")]);
    let is_zone = |reason: &TestReason| {
        matches!(reason, TestReason::Input(InputChange::File { how: FileChange::Zone, .. }))
    };
    assert!(why(&zone).iter().all(is_zone), "{zone:#?}");
}

#[test]
fn what_is_no_input_is_told() {
    let tested = Tested::new("local");
    let first = tested.found();
    let debug =
        tested.after(&first, &["./..."], &[("DEMO", "hunter2"), ("GODEBUG", "http2client=0")]);
    assert_eq!(debug.found, 0);
    for ran in &debug.ran {
        assert_eq!(ran.why, [TestReason::Input(InputChange::Godebug)], "{debug:#?}");
    }
    assert_eq!(debug.causes.len(), 1);

    let args = tested.after(&first, &["-run", "TestReads", "./reads"], SAME);
    let [ran] = args.ran.as_slice() else { panic!("{args:#?}") };
    let [TestReason::Arguments { second, .. }] = ran.why.as_slice() else { panic!("{args:#?}") };
    assert!(second.contains("-test.run=TestReads"), "{second}");

    let count = tested.after(&first, &["-count=1", "./reads"], SAME);
    let [ran] = count.ran.as_slice() else { panic!("{count:#?}") };
    assert_eq!(ran.why, [TestReason::NotCacheable { why: "-count=1".to_owned() }]);

    // The linker leaves this out: go finds the result by the content of the executable.
    tested.write("reads.go", "package reads\n\nfunc Two() int { return 2 }\n\nvar Y = 3\n", 9);
    let same = tested.after(&first, &["./..."], SAME);
    assert_eq!(same.ran, [], "{same:#?}");

    tested.write(
        "reads.go",
        // Other code: an executable with equal content is found by that.
        "package reads\n\nvar Y = 3\n\nfunc Two() int { return Y - 1 }\n",
        9,
    );
    let source = tested.after(&first, &["./..."], SAME);
    let link = "link example.com/m/reads.test".to_owned();
    assert_eq!(why(&source), [TestReason::Executable { link }]);

    let fresh = tested.room.path("fresh");
    let cache = tested.after(
        &first,
        &["./pure"],
        &[("DEMO", "hunter2"), ("GOCACHE", fresh.to_str().unwrap())],
    );
    assert_eq!(cache.ran[0].why, [TestReason::NotInCache], "{cache:#?}");
}

#[test]
fn a_recording_holds_no_value_and_no_whole_hash_of_a_variable() {
    let tested = Tested::new("local");
    let first = tested.record("ran.goaudit", &["./..."], SAME);
    let second = tested.found();
    for recorded in [&first, &second] {
        let bytes = recorded.bytes();
        assert!(holds(&bytes, "\"DEMO\"") && !holds(&bytes, "hunter2"));
        for marker in ["testInputs", "getenv", "inputs:"] {
            assert!(!holds(&bytes, marker), "{marker}");
        }
    }
}

#[test]
fn a_report_names_the_file_and_says_that_its_content_is_equal() {
    let tested = Tested::new("local");
    let first = tested.found();
    tested.age("testdata/in.txt", 7200);
    let second = tested.record("second.goaudit", &["./..."], SAME);
    let files = [first.0.to_str().unwrap(), second.0.to_str().unwrap()];
    let explain = |args: &[&str]| {
        let output = tested.room.goaudit(&[&["explain"], args, &files].concat());
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let report = explain(&[]);
    let file = Path::new("m/reads/testdata/in.txt");
    let line = report.lines().find(|line| line.contains("test-input")).unwrap();
    assert!(
        line.contains("only the time of ") && line.contains(file.to_str().unwrap()),
        "{report}"
    );
    assert!(line.ends_with("the content is equal"), "{report}");
    assert!(report.contains("tests of 1 package ran, 1 found in the cache"), "{report}");
    assert!(report.contains("made run: example.com/m/reads\n"), "{report}");

    let json: Value = serde_json::from_str(&explain(&["--format", "json"])).unwrap();
    assert_eq!(json["tests"]["found"], 1);
    assert_eq!(json["tests"]["ran"][0]["package"], "example.com/m/reads");
    assert_eq!(json["tests"]["causes"][0]["category"], "test-input");
}
