//! `goaudit cache` held against the hash logs of the commands that filled the cache: what each
//! entry was taken for, and what tells several archives of one package apart.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use goaudit::cache::Scan;
use goaudit::capture::gocache::scan;
use goaudit::capture::interrupt::Interrupt;
use goaudit::golang::cache_entry::{Hash, Kind, hash, hex};
use serde_json::Value;

use edge::{GOAUDIT, Recorded, Room, code, text};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", "package lib\n\nfunc One() int { return 1 }\n"),
    (
        "lib/lib_test.go",
        "package lib\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fail()\n\t}\n}\n",
    ),
    (
        "native/native.go",
        "package native\n\n/*\n#cgo CFLAGS: -O1\n#include <stdlib.h>\nstatic int two(void) { return abs(-2); }\n*/\nimport \"C\"\n\nfunc Two() int { return int(C.two()) }\n",
    ),
    (
        "facts/facts.go",
        "package facts\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc Warn(format string, args ...any) { fmt.Fprintf(os.Stderr, format, args...) }\n",
    ),
    (
        "tool/main.go",
        "package main\n\nimport (\n\t\"example.com/demo/facts\"\n\t\"example.com/demo/lib\"\n\t\"example.com/demo/native\"\n)\n\nfunc main() { facts.Warn(\"%d %d\\n\", lib.One(), native.Two()) }\n",
    ),
];

/// What a hash log calls a key: the kind of a block, or what a sub-key is for.
fn names(recording: &Path) -> BTreeMap<Hash, String> {
    let mut names = BTreeMap::new();
    let bytes = Recorded(recording.to_owned()).bytes();
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        if !entry.path().unwrap().ends_with("hash.log") {
            continue;
        }
        let mut log = Vec::new();
        entry.read_to_end(&mut log).unwrap();
        for line in log.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            let Some((name, sum)) = named(&line) else { continue };
            names.entry(hash(sum.as_bytes()).unwrap()).or_insert(name);
        }
    }
    names
}

/// `HASH[build x]: SUM` and `HASH subkey PARENT "what" = SUM`.
fn named(line: &str) -> Option<(String, &str)> {
    let is_sum = |sum: &str| sum.len() == 64 && hash(sum.as_bytes()).is_some();
    if let Some(rest) = line.strip_prefix("HASH subkey ") {
        let (what, sum) = rest.get(65..)?.rsplit_once(" = ")?;
        return is_sum(sum).then(|| (format!("subkey {}", what.trim_matches('"')), sum));
    }
    let (name, sum) = line.strip_prefix("HASH[")?.rsplit_once("]: ")?;
    is_sum(sum).then(|| (name.split(' ').next().unwrap_or_default().to_owned(), sum))
}

/// What an entry holds whose key has that name. What is empty says nothing, and is one file for all.
fn expected(name: &str) -> Kind {
    match name {
        "build" => Kind::Archive,
        "link" => Kind::Executable,
        "vet" | "subkey fix.zip" => Kind::Vet,
        "moduleIndex" => Kind::ModuleIndex,
        "testResult" | "testInputs" | "subkey coverprofile" => Kind::TestResult,
        "gccCompilerID" => Kind::Cgo,
        "preprocess" | "covermeta" | "testmain" => Kind::Other,
        "subkey srcfiles" | "subkey stdout" | "subkey link-stdout" => Kind::Other,
        _ => match name.strip_prefix("subkey ") {
            Some(what) if what.starts_with("inputs:") => Kind::TestResult,
            Some(what)
                if what.starts_with("_cgo_")
                    || what.starts_with("gccSupportsFlag ")
                    || what.starts_with("cgo compile ")
                    || what.ends_with(".cgo1.go")
                    || what.ends_with(".cgo2.c") =>
            {
                Kind::Cgo
            }
            // Sources that coverage counters were put into.
            Some(what) if what.ends_with(".go") => Kind::Other,
            _ => panic!("what is `{name}`?"),
        },
    }
}

