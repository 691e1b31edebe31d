//! `goaudit cache` on caches that are damaged, forbidden, changing, or none at all.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test touches the world, may panic, and says why it was skipped"
)]

mod edge;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use goaudit::cache::{Fault, Inventory, Scan};
use goaudit::capture::gocache::scan;
use goaudit::capture::interrupt::Interrupt;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use edge::{GOAUDIT, Room, code, signal, text, wait_for};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", "package lib\n\nfunc One() int { return 1 }\n"),
    (
        "native/native.go",
        "package native\n\n// static int two(void) { return 2; }\nimport \"C\"\n\nfunc Two() int { return int(C.two()) }\n",
    ),
    (
        "main.go",
        "package main\n\nimport \"example.com/demo/lib\"\n\nfunc main() { println(lib.One()) }\n",
    ),
];

/// A cache that is written file by file.
struct Forged {
    dir: PathBuf,
}

impl Forged {
    fn new(dir: PathBuf) -> Self {
        for number in 0..256 {
            fs::create_dir_all(dir.join(format!("{number:02x}"))).unwrap();
        }
        Self { dir }
    }

    fn path(&self, name: &str, kind: char) -> PathBuf {
        self.dir.join(&name[..2]).join(format!("{name}-{kind}"))
    }

    /// As go writes it: the output first.
    fn put(&self, content: &[u8]) -> (String, String) {
        let output = hex(&Sha256::digest(content));
        let action = hex(&Sha256::digest(format!("action of {output}")));
        fs::write(self.path(&output, 'd'), content).unwrap();
        self.entry(&action, &output, content.len() as u64);
        (action, output)
    }

    fn entry(&self, action: &str, output: &str, size: u64) {
        let entry = format!("v1 {action} {output} {size:>20} {:>20}\n", 1);
        fs::write(self.path(action, 'a'), entry).unwrap();
    }

    fn scan(&self, verify: bool) -> Scan {
        scan::scan(&self.dir, verify, &Interrupt::catch().unwrap()).unwrap()
    }

