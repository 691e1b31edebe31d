//! `goaudit cacheprog` between the real go and a cache, and before cache programs that misbehave.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use edge::{GOAUDIT, Room, code, processes_naming, signal, text, wait_for, write_all};
use goaudit::recording::cache_use::{CacheUse, Outcome};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", "package lib\n\n// One is 1.\nfunc One() int { return 1 }\n"),
    (
        "lib/lib_test.go",
        "package lib\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fail()\n\t}\n}\n",
    ),
    (
        "main.go",
        "package main\n\nimport \"example.com/demo/lib\"\n\nfunc main() { println(lib.One()) }\n",
    ),
];

/// The module, an hour old: go indexes no directory that was written a moment ago.
fn room() -> Room {
    let room = Room::new(false, FILES);
    let old = SystemTime::now() - Duration::from_secs(60 * 60);
    for path in ["lib/lib.go", "lib/lib_test.go", "main.go", "go.mod", "lib", "."] {
        fs::File::open(room.m().join(path)).unwrap().set_modified(old).unwrap();
    }
    room
}

/// Runs go with a cache program, in a cache of its own below the room.
fn go(room: &Room, program: &str, args: &[&str]) -> Output {
    let mut command = room.command("go", &room.m());
    command.args(args).env("GOCACHE", cache(room)).env("GOCACHEPROG", program);
    command.output().unwrap()
}

fn cache(room: &Room) -> PathBuf {
    let cache = room.path("cache");
    fs::create_dir_all(&cache).unwrap();
    cache
}

/// Builds the program with all that it needs of the standard library, and returns what was said.
fn build_all(room: &Room, program: &str) -> String {
    // What is up to date is not asked for.
    let _ = fs::remove_file(room.path("out/app"));
    let said = succeeds(room, program, &["build", "-trimpath", "-o", "../out/app", "."]);
    let ran = room.command(room.path("out/app"), &room.m()).output().unwrap();
    assert_eq!(text(&ran.stderr), "1\n");
    said
}

/// Builds the library, which needs nothing else.
fn build(room: &Room, program: &str) -> String {
    succeeds(room, program, &["build", "-trimpath", "./lib"])
}

fn succeeds(room: &Room, program: &str, args: &[&str]) -> String {
    let output = go(room, program, args);
    let said = text(&output.stderr);
    assert_eq!(code(&output), 0, "{program}: {said}");
    said
}