/// The entries of a cache by the name of their key and the kind that their output was taken for.
fn compare(cache: &Path, recordings: &[PathBuf]) -> BTreeMap<(String, &'static str), usize> {
    let names: BTreeMap<Hash, String> = recordings.iter().flat_map(|file| names(file)).collect();
    let Scan { entries, outputs, .. } =
        scan::scan(cache, false, &Interrupt::catch().unwrap()).unwrap();
    let outputs: BTreeMap<Hash, (Kind, u64)> =
        outputs.iter().map(|file| (file.output, (file.kind, file.stat.bytes))).collect();
    let (mut agree, mut wrong) = (BTreeMap::new(), Vec::new());
    for file in &entries {
        let entry = file.content.as_ref().unwrap();
        let (kind, bytes) = outputs[&entry.output];
        match names.get(&file.action) {
            Some(name) if bytes == 0 || kind == expected(name) => {
                let kind = if bytes == 0 { "empty" } else { kind.name() };
                let short = name.split([' ', ':']).take(2).collect::<Vec<_>>().join(" ");
                *agree.entry((short, kind)).or_default() += 1;
            }
            name => wrong.push(format!("{} {name:?} taken for {kind:?}", hex(&entry.output))),
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), entries.len());
    agree
}

fn record(room: &Room, cache: &Path, dir: &Path, name: &str, command: &[&str]) -> PathBuf {
    let file = room.path("out").join(format!("{name}.goaudit"));
    let mut record = room.command(GOAUDIT, dir);
    record.args(["record", "-o"]).arg(&file).arg("--").args(command).env("GOCACHE", cache);
    let output = record.output().unwrap();
    assert_eq!(code(&output), 0, "{command:?}: {}", text(&output.stderr));
    file
}

#[test]
fn every_entry_is_what_its_key_says() {
    let room = Room::new(true, FILES);
    let cache = room.path("cache");
    fs::create_dir(&cache).unwrap();
    let commands = "go build ./... && go run ./tool && go vet ./... && go test ./lib && \
        go test -cover ./lib && go test -coverprofile=$OUT/c.out ./lib && \
        GOOS=linux GOARCH=386 CGO_ENABLED=0 go build ./lib";
    let recording = record(&room, &cache, &room.m(), "all", &["sh", "-c", commands]);
    let agree = compare(&cache, &[recording]);
    let kinds: BTreeSet<&str> = agree.keys().map(|(_, kind)| *kind).collect();
    for kind in Kind::ALL {
        assert!(kinds.contains(kind.name()), "nothing was {kind:?}: {agree:?}");
    }

    // A compiler for 386 notes no flags; the package is told all the same.
    let report = report(&room, &cache, &[]);
    let set = report["sets"].as_array().unwrap().iter().find(|set| set["goarch"] == "386").unwrap();
    assert!(set["packages"].as_u64().unwrap() > 0, "{set}");
    let scanned = scan::scan(&cache, false, &Interrupt::catch().unwrap()).unwrap();
    let packages = scanned.outputs.iter().filter_map(|file| match &file.told {
        goaudit::cache::Told::Archive(peek) => Some(peek.package.as_deref()),
        _ => None,
    });
    assert!(packages.into_iter().all(|package| package.is_some()));
}

/// The same of any cache: `GOAUDIT_TRUTH_CACHE` names it, `GOAUDIT_TRUTH_RECORDINGS` the recordings
/// of all commands that used it, with `:` between them. For `go build std cmd` it takes minutes:
///
/// ```text
/// GOCACHE=/tmp/c goaudit record -o /tmp/std.goaudit -- go build std cmd
/// GOAUDIT_TRUTH_CACHE=/tmp/c GOAUDIT_TRUTH_RECORDINGS=/tmp/std.goaudit \
///     cargo test --test cache_truth -- --ignored --nocapture
/// ```
#[test]
#[ignore = "takes a cache that was filled under goaudit record; see above"]
#[expect(clippy::print_stdout, reason = "a table for who runs it")]
fn every_entry_of_a_named_cache_is_what_its_key_says() {
    let variable = |name: &str| std::env::var_os(name).unwrap();
    let recordings: Vec<PathBuf> =
        std::env::split_paths(&variable("GOAUDIT_TRUTH_RECORDINGS")).collect();
    let agree = compare(Path::new(&variable("GOAUDIT_TRUTH_CACHE")), &recordings);
    for ((name, kind), count) in &agree {
        println!("{count:>7}  {name:<28}  {kind}");
    }
    println!("{:>7}  agree, none disagrees", agree.values().sum::<usize>());
}

fn report(room: &Room, cache: &Path, args: &[&str]) -> Value {
    let dir = cache.to_str().unwrap();
    let output = room.goaudit(&[&["cache", "--format=json"], args, &[dir]].concat());
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
