//! `goaudit check` at its edges: the owner's tree, the variations, and what stops it.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test touches the world, may panic, and says why it was skipped"
)]

mod edge;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use edge::{GOAUDIT, Room, code, text, write_all};

const MOD: (&str, &str) = ("go.mod", "module example.com/m\n\ngo 1.21\n");
const MAIN: (&str, &str) = ("main.go", "package main\n\nfunc main() { println(\"m\") }\n");

/// Writes what it sees of its surroundings to `$OUT/1`, and the second time to `$OUT/2`.
const SURROUNDINGS: &str = r#"
to=$OUT/1; test -e $to && to=$OUT/2
{
  echo HOME=$HOME; echo TMPDIR=$TMPDIR; echo TZ=$TZ; echo LC_ALL=$LC_ALL; echo LANG=$LANG
  echo umask=$(umask); echo USER=$USER; echo LOGNAME=$LOGNAME; echo HOSTNAME=$HOSTNAME
  echo hostname=$(uname -n); echo GOMAXPROCS=$GOMAXPROCS; echo PATH=${PATH#*:}; echo pwd=$PWD
  echo mtime=$(stat -c %Y main.go); echo GOROOT=$(go env GOROOT)
  echo GOMODCACHE=$(go env GOMODCACHE); echo CGO_ENABLED=$(go env CGO_ENABLED)
  echo GOAUDIT_CANARY=$GOAUDIT_CANARY; echo GOVERSION=$(go env GOVERSION); echo git=$(git rev-list --count HEAD 2>/dev/null)
} > $to
"#;

fn seen(room: &Room) -> [BTreeMap<String, String>; 2] {
    ["1", "2"].map(|side| {
        let path = room.path("out").join(side);
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(path).unwrap();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    })
}

/// Returns the names of what two sides saw differently.
fn differing(sides: &[BTreeMap<String, String>; 2]) -> Vec<&str> {
    let [first, second] = sides;
    assert!(first.keys().eq(second.keys()));
    let differs = |name: &&String| first.get(*name) != second.get(*name);
    first.keys().filter(differs).map(String::as_str).collect()
}

#[test]
fn each_variation_does_what_it_says_and_nothing_else() {
    let room = Room::new(true, &[MOD, MAIN, ("b.sh", SURROUNDINGS)]);
    room.git(&room.m(), &["commit", "-q", "--allow-empty", "-m", "two"]);
    let root = rustix::process::getuid().is_root();
    let cases: &[(&str, &[&str])] = &[
        ("-all", &[]),
        ("-all,+workdir", &["pwd"]),
        ("-all,+home", &["HOME"]),
        ("-all,+tmpdir", &["TMPDIR"]),
        ("-all,+goroot", &["GOROOT"]),
        ("-all,+gomodcache", &["GOMODCACHE"]),
        ("-all,+timezone", &["TZ"]),
        ("-all,+locale", &["LANG", "LC_ALL"]),
        ("-all,+umask", &["umask"]),
        ("-all,+user", &["LOGNAME", "USER"]),
        ("-all,+environment", &["GOAUDIT_CANARY"]),
        ("-all,+parallelism", &["GOMAXPROCS"]),
        ("-all,+path", &["PATH"]),
        ("-all,+mtime", &["mtime"]),
        ("-all,+vcs", &["git"]),
        ("-all,+shallow", &["git"]),
        ("-all,+cgo", &["CGO_ENABLED"]),
    ];
    for (words, expected) in cases {
        let output = room.check(&["--vary", words, "--", "sh", "b.sh"]);
        assert_eq!(code(&output), 3, "no go command: {}", text(&output.stderr));
        assert_eq!(differing(&seen(&room)), *expected, "{words}");
    }
    // What a system does not allow is said, and then nothing is claimed.
    let output = room.check(&["--vary=-all,+hostname", "--", "sh", "b.sh"]);
    let refused = text(&output.stdout).contains("hostname: not applied");
    let sides = seen(&room);
    let expected: &[&str] = if refused { &["HOSTNAME"] } else { &["HOSTNAME", "hostname"] };
    assert_eq!(differing(&sides), expected);
    assert!(!(root && refused) || text(&output.stdout).contains("without root"));
    // All of them at once.
    room.check(&["--", "sh", "b.sh"]);
    let sides = seen(&room);
    let same: Vec<_> =
        sides[0].keys().filter(|name| sides[0].get(*name) == sides[1].get(*name)).collect();
    assert_eq!(same.iter().filter(|name| **name != "hostname").count(), 3, "{same:?}");
    room.assert_nothing_left();
}

#[test]
fn another_toolchain_builds_the_second_side() {
    let other = "go1.25.5";
    // The room has no network; what go fetches here it finds there.
    let fetched = Command::new("go").arg("version").env("GOTOOLCHAIN", other).output().unwrap();
    assert!(fetched.status.success(), "{}", text(&fetched.stderr));
    let room = Room::new(true, &[MOD, MAIN, ("b.sh", SURROUNDINGS)]);
    let output = room.check(&["--vary", "+toolchain=go1.25.5", "--", "sh", "b.sh"]);
    let sides = seen(&room);
    assert_ne!(sides[0]["GOVERSION"], sides[1]["GOVERSION"]);
    assert_eq!(sides[1]["GOVERSION"], other);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("goroot: not applied here because another toolchain"), "{stdout}");
}

