//! `goaudit check` on what it must refuse, and what it leaves behind when it is stopped: nothing.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test touches the world, may panic, and says why it was skipped"
)]

mod edge;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use edge::{GOAUDIT, Room, code, text, wait_for, write_all};

const MOD: (&str, &str) = ("go.mod", "module example.com/m\n\ngo 1.21\n");
const MAIN: (&str, &str) = ("main.go", "package main\n\nfunc main() { println(\"m\") }\n");

/// A build that takes a while and needs no compiler.
fn fake(artifact: &str) -> String {
    format!("mkdir -p bin && {artifact} && go build -n . 2>/dev/null")
}

#[test]
fn an_artifact_that_is_none_never_passes() {
    let room = Room::new(true, &[MOD, MAIN]);
    let cases = [
        ("true", "bin/app", "no file matches bin/app"),
        ("echo $PWD > bin/app", "bin/*", "not an executable but a text file"),
        (": > bin/app", "bin/app", "no file matches bin/app (only empty files)"),
    ];
    for (makes, pattern, says) in cases {
        let output = room.check(&["--artifact", pattern, "--", "sh", "-c", &fake(makes)]);
        let stdout = text(&output.stdout);
        assert!([1, 3].contains(&code(&output)), "{makes}: {stdout}");
        assert!(stdout.contains(says), "{makes}: {stdout}");
    }
    let output = room.check(&["--artifact", "bin/[", "--", "true"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("`bin/[` is no valid artifact pattern"));
    room.assert_nothing_left();
}

#[test]
fn an_executable_of_an_earlier_build_is_not_compared_with_itself() {
    let room = Room::new(true, &[MOD, MAIN]);
    let built = room.command("go", &room.m()).args(["build", "-trimpath", "."]).output().unwrap();
    assert!(built.status.success() && room.m().join("m").exists());
    let output = room.check(&["--artifact", "m", "--", "go", "version"]);
    let stdout = text(&output.stdout);
    assert_eq!(code(&output), 3, "{stdout}");
    assert!(stdout.contains("the `m` that lies in the tree"), "{stdout}");
    assert!(stdout.contains("no file matches m"), "{stdout}");
}

fn assert_fails(output: &Output, exit: i32, says: &[&str]) {
    let stderr = text(&output.stderr);
    assert_eq!(code(output), exit, "{stderr}{}", text(&output.stdout));
    for words in says {
        assert!(stderr.contains(words), "{words} is not in:\n{stderr}");
    }
}

#[test]
fn what_cannot_be_audited_says_why_and_what_to_do() {
    let room = Room::new(true, &[MOD, ("lib/l.go", "package lib\n"), ("file", "")]);
    let m = room.m();
    for (dir, exit, says) in [
        ("nowhere", 2, "`nowhere` is not a directory"),
        ("file", 2, "`file` is not a directory"),
        ("../home", 2, "is in no Go module"),
    ] {
        assert_fails(&room.check(&[dir]), exit, &[says]);
    }
    let library = room.check(&[]);
    assert_fails(&library, 3, &["holds no main package", "--depth plan"]);

    // Without go, and with one that is too old.
    let bin = room.path("out/bin");
    fs::create_dir(&bin).unwrap();
    let with_path = |path: &Path| {
        let mut command = room.command(GOAUDIT, &m);
        command.env("PATH", path).args(["check", "-q"]).output().unwrap()
    };
    let none = with_path(&bin);
    assert_fails(&none, 3, &["goaudit: go is not on PATH: install it from https://go.dev/dl/"]);
    assert_eq!(text(&none.stderr).lines().count(), 1);
    let old = "#!/bin/sh\necho '{\"GOVERSION\":\"go1.20.14\"}'\n";
    write_all(&bin, &[("go", old)]);
    fs::set_permissions(bin.join("go"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_fails(&with_path(&bin), 3, &["go1.20.14 is too old: goaudit reads Go 1.21 and later"]);

    // A module that does not compile, and one that is not there.
    write_all(&m, &[("cmd/a/main.go", "package main\n\nfunc main() { x }\n")]);
    let broken = room.check(&[]);
    assert_fails(
        &broken,
        3,
        &["the first build failed: `go build -o OUT/ ./...`", "cmd/a/main.go:3:15: undefined: x"],
    );
    let gcc = room.check(&["--", "sh", "-c", "echo $PWD/x.c:1: error; exit 4"]);
    let place = format!("\n{}/x.c:1: error", fs::canonicalize(&m).unwrap().display());
    assert_fails(&gcc, 3, &["ended with exit status: 4", &place]);
    write_all(
        &m,
        &[("cmd/a/main.go", "package main\n\nimport _ \"example.com/none\"\n\nfunc main() {}\n")],
    );
    write_all(
        &m,
        &[("go.mod", "module example.com/m\n\ngo 1.21\n\nrequire example.com/none v1.0.0\n")],
    );
    assert_fails(&room.check(&["--offline"]), 3, &["the first build failed", "example.com/none"]);
    room.assert_nothing_left();
}

#[test]
fn a_build_that_fails_under_variation_names_the_side_and_the_variations() {
    let room = Room::new(true, &[MOD, MAIN, (".gitignore", "local.env\n"), ("local.env", "")]);
    let script = "test \"$TZ\" = Pacific/Chatham && { echo bad zone; exit 9; }; true";
    let output = room.check(&["--vary=-all,+timezone,+umask", "--", "sh", "-c", script]);
    let says = [
        "the second build failed",
        "exit status: 9 under timezone, umask; the first build, without them, succeeded",
        "bad zone",
        "git ignores, and this tree has some: local.env",
    ];
    assert_fails(&output, 3, &says);
    room.assert_nothing_left();
}

#[test]
fn a_go_that_was_killed_leaves_no_verdict() {
    let room = Room::new(true, &[MOD, MAIN]);
    let script = "go build . & pid=$!; while ! ls -d $GOTMPDIR/go-build* >/dev/null 2>&1; do sleep 0.05; done; kill -9 $pid; wait $pid; exit 0";
    let output = room.check(&["--", "sh", "-c", script]);
    assert_fails(&output, 3, &["the record of `go build .` is not whole: it was killed"]);
    room.assert_nothing_left();
}

#[test]
fn a_signal_ends_everything_at_any_moment() {
    let many: Vec<(String, String)> =
        (0..3000).map(|n| (format!("d{n}/f"), n.to_string())).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|(path, text)| (&**path, &**text)).collect();
    let room = Room::new(false, &files);
    write_all(&room.m(), &[MOD, MAIN]);
    let wait = "touch $OUT/ready; sleep 100 & sleep 100";
    let second = format!("test \"$TZ\" = Pacific/Chatham || exit 0; {wait}");
    let copying = || {
        let entries = fs::read_dir(room.path("tmp")).unwrap();
        entries.flatten().any(|entry| entry.path().join("1/m").is_dir())
    };
    let ready = || room.path("out/ready").exists();
    let moments: [(&str, &str, &dyn Fn() -> bool); 4] = [
        ("-INT", wait, &copying),
        ("-INT", wait, &ready),
        ("-TERM", &second, &ready),
        ("-HUP", "trap '' INT TERM HUP; setsid sleep 100 & touch $OUT/ready; wait", &ready),
    ];
    for (signal, script, moment) in moments {
        let _ = fs::remove_file(room.path("out/ready"));
        let report = room.path("out/report");
        let args = [
            "check",
            "-o",
            report.to_str().unwrap(),
            "--save",
            room.dir.path().to_str().unwrap(),
            "--",
            "sh",
            "-c",
            script,
        ];
        let child = room.spawn(GOAUDIT, &args);
        wait_for(|| moment().then_some(())).unwrap();
        edge::signal(child.id(), signal, false);
        let output = child.wait_with_output().unwrap();
        assert_fails(&output, 130, &["goaudit: interrupted"]);
        assert!(!report.exists() && !room.path("first.goaudit").exists());
        room.assert_nothing_left();
    }
}

#[test]
fn what_a_build_leaves_running_or_read_only_goes_away_with_it() {
    let script = "trap '' TERM; sleep 300 & setsid sleep 300 & (cd / && nohup sleep 300 >/dev/null 2>&1 &) \n\
        mkdir -p mod/cache/x; touch mod/cache/x/f; chmod -R a-w mod; exit 0";
    let room = Room::new(true, &[MOD, MAIN, ("b.sh", script)]);
    let output = room.check(&["--", "sh", "b.sh"]);
    assert_eq!(code(&output), 3, "no go command: {}", text(&output.stderr));
    room.assert_nothing_left();
}

#[test]
fn two_checks_of_one_directory_do_not_meet() {
    let room = Room::new(true, &[MOD, MAIN]);
    let args = ["check", "-q", "--depth", "plan", "--format", "json"];
    let both = [room.spawn(GOAUDIT, &args), room.spawn(GOAUDIT, &args)];
    let reports = both.map(|child| {
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 1, "{}", text(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    });
    assert_eq!(reports[0]["verdict"], reports[1]["verdict"]);
    room.assert_nothing_left();
}

#[test]
fn a_full_disk_is_named_and_nothing_half_written_stays() {
    let room = Room::new(false, &[MOD, MAIN]);
    fs::write(room.m().join("large"), vec![b'x'; 3 << 20]).unwrap();
    let small = room.path("small");
    fs::create_dir(&small).unwrap();
    // A mount of its own, which ends with the command.
    let script =
        "mount -t tmpfs -o size=$SIZE none $0 || exit 77; \"$@\"; code=$?; ls -A $0; exit $code";
    let user = if rustix::process::getuid().is_root() { "--mount" } else { "-rm" };
    let run = |size: &str, args: &[&str]| {
        let mut command = room.command("unshare", &room.m());
        command
            .env("SIZE", size)
            .args([user, "sh", "-c", script, small.to_str().unwrap(), GOAUDIT])
            .args(args)
            .output()
            .unwrap()
    };
    let copy = run("2m", &["check", "-q", "--work-dir", small.to_str().unwrap()]);
    if code(&copy) == 77 || text(&copy.stderr).contains("unshare") {
        eprintln!("skipped: this system allows no mount");
        return;
    }
    assert_fails(
        &copy,
        3,
        &["failed to copy the tree to", "No space left on device", "--work-dir"],
    );
    assert_eq!(text(&copy.stdout), "");
    let file = small.join("r.goaudit");
    let fill = format!("head -c 3000000 /dev/zero > {}/fill 2>/dev/null; true", small.display());
    let record = run("2m", &["record", "-o", file.to_str().unwrap(), "--", "sh", "-c", &fill]);
    assert_fails(&record, 3, &["failed to write the recording", "No space left on device"]);
    assert_eq!(text(&record.stdout), "fill\n");
    // Room for both copies, and not for a build of the standard library.
    let in_build = run("12m", &["check", "-q", "--work-dir", small.to_str().unwrap()]);
    assert_fails(&in_build, 3, &["the first build failed", "MiB left", "--work-dir"]);
    assert_eq!(text(&in_build.stdout), "");
}

#[test]
fn policies_that_are_none_are_refused_with_their_place() {
    let room = Room::new(false, &[MOD, MAIN]);
    let bombs = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)
    });
    let cases: [(&str, Vec<u8>, &[&str]); 6] = [
        ("binary.yaml", vec![0, 159, 146, 150, 255, 0, 1], &["binary.yaml"]),
        ("large.yaml", "# x\n".repeat(10 << 18).into_bytes(), &["large.yaml"]),
        ("deep.yaml", "[".repeat(100_000).into_bytes(), &["deep.yaml:1:"]),
        ("bomb.yaml", bombs.into_bytes(), &["bomb.yaml:2:10: a policy has no aliases"]),
        ("key.yaml", b"rulez: {}\n".to_vec(), &["key.yaml:1:1", "rules"]),
        (
            "rule.yaml",
            b"rules:\n  missing-trimpth: error\n".to_vec(),
            &["rule.yaml:2:3", "missing-trimpath"],
        ),
    ];
    for (name, bytes, says) in cases {
        fs::write(room.m().join(name), bytes).unwrap();
        assert_fails(&room.check(&["--policy", name]), 2, says);
    }
    assert_fails(
        &room.check(&["--policy", "nowhere"]),
        2,
        &["there is no policy `nowhere`", "pedantic"],
    );
    assert_fails(&room.check(&["--vary", "+unmask"]), 2, &["unknown variation `unmask`"]);
}