    fn faults(&self, verify: bool) -> Vec<(String, Fault)> {
        let found = Inventory::of(&self.scan(verify)).broken;
        found.into_iter().map(|broken| (broken.path, broken.fault)).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn relative(output: &str) -> String {
    format!("{}/{output}-d", &output[..2])
}

fn report(room: &Room, cache: &Path, args: &[&str]) -> (i32, Value) {
    let dir = cache.to_str().unwrap();
    let output = room.goaudit(&[&["cache", "--format=json"], args, &[dir]].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (code(&output), report)
}

/// A package with C in it has members of all kinds.
fn archives(room: &Room) -> Vec<Vec<u8>> {
    let mut go = room.command("go", &room.m());
    let args = ["list", "-export", "-f", "{{.Export}}", "./lib", "./native"];
    let output = go.args(args).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|path| fs::read(path).unwrap()).collect()
}

/// Where the members of an archive start, and where it ends.
fn boundaries(archive: &[u8]) -> Vec<usize> {
    let mut all = vec![8];
    while let Some(header) = archive.get(*all.last().unwrap()..).filter(|rest| rest.len() >= 60) {
        let size: usize = text(&header[48..58]).trim().parse().unwrap();
        all.push(all.last().unwrap() + 60 + size.next_multiple_of(2));
    }
    all
}

#[test]
fn an_archive_cut_anywhere_is_a_miss_that_is_told() {
    let room = Room::new(false, FILES);
    let archives = archives(&room);
    let most = archives.iter().map(|archive| boundaries(archive).len()).max().unwrap();
    assert!(most > 4, "no archive has C in it: {most}");
    for (number, archive) in archives.iter().enumerate() {
        let forged = Forged::new(room.path(&format!("cut{number}")));
        let starts = boundaries(archive);
        let near = starts.iter().flat_map(|at| (0..70).chain([200, 1000]).map(move |by| at + by));
        let before = starts.iter().flat_map(|at| [at - 1, at - 2, at - 8]);
        let mut cuts: Vec<usize> = (0..archive.len()).step_by(archive.len() / 64 + 1).collect();
        cuts.extend(near.chain(before).filter(|at| *at < archive.len()));
        cuts.sort_unstable();
        cuts.dedup();
        for cut in &cuts {
            let name = hex(&Sha256::digest(format!("output {cut}")));
            fs::write(forged.path(&name, 'd'), &archive[..*cut]).unwrap();
            // Half of them as go would take them for a hit: with the size that they have.
            let size = if cut % 2 == 0 { archive.len() } else { *cut };
            forged.entry(&hex(&Sha256::digest(&name)), &name, size as u64);
        }
        let faults = forged.faults(false);
        let sizes = faults.iter().filter(|(_, fault)| matches!(fault, Fault::Size { .. })).count();
        assert_eq!(sizes, cuts.iter().filter(|cut| *cut % 2 == 0).count());
        // Cut before its table of blocks it is no archive that anything can be read of.
        for cut in cuts.iter().filter(|cut| (20..starts[1]).contains(*cut)) {
            let path = relative(&hex(&Sha256::digest(format!("output {cut}"))));
            let found = |(at, fault): &(String, Fault)| {
                *at == path && matches!(fault, Fault::Archive { .. } | Fault::Partial)
            };
            assert!(faults.iter().any(found), "cut at {cut} of {}", archive.len());
        }
        // With --verify every cut is known, for no name is the hash of what is there.
        let contents = |(_, fault): &&(String, Fault)| *fault == Fault::Content;
        let verified = forged.faults(true);
        let (hits, partial) = (
            verified.iter().filter(contents).count(),
            verified.iter().filter(|(_, fault)| *fault == Fault::Partial).count(),
        );
        assert_eq!((hits, partial), (cuts.len() - sizes, sizes));
    }
}

#[test]
fn what_is_no_file_of_a_cache_is_told_and_not_followed() {
    let room = Room::new(false, FILES);
    let forged = Forged::new(room.path("cache"));
    let name = |text: &str| hex(&Sha256::digest(text));
    let output = |text: &str| forged.path(&name(text), 'd');
    // Folders of executables: nothing, two files, a link, a folder.
    for what in ["nothing", "two", "link", "folder"] {
        fs::create_dir(output(what)).unwrap();
    }
    fs::write(output("two").join("a"), "a").unwrap();
    fs::write(output("two").join("b"), "b").unwrap();
    symlink("/etc/passwd", output("link").join("tool")).unwrap();
    fs::create_dir(output("folder").join("tool")).unwrap();
    // Pipes, links, files that are mostly holes.
    for path in [output("pipe"), forged.path(&name("pipe"), 'a')] {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    symlink("/etc", output("etc")).unwrap();
    symlink("/etc/passwd", forged.path(&name("passwd"), 'a')).unwrap();
    fs::remove_dir(forged.dir.join("ff")).unwrap();
    symlink("/etc", forged.dir.join("ff")).unwrap();
    for (what, start) in [
        ("sparse", &b"!<arch>\n__.PKGDEF       0           0     0     644     9999999999`\n"[..]),
        ("zeros", b""),
        ("elf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0"),
    ] {
        fs::write(output(what), start).unwrap();
        fs::File::options().write(true).open(output(what)).unwrap().set_len(1 << 40).unwrap();
    }
    fs::write(forged.path(&name("foreign"), 'a'), "hello\n").unwrap();
    fs::write(forged.path(&name("long"), 'a'), vec![b'v'; 1 << 20]).unwrap();
    fs::write(forged.path(&name("zero"), 'a'), [0; 175]).unwrap();
    fs::write(forged.dir.join("00/README"), "x").unwrap();

    let (exit, found) = report(&room, &forged.dir, &[]);
    assert_eq!(exit, 3, "links could not be read");
    let unread = found["unread"].to_string();
    assert_eq!(found["unread_total"], 2, "{unread}");
    assert!(unread.contains("a link; go makes none in a cache"), "{unread}");
    let broken = found["broken"].to_string();
    for says in ["holds nothing", "holds 2 files", "holds a link or another folder"] {
        assert!(broken.contains(says), "{says}: {broken}");
    }
    let entries = |why: &str| broken.matches(why).count();
    assert_eq!(entries("it does not have 175 bytes"), 2, "{broken}");
    assert_eq!(entries("it is not `v1 ACTION OUTPUT SIZE TIME`"), 2, "{broken}");
    assert_eq!(found["kinds"]["executable"]["count"], 5, "{found}");
    assert!(found["disk_bytes"].as_u64().unwrap() < 10 << 20, "{found}");
    for what in ["sparse", "zeros", "elf"] {
        fs::File::options().write(true).open(output(what)).unwrap().set_len(1 << 20).unwrap();
    }
    // Each form of the report says it, and what is not a file is told once more with --verify.
    for args in [&["--verify"][..], &["-v"], &["--format=markdown"]] {
        let output = room.goaudit(&[&["cache"], args, &[forged.dir.to_str().unwrap()]].concat());
        assert_eq!(code(&output), 3, "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("a link; go makes none in a cache"), "{args:?}");
    }
}

/// Runs goaudit as somebody who may not read everything; `None` where that cannot be had.
fn unprivileged(room: &Room, args: &[&str]) -> Option<Output> {
    let mut command = room.command(GOAUDIT, &room.m());
    command.args(args);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Root may read all, whatever the modes say.
        fs::set_permissions(room.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        command.uid(65_534).gid(65_534);
    }
    command.output().map_err(|err| eprintln!("skipped: goaudit as another user: {err}")).ok()
}

#[test]
fn what_may_not_be_read_is_named() {
    let room = Room::new(false, FILES);
    let forged = Forged::new(room.path("cache"));
    let (_, output) = forged.put(b"true");
    let (action, _) = forged.put(b"false");
    let dir = forged.dir.to_str().unwrap();
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&forged.path(&output, 'd'), 0);
    mode(&forged.path(&action, 'a'), 0);
    let folder = (0..256).map(|number| format!("{number:02x}"));
    let folder =
        folder.into_iter().find(|it| fs::read_dir(forged.dir.join(it)).unwrap().count() == 0);
    let folder = forged.dir.join(folder.unwrap());
    mode(&folder, 0);
    let Some(said) = unprivileged(&room, &["cache", dir]) else { return };
    let words = text(&said.stdout) + &text(&said.stderr);
    assert_eq!(code(&said), 3, "{words}");
    assert!(words.contains("not read: 3 places"), "{words}");
    assert!(words.contains(&format!("{}: Permission denied", relative(&output))), "{words}");

    mode(&folder, 0o755);
    mode(&forged.dir, 0);
    let said = unprivileged(&room, &["cache", dir]).unwrap();
    assert_eq!(code(&said), 3);
    let words = text(&said.stderr);
    assert!(words.contains(&format!("failed to read the cache `{dir}`")), "{words}");
    assert!(words.contains("Permission denied"), "{words}");
    mode(&forged.dir, 0o755);
}

#[test]
fn a_cache_that_changes_while_it_is_read_is_not_called_broken() {
    let room = Room::new(false, FILES);
    let forged = Forged::new(room.path("cache"));
    let archive = archives(&room).into_iter().max_by_key(Vec::len).unwrap();
    let content = |number: usize| {
        let mut content = archive.clone();
        content.extend_from_slice(number.to_string().as_bytes());
        content
    };
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                forged.put(&content(number % 64));
                // As trim does: in no order that means anything.
                let output = hex(&Sha256::digest(content((number + 32) % 64)));
                let action = hex(&Sha256::digest(format!("action of {output}")));
                let (entry, data) = (forged.path(&action, 'a'), forged.path(&output, 'd'));
                for path in if number % 2 == 0 { [&entry, &data] } else { [&data, &entry] } {
                    let _ = fs::remove_file(path);
                }
                number += 1;
            }
        });
        let scans: Vec<Scan> = (0..12).map(|round| forged.scan(round % 2 == 0)).collect();
        stop.store(true, Ordering::Relaxed);
        for scan in scans {
            assert_eq!((scan.unread_total, &scan.unread), (0, &Vec::new()));
            for broken in Inventory::of(&scan).broken {
                // Between two deletes an entry has no output, and what is being written is empty
                // at first; that is so, and go takes it for a miss. What it takes for a hit is whole.
                let is_passing = match broken.fault {
                    Fault::Missing { .. }
                    | Fault::Size { .. }
                    | Fault::Entry { .. }
                    | Fault::Partial => true,
                    Fault::Content
                    | Fault::Action { .. }
                    | Fault::Archive { .. }
                    | Fault::Folder { .. } => false,
                };
                assert!(is_passing, "{broken:?}");
            }
        }
    });
}

