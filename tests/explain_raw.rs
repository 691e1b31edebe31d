//! `goaudit explain` and `why` on what two go commands wrote to stderr, without a recording.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The fixtures, unpacked: a raw log is plain text.
struct Logs(tempfile::TempDir);

impl Logs {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn unpack(&self, fixture: &str) -> String {
        let path = self.path(fixture);
        fs::write(&path, unpacked(fixture)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }
}

fn packed(fixture: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golang");
    fs::read(dir.join(format!("{fixture}.zst"))).unwrap()
}

fn unpacked(fixture: &str) -> Vec<u8> {
    zstd::decode_all(&packed(fixture)[..]).unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn goaudit(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goaudit")).args(args).output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = goaudit(args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn explain(args: &[&str]) -> Value {
    json(&[&["explain", "--format=json"], args].concat())
}

fn categories(report: &Value) -> Vec<&str> {
    let mut categories: Vec<&str> = report["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["category"].as_str().unwrap())
        .collect();
    categories.sort_unstable();
    categories
}

/// Fails, with that exit code, in words that hold each of `parts`.
fn fails(args: &[&str], code: i32, parts: &[&str]) {
    let output = goaudit(args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    assert!(output.stdout.is_empty());
    for part in parts {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn raw_logs_give_the_causes_that_recordings_give() {
    let logs = Logs::new();
    let (first, second) = (logs.unpack("pair-first.log"), logs.unpack("pair-second.log"));
    let report = explain(&[&first, &second]);
    assert_eq!(categories(&report), ["link-flags", "source"]);
    assert_eq!(report["keys"]["verified"], report["keys"]["total"]);
    assert_eq!(report["second"]["go_version"], "go1.25.5");
    assert_eq!(report["causes"][0]["share_cpu_seconds"], Value::Null);
    assert!(report["not_known"].to_string().contains("--graph"), "{}", report["not_known"]);

    let graphs = [logs.unpack("pair-first.graph"), logs.unpack("pair-second.graph")];
    let with = explain(&[&first, &second, "--graph", &graphs[0], "--graph", &graphs[1]]);
    assert_eq!(categories(&with), ["link-flags", "source"]);
    assert!(with["causes"][0]["share_cpu_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(with["not_known"].as_array().unwrap().len(), 0);
    // The comment and the stamp in two main packages are cut off; without a graph nobody knows.
    assert_eq!((&report["actions"]["cutoff"], &with["actions"]["cutoff"]), (&0.into(), &3.into()));
    // A graph finds the log that it is of.
    let swapped = explain(&[&first, &second, "--graph", &graphs[1], "--graph", &graphs[0]]);
    assert_eq!(swapped, with);
}

#[test]
fn a_log_may_be_packed_or_come_by_stdin() {
    let logs = Logs::new();
    let (first, second) = (logs.unpack("pair-first.log"), logs.unpack("pair-second.log"));
    let plain = explain(&[&first, &second]);
    let zstd = logs.write("zstd", &packed("pair-second.log"));
    let gzip = logs.write("gzip", &gzipped(&unpacked("pair-second.log")));
    for packed in [zstd, gzip] {
        assert_eq!(explain(&[&first, &packed])["causes"], plain["causes"]);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_goaudit"))
        .args(["explain", "--format=json", &first, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&unpacked("pair-second.log")).unwrap();
    let output = child.wait_with_output().unwrap();
    let piped: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(piped["causes"], plain["causes"]);
    fails(&["explain", "-", "-"], 2, &["stdin"]);
}

/// What a raw log does not say, its keys do: where the module, its dependencies and Go are.
#[test]
fn a_difference_of_path_is_told_without_a_recording() {
    let logs = Logs::new();
    let text = String::from_utf8(unpacked("pair-first.log")).unwrap();
    let first = logs.unpack("pair-first.log");
    let moved = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        logs.write("moved", resummed(&text.replace(from, to)).as_bytes())
    };
    let causes = |second: &str| {
        let report = explain(&[&first, second]);
        assert_eq!(report["keys"]["verified"], report["keys"]["total"]);
        categories(&report).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(causes(&moved("dir /tmp/pair/demo", "dir /elsewhere/app")), ["workdir"]);
    assert_eq!(causes(&moved("/tmp/pair/modcache", "/go/pkg/mod")), ["module-location"]);
    assert_eq!(causes(&moved("GOROOT=/", "GOROOT=/opt/")), ["goroot"]);
}

/// Computes every sum again, as the go command would print it.
fn resummed(log: &str) -> String {
    use sha2::{Digest as _, Sha256};
    use std::collections::BTreeMap;
    let mut open: BTreeMap<&str, Sha256> = BTreeMap::new();
    let mut text = String::new();
    for line in log.lines() {
        let named = line.strip_prefix("HASH[").and_then(|rest| rest.split_once(']'));
        let rest = match named {
            Some((name, "")) => {
                open.insert(name, Sha256::new());
                None
            }
            Some((name, rest)) => open.get_mut(name).map(|hash| (hash, name, &rest[2..])),
            None => None,
        };
        match rest {
            Some((hash, _, quoted)) if quoted.starts_with('"') => {
                hash.update(&*goaudit::golang::quote::unquote(quoted.as_bytes()).unwrap());
                text.push_str(line);
            }
            Some((hash, name, _)) => {
                let sum = hash.clone().finalize();
                let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
                text.push_str(&format!("HASH[{name}]: {hex}"));
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[test]
fn what_cannot_be_explained_is_named() {
    let logs = Logs::new();
    let first = logs.unpack("pair-first.log");
    let missing = logs.path("missing.log");
    fails(&["explain", &first, missing.to_str().unwrap()], 3, &["missing.log"]);
    let prose = logs.write("prose", b"# example.com/x\n./x.go:1:1: oops\n");
    fails(&["explain", &first, &prose], 2, &["prose", "2 lines", "gocachehash=1"]);
    let empty = logs.write("empty", b"");
    fails(&["explain", &empty, &first], 2, &["empty", "0 lines"]);
    let open = logs.write("open", b"HASH[build x]\nHASH[build x]: \"compile\\n\"\n");
    fails(&["explain", &first, &open], 2, &["open", "without a compile or a link", "2 lines"]);
    let gzip = gzipped(&unpacked("pair-first.log"));
    let cut = logs.write("cut", &gzip[..gzip.len() / 2]);
    fails(&["explain", &first, &cut], 3, &["cut", "gzip"]);
    let dir = logs.path("").to_str().unwrap().to_owned();
    fails(&["explain", &first, &dir], 3, &["directory"]);

    let second = logs.unpack("pair-second.log");
    let other = logs.unpack("1.21.13-cold-whole.graph");
    fails(&["explain", &first, &second, "--graph", &other], 2, &["another build", "1.21.13"]);
    let graph = logs.unpack("pair-second.graph");
    fails(
        &["explain", &first, &second, "--graph", &graph, "--graph", &graph],
        2,
        &["has one already"],
    );
    fails(&["explain", &first, &second, "--graph", &prose], 3, &["prose", "no action graph"]);
}

/// A log that breaks off inside of a block says less, and says so.
#[test]
fn a_log_that_breaks_off_is_explained_as_far_as_it_goes() {
    let logs = Logs::new();
    let (first, text) = (logs.unpack("pair-first.log"), unpacked("pair-second.log"));
    let cut = logs.write("cut", &text[..text.len() * 2 / 3]);
    let report = explain(&[&first, &cut]);
    assert!(report["not_known"].to_string().contains("never summed"), "{}", report["not_known"]);
    assert!(report["actions"]["only_first"].as_u64().unwrap() > 0);
}

#[test]
fn why_follows_a_package_to_its_causes() {
    let logs = Logs::new();
    let (first, second) = (logs.unpack("pair-first.log"), logs.unpack("pair-second.log"));
    let why = |args: &[&str]| json(&[&["why", "--format=json"], args, &[&first, &second]].concat());
    let report = why(&["cmd/app"]);
    assert_eq!(report["schema"], "goaudit.why.v1");
    let link = report["actions"].as_array().unwrap();
    let link = link.iter().find(|action| action["action"] == "link example.com/demo/cmd/app");
    let chains = link.unwrap()["chains"].as_array().unwrap();
    let of = |category: &str| {
        let chain = chains.iter().find(|chain| chain["category"] == category).unwrap();
        let actions = chain["actions"].as_array().unwrap().iter();
        actions.map(|action| action["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("link-flags"), ["link example.com/demo/cmd/app"]);
    let package = why(&["--key", "example.com/demo/internal/alpha"]);
    let key = &package["actions"][0]["key"];
    let only = |side: &str| key[side].as_array().unwrap().clone();
    assert_eq!((only("only_first").len(), only("only_second").len()), (1, 1));
    assert!(only("only_second")[0].as_str().unwrap().starts_with("file alpha.go "));
    assert!(only("both").len() > 5);
    fails(&["why", "internal/alhpa", &first, &second], 2, &["internal/alhpa", "internal/alpha"]);
    fails(&["why", "zzz", &first, &second], 2, &["no package `zzz`"]);
}

#[test]
fn a_limit_makes_a_gate_of_an_answer() {
    let logs = Logs::new();
    let (first, second) = (logs.unpack("pair-first.log"), logs.unpack("pair-second.log"));
    let ends = |args: &[&str], code: i32, words: &str| {
        let output = goaudit(&[&["explain", &first, &second], args].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(words), "{said}");
    };
    ends(&["--fail-on=misses>0"], 1, "misses is ");
    ends(&["--fail-on=misses>1000", "--fail-on=unexplained>0"], 0, "");
    ends(&["--fail-on=causes>1"], 1, "causes is 2, > 1");
    ends(&["--fail-on=causes>1", "--allow=link-flags"], 0, "");
    ends(&["--fail-on=misses>0", "--allow=link-flags", "--allow=source"], 0, "");
    ends(&["--fail-on=miss-cpu>1"], 3, "not known");
    ends(&["--fail-on=cost>1"], 2, "misses, miss-cpu");
    ends(&["--fail-on=misses"], 2, "no limit");
    ends(&["--allow=weather"], 2, "weather");
}
