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

use edge::{GOAUDIT, Recorded, Room, code, text, write_all};

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

/// What a hash log calls a key: the kind of a block, or what a sub-key is for and the kind of the
/// block that it is derived from.
fn names(recording: &Path) -> BTreeMap<Hash, String> {
    let (mut blocks, mut derived) = (BTreeMap::new(), Vec::new());
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
            if let Some(rest) = line.strip_prefix("HASH subkey ") {
                // HASH subkey PARENT "what" = SUM
                let (what, sum) = rest[65..].rsplit_once(" = ").unwrap();
                let (parent, sum) = (hash(&rest.as_bytes()[..64]).unwrap(), hash(sum.as_bytes()));
                derived.push((sum.unwrap(), parent, what.trim_matches('"').to_owned()));
            } else if let Some((name, sum)) =
                line.strip_prefix("HASH[").and_then(|rest| rest.rsplit_once("]: "))
            {
                // HASH[build x]: SUM
                let name = name.split(' ').next().unwrap_or_default();
                blocks.extend(hash(sum.as_bytes()).map(|sum| (sum, name.to_owned())));
            }
        }
    }
    let derived: Vec<(Hash, String)> = derived
        .into_iter()
        .map(|(sum, parent, what)| {
            let of = blocks.get(&parent).map_or("", String::as_str);
            (
                sum,
                if of == "vet" {
                    format!("subkey of vet {what}")
                } else {
                    format!("subkey {what}")
                },
            )
        })
        .collect();
    blocks.extend(derived);
    blocks
}