/// Names, kinds, modes, times and contents of all below a folder.
fn snapshot(dir: &Path) -> BTreeMap<String, (u32, i64, i64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        let data = fs::symlink_metadata(&path).unwrap();
        let content = if data.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            Vec::new()
        } else if data.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else {
            fs::read(&path).unwrap()
        };
        let facts = (data.mode(), data.mtime(), data.mtime_nsec(), content);
        all.insert(path.display().to_string(), facts);
    }
    all
}

fn assert_same_tree(
    before: &BTreeMap<String, (u32, i64, i64, Vec<u8>)>,
    after: &BTreeMap<String, (u32, i64, i64, Vec<u8>)>,
) {
    let changed: Vec<_> = before
        .keys()
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path))
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn the_tree_and_the_gocache_of_the_owner_stay_as_they_are() {
    let script = "set -e; echo x > new; echo x >> main.go; rm lib/gone; mkdir -p made; chmod 700 lib\n\
        git add -A; git -c user.name=n -c user.email=n@example.com commit -qm x; git gc -q; git status >/dev/null\n\
        export GOCACHE=$OWNERS; go build -n . 2>/dev/null; go list -export ./lib >/dev/null\n\
        GOCACHE=$OWNERS/ go list -export ./lib >/dev/null; unset GOCACHE; go list -export ./lib > /dev/null\n\
        env -i PATH=$PATH HOME=$HOME go list -export ./lib >/dev/null\n";
    let room = Room::new(
        true,
        &[MOD, MAIN, ("b.sh", script), ("lib/l.go", "package lib\n"), ("lib/gone", "")],
    );
    fs::write(room.m().join("main.go"), "package main\n\n// Changed.\nfunc main() {}\n").unwrap();
    fs::set_permissions(room.m().join("lib"), fs::Permissions::from_mode(0o555)).unwrap();
    let cache = room.path("owners-cache");
    let go = |args: &[&str]| {
        let mut command = room.command("go", &room.m());
        command.env("GOCACHE", &cache).args(args).output().unwrap()
    };
    assert!(go(&["list", "-export", "errors"]).status.success());
    // An object that a copy wants to write and that is there already is dated anew by git.
    let tree_now = || {
        let mut tree = snapshot(&room.m());
        let objects = tree.iter_mut().filter(|(path, _)| path.contains("/.git/objects/"));
        objects.for_each(|(_, facts)| (facts.1, facts.2) = (0, 0));
        tree
    };
    let (tree, owners) = (tree_now(), snapshot(&cache));
    let output = room
        .command(GOAUDIT, &room.m())
        .args(["check", "-q", "--", "sh", "b.sh"])
        .env("GOCACHE", &cache)
        .env("OWNERS", &cache)
        .output()
        .unwrap();
    assert!([1, 3].contains(&code(&output)), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("build failed"), "{}", text(&output.stderr));
    assert_same_tree(&tree, &tree_now());
    assert_same_tree(&owners, &snapshot(&cache));
    fs::set_permissions(room.m().join("lib"), fs::Permissions::from_mode(0o755)).unwrap();
    room.assert_nothing_left();
}

