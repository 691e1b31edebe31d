//! Recordings of Go 1.24 and later: what go found in its cache is seen, not inferred.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use edge::{GOAUDIT, Room, code, text, write_all};
use goaudit::recording::cache_use::{CacheUse, Outcome};
use serde_json::Value;

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", "package lib\n\n// One is 1.\nfunc One() int { return 1 }\n"),
    ("other/other.go", "package other\n\n// Two is 2.\nconst Two = 2\n"),
    (
        "tested/tested_test.go",
        "package tested\n\nimport \"testing\"\n\nfunc TestNothing(t *testing.T) {}\n",
    ),
];

/// The module, an hour old: go indexes no directory that was written a moment ago.
fn room() -> Room {
    let room = Room::new(false, FILES);
    let old = SystemTime::now() - Duration::from_secs(60 * 60);
    let paths = FILES.iter().map(|(path, _)| *path).chain(["lib", "other", "tested", "."]);
    for path in paths {
        fs::File::open(room.m().join(path)).unwrap().set_modified(old).unwrap();
    }
    room
}

fn own_cache(room: &Room) -> PathBuf {
    let cache = room.path("cache");
    fs::create_dir_all(&cache).unwrap();
    cache
}

/// Records a shell line.
fn record(room: &Room, name: &str, line: &str, set: impl FnOnce(&mut Command)) -> String {
    let file = room.path(name).to_str().unwrap().to_owned();
    let mut command = room.command(GOAUDIT, &room.m());
    command.args(["record", "-o", &file, "--", "sh", "-c", line]);
    set(&mut command);
    let output = command.output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    file
}

fn explain(room: &Room, first: &str, second: &str) -> Value {
    let output = room.goaudit(&["explain", "--format=json", first, second]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn lookups_of_vet_and_of_tests_are_seen() {
    let room = room();
    let line = "go vet ./other && go test ./tested";
    let first = record(&room, "1.goaudit", line, |_| {});
    let second = record(&room, "2.goaudit", line, |_| {});
    let same = explain(&room, &first, &second);
    let lookups = &same["second"]["lookups"];
    assert_eq!((&lookups["vet_ran"], &lookups["stored"]), (&0.into(), &0.into()), "{lookups}");
    assert!(lookups["vet_found"].as_u64().unwrap() >= 1, "{lookups}");
    assert_eq!((&same["tests"]["found"], &same["tests"]["not_known"]), (&1.into(), &0.into()));

    write_all(&room.m(), &[("other/other.go", "package other\n\n// Two is 3.\nconst Two = 3\n")]);
    let third = record(&room, "3.goaudit", line, |_| {});
    let changed = explain(&room, &second, &third);
    let lookups = &changed["second"]["lookups"];
    assert_eq!(lookups["vet_ran"], 1, "{lookups}");
    assert!(lookups["stored"].as_u64().unwrap() > 0 && lookups["unseen_commands"] == 0);
    let output = text(&room.goaudit(&["explain", &second, &third]).stdout);
    assert!(output.contains("\n  second build's cache: "), "{output}");
    assert!(output.contains("; vet ran on 1 package and found "), "{output}");
}

#[test]
fn an_owners_program_is_asked_in_a_recording_and_not_in_a_check() {
    let room = room();
    let asked = room.path("asked.jsonl");
    let owners = format!(
        "{GOAUDIT} cacheprog --record {} --dir {}",
        asked.display(),
        own_cache(&room).display()
    );
    let uses = |path: &Path| CacheUse::read(&fs::read_to_string(path).unwrap()).unwrap();
    for stored in [true, false] {
        let set = |command: &mut Command| {
            command.env("GOCACHEPROG", &owners);
        };
        let file = record(&room, "r.goaudit", "go build -trimpath ./lib", set);
        let recording = edge::Recorded(file.into()).read();
        let seen = recording.invocations[0].cache.clone().unwrap();
        let outcomes = |uses: &[CacheUse]| {
            uses.iter().map(|one| (one.action, one.outcome)).collect::<Vec<_>>()
        };
        assert_eq!(outcomes(&seen), outcomes(&uses(&asked)));
        assert_eq!(seen.iter().any(|one| one.outcome == Outcome::Stored), stored);
        fs::remove_file(&asked).unwrap();
    }

    let mut check = room.command(GOAUDIT, &room.m());
    check.args(["check", "-q", "--artifact=lib.a", "--"]);
    check.args(["go", "build", "-trimpath", "-buildvcs=false", "-o", "lib.a", "./lib"]);
    let output = check.env("GOCACHEPROG", &owners).output().unwrap();
    assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!asked.exists(), "a check has caches of its own");
}

#[test]
fn what_a_recorded_build_asked_for_is_all_that_it_needs() {
    let room = room();
    let cache = own_cache(&room);
    let set = |command: &mut Command| {
        command.env("GOCACHE", &cache);
    };
    record(&room, "both.goaudit", "go build -trimpath ./lib ./other", set);
    let recording = record(&room, "lib.goaudit", "go build -trimpath ./lib", set);
    let dir = cache.to_str().unwrap();
    let used = room.goaudit(&["cache", "used", "--format=json", "--recording", &recording, dir]);
    let used: Value = serde_json::from_slice(&used.stdout).unwrap();
    assert_eq!(used["keys"]["every_lookup"], true);
    assert_eq!(used["keys"]["found"], used["keys"]["recorded"]);
    assert!(used["spare"]["files"].as_u64().unwrap() >= 2, "{used}");

    let tar = room.path("used.tar");
    let tar = tar.to_str().unwrap();
    let packed =
        room.goaudit(&["cache", "used", "--format=tar", "-o", tar, "--recording", &recording, dir]);
    assert_eq!(code(&packed), 0, "{}", text(&packed.stderr));
    let restored = room.path("restored");
    fs::create_dir(&restored).unwrap();
    let unpacked = room.command("tar", &restored).args(["-xf", tar]).status().unwrap();
    assert!(unpacked.success());
    // The same commands find all of it, and another package is not there.
    for (package, misses) in [("./lib", false), ("./other", true)] {
        let seen = room.path("seen.jsonl");
        let program = format!("{GOAUDIT} cacheprog --record {}", seen.display());
        let mut go = room.command("go", &room.m());
        go.args(["build", "-trimpath", package]);
        let built = go.env("GOCACHE", &restored).env("GOCACHEPROG", program).output().unwrap();
        assert_eq!(code(&built), 0, "{}", text(&built.stderr));
        let uses = CacheUse::read(&fs::read_to_string(&seen).unwrap()).unwrap();
        let missed = uses.iter().any(|one| one.outcome == Outcome::Miss);
        assert_eq!(missed, misses, "{package}");
        fs::remove_file(&seen).unwrap();
    }
}
