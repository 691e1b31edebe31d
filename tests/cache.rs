//! `goaudit cache`: what it says of caches that the real go filled, and of damaged ones.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use goaudit::binary::goobj::peek::{self, Peek};
use goaudit::binary::goobj::{self, ArchiveError};
use goaudit::binary::window::Window;
use goaudit::cache::{Aging, EntryFile, Scan, Stat, Trim, TrimFile};
use goaudit::golang::cache_entry::Entry;
use serde_json::Value;

use edge::{Room, code, text};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", "package lib\n\n// One is 1.\nfunc One() int { return 1 }\n"),
    (
        "lib/lib_test.go",
        "package lib\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fail()\n\t}\n}\n",
    ),
    (
        "tools/gen/main.go",
        "package main\n\nimport \"example.com/demo/lib\"\n\nvar version = \"\"\n\nfunc main() { println(lib.One(), version) }\n",
    ),
    ("Makefile", "gen:\n\tgo run ./tools/gen\n"),
];

/// A cache of its own, filled by real go commands.
fn go(room: &Room, cache: &Path, args: &[&str]) {
    let output = room.command("go", &room.m()).args(args).env("GOCACHE", cache).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
}

fn report(room: &Room, cache: &Path, args: &[&str]) -> Value {
    let dir = cache.to_str().unwrap();
    let output = room.goaudit(&[&["cache", "--format=json"], args, &[dir]].concat());
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.cache.v1");
    report
}

fn all_files(dir: &Path) -> Vec<(PathBuf, u64, i64, i64)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::metadata(&path).unwrap();
        match data.is_dir() {
            true => all.extend(all_files(&path)),
            false => all.push((path, data.len(), data.mtime(), data.mtime_nsec())),
        }
    }
    all.sort();
    all
}

fn strings<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

fn outputs(cache: &Path, starts: &[u8]) -> Vec<PathBuf> {
    let files = all_files(cache).into_iter().map(|(path, ..)| path);
    let is_output = |path: &PathBuf| path.to_string_lossy().ends_with("-d");
    files.filter(is_output).filter(|path| fs::read(path).unwrap().starts_with(starts)).collect()
}

