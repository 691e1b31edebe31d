//! `goaudit check --ledger`: what is not built again, and what happens to proofs that are wrong.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::fs;
use std::path::{Path, PathBuf};

use edge::{Room, code, text, write_all};
use goaudit::golang::cache_entry::{self, Hash};
use goaudit::ledger::Ledger;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const LIB: &str = "package lib\n\n// Word is a word.\n//\n//go:noinline\nfunc Word() string { return \"a word to look for\" }\n";
const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", LIB),
    (
        "main.go",
        "package main\n\nimport \"example.com/demo/lib\"\n\nfunc main() { println(lib.Word()) }\n",
    ),
];
const BUILD: [&str; 9] =
    ["--artifact=app", "--", "go", "build", "-trimpath", "-buildvcs=false", "-o", "app", "."];

fn check(room: &Room, args: &[&str]) -> (i32, Value) {
    let ledger = room.path("ledger");
    let option = format!("--ledger={}", ledger.display());
    let output = room.check(&[&["--format=json", &option], args, &BUILD].concat());
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|err| panic!("{err}: {}", text(&output.stderr)));
    (code(&output), report)
}

/// How many compiles were rebuilt, taken, and contradicted, and how many outputs were damaged.
fn counts(report: &Value) -> [u64; 4] {
    let ledger = &report["ledger"];
    let named = |list: &str| ledger[list].as_array().unwrap().len() as u64;
    let count = |field: &str| ledger[field].as_u64().unwrap();
    [count("rebuilt"), count("taken"), named("contradicted"), named("damaged")]
}

fn read(room: &Room) -> Ledger {
    Ledger::parse(&fs::read_to_string(room.path("ledger/ledger.txt")).unwrap()).unwrap()
}

fn stored(room: &Room, output: &Hash) -> PathBuf {
    let name = cache_entry::hex(output);
    room.path("ledger").join(&name[..2]).join(format!("{name}-d"))
}

/// The entry of the archive that holds a text.
fn entry(room: &Room, ledger: &Ledger, holds: &str) -> Hash {
    let has = |output: &Hash| {
        let bytes = fs::read(stored(room, output)).unwrap();
        bytes.starts_with(b"!<arch>") && edge::holds(&bytes, holds)
    };
    *ledger.entries.iter().find(|(_, proof)| has(&proof.output)).unwrap().0
}

/// Changes the word in an archive, and keeps its size.
fn forge(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let word = b"a word to look for";
    let at = bytes.windows(word.len()).rposition(|window| window == word).unwrap();
    bytes[at..at + 6].copy_from_slice(b"a lie,");
    bytes
}

#[test]
fn what_was_proven_is_not_built_again_and_a_wrong_proof_is_struck_out() {
    let room = Room::new(true, FILES);
    let (exit, first) = check(&room, &[]);
    assert_eq!(exit, 0, "{first}");
    let [rebuilt, taken, ..] = counts(&first);
    assert!(rebuilt > 20 && taken == 0, "{}", first["ledger"]);
    let ledger = read(&room);
    assert!(ledger.entries.len() as u64 >= rebuilt);
    for proof in ledger.entries.values() {
        let bytes = fs::read(stored(&room, &proof.output)).unwrap();
        assert_eq!(proof.output, <Hash>::from(Sha256::digest(&bytes)));
        assert_eq!(proof.size, bytes.len() as u64);
        assert!(proof.variations.contains("workdir"), "{proof:?}");
    }

    // Nothing changed: nothing is built, and the report says what that leaves open.
    let (exit, same) = check(&room, &[]);
    assert_eq!((exit, counts(&same)), (0, [0, rebuilt, 0, 0]), "{same}");
    let open = same["not_examined"].to_string();
    assert!(open.contains(&format!("whether {rebuilt} outputs from the ledger")), "{open}");

    // One package changed: it and what imports it.
    write_all(&room.m(), &[("lib/lib.go", &LIB.replace("look", "search"))]);
    let (exit, changed) = check(&room, &[]);
    assert_eq!((exit, counts(&changed)), (0, [2, rebuilt - 2, 0, 0]), "{changed}");
    write_all(&room.m(), &[("lib/lib.go", LIB)]);

    // Other bytes under the name of an output, or none: they are not served.
    let ledger = read(&room);
    let action = entry(&room, &ledger, "a word to look for");
    let path = stored(&room, &ledger.entries[&action].output);
    fs::write(&path, forge(&path)).unwrap();
    let (exit, damaged) = check(&room, &[]);
    assert_eq!((exit, counts(&damaged)), (0, [1, rebuilt - 1, 0, 1]), "{damaged}");
    assert_eq!(damaged["ledger"]["damaged"][0], "build example.com/demo/lib");
    assert_eq!(damaged["ledger"]["rebuilt_packages"][0], "example.com/demo/lib");
    fs::write(&path, "").unwrap();
    assert_eq!(counts(&check(&room, &[]).1), [1, rebuilt - 1, 0, 1]);
    // Both builds made it anew and agree: it is proven again.
    assert_eq!(counts(&check(&room, &[]).1), [0, rebuilt, 0, 0]);

    // A lie that hangs together: another output, under its own name, in a ledger with a right sum.
    let mut lying = read(&room);
    let lie = forge(&path);
    let output: Hash = Sha256::digest(&lie).into();
    fs::create_dir_all(stored(&room, &output).parent().unwrap()).unwrap();
    fs::write(stored(&room, &output), lie).unwrap();
    let proof = lying.entries.get_mut(&action).unwrap();
    proof.output = output;
    proof.variations.remove("umask");
    fs::write(room.path("ledger/ledger.txt"), lying.text()).unwrap();
    // A rebuild under a variation that it is not proven for comes to light with it.
    let (exit, contradicted) = check(&room, &[]);
    assert_eq!((exit, counts(&contradicted)), (1, [1, rebuilt - 1, 1, 0]), "{contradicted}");
    assert_eq!(contradicted["ledger"]["contradicted"][0], "build example.com/demo/lib");
    assert!(!read(&room).entries.contains_key(&action));
    let found = contradicted["findings"].to_string();
    assert!(found.contains("nondeterministic-output"), "{found}");
    assert!(!stored(&room, &output).exists());
    assert_eq!(check(&room, &[]).0, 0);

    // Half a ledger proves nothing.
    let whole = fs::read(room.path("ledger/ledger.txt")).unwrap();
    fs::write(room.path("ledger/ledger.txt"), &whole[..whole.len() / 2]).unwrap();
    let (exit, begun) = check(&room, &[]);
    assert_eq!((exit, counts(&begun)), (0, [rebuilt, 0, 0, 0]), "{begun}");
    let problem = begun["ledger"]["problem"].as_str().unwrap();
    assert!(problem.contains("is not used and was begun anew: it is cut or damaged"), "{problem}");
    assert_eq!(counts(&check(&room, &[]).1), [0, rebuilt, 0, 0]);
    room.assert_nothing_left();
}