/// Runs a shell line as root of a user namespace with 1 MB of tmpfs at `$FULL`.
fn on_a_small_disk(room: &Room, line: &str) -> Option<Output> {
    let full = room.path("full");
    fs::create_dir_all(&full).unwrap();
    let script = format!("mount -t tmpfs -o size=1m none \"$FULL\" || exit 77\n{line}");
    let mut unshare = room.command("unshare", &room.m());
    unshare.args(["-rm", "sh", "-c", &script]).env("FULL", &full).env("GOAUDIT", GOAUDIT);
    match unshare.output() {
        Ok(output) if code(&output) != 77 && !text(&output.stderr).starts_with("unshare:") => {
            Some(output)
        }
        refused => {
            let why = refused.map_or_else(|err| err.to_string(), |output| text(&output.stderr));
            eprintln!("skipped: no user namespace here: {why}");
            None
        }
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half() {
    let room = Room::new(true, FILES);
    let cache = room.path("cache");
    fs::create_dir(&cache).unwrap();
    let recording = room.path("out/r.goaudit");
    let mut record = room.command(GOAUDIT, &room.m());
    record
        .args(["record", "-o"])
        .arg(&recording)
        .args(["--", "go", "build", "-o", "../out/m", "."]);
    assert_eq!(code(&record.env("GOCACHE", &cache).output().unwrap()), 0);
    let (cache, recording) = (cache.to_str().unwrap(), recording.to_str().unwrap());

    let used = format!("\"$GOAUDIT\" cache used --recording '{recording}' '{cache}'");
    let line =
        format!("{used} --format tar -o \"$FULL/cache.tar\"; exit=$?; ls -A \"$FULL\"; exit $exit");
    let Some(output) = on_a_small_disk(&room, &line) else { return };
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("cache.tar") && stderr.contains("No space left on device"), "{stderr}");
    assert_eq!(text(&output.stdout), "", "half a tar was left");

    // The list replaces a file only when it is whole.
    let line = format!(
        "echo before > \"$FULL/list\"; head -c 2000000 /dev/zero > \"$FULL/zeros\" 2>/dev/null
         {used} --format list -o \"$FULL/list\"; exit=$?; cat \"$FULL/list\"; exit $exit"
    );
    let output = on_a_small_disk(&room, &line).unwrap();
    let stderr = text(&output.stderr);
    assert!(stderr.contains("No space left on device"), "{stderr}");
    assert_eq!((code(&output), text(&output.stdout).as_str()), (3, "before\n"), "{stderr}");

    let line = "TMPDIR=\"$FULL\" \"$GOAUDIT\" cache measure -q -- go build -o /dev/null .
        exit=$?; ls -A \"$FULL\"; exit $exit";
    let output = on_a_small_disk(&room, line).unwrap();
    let stderr = text(&output.stderr);
    assert_eq!((code(&output), text(&output.stdout).as_str()), (3, ""), "{stderr}");
    assert!(stderr.contains("the first command failed"), "{stderr}");

    let line = format!("\"$GOAUDIT\" cache '{cache}' > /dev/full");
    let output = on_a_small_disk(&room, &line).unwrap();
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("No space left on device"));
}