/// What an entry holds whose key has that name. What is empty says nothing, and is one file for all.
fn expected(name: &str) -> Kind {
    match name {
        "build" => Kind::Archive,
        "link" => Kind::Executable,
        // What vet prints is JSON.
        "vet" | "subkey of vet fix.zip" | "subkey of vet stdout" => Kind::Vet,
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
    let mut agree: BTreeMap<(String, &'static str), usize> = BTreeMap::new();
    let (mut wrong, mut outputs_of_tests) = (Vec::new(), 0);
    for file in &entries {
        let entry = file.content.as_ref().unwrap();
        let (kind, bytes) = outputs[&entry.output];
        match names.get(&file.action) {
            Some(name) if bytes == 0 || kind == expected(name) => {
                let kind = if bytes == 0 { "empty" } else { kind.name() };
                let short = name.split([' ', ':']).take(2).collect::<Vec<_>>().join(" ");
                *agree.entry((short, kind)).or_default() += 1;
            }
            // What a test printed has a key of the values of variables, which a recording leaves out.
            None if kind == Kind::TestResult => outputs_of_tests += 1,
            name => wrong.push(format!("{} {name:?} taken for {kind:?}", hex(&entry.output))),
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), entries.len());
    // Beside the list of what a test read, there is what it printed.
    let lists = agree.iter().filter(|((name, _), _)| name == "testResult").map(|(_, count)| count);
    assert_eq!(outputs_of_tests, lists.sum::<usize>());
    agree.insert(("outputs of tests".to_owned(), Kind::TestResult.name()), outputs_of_tests);
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
        GOARCH=386 CGO_ENABLED=0 go build ./lib && \
        GOARCH=386 CGO_ENABLED=0 go build -gcflags=-N ./lib";
    let recording = record(&room, &cache, &room.m(), "all", &["sh", "-c", commands]);
    let agree = compare(&cache, &[recording]);
    let kinds: BTreeSet<&str> = agree.keys().map(|(_, kind)| *kind).collect();
    for kind in Kind::ALL {
        assert!(kinds.contains(kind.name()), "nothing was {kind:?}: {agree:?}");
    }

    // A compiler for 386 notes no flags where there are none; the package is told all the same.
    let report = report(&room, &cache, &[]);
    let set = report["sets"].as_array().unwrap().iter().find(|set| set["goarch"] == "386").unwrap();
    assert_eq!((&set["packages"], &set["archives"]), (&1.into(), &2.into()), "{set}");
    let found = report["duplicates"].as_array().unwrap().iter().filter(|found| {
        found["package"] == "example.com/demo/lib" && found["class"] == "same-package"
    });
    let differ_in = found.map(|found| found["differ_in"].to_string()).collect::<String>();
    for what in ["flags", "instrumentation", "platform", "tests"] {
        assert!(differ_in.contains(what), "{what}: {differ_in}");
    }
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

/// Two ways to compile one package, and what `goaudit cache` says of the two archives.
struct Twice {
    name: &'static str,
    /// Of the second compile.
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
    /// From the archives alone.
    differ_in: &'static str,
    /// With the recordings of both.
    inputs: &'static [&'static str],
}

const TWICE: &[Twice] = &[
    Twice {
        name: "race",
        args: &["-race"],
        env: &[],
        differ_in: "instrumentation",
        inputs: &["flags of compile: -race | none"],
    },
    Twice {
        name: "cover",
        args: &["-cover"],
        env: &[],
        differ_in: "instrumentation",
        inputs: &["-cover"],
    },
    Twice {
        name: "gcflags",
        args: &["-gcflags=-N -l"],
        env: &[],
        differ_in: "flags",
        inputs: &["-gcflags: -N -l | none"],
    },
    Twice {
        name: "tags",
        args: &["-tags=extra"],
        env: &[],
        differ_in: "sources",
        inputs: &["file extra.go, not in all"],
    },
    Twice {
        name: "trimpath",
        args: &["-trimpath"],
        env: &[],
        differ_in: "directory",
        inputs: &["-trimpath"],
    },
    Twice {
        name: "version",
        args: &[],
        env: &[("GOTOOLCHAIN", "go1.25.5")],
        differ_in: "go_version",
        inputs: &["Go: go1.25.5 | go1.26.8"],
    },
    Twice {
        name: "level",
        args: &[],
        env: &[("GOAMD64", "v3")],
        differ_in: "platform",
        inputs: &["variable GOAMD64: v1 | v3"],
    },
    Twice { name: "sources", args: &[], env: &[], differ_in: "sources", inputs: &["file lib.go"] },
    Twice {
        name: "directory",
        args: &[],
        env: &[],
        differ_in: "directory",
        inputs: &["directory: $ROOM/m/lib | $ROOM/other/lib"],
    },
];

#[test]
fn several_archives_of_a_package_are_told_apart() {
    let version = std::process::Command::new("go").args(["env", "GOVERSION"]).output().unwrap();
    let version = text(&version.stdout).trim().to_owned();
    for twice in TWICE {
        let files = [
            ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
            ("lib/lib.go", "package lib\n\nfunc One() int { return 1 }\n"),
            ("lib/extra.go", "//go:build extra\n\npackage lib\n\nfunc Extra() int { return 2 }\n"),
        ];
        let room = Room::new(false, &files);
        write_all(&room.path("other"), &files);
        let cache = room.path("cache");
        fs::create_dir(&cache).unwrap();
        let first = record(&room, &cache, &room.m(), "first", &["go", "build", "./lib"]);
        let dir = if twice.name == "directory" { room.path("other") } else { room.m() };
        if twice.name == "sources" {
            let more = "package lib\n\nfunc One() int { return 3 }\n";
            fs::write(room.m().join("lib/lib.go"), more).unwrap();
        }
        let second = room.path("out/second.goaudit");
        let mut command = room.command(GOAUDIT, &dir);
        command.args(["record", "-o"]).arg(&second).args(["--", "go", "build"]).args(twice.args);
        command.arg("./lib").env("GOCACHE", &cache).envs(twice.env.iter().copied());
        let output = command.output().unwrap();
        assert_eq!(code(&output), 0, "{}: {}", twice.name, text(&output.stderr));

        let lib = |args: &[&str]| {
            let report = report(&room, &cache, args);
            let all = report["duplicates"].as_array().unwrap();
            let lib = all.iter().find(|one| one["package"] == "example.com/demo/lib");
            lib.unwrap_or_else(|| panic!("{}: {report}", twice.name)).clone()
        };
        let alone = lib(&[]);
        assert_eq!(alone["differ_in"], serde_json::json!([twice.differ_in]), "{}", twice.name);
        assert_eq!((&alone["inputs"], &alone["recorded"]), (&serde_json::json!([]), &0.into()));
        let recordings = [&first, &second].map(|path| path.to_str().unwrap());
        let told = lib(&["--recording", recordings[0], "--recording", recordings[1]]);
        let root = room.dir.path().to_str().unwrap();
        let inputs: Vec<String> = twice
            .inputs
            .iter()
            .map(|input| input.replace("$ROOM", root).replace("go1.26.8", &version))
            .collect();
        assert_eq!(told["inputs"], serde_json::json!(inputs), "{}", twice.name);
        assert_eq!(told["recorded"], 2);
        // One recording of two compiles has nothing to compare with, and says so.
        let one = lib(&["--recording", recordings[0]]);
        assert_eq!((&one["inputs"], &one["recorded"]), (&serde_json::json!([]), &1.into()));
        let output =
            room.goaudit(&["cache", "--recording", recordings[0], cache.to_str().unwrap()]);
        assert!(text(&output.stdout).contains("(1 of 2 recorded)"), "{}", text(&output.stdout));
    }
}
