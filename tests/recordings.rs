//! Recordings as files, and the comparison of two real builds from them, without Go.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their fixtures")]

use std::fs;

use goaudit::diff::{self, Comparison};
use goaudit::golang::inputs::Inputs;
use goaudit::recording::{self, FORMAT, ReadError, Recording, tar_entries};
use serde_json::{Value, json};

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/golang/{name}.zst", env!("CARGO_MANIFEST_DIR"));
    zstd::decode_all(&fs::read(path).unwrap()[..]).unwrap()
}

fn manifest() -> Value {
    json!({
        "format": FORMAT,
        "goaudit": "0.0.0",
        "depth": "build",
        "cold": true,
        "command": ["go", "build", "./..."],
        "places": {
            "workdir": "/tmp/pair/demo", "root": "/tmp/pair/demo", "goroot": "/tmp/pair/go",
            "gomodcache": "/tmp/pair/modcache", "gocache": "/tmp/pair/cache",
            "home": "/tmp/pair/home", "tmpdir": "/tmp",
        },
        "environment": [],
        "go_mod": goaudit::golang::go_mod::GoMod::default(),
        "variations": [],
        "artifacts": [],
        "unmatched_artifacts": [],
        "notes": [],
    })
}

fn invocation(args: &[&str]) -> Value {
    json!({
        "args": args, "dir": "/tmp/pair/demo", "settings": {"GOVERSION": "go1.25.5"},
        "exit_code": 0, "wall_ms": 0, "hash_log_bytes": 0, "incomplete": null,
    })
}

/// Packs entries as a recording is packed.
fn pack(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, data) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, &data[..]).unwrap();
    }
    zstd::encode_all(&archive.into_inner().unwrap()[..], 3).unwrap()
}

fn entries(
    manifest: &Value,
    args: &[&str],
    log: Vec<u8>,
    graph: Vec<u8>,
) -> Vec<(String, Vec<u8>)> {
    let name = |file: &str| format!("{}/{file}", tar_entries::folder(1));
    vec![
        (tar_entries::MANIFEST.to_owned(), manifest.to_string().into_bytes()),
        (name(tar_entries::INVOCATION), invocation(args).to_string().into_bytes()),
        (name(tar_entries::HASH_LOG), log),
        (name(tar_entries::GRAPH), graph),
    ]
}

fn side(name: &str, args: &[&str]) -> Vec<u8> {
    let (log, graph) = (fixture(&format!("{name}.log")), fixture(&format!("{name}.graph")));
    pack(&entries(&manifest(), args, log, graph))
}

fn read(file: &[u8]) -> Result<Recording, ReadError> {
    recording::read(file, &mut Inputs::default())
}

const FIRST: &[&str] = &["build", "./..."];
const SECOND: &[&str] = &["build", "-ldflags=-X main.version=1.2.3", "./..."];

fn compare(first: &[u8], second: &[u8]) -> Comparison {
    let mut inputs = Inputs::default();
    let [first, second] = [first, second].map(|file| recording::read(file, &mut inputs).unwrap());
    diff::compare(&first, &second, &inputs)
}

/// Two edits were made between these builds; `fixtures/golang/README.md` says which.
#[test]
fn the_causes_of_two_real_builds_are_the_edits_between_them() {
    let comparison = compare(&side("pair-first", FIRST), &side("pair-second", SECOND));
    let mut causes: Vec<_> = comparison
        .causes
        .iter()
        .map(|cause| (cause.category.name(), cause.about.as_str(), cause.roots.len()))
        .collect();
    causes.sort_unstable();
    // The flag is in the build info of both mains and in both links.
    assert_eq!(causes, [("link-flags", "", 4), ("source", "example.com/demo/internal/alpha", 1)]);
    assert_eq!(comparison.unexplained, []);
    assert_eq!(comparison.nondeterministic, []);
    assert_eq!((comparison.keys.verified, comparison.keys.total), (16, 16));
}