#[test]
fn measuring_that_is_stopped_leaves_nothing() {
    let room = Room::new(true, FILES);
    for how in ["-INT", "-TERM"] {
        let marker = room.path("tmp/started");
        let command = format!("go env GOCACHE; touch '{}'; sleep 600", marker.display());
        let child = room.spawn(GOAUDIT, &["cache", "measure", "-q", "--", "sh", "-c", &command]);
        assert!(wait_for(|| marker.exists().then_some(())).is_some(), "it never started");
        // To goaudit alone, as `kill` does it; a terminal sends Ctrl-C to all.
        signal(child.id(), how, how == "-INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 130, "{how}: {}", text(&output.stderr));
        fs::remove_file(marker).unwrap();
        room.assert_nothing_left();
    }
}

#[test]
fn a_build_beside_prune_finds_what_it_needs() {
    // Packages without imports of the standard library are compiled in no time, each from the one
    // before it.
    let mut files = FILES.to_vec();
    let sources: Vec<(String, String)> = (0..24)
        .map(|number: usize| {
            let import = match number {
                0 => String::new(),
                _ => format!("import _ \"example.com/demo/p{:02}\"\n", number - 1),
            };
            (format!("p{number:02}/p.go"), format!("package p{number:02}\n\n{import}"))
        })
        .collect();
    files.extend(sources.iter().map(|(path, source)| (path.as_str(), source.as_str())));
    let room = Room::new(true, &files);
    let cache = room.path("cache");
    fs::create_dir(&cache).unwrap();
    let recording = room.path("out/r.goaudit");
    let mut record = room.command(GOAUDIT, &room.m());
    record.args(["record", "-o"]).arg(&recording).args(["--", "go", "build", "./lib"]);
    assert_eq!(code(&record.env("GOCACHE", &cache).output().unwrap()), 0);
    let build =
        || room.command("go", &room.m()).args(["build", "./p..."]).env("GOCACHE", &cache).output();
    assert!(build().unwrap().status.success());
    let args = ["cache", "prune", "--yes", "--keep", recording.to_str().unwrap()];
    let args = [&args[..], &[cache.to_str().unwrap()]].concat();
    let prune = || room.goaudit(&args);

    let stop = AtomicBool::new(false);
    let (built, pruned) = thread::scope(|scope| {
        let pruning = scope.spawn(|| {
            let mut pruned = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                pruned.push(prune());
            }
            pruned
        });
        let mut built = Vec::new();
        for _ in 0..8 {
            age(&cache);
            built.push(build().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
        (built, pruning.join().unwrap())
    });
    for output in &built {
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    assert!(pruned.iter().all(|output| code(output) == 0), "{pruned:?}");
    let deletes = |output: &&Output| !text(&output.stdout).contains("deleted 0 B");
    assert!(pruned.iter().filter(deletes).count() > 0, "nothing was deleted beside a build");
    // What is left is whole, and what the recording names stays.
    assert_eq!(report(&room, &cache, &["--verify"]).1["broken"], serde_json::json!([]));
    age(&cache);
    assert_eq!(code(&prune()), 0);
    assert_eq!(report(&room, &cache, &[]).1["kinds"]["archive"]["count"], 1);
}

/// Makes everything as if it was last used three hours ago.
fn age(cache: &Path) {
    let hours = SystemTime::now() - Duration::from_secs(3 * 3600);
    for folder in fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
            // It may have been deleted since.
            if let Ok(file) = fs::File::open(file.path()) {
                let _ = file.set_modified(hours);
            }
        }
    }
}