fn script(room: &Room, name: &str, lines: &str) -> String {
    let path = room.path(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn uses(path: &Path) -> Vec<CacheUse> {
    CacheUse::read(&fs::read_to_string(path).unwrap()).unwrap()
}

fn count(uses: &[CacheUse], outcome: Outcome) -> usize {
    uses.iter().filter(|one| one.outcome == outcome).count()
}

/// The archive of a package, by a text in it.
fn archive(room: &Room, holds: &str) -> PathBuf {
    let folders = fs::read_dir(cache(room)).unwrap().flatten().filter(|one| one.path().is_dir());
    let mut files = folders.flat_map(|one| fs::read_dir(one.path()).unwrap().flatten());
    let found = files.find(|file| {
        let bytes = fs::read(file.path()).unwrap_or_default();
        bytes.starts_with(b"!<arch>") && edge::holds(&bytes, holds)
    });
    found.unwrap().path()
}

#[test]
fn a_directory_is_served_as_go_serves_it() {
    let room = room();
    let record = room.path("uses.jsonl");
    let program = format!("{GOAUDIT} cacheprog -v --record {}", record.display());
    let said = build_all(&room, &program);
    assert!(said.contains(" lookups: 0 hits"), "{said}");
    let cold = uses(&record);
    assert!(count(&cold, Outcome::Miss) > 20 && count(&cold, Outcome::Stored) > 20);
    assert_eq!(count(&cold, Outcome::Hit), 0);

    // What it stored is what go finds without it, and the other way round.
    let plain = go(&room, "", &["build", "-x", "-trimpath", "-o", "../out/other", "."]);
    assert!(!text(&plain.stderr).contains("/compile "), "{}", text(&plain.stderr));
    let found =
        room.goaudit(&["cache", "--verify", "--format=json", cache(&room).to_str().unwrap()]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["broken"].as_array().map(Vec::len), Some(0), "{found}");
    let stored = go(&room, "", &["test", "./lib"]);
    assert_eq!(code(&stored), 0, "{}", text(&stored.stderr));
    fs::remove_file(&record).unwrap();
    let tested = go(&room, &program, &["test", "./lib"]);
    assert!(text(&tested.stdout).contains("(cached)"), "{}", text(&tested.stdout));
    let warm = uses(&record);
    assert_eq!((count(&warm, Outcome::Miss), count(&warm, Outcome::Stored)), (0, 0));
    assert!(warm.iter().all(|one| one.output.is_some() && one.bytes.is_some()));
    room.assert_nothing_left();
}

#[test]
fn an_old_file_that_is_served_counts_as_used_and_what_nobody_uses_is_trimmed() {
    let room = room();
    let program = format!("{GOAUDIT} cacheprog");
    build(&room, &program);
    let used = archive(&room, "example.com/demo/lib");
    let old = SystemTime::now() - Duration::from_secs(6 * 24 * 60 * 60);
    let age = |path: &Path| fs::File::open(path).unwrap().set_modified(old).unwrap();
    age(&used);
    let unused = cache(&room).join("00").join(format!("{}-d", "00".repeat(32)));
    fs::write(&unused, "nobody asks for this").unwrap();
    age(&unused);
    fs::write(cache(&room).join("trim.txt"), "1").unwrap();

    build(&room, &format!("{GOAUDIT} cacheprog --read-only"));
    assert_eq!(fs::metadata(&used).unwrap().modified().unwrap(), old, "read-only changes no time");
    assert!(unused.exists());
    build(&room, &program);
    assert!(fs::metadata(&used).unwrap().modified().unwrap() > old);
    assert!(!unused.exists() && used.exists());
}

#[test]
fn a_poisoned_archive_is_not_served() {
    let room = room();
    build(&room, &format!("{GOAUDIT} cacheprog"));
    let path = archive(&room, "example.com/demo/lib");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();

    let said = build(&room, &format!("{GOAUDIT} cacheprog --verify"));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(said.contains("not served: ") && said.contains(name), "{said}");
    // The compile has put the right bytes there.
    let said = build(&room, &format!("{GOAUDIT} cacheprog --verify -v"));
    assert!(!said.contains("not served") && said.contains(", 0 misses"), "{said}");
}

#[test]
fn an_action_that_is_given_other_bytes_is_told() {
    let room = room();
    let program = format!("{GOAUDIT} cacheprog --verify");
    build(&room, &program);
    write_all(&room.m(), &[("other/other.go", "package other\n\nvar Two = 2\n")]);
    succeeds(&room, &program, &["build", "-trimpath", "./other"]);
    // Another output under the key of lib, as a build that is not deterministic would leave it.
    let name = archive(&room, "example.com/demo/lib");
    let output = name.file_name().unwrap().to_str().unwrap()[..64].to_owned();
    let other = archive(&room, "example.com/demo/other").file_name().unwrap().to_str().unwrap()
        [..64]
        .to_owned();
    let size =
        fs::metadata(cache(&room).join(&other[..2]).join(format!("{other}-d"))).unwrap().len();
    let folders = fs::read_dir(cache(&room)).unwrap().flatten().filter(|one| one.path().is_dir());
    let files = folders.flat_map(|one| fs::read_dir(one.path()).unwrap().flatten());
    let entry = files
        .map(|file| file.path())
        .find(|path| {
            path.to_string_lossy().ends_with("-a")
                && fs::read_to_string(path).unwrap().contains(&output)
        })
        .unwrap();
    let action = entry.file_name().unwrap().to_str().unwrap()[..64].to_owned();
    fs::write(&entry, format!("v1 {action} {other} {size:>20} {:>20}\n", 1)).unwrap();
    let said = succeeds(&room, &program, &["build", "-a", "-trimpath", "./lib"]);
    assert!(
        said.contains(&format!("action {action} had output {other} and was given {output}")),
        "{said}"
    );
}

#[test]
fn a_cache_that_takes_nothing_costs_hits_and_not_the_build() {
    let room = room();
    // A file where the folder should be: nobody can write below it, root neither.
    let file = room.path("file");
    fs::write(&file, "").unwrap();
    let said = build(&room, &format!("{GOAUDIT} cacheprog -v --dir {}/cache", file.display()));
    assert!(said.contains("the cache takes no outputs: "), "{said}");
    assert!(said.contains(" 0 hits") && said.contains("; 0 stored (0.0 MB), "), "{said}");
    assert_eq!(said.matches("takes no outputs").count(), 1, "{said}");
    // A record that cannot be written is no reason to fail either.
    let said = build(&room, &format!("{GOAUDIT} cacheprog --record {}/r", file.display()));
    assert!(said.contains("nothing is recorded: failed to open `"), "{said}");
    room.assert_nothing_left();
}

#[test]
fn a_full_disk_costs_hits_and_not_the_build() {
    let room = room();
    let full = room.path("full");
    fs::create_dir(&full).unwrap();
    let line = format!(
        "mount -t tmpfs -o size=4k tmpfs {0} && exec go build -trimpath ./lib",
        full.display()
    );
    let mut command = room.command("unshare", &room.m());
    command.args(["-rm", "sh", "-c", &line]).env("GOCACHE", cache(&room));
    command
        .env("GOCACHEPROG", format!("{GOAUDIT} cacheprog -v --verify --dir {}/c", full.display()));
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    if said.contains("unshare failed") || said.contains("permission denied") {
        // No namespaces here: the test before shows the same but for bytes that are half there.
        return;
    }
    assert_eq!(code(&output), 0, "{said}");
    assert!(said.contains("the cache takes no outputs: No space left"), "{said}");
    room.assert_nothing_left();
}

#[test]
fn another_program_is_served_through() {
    let room = room();
    let record = room.path("uses.jsonl");
    let inner = room.path("inner");
    let program = format!(
        "{GOAUDIT} cacheprog -v --verify --record {} -- {GOAUDIT} cacheprog --dir {}",
        record.display(),
        inner.display()
    );
    build(&room, &program);
    let cold = uses(&record);
    assert!(count(&cold, Outcome::Stored) > 2 && count(&cold, Outcome::Hit) == 0);
    fs::remove_file(&record).unwrap();
    let said = build(&room, &program);
    assert!(said.contains(", 0 misses; 0 stored"), "{said}");
    let warm = uses(&record);
    assert!(count(&warm, Outcome::Hit) > 2 && count(&warm, Outcome::Miss) == 0);
    // A program that takes no outputs is asked for none.
    let said = build(
        &room,
        &format!(
            "{GOAUDIT} cacheprog -v -- {GOAUDIT} cacheprog --read-only --dir {}",
            room.path("none").display()
        ),
    );
    assert!(said.contains(" 0 hits") && said.contains("; 0 stored (0.0 MB)\n"), "{said}");
    assert!(!room.path("none").exists());
    room.assert_nothing_left();
}

const HELLO: &str = r#"echo '{"ID":0,"KnownCommands":["get","put","close"]}'"#;

#[test]
fn a_program_that_misbehaves_costs_hits_and_not_the_build() {
    let room = room();
    let inner = room.path("inner");
    let inner = format!("exec {GOAUDIT} cacheprog --dir {}", inner.display());
    let cases = [
        ("hangs", format!("{HELLO}\nexec sleep 1000"), "did not answer for"),
        ("is silent", "exec sleep 1000".to_owned(), "said nothing for 1 seconds (--patience)"),
        ("is missing", String::new(), "cannot be started"),
        ("ends at once", "exit 3".to_owned(), "ended at once"),
        ("is no cache program", "echo hello".to_owned(), "its first words are no answer"),
        (
            "knows nothing",
            "echo '{\"ID\":0}'; sleep 1000".to_owned(),
            "does not say which commands it knows",
        ),
        (
            "dies within a line",
            format!("{HELLO}\nread line\nprintf '{{\"ID\":1,\"Mi'"),
            "said something that is no answer",
        ),
        ("dies", format!("{HELLO}\nread line\nexit 0"), "ended before the go command did"),
        (
            "talks nonsense",
            format!("{HELLO}\nread line\necho nonsense\nsleep 1000"),
            "said something that is no answer",
        ),
        (
            "never ends a line",
            format!("{HELLO}\nread line\nexec cat /dev/zero | tr '\\0' ' '"),
            "said something that is no answer",
        ),
        (
            "never ends a text",
            format!(
                "{HELLO}\nread line\nprintf '{{\"ID\":1,\"Err\":\"'\nexec cat /dev/zero | tr '\\0' x"
            ),
            "said something that is no answer",
        ),
        (
            "answers what was not asked",
            format!("{HELLO}\necho '{{\"ID\":4242,\"Miss\":true}}'\n{inner}"),
            "answered what was not asked",
        ),
        (
            "names a file that is not there",
            format!(
                "{HELLO}\nwhile read line; do\nid=${{line#*:}}; id=${{id%%,*}}; case $line in\n*'\"get\"'*) echo \"{{\\\"ID\\\":$id,\\\"OutputID\\\":\\\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\\\",\\\"Size\\\":7,\\\"DiskPath\\\":\\\"/nowhere/file\\\"}}\";;\n*'\"put\"'*) echo \"{{\\\"ID\\\":$id,\\\"Err\\\":\\\"no room\\\"}}\";;\n*'\"close\"'*) echo \"{{\\\"ID\\\":${{id%\\}}*}}}}\"; exit;;\nesac; done"
            ),
            "names files that are not there",
        ),
    ];
    for (what, lines, says) in cases {
        let peer = match lines.is_empty() {
            true => room.path("no-such-program").to_str().unwrap().to_owned(),
            false => script(&room, "peer", &lines),
        };
        let said = build(&room, &format!("{GOAUDIT} cacheprog --patience 1 -- {peer}"));
        assert!(said.contains(says), "{what}: {said}");
        assert!(said.len() < 2000, "{what}: {} bytes were said", said.len());
    }
    let flood = script(&room, "flood", &format!("yes flood | head -c 20000000 >&2\n{inner}"));
    let said = build(&room, &format!("{GOAUDIT} cacheprog -- {flood}"));
    assert!(said.len() >= 20_000_000, "{}", said.len());
    assert!(!said.contains("goaudit cacheprog:"));
    room.assert_nothing_left();
    let peer = room.path("peer");
    assert_eq!(processes_naming(peer.to_str().unwrap()), [""; 0]);
}

#[test]
fn a_go_command_that_is_killed_leaves_nothing_running() {
    let room = room();
    let peer = script(&room, "peer", &format!("{HELLO}\nexec sleep 1000"));
    let mut go = room
        .command("go", &room.m())
        .args(["build", "-o", "../out/app", "."])
        .env("GOCACHE", cache(&room))
        .env("GOCACHEPROG", format!("{GOAUDIT} cacheprog -- {peer}"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let marker = room.dir.path().to_str().unwrap();
    let started = wait_for(|| (processes_naming(marker).len() >= 3).then_some(()));
    assert!(started.is_some(), "{:?}", processes_naming(marker));
    signal(go.id(), "-KILL", false);
    go.wait().unwrap();
    let gone = wait_for(|| processes_naming(marker).is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", processes_naming(marker));
    room.assert_nothing_left();
}

#[test]
fn what_no_go_command_says_is_refused() {
    let room = Room::new(false, &[]);
    let run = |input: &str| {
        let input =
            format!("printf '{input}' | {GOAUDIT} cacheprog --dir {}", room.path("c").display());
        room.command("sh", &room.m()).args(["-c", &input]).output().unwrap()
    };
    let hash = "A".repeat(43) + "=";
    let put = format!(
        "{{\"ID\":1,\"Command\":\"put\",\"ActionID\":\"{hash}\",\"OutputID\":\"{hash}\",\"BodySize\":3}}\\n\\n"
    );
    for (input, says) in [
        ("hello\\n", "line 1 of stdin is no request of a go command\n  because: it is not JSON"),
        ("\\n{\"ID\":1,\"Command\":\"sing\"}\\n", "line 2 of stdin is no request"),
        (
            &format!("{put}nothing"),
            "the body of the put in line 1 of stdin is not 3 bytes of base64",
        ),
        (&format!("{put}\"AAA"), "the body of the put in line 1 of stdin is not 3 bytes of base64"),
    ] {
        let output = run(input);
        assert_eq!(code(&output), 2, "{input}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(says), "{input}: {}", text(&output.stderr));
    }
    // The bytes are not those of the hash: said to go, and nothing is stored.
    let output = run(&format!("{put}\"AAAA\"\\n"));
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).contains("\"Err\":\"its bytes are not those of its OutputID"));
    let left = fs::read_dir(room.path("c/00")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
    // Nothing at all is a go command that asked nothing.
    assert_eq!(code(&run("")), 0);
}