/// What a build can see of a tree, git included.
const TREE: &str = r#"
find . -name .git -prune -o -printf '%y %m %P %l\n' | grep -v '^d' | sort
find . -name .git -prune -o -type f -exec sha256sum {} + | sort -k2
git status --porcelain --ignored=no; git log --oneline; git submodule status; git describe --always --dirty
go list -m; go env GOWORK GOMOD | sed "s|$PWD||"
"#;

/// Runs `TREE` where the owner is and in both copies; all must see the same.
fn assert_copies_look_like(room: &Room, dir: &Path) {
    let script = room.path("out/tree.sh");
    fs::write(&script, TREE).unwrap();
    let owners = room.command("sh", dir).arg(&script).output().unwrap();
    let both =
        format!("to=$OUT/1; test -e $to && to=$OUT/2; sh {} > $to 2> $to.err", script.display());
    let output = room
        .command(GOAUDIT, dir)
        .args(["check", "-q", "--", "sh", "-c", &format!("{both}; exit 0")])
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
    for side in ["1", "2"] {
        let path = room.path("out").join(side);
        let copy = fs::read_to_string(&path).unwrap();
        // Names that git abbreviates and folders of modules lie below the copy's own root.
        let copied = copy.lines().filter(|line| !line.starts_with('/')).collect::<Vec<_>>();
        let expected = text(&owners.stdout);
        let expected = expected.lines().filter(|line| !line.starts_with('/')).collect::<Vec<_>>();
        assert_eq!(copied, expected, "side {side} of {}", dir.display());
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn the_copies_look_like_the_tree_whatever_it_is() {
    let files = [MOD, MAIN, ("lib/l.go", "package lib\n"), ("gone.txt", "x"), ("sub/x.txt", "x")];
    // Uncommitted, untracked, ignored, deleted, linked.
    let room = Room::new(true, &files);
    let m = room.m();
    write_all(
        &m,
        &[
            ("main.go", "package main\n\n// Changed.\nfunc main() {}\n"),
            ("new file ü.txt", "new"),
            (".gitignore", "ignored\n"),
        ],
    );
    fs::remove_file(m.join("gone.txt")).unwrap();
    fs::remove_dir_all(m.join("sub")).unwrap();
    symlink("main.go", m.join("link")).unwrap();
    symlink("nowhere", m.join("dangling")).unwrap();
    symlink("lib", m.join("folder-link")).unwrap();
    fs::set_permissions(m.join("main.go"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_copies_look_like(&room, &m);

    // A linked worktree at a path with spaces, and a nested module in it.
    let linked = room.path("a linked trée");
    room.git(&m, &["worktree", "add", "-q", "-b", "other", linked.to_str().unwrap()]);
    write_all(
        &linked,
        &[("nested/go.mod", "module example.com/n\n"), ("nested/n.go", "package n\n")],
    );
    assert_copies_look_like(&room, &linked);
    assert_copies_look_like(&room, &linked.join("nested"));

    // A submodule, and a workspace that git ignores.
    let whole = room.path("whole");
    write_all(&whole, &[("a/go.mod", "module example.com/a\n"), ("a/a.go", "package a\n")]);
    room.commit(&whole);
    room.git(&whole, &["submodule", "add", "-q", m.to_str().unwrap(), "dep"]);
    room.git(&whole, &["commit", "-q", "-m", "submodule"]);
    assert_copies_look_like(&room, &whole.join("a"));
    write_all(
        &whole,
        &[("go.work", "go 1.21\n\nuse ./a\nuse ./dep\n"), (".gitignore", "go.work\n")],
    );
    room.git(&whole, &["add", ".gitignore"]);
    assert_copies_look_like(&room, &whole);

    // No git at all.
    let plain = Room::new(false, &[MOD, MAIN, ("vendor/modules.txt", "")]);
    symlink("main.go", plain.m().join("link")).unwrap();
    assert_copies_look_like(&plain, &plain.m());
}

#[test]
fn what_is_no_file_is_left_out_and_said() {
    // To take .git away a plan, too, has to make copies.
    let room = Room::new(false, &[MOD, MAIN]);
    for kind in ["p", "s"] {
        let path = room.m().join(kind);
        if kind == "p" {
            assert!(room.command("mkfifo", &room.m()).arg(&path).status().unwrap().success());
        } else {
            drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        }
    }
    let output = room.check(&["--depth", "plan", "--vary", "+vcs"]);
    let stdout = text(&output.stdout);
    for name in ["`p`", "`s`"] {
        assert!(stdout.contains(&format!("{name} is neither file nor folder")), "{stdout}");
    }
    assert_eq!(code(&output), 1, "no -trimpath");
}

#[test]
fn a_plan_compiles_nothing() {
    let room = Room::new(
        true,
        &[MOD, MAIN, ("tool.sh", "#!/bin/sh\necho \"$@\" >> $OUT/tools\nexec \"$@\"\n")],
    );
    let tool = room.m().join("tool.sh");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let output = room
        .command(GOAUDIT, &room.m())
        .args(["check", "-q", "--depth", "plan", "--format", "json"])
        .env("GOFLAGS", format!("-toolexec={} -trimpath", tool.display()))
        .output()
        .unwrap();
    assert!([0, 1].contains(&code(&output)), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.report.v1");
    let tools = fs::read_to_string(room.path("out/tools")).unwrap();
    // A plan asks the tools for their version, and for nothing else.
    let compiles: Vec<_> = tools.lines().filter(|line| !line.contains("-V=full")).collect();
    assert_eq!(compiles, [""; 0]);
    assert!(tools.contains("compile -V=full"));
}

#[test]
fn a_build_that_goaudit_makes_itself_is_compared_and_reported() {
    let main = |word: &str| format!("package main\n\nfunc main() {{ println(\"{word}\") }}\n");
    let room = Room::new(
        true,
        &[
            ("sp äce/go.mod", MOD.1),
            ("sp äce/a/tool/main.go", &main("a")),
            ("sp äce/b/tool/main.go", &main("b")),
            ("sp äce/Makefile", "all:\n\tgo build -o dist/one ./a/tool\n"),
        ],
    );
    let dir = room.m().join("sp äce");
    let check = |args: &[&str]| {
        let mut command = room.command(GOAUDIT, &dir);
        command.env("GOFLAGS", "-trimpath").args(["check"]).args(args);
        command
    };
    let saved = room.path("saved");
    let output = check(&["--format", "json", "--save", saved.to_str().unwrap()]).output().unwrap();
    assert_eq!(code(&output), 0, "{}{}", text(&output.stderr), text(&output.stdout));
    let stderr = text(&output.stderr);
    // Every half minute a slow machine says how far it is.
    let phases: Vec<_> = stderr.lines().filter(|line| !line.contains(" packages after ")).collect();
    assert_eq!(phases, ["goaudit: copy the tree", "goaudit: first build", "goaudit: second build"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.report.v1");
    assert_eq!(report["verdict"], "pass");
    for name in ["first", "second"] {
        let recording = edge::Recorded(saved.join(format!("{name}.goaudit"))).read();
        let mut artifacts = recording.manifest.artifacts.iter().map(|a| (&a.path, &a.sha256));
        let (one, two) = (artifacts.next().unwrap(), artifacts.next().unwrap());
        assert_eq!(one.0, "example.com/m/a/tool/tool");
        assert_eq!(two.0, "example.com/m/b/tool/tool");
        assert!(one.1 != two.1 && artifacts.next().is_none());
    }
    // What `make` builds is found without a pattern, and a reader that leaves changes no verdict.
    let script = "\"$@\" | head -1; exit ${PIPESTATUS[0]}";
    let piped = room
        .command("bash", &dir)
        .args([
            "-c",
            script,
            "x",
            GOAUDIT,
            "check",
            "-q",
            "--vary=-all,+workdir",
            "--color",
            "auto",
            "--",
            "make",
        ])
        .env("GOFLAGS", "-trimpath")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let stdout = text(&piped.stdout);
    assert_eq!(code(&piped), 0, "{}", text(&piped.stderr));
    assert!(stdout.starts_with("PASS") && stdout.lines().count() == 1, "{stdout}");
    assert!(!stdout.contains('\u{1b}'));
    room.assert_nothing_left();
}

#[test]
fn the_variations_are_listed_without_a_module() {
    let room = Room::new(false, &[]);
    let output = room.goaudit(&["check", "--list-variations"]);
    assert_eq!(code(&output), 0);
    let stdout = text(&output.stdout);
    for variation in goaudit::variation::VARIATIONS {
        assert!(stdout.contains(&format!("\n  {}", variation.name)), "{}", variation.name);
    }
}
