//! Files that hold no graph, hold a hostile one, or are packed.

use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::{fixture, graph, text};

fn action(id: u64, deps: &[u64]) -> Value {
    json!({"ID": id, "Mode": "build", "Package": format!("p{id}"), "Deps": deps, "Cmd": ["x"],
        "CmdUser": 1, "TimeStart": "2026-01-01T00:00:00Z", "TimeDone": "2026-01-01T00:00:01+00:00"})
}

fn written(value: &Value) -> Value {
    let output = graph(&["--format", "json", "-"], value.to_string().as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_go_does_not_write_is_told_and_left_out() {
    let warns = |graph: Value, part: &str| {
        let report = written(&graph);
        let warnings = report["warnings"].to_string();
        assert!(warnings.contains(part), "{warnings}");
    };
    warns(json!([action(0, &[1]), action(1, &[0])]), "1 dependency on its own follower");
    warns(json!([action(0, &[0])]), "1 dependency on its own follower");
    warns(json!([action(0, &[7, 9]), action(1, &[])]), "2 dependencies on no such action");
    warns(json!([action(0, &[]), action(0, &[])]), "1 action with an ID that another has");
    let report = written(&json!([action(0, &[1]), action(1, &[0]), action(2, &[1])]));
    assert_eq!(report["cpu_path"]["steps"].as_array().unwrap().len(), 3);
}

#[test]
fn a_chain_of_a_hundred_thousand_is_no_problem() {
    const LENGTH: u64 = 100_000;
    let chain: Vec<Value> = (0..LENGTH)
        .map(|id| if id + 1 < LENGTH { action(id, &[id + 1]) } else { action(id, &[]) })
        .collect();
    let report = written(&json!(chain));
    assert_eq!(report["cpu_path"]["steps"].as_array().unwrap().len(), 100_000);
    for format in ["text", "chrome-trace"] {
        let output = graph(&["--format", format, "-"], json!(chain).to_string().as_bytes());
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[test]
fn what_holds_no_times_says_why_and_shows_no_zeros() {
    let plan = json!([{"ID": 0, "Mode": "build", "Package": "p", "Objdir": "$WORK/b001/",
        "TimeStart": "2026-01-01T00:00:00Z", "TimeDone": "2026-01-01T00:00:00Z", "Cmd": null}]);
    let stopped = json!([{"ID": 0, "Mode": "build", "Package": "p",
        "TimeReady": "0001-01-01T00:00:00Z", "TimeStart": "0001-01-01T00:00:00Z",
        "TimeDone": "0001-01-01T00:00:00Z", "Cmd": null}]);
    for (value, state, part) in [
        (plan, "plan", "with -n go runs nothing"),
        (stopped, "not-finished", "stopped before it wrote them"),
        (json!([]), "empty", "nothing to time"),
    ] {
        let report = written(&value);
        let command = &report["commands"][0];
        assert_eq!(command["state"], state);
        assert_eq!(command["cpu_seconds"], Value::Null);
        assert_eq!(command["elapsed_seconds"], Value::Null);
        assert_eq!(report["cpu_path"], Value::Null);
        let output = graph(&["-"], value.to_string().as_bytes());
        let shown = text(&output.stdout);
        assert!(output.status.success() && shown.contains(part), "{shown}");
        assert!(!shown.contains("0.00") && !shown.contains("CPU s"), "{shown}");
        let output = graph(&["--format", "chrome-trace", "-"], value.to_string().as_bytes());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("no times to draw"));
    }
}

#[test]
fn what_is_no_graph_is_told_from_one_that_is_damaged() {
    let small = fs::read(fixture("graphs/small.json")).unwrap();
    let recording = fs::read(fixture("recordings/leaky-first.goaudit")).unwrap();
    let other = zstd::encode_all(&b"text"[..], 3).unwrap();
    let bad_time = text(&small).replace("2026-01-02T03:04:05Z", "yesterday");
    let cases: [(&[u8], i32, &str); 11] = [
        (b"", 2, "neither"),
        (b"hello", 2, "neither"),
        (br#"{"schema": "goaudit.graph.v1"}"#, 2, "neither"),
        (b"[1, 2]", 2, "line 1 column 2"),
        (bad_time.as_bytes(), 2, "`yesterday` is no time of RFC 3339 at line"),
        (&small[..small.len() / 2], 3, "cut or damaged"),
        (b"[}", 3, "cut or damaged"),
        (&recording[..recording.len() / 2], 3, "damaged"),
        (&other, 2, "neither"),
        (b"\x1f\x8b\x08garbage", 3, "failed to read"),
        (b"\x28\xb5\x2f\xfdgarbage", 3, "failed to read"),
    ];
    for (bytes, code, part) in cases {
        let output = graph(&["-"], bytes);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(part) && told.contains("`-`"), "{told}");
        assert!(output.stdout.is_empty());
    }
    let output = graph(&["no/such/file"], b"");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("failed to read `no/such/file`"));
    let deep = format!("[{}", "[".repeat(200_000));
    assert_eq!(graph(&["-"], deep.as_bytes()).status.code(), Some(2));
}

/// The same graph, however it is packed and called.
#[test]
fn content_decides_what_a_file_is() {
    let small = fs::read(fixture("graphs/small.json")).unwrap();
    let plain = graph(&["-"], &small).stdout;
    assert_eq!(graph(&["-"], &zstd::encode_all(&small[..], 3).unwrap()).stdout, plain);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&small).unwrap();
    assert_eq!(graph(&["-"], &gzip.finish().unwrap()).stdout, plain);
    let dir = tempfile::tempdir().unwrap();
    let misnamed = dir.path().join("x.goaudit");
    fs::write(&misnamed, &small).unwrap();
    assert_eq!(graph(&[misnamed.to_str().unwrap()], b"").stdout, plain);
}