/// What the action graphs say, read without goaudit's reader.
#[test]
fn what_became_of_each_action_is_what_the_graphs_say() {
    let comparison = compare(&side("pair-first", FIRST), &side("pair-second", SECOND));
    let nodes = |name: &str| -> Vec<Value> {
        let nodes: Vec<Value> = serde_json::from_slice(&fixture(name)).unwrap();
        nodes.into_iter().filter(|node| node["ActionID"].is_string()).collect()
    };
    let (first, second) = (nodes("pair-first.graph"), nodes("pair-second.graph"));
    let content =
        |node: &Value| node["BuildID"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    let mut expected = (0, 0, 0);
    let mut cpu = 0.0;
    for node in &second {
        let is_same = |other: &&Value| {
            (&other["Mode"], &other["Package"]) == (&node["Mode"], &node["Package"])
        };
        let before = first.iter().find(is_same).unwrap();
        if before["ActionID"] == node["ActionID"] {
            expected.0 += 1;
        } else {
            expected.1 += 1;
            expected.2 += usize::from(content(before) == content(node));
            cpu += node["CmdUser"].as_f64().unwrap_or(0.0) + node["CmdSys"].as_f64().unwrap_or(0.0);
        }
    }
    let counts = comparison.counts;
    assert_eq!((counts.same, counts.changed, counts.cutoff), expected);
    assert_eq!(expected, (3, 5, 3));
    assert_eq!((counts.ran_with_equal_key, counts.changed_but_found), (0, 0));
    let shares = comparison.causes.iter().filter_map(|cause| cause.share_cpu_seconds).sum::<f64>();
    assert!((shares - cpu / 1e9).abs() < 1e-9, "{shares} {cpu}");
}

#[test]
fn a_build_compared_with_itself_has_no_causes() {
    let file = side("pair-first", FIRST);
    let comparison = compare(&file, &file);
    assert!(comparison.causes.is_empty());
    assert_eq!((comparison.counts.same, comparison.counts.changed), (8, 0));
}

/// A key that is not proven explains nothing, and nothing explains it.
#[test]
fn a_damaged_line_leaves_its_action_unexplained() {
    let damaged = |name: &str, args: &[&str]| {
        let text = String::from_utf8(fixture(&format!("{name}.log"))).unwrap();
        let text = text.replace("file alpha.go ", "file alphx.go ");
        pack(&entries(&manifest(), args, text.into_bytes(), fixture(&format!("{name}.graph"))))
    };
    let comparison = compare(&side("pair-first", FIRST), &damaged("pair-second", SECOND));
    assert_eq!((comparison.keys.verified, comparison.keys.total), (15, 16));
    let unexplained: Vec<_> = comparison.unexplained.iter().map(|one| &one.action).collect();
    assert_eq!(unexplained, ["build example.com/demo/internal/alpha"]);
}

#[test]
fn a_recording_that_ends_early_is_refused() {
    let file = side("pair-first", FIRST);
    for end in (0..file.len() - 8).step_by(61) {
        assert!(read(&file[..end]).is_err(), "{end} of {}", file.len());
    }
}

#[test]
fn a_recording_of_a_newer_format_is_told_from_a_damaged_one() {
    let with = |format: Value| {
        let mut manifest = manifest();
        manifest["format"] = format;
        manifest["new"] = json!({"unknown": true});
        read(&pack(&entries(&manifest, FIRST, Vec::new(), b"[]".to_vec())))
    };
    assert!(with(json!(FORMAT)).is_ok());
    let newer = u64::from(FORMAT) + 1;
    assert!(matches!(with(json!(newer)), Err(ReadError::TooNew { found }) if found == newer));
    for format in [json!("1"), json!(null), json!(-1)] {
        assert!(matches!(with(format), Err(ReadError::Json { .. })));
    }
}

#[test]
fn what_is_missing_or_no_json_is_named() {
    let whole = entries(&manifest(), FIRST, Vec::new(), b"[]".to_vec());
    assert!(matches!(read(&pack(&whole[1..])), Err(ReadError::NoManifest)));
    assert!(matches!(read(&pack(&[])), Err(ReadError::NoManifest)));
    for at in [0, 1, 3] {
        let mut broken = whole.clone();
        broken[at].1 = b"{".to_vec();
        let Err(ReadError::Json { entry, .. }) = read(&pack(&broken)) else { panic!("{at}") };
        assert_eq!(entry, broken[at].0);
    }
}