#[test]
fn where_go_asks_nobody_everything_is_built_and_that_is_said() {
    let room = Room::new(true, FILES);
    let ledger = room.path("ledger");
    let mut command = room.command(edge::GOAUDIT, &room.m());
    command.env("GOTOOLCHAIN", "go1.23.9").args(["check", "-q", "--ledger"]).arg(&ledger);
    let output = command.args(BUILD).output().unwrap();
    let stdout = text(&output.stdout);
    assert_eq!(code(&output), 0, "{stdout}{}", text(&output.stderr));
    let says = "ledger: go1.23.9 asks no cache program, so everything was built";
    assert!(stdout.contains(says), "{stdout}");

    let plan = room.check(&["--ledger=x", "--depth=plan"]);
    assert_eq!(code(&plan), 2);
    assert!(text(&plan.stderr).contains("--ledger is of builds"), "{}", text(&plan.stderr));
    let unlike = room.check(&[
        "--ledger=../ledger",
        "--artifact=lib.a",
        "--",
        "go",
        "build",
        "-o",
        "lib.a",
        "./lib",
    ]);
    let stdout = text(&unlike.stdout);
    assert!(stdout.contains("ledger: 1 compile had another key in each build"), "{stdout}");

    // A folder of others, and one in the tree.
    fs::create_dir(room.path("others")).unwrap();
    fs::write(room.path("others/kept"), "").unwrap();
    for (dir, says) in [
        ("../others", "`../others` holds other files and no ledger"),
        ("kept-here", "`kept-here` is in the tree that is audited"),
    ] {
        let refused = room.check(&["--ledger", dir]);
        assert_eq!(code(&refused), 2);
        assert!(text(&refused.stderr).contains(says), "{}", text(&refused.stderr));
    }
    assert!(room.path("others/kept").exists());
    fs::write(room.path("file"), "").unwrap();
    let none = room.check(&["--ledger=../file/ledger"]);
    assert_eq!(code(&none), 3);
    assert!(
        text(&none.stderr).contains("failed to keep the ledger `../file/ledger`"),
        "{}",
        text(&none.stderr)
    );
}

#[test]
fn a_ledger_that_takes_nothing_more_costs_no_verdict() {
    let room = Room::new(true, FILES);
    let ledger = room.path("ledger");
    fs::create_dir(&ledger).unwrap();
    let line = format!(
        "mount -t tmpfs -o size=12k tmpfs {0} || exit 99; {1} check -q --ledger {0} --artifact lib.a -- go build -trimpath -buildvcs=false -o lib.a ./lib && ls {0}",
        ledger.display(),
        edge::GOAUDIT
    );
    let mut command = room.command("unshare", &room.m());
    let output = command.args(["-rm", "sh", "-c", &line]).output().unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if code(&output) == 99 || stderr.contains("unshare failed") {
        // No mounts here.
        return;
    }
    assert_eq!(code(&output), 0, "{stdout}{stderr}");
    assert!(stdout.contains("1 artifact: identical"), "{stdout}");
    assert!(stdout.contains("takes nothing more (No space left on device"), "{stdout}");
    assert!(stdout.ends_with("ledger.txt\nlock\n"), "{stdout}");
    room.assert_nothing_left();
}