#[test]
fn a_cache_that_go_filled_is_told_apart() {
    let room = Room::new(true, FILES);
    let cache = room.path("cache");
    fs::create_dir(&cache).unwrap();
    go(&room, &cache, &["test", "./lib"]);
    go(&room, &cache, &["test", "-cover", "./lib"]);
    go(&room, &cache, &["run", "./tools/gen"]);
    go(&room, &cache, &["run", "-ldflags=-X=main.version=2", "./tools/gen"]);

    let before = all_files(&cache);
    let found = report(&room, &cache, &["--verify"]);
    assert_eq!(all_files(&cache), before, "nothing is changed, no time either");

    // All files are counted, each once.
    assert_eq!(found["files"], before.len());
    assert_eq!(found["bytes"], before.iter().map(|(_, bytes, ..)| bytes).sum::<u64>());
    let kinds = found["kinds"].as_object().unwrap();
    assert_eq!(
        kinds.values().map(|kind| kind["count"].as_u64().unwrap()).sum::<u64>(),
        before.len() as u64
    );
    assert_eq!(kinds["archive"]["count"], outputs(&cache, b"!<arch>").len());
    assert_eq!(kinds["executable"]["count"], 2);
    assert_eq!(
        kinds["test_result"]["count"],
        outputs(&cache, b"ok  \t").len() + outputs(&cache, b"# test log").len()
    );
    assert_eq!(kinds["module_index"]["count"], outputs(&cache, b"go index v").len());

    let tool = &found["executables"][0];
    assert_eq!(
        (&tool["name"], &tool["package"]),
        (&"gen".into(), &"example.com/demo/tools/gen".into())
    );
    assert_eq!(tool["copies"], 2);
    let sets = &found["sets"];
    assert!(strings(sets, "instrumentation").starts_with(&["plain", "-cover"]), "{sets}");
    assert!(
        strings(sets, "go_version").iter().all(|version| version.starts_with("go1.")),
        "{sets}"
    );
    let lib = found["duplicates"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["class"] == "same-package" && one["package"] == "example.com/demo/lib");
    let differ_in = lib.unwrap()["differ_in"].to_string();
    assert!(differ_in.contains("instrumentation") && differ_in.contains("tests"), "{differ_in}");
    assert_eq!(found["broken"], serde_json::json!([]));
    assert_eq!(found["trim"]["aging"], "ages");

    // The advice names the line of the makefile.
    let output = room.goaudit(&["cache", cache.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(said.contains("Makefile:2: go run ./tools/gen"), "{said}");
    assert!(said.contains("go build -o bin/gen example.com/demo/tools/gen"), "{said}");
    let said = text(&room.goaudit(&["cache", "--format=markdown", cache.to_str().unwrap()]).stdout);
    assert!(said.contains("| `example.com/demo/tools/gen` | 2 |"), "{said}");

    peeks_agree(&cache);
    damage_is_found(&room, &cache);
}

thread_local! {
    /// One for all looks, as a scan has one for all files.
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn look(bytes: &[u8]) -> Result<Peek, ArchiveError> {
    let read = |at: u64, room: &mut [u8]| {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let count = rest.len().min(room.len());
        room[..count].copy_from_slice(&rest[..count]);
        count
    };
    ROOM.with_borrow_mut(|room| peek::peek(&mut Window::new(room, read)))
}

/// The oracle of the quick look is the reader of whole archives.
fn peeks_agree(cache: &Path) {
    for path in outputs(cache, b"!<arch>") {
        let bytes = fs::read(&path).unwrap();
        let quick = look(&bytes).unwrap();
        let whole = goobj::parse(&bytes).unwrap();
        assert_eq!((&quick.toolchain, quick.build_id), (&whole.toolchain, whole.build_id));
        let object = whole.members.iter().find_map(goobj::Member::object).unwrap();
        let producer = object.symbols.iter().find_map(|symbol| {
            let package = symbol.name.name.strip_prefix(b"go:cuinfo.producer.")?;
            Some((String::from_utf8_lossy(package).into_owned(), symbol.data))
        });
        let (package, data) = producer.unwrap();
        assert_eq!(quick.package, Some(package));
        let flags = String::from_utf8_lossy(data);
        assert!(quick.flags.iter().all(|flag| flags.contains(flag.as_str())), "{flags}");
        assert_eq!(
            quick.is_covered,
            object.files.contains(&&b"covervars.go"[..]),
            "{}",
            path.display()
        );
        if bytes.len() < 20_000 {
            long_texts_are_read(&bytes);
        }
        // A cut archive is an error or says less; it never panics.
        for end in (0..bytes.len()).step_by(bytes.len() / 16 + 1) {
            let _ = look(&bytes[..end]);
        }
    }
}

/// A package with cgo has its linker flags before the object, as many as it likes.
fn long_texts_are_read(bytes: &[u8]) {
    let find = |what: &[u8]| bytes.windows(what.len()).position(|window| window == what).unwrap();
    let (header, object) = (find(b"_go_.o"), find(b"\0go120ld"));
    let size: usize = text(&bytes[header + 48..header + 58]).trim().parse().unwrap();
    let expected = look(bytes).unwrap();
    for padding in (0..2000).step_by(2) {
        let mut long = bytes[..object - 3].to_vec();
        long.extend(vec![b'x'; padding]);
        long.extend(&bytes[object - 3..]);
        long[header + 48..header + 58]
            .copy_from_slice(format!("{:<10}", size + padding).as_bytes());
        assert_eq!(look(&long).as_ref(), Ok(&expected), "{padding}");
    }
}

fn damage_is_found(room: &Room, cache: &Path) {
    // Same size, other bytes: go takes it for a hit, and only a hash tells.
    let archives = outputs(cache, b"!<arch>");
    let poisoned = &archives[0];
    let mut bytes = fs::read(poisoned).unwrap();
    *bytes.last_mut().unwrap() ^= 0x20;
    fs::write(poisoned, &bytes).unwrap();
    assert_eq!(report(room, cache, &[])["broken"], serde_json::json!([]));
    let found = report(room, cache, &["--verify"]);
    assert_eq!(strings(&found["broken"], "fault"), ["content"]);
    let path = poisoned.strip_prefix(cache).unwrap().to_str().unwrap();
    assert_eq!(found["broken"][0]["path"], path);
    assert_eq!(found["advice"][0]["rule"], "poisoned-entry");

    // Cut, missing, of another action, with foreign text; an executable's folder that is empty.
    bytes.truncate(bytes.len() / 2);
    fs::write(poisoned, &bytes).unwrap();
    fs::remove_file(&archives[1]).unwrap();
    let entries: Vec<PathBuf> = all_files(cache)
        .into_iter()
        .map(|(path, ..)| path)
        .filter(|path| path.to_string_lossy().ends_with("-a"))
        .collect();
    let first = fs::read(&entries[0]).unwrap();
    fs::write(&entries[1], &first).unwrap();
    fs::write(&entries[2], "hello").unwrap();
    let folder = cache.join("00").join(format!("{}-d", "00".repeat(32)));
    fs::create_dir(&folder).unwrap();
    let found = report(room, cache, &[]);
    let faults = strings(&found["broken"], "fault");
    for fault in ["action", "entry", "folder", "missing", "size"] {
        assert!(faults.contains(&fault), "{fault}: {faults:?}");
    }
    // It still answers in every form.
    let said = text(&room.goaudit(&["cache", "--verify", "-v", cache.to_str().unwrap()]).stdout);
    assert!(said.contains("it is the entry of another action"), "{said}");
}

#[test]
fn what_is_no_cache_is_refused() {
    let room = Room::new(false, FILES);
    let said = |dir: &Path| {
        let output = room.goaudit(&["cache", dir.to_str().unwrap()]);
        (code(&output), text(&output.stderr) + &text(&output.stdout))
    };
    let (exit, words) = said(&room.m());
    assert_eq!(exit, 2);
    assert!(words.contains("is no Go build cache: it has none of the folders 00 to ff"), "{words}");
    let (exit, words) = said(&room.m().join("go.mod"));
    assert_eq!(exit, 2);
    assert!(words.contains("is not a directory"), "{words}");
    let (exit, words) = said(&room.path("nowhere"));
    assert_eq!(exit, 2);
    assert!(words.contains("failed to read the cache"), "{words}");
    let empty = room.path("empty");
    fs::create_dir(&empty).unwrap();
    let (exit, words) = said(&empty);
    assert_eq!(exit, 0);
    assert!(words.contains("nothing is cached"), "{words}");

    // Without go and without a name there is nothing to read.
    let mut alone = room.command(edge::GOAUDIT, &room.m());
    let output = alone.arg("cache").env("PATH", room.path("out")).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("which cache?"), "{}", text(&output.stderr));
}

#[test]
fn a_restored_trim_file_is_found_out() {
    let room = Room::new(false, FILES);
    let cache = room.path("cache");
    fs::create_dir_all(cache.join("00")).unwrap();
    let name = "00".repeat(32);
    let output =
        format!("{}-d", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    fs::create_dir(cache.join("e3")).unwrap();
    fs::write(cache.join("e3").join(&output), "").unwrap();
    let entry = cache.join("00").join(format!("{name}-a"));
    fs::write(&entry, format!("v1 {name} {} {:>20} {:>20}\n", &output[..64], 0, 1)).unwrap();
    let week = SystemTime::now() - Duration::from_secs(7 * 86_400);
    fs::File::options().append(true).open(&entry).unwrap().set_modified(week).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    fs::write(cache.join("trim.txt"), (now - 60).to_string()).unwrap();
    let found = report(&room, &cache, &[]);
    assert_eq!(found["trim"]["aging"], "survivors");
    assert_eq!(found["trim"]["removable"]["count"], 1);
    assert_eq!(found["advice"][0]["rule"], "cache-never-trimmed");
    fs::remove_file(cache.join("trim.txt")).unwrap();
    assert_eq!(report(&room, &cache, &[])["trim"]["aging"], "no-trim-file");
}

#[test]
fn times_that_a_restore_renewed_are_found_out() {
    const DAY: i64 = 86_400;
    let now = 100 * DAY;
    let entry = |number: u8, used: i64, stored: i64| EntryFile {
        action: [number; 32],
        stat: Stat { bytes: 175, disk: 4096, used },
        content: Ok(Entry {
            action: [number; 32],
            output: [0; 32],
            size: 0,
            stored: stored * 1_000_000_000,
        }),
    };
    let scan = |entries: Vec<EntryFile>| Scan {
        entries,
        trim: TrimFile::At(now - 60),
        now,
        ..Scan::default()
    };
    let renewed = scan((0..30).map(|number| entry(number, now - 60, now - 20 * DAY)).collect());
    assert!(matches!(Trim::of(&renewed).aging, Aging::Renewed { entries: 30, .. }));
    let fresh = scan((0..30).map(|number| entry(number, now - 60, now - 2 * DAY)).collect());
    assert_eq!(Trim::of(&fresh).aging, Aging::Ages);
    assert_eq!(Trim::of(&fresh).later.map(|tally| tally.count), [0, 0, 0, 0, 0, 30]);
    assert_eq!(Trim::of(&fresh).next, now - 60 + DAY);
}

#[test]
fn measuring_leaves_nothing_and_compares() {
    let room = Room::new(true, FILES);
    let source = room.m().join("tools/gen/main.go");
    let before = fs::read(&source).unwrap();
    let against = "go build -o bin/gen ./tools/gen && bin/gen";
    let options =
        ["cache", "measure", "-q", "--format=json", "--runs=2", "--change=tools/gen/main.go"];
    let output = room.goaudit(
        &[&options[..], &["--against", against, "--", "go", "run", "./tools/gen"]].concat(),
    );
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.cache-measure.v1");
    let [run, built] = [0, 1].map(|side| &report["commands"][side]);
    assert_eq!(
        (&run["command"], &built["command"]),
        (&"go run ./tools/gen".into(), &against.into())
    );
    // One executable at first, and one more for each change.
    assert_eq!(run["after_first"]["executables"], 1);
    assert_eq!(run["after_changes"]["executables"], 3);
    assert_eq!(built["after_changes"]["executables"], 0);
    assert_eq!(run["after_first"]["archives"], built["after_first"]["archives"]);
    assert!(run["repeated"]["median"].as_f64().unwrap() > 0.0);
    assert_eq!(fs::read(&source).unwrap(), before);
    assert!(!room.m().join("bin").exists());
    assert_eq!(fs::read_dir(room.path("tmp")).unwrap().count(), 0);

    let output = room.goaudit(&["cache", "measure", "-q", "--", "go", "build", "./nowhere"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("the first command failed"), "{}", text(&output.stderr));
}

/// Runs a go build for real, and counts the compiles that it executed.
fn compiled(room: &Room, cache: &Path) -> usize {
    let graph = room.path("out/graph.json");
    let flag = format!("-debug-actiongraph={}", graph.display());
    go(room, cache, &["build", &flag, "-o", room.path("out/gen").to_str().unwrap(), "./tools/gen"]);
    let graph: Value = serde_json::from_slice(&fs::read(graph).unwrap()).unwrap();
    let ran = |node: &&Value| node["Mode"] == "build" && !node["Cmd"].is_null();
    graph.as_array().unwrap().iter().filter(ran).count()
}

#[test]
fn what_a_recorded_build_needs_is_enough_for_it() {
    let room = Room::new(true, FILES);
    let cache = room.path("cache");
    fs::create_dir(&cache).unwrap();
    let dir = cache.to_str().unwrap();
    let path = |name: &str| room.path(name).to_str().unwrap().to_owned();
    go(&room, &cache, &["build", "-gcflags=all=-N", "./tools/gen"]);
    go(&room, &cache, &["run", "./tools/gen"]);
    let recording = path("out/build.goaudit");
    let out = path("out/gen");
    let mut record = room.command(edge::GOAUDIT, &room.m());
    record.args(["record", "-o", &recording, "--", "go", "build", "-o", &out, "./tools/gen"]);
    let output = record.env("GOCACHE", &cache).output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));

    let used = |args: &[&str]| {
        let output =
            room.goaudit(&[&["cache", "used", "--recording", &recording], args, &[dir]].concat());
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        output.stdout
    };
    let json: Value = serde_json::from_slice(&used(&["--format=json"])).unwrap();
    assert_eq!(json["schema"], "goaudit.cache-used.v1");
    let (needed, spare) = (&json["needed"]["bytes"], &json["spare"]["bytes"]);
    assert!(spare.as_u64().unwrap() > 1_000_000 && needed.as_u64().unwrap() > 1_000_000, "{json}");
    let listed = text(&used(&["--format=list"]));
    assert!(listed.lines().all(|line| cache.join(line).is_file()), "{listed}");
    assert_eq!(listed.lines().count() as u64, json["needed"]["files"].as_u64().unwrap());

    // Unpacked elsewhere, it is all that the build needs.
    let (tar, elsewhere) = (path("out/cache.tar"), room.path("elsewhere"));
    used(&["--format=tar", "--output", &tar]);
    fs::create_dir(&elsewhere).unwrap();
    tar::Archive::new(fs::File::open(&tar).unwrap()).unpack(&elsewhere).unwrap();
    assert_eq!(compiled(&room, &elsewhere), 0);

    // Nothing is deleted unasked, and nothing that may be in use.
    let prune = |args: &[&str]| {
        let output =
            room.goaudit(&[&["cache", "prune", "--keep", &recording], args, &[dir]].concat());
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let before = all_files(&cache);
    assert!(prune(&[]).contains("nothing was deleted; --yes deletes the spare"));
    assert!(prune(&["--yes"]).contains("deleted 0 B in 0 files"));
    assert_eq!(all_files(&cache), before);
    let hours = SystemTime::now() - Duration::from_secs(3 * 3600);
    for (path, ..) in &before {
        fs::File::open(path).unwrap().set_modified(hours).unwrap();
        let folder = path.parent().unwrap();
        if folder.to_string_lossy().ends_with("-d") {
            fs::File::open(folder).unwrap().set_modified(hours).unwrap();
        }
    }
    prune(&["--yes"]);
    let found = report(&room, &cache, &["--verify"]);
    assert_eq!(found["broken"], serde_json::json!([]));
    assert_eq!(found["executables"], serde_json::json!([]));
    assert_eq!(found["unnamed"]["count"], 0);
    assert_eq!(compiled(&room, &cache), 0);

    // A recording of another cache would call everything spare.
    let empty = room.path("empty");
    fs::create_dir(&empty).unwrap();
    let output =
        room.goaudit(&["cache", "prune", "--keep", &recording, "--yes", empty.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("another GOCACHE"), "{}", text(&output.stderr));
}

/// A policy judges a cache that is named.
#[test]
fn a_named_cache_is_judged() {
    let room = Room::new(true, FILES);
    let cache = room.path("cache");
    fs::create_dir(&cache).unwrap();
    go(&room, &cache, &["run", "./tools/gen"]);
    fs::write(
        Path::new(&room.m()).join("goaudit.yaml"),
        "extends: ci\nrules: {go-run-helper: off}\n",
    )
    .unwrap();
    let options = ["check", "-q", "--depth=text", "--format=json", "--cache"];
    let judged = |more: &[&str]| {
        let output = room.goaudit(&[&options[..], &[cache.to_str().unwrap()], more].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (code(&output), report)
    };
    let (exit, report) = judged(&[]);
    assert_eq!(strings(&report["findings"], "rule"), ["cached-executables"]);
    assert_eq!(report["findings"][0]["subject"], "example.com/demo/tools/gen");
    assert_eq!(exit, 0, "a warning breaks nothing");
    let (exit, report) = judged(&["--cache-budget=1MB"]);
    assert_eq!(exit, 1);
    assert!(strings(&report["findings"], "rule").contains(&"cache-too-large"), "{report}");
    let archive = &outputs(&cache, b"!<arch>")[0];
    let mut bytes = fs::read(archive).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(archive, bytes).unwrap();
    let (exit, report) = judged(&[]);
    assert_eq!(exit, 1);
    assert!(strings(&report["findings"], "rule").contains(&"poisoned-entry"), "{report}");
}
