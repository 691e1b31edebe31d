//! `goaudit diff` of releases: archives, folders, and what is in them.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;
mod pairs;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use flate2::{Compression, GzBuilder};
use serde_json::Value;
use sha2::Digest as _;

use edge::{code, text, write_all};
use pairs::TARGETS;

/// One program for each of [`TARGETS`], built with `-X main.version=one` and with `=two`.
static BUILT: LazyLock<[Vec<Vec<u8>>; 2]> = LazyLock::new(|| {
    let main = "package main\n\nvar version = \"none\"\n\nfunc main() { println(version) }\n";
    let dir = tempfile::tempdir().unwrap();
    let files = [("go.mod", "module example.com/app\n\ngo 1.21\n"), ("main.go", main)];
    write_all(dir.path(), &files);
    ["one", "two"].map(|version| {
        let flags = format!("-ldflags=-w -X main.version={version}");
        TARGETS.iter().map(|target| pairs::built(dir.path(), *target, &[&flags])).collect()
    })
});

/// A member: name, content, time of change, mode.
type File<'a> = (&'a str, &'a [u8], u64, u32);

const DAY: u64 = 1_767_225_600;

fn file<'a>(name: &'a str, content: &'a [u8]) -> File<'a> {
    (name, content, DAY, 0o644)
}

fn tar_gz(files: &[File<'_>]) -> Vec<u8> {
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (name, content, time, mode) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mtime(*time);
        header.set_mode(*mode);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn zip(files: &[File<'_>]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, content, _, mode) in files {
        let new = archive.new_file(*name).unix_permissions(*mode);
        let (mut entry, config) = new.start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// Two places for files, and goaudit on them.
struct Sides(tempfile::TempDir);

impl Sides {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("sides").tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn diff(&self, first: &str, second: &str, args: &[&str]) -> Output {
        std::process::Command::new(edge::GOAUDIT)
            .args(["diff", "--color=never"])
            .args([self.path(first), self.path(second)])
            .args(args)
            .output()
            .unwrap()
    }

    fn json(&self, first: &str, second: &str) -> (i32, Value) {
        let output = self.diff(first, second, &["--format=json"]);
        let json = serde_json::from_slice(&output.stdout);
        (code(&output), json.unwrap_or_else(|_| panic!("{}", text(&output.stderr))))
    }

    /// Writes two files that are compared.
    fn pair(first: &[u8], second: &[u8]) -> (i32, Value) {
        let sides = Self::new();
        sides.write("first", first);
        sides.write("second", second);
        sides.json("first", "second")
    }

    /// Writes what GoReleaser does: an archive a platform, and a list of their checksums.
    fn release(&self, folder: &str, version: &str, binaries: &[Vec<u8>]) {
        let mut sums = String::new();
        for ((os, arch), binary) in TARGETS.iter().zip(binaries) {
            let readme = file("README.md", b"read me\n");
            let (name, archive) = if *os == "windows" {
                (
                    format!("app_{version}_{os}_{arch}.zip"),
                    zip(&[("app.exe", binary, DAY, 0o755), readme]),
                )
            } else {
                (
                    format!("app_{version}_{os}_{arch}.tar.gz"),
                    tar_gz(&[("app", binary, DAY, 0o755), readme]),
                )
            };
            let sum: String =
                sha2::Sha256::digest(&archive).iter().map(|byte| format!("{byte:02x}")).collect();
            sums.push_str(&format!("{sum}  {name}\n"));
            self.write(&format!("{folder}/{name}"), &archive);
        }
        self.write(&format!("{folder}/checksums.txt"), sums.as_bytes());
    }
}

fn causes(json: &Value) -> Vec<(&str, &str)> {
    json["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| (cause["category"].as_str().unwrap(), cause["title"].as_str().unwrap()))
        .collect()
}

fn outcomes(json: &Value) -> Vec<(&str, &str)> {
    let parts = json["parts"].as_array().unwrap();
    parts
        .iter()
        .map(|part| (part["name"].as_str().unwrap(), part["outcome"].as_str().unwrap()))
        .collect()
}

#[test]
fn one_cause_of_a_whole_release_is_told_once() {
    let sides = Sides::new();
    sides.release("first", "1.0.0", &BUILT[0]);
    sides.release("second", "1.0.0", &BUILT[1]);
    let (code, json) = sides.json("first", "second");
    assert_eq!(code, 1);
    let found = json["causes"].as_array().unwrap();
    let stamps: Vec<&Value> =
        found.iter().filter(|cause| cause["category"] == "link-flags").collect();
    assert_eq!(stamps.len(), 1, "{found:#?}");
    assert_eq!(
        stamps[0]["files"],
        serde_json::json!([
            "app_1.0.0_darwin_arm64.tar.gz/app",
            "app_1.0.0_linux_amd64.tar.gz/app",
            "app_1.0.0_linux_arm64.tar.gz/app",
            "app_1.0.0_windows_amd64.zip/app.exe"
        ])
    );
    assert_eq!(outcomes(&json).last(), Some(&("checksums.txt", "follows")));
    let text = text(&sides.diff("first", "second", &[]).stdout);
    assert_eq!(text.matches("-X main.version").count(), 1, "{text}");
    assert!(
        text.contains("in all 4 executables that differ: app_1.0.0_darwin_arm64.tar.gz/app, "),
        "{text}"
    );
    assert!(text.contains("4 identical, 4 differ, 1 follow from others"), "{text}");
}

#[test]
fn another_version_in_all_names_is_told_once() {
    let sides = Sides::new();
    sides.release("first", "1.0.0", &BUILT[0]);
    sides.release("second", "1.0.1", &BUILT[0]);
    let (code, json) = sides.json("first", "second");
    assert_eq!(code, 1);
    assert_eq!(causes(&json), [("packaging", "version in the names of members")]);
}

#[test]
fn metadata_alone_is_told_with_what_mends_it() {
    let binary = &BUILT[0][0];
    let one = tar_gz(&[("app", binary, DAY, 0o755), file("README.md", b"x")]);
    let other = tar_gz(&[("app", binary, DAY + 60, 0o775), ("README.md", b"x", DAY + 60, 0o644)]);
    let (code, json) = Sides::pair(&one, &other);
    assert_eq!(code, 1);
    assert_eq!(
        causes(&json),
        [
            ("packaging", "modification time of members"),
            ("packaging", "mode of members: 0755 → 0775")
        ]
    );
    assert_eq!(json["members"]["identical"], 2);
    assert_eq!(outcomes(&json), []);
    assert!(json["causes"][0]["fix"].as_str().unwrap().contains("tar --mtime="));
    assert_eq!(
        json["causes"][0]["details"][0],
        "2 of 2 members, such as `app`: 2026-01-01T00:00:00Z → 2026-01-01T00:01:00Z"
    );
}

#[test]
fn order_alone_is_told() {
    let (a, b) = (file("a", b"1"), file("b", b"2"));
    for (one, other) in [(tar_gz(&[a, b]), tar_gz(&[b, a])), (zip(&[a, b]), zip(&[b, a]))] {
        let (code, json) = Sides::pair(&one, &other);
        assert_eq!((code, causes(&json)), (1, vec![("packaging", "order of members")]));
    }
}

#[test]
fn members_of_one_side_and_lines_of_texts_are_shown() {
    let one = tar_gz(&[file("notes", b"a\nb\nc\n"), file("old", b"1"), file("raw", b"\0\x01")]);
    let other = tar_gz(&[file("notes", b"a\nx\nc\n"), file("raw", b"\0\x02"), file("new", b"1")]);
    let (code, json) = Sides::pair(&one, &other);
    assert_eq!(code, 1);
    assert_eq!(
        outcomes(&json),
        [("notes", "content"), ("old", "only-first"), ("raw", "content"), ("new", "only-second")]
    );
    let at = &json["parts"][0]["differs_at"];
    assert_eq!((&at["offset"], &at["lines"][0]["line"]), (&Value::from(2), &Value::from(2)));
    assert_eq!((&at["lines"][0]["first"], &at["lines"][0]["second"]), (&"b".into(), &"x".into()));
    assert_eq!(json["parts"][2]["differs_at"]["offset"], 1);
    assert_eq!(json["members"]["differing"], 2);
}

#[test]
fn a_folder_beside_its_archive_has_the_same_content() {
    let sides = Sides::new();
    let files =
        [("app_1.0/app", &*BUILT[0][0], DAY, 0o755), ("app_1.0/doc/README", b"x", DAY, 0o644)];
    sides.write("app.tar.gz", &tar_gz(&files));
    sides.write("unpacked/app", &BUILT[0][0]);
    sides.write("unpacked/doc/README", b"x");
    let mode = |name: &str, mode| {
        fs::set_permissions(sides.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("unpacked/app", 0o755);
    mode("unpacked/doc/README", 0o644);
    for (first, second) in [("app.tar.gz", "unpacked"), ("unpacked", "app.tar.gz")] {
        let output = sides.diff(first, second, &[]);
        assert_eq!(code(&output), 0, "{}", text(&output.stdout));
        assert!(text(&output.stdout).starts_with("SAME CONTENT"), "{}", text(&output.stdout));
    }
    mode("unpacked/app", 0o600);
    let (code, json) = sides.json("app.tar.gz", "unpacked");
    assert_eq!((code, causes(&json)), (1, vec![("packaging", "mode of members: 0755 → 0600")]));
}

#[test]
fn a_folder_is_identical_to_itself_and_never_left() {
    let sides = Sides::new();
    sides.release("first", "1.0.0", &BUILT[0]);
    let output = sides.diff("first", "first", &[]);
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).starts_with("IDENTICAL"), "{}", text(&output.stdout));

    for (side, content) in [("one", "secret of one"), ("other", "secret of the other")] {
        sides.write(&format!("{side}-outside"), content.as_bytes());
        sides.write(&format!("{side}/file"), b"same");
        symlink(format!("../{side}-outside"), sides.path(side).join("link")).unwrap();
        symlink(".", sides.path(side).join("loop")).unwrap();
    }
    let (code, json) = sides.json("one", "other");
    let title =
        "kind of members: a symbolic link to ../one-outside → a symbolic link to ../other-outside";
    assert_eq!((code, causes(&json)), (1, vec![("packaging", title)]));
    assert!(!json.to_string().contains("secret"));
}

#[test]
fn an_executable_is_compared_with_the_one_in_an_archive_or_a_folder() {
    let sides = Sides::new();
    let readme = file("README.md", b"x");
    sides.write("app", &BUILT[1][0]);
    sides.write("app.tar.gz", &tar_gz(&[readme, ("bin/tool", &BUILT[0][0], DAY, 0o755)]));
    sides.write("folder/tool", &BUILT[0][0]);
    sides.write("folder/README.md", b"x");
    for packed in ["app.tar.gz", "folder"] {
        let (code, json) = sides.json(packed, "app");
        assert_eq!(code, 1);
        assert_eq!(outcomes(&json)[0].1, "executable");
        assert!(causes(&json).contains(&("link-flags", "-X main.version")), "{json}");
    }
    let (same, other) = (&BUILT[1][0], &BUILT[1][1]);
    let mode = 0o755;
    sides.write("same.zip", &zip(&[("tool", same, DAY, mode)]));
    assert_eq!(sides.json("same.zip", "app").0, 0);
    // The one of that name; without it there is nothing to choose by.
    sides.write("named.zip", &zip(&[("x/app", same, DAY, mode), ("y/tool", other, DAY, mode)]));
    assert_eq!(sides.json("app", "named.zip").0, 0);
    sides.write("two.zip", &zip(&[("a", same, DAY, mode), ("b", other, DAY, mode)]));
    let (code, json) = sides.json("app", "two.zip");
    assert_eq!(code, 3);
    let why = json["not_compared"][0].as_str().unwrap();
    assert!(why.ends_with("holds 2 executables, a, b: unpack it and name one of them"), "{why}");
    sides.write("none.zip", &zip(&[readme]));
    let (code, json) = sides.json("app", "none.zip");
    assert_eq!(code, 3);
    let why = json["not_compared"][0].as_str().unwrap();
    assert!(why.ends_with("holds no executable, but README.md"), "{why}");
}

#[test]
fn archives_in_archives_are_opened_up_to_a_depth() {
    let mut pair = [b"one".to_vec(), b"other".to_vec()];
    for depth in 0..6 {
        pair = pair.map(|content| tar_gz(&[file("inner.tar.gz", &content)]));
        let (code, json) = Sides::pair(&pair[0], &pair[1]);
        let mut part = &json["parts"][0];
        while part["parts"].as_array().is_some_and(|parts| !parts.is_empty()) {
            part = &part["parts"][0];
        }
        let (expected, outcome) = if depth < 4 { (1, "content") } else { (3, "unread") };
        assert_eq!((code, part["outcome"].as_str()), (expected, Some(outcome)), "{depth}: {json}");
    }
}

#[test]
fn a_trap_is_not_unpacked() {
    let sides = Sides::new();
    let bomb = |last: u8| {
        let mut content = vec![0; 80 << 20];
        content.push(last);
        tar_gz(&[file("zeros", &content)])
    };
    sides.write("first/bomb.tar.gz", &bomb(1));
    sides.write("second/bomb.tar.gz", &bomb(2));
    let (code, json) = sides.json("first", "second");
    assert_eq!((code, outcomes(&json)), (3, vec![("bomb.tar.gz", "unread")]));
    let why = json["parts"][0]["not_compared"][0].as_str().unwrap();
    assert!(why.contains("as only a trap does"), "{why}");
    // What differs besides decides.
    sides.write("first/notes", b"a");
    sides.write("second/notes", b"b");
    assert_eq!(sides.json("first", "second").0, 1);

    // A member that claims 2^60 bytes.
    let mut header = tar::Header::new_gnu();
    header.set_path("huge").unwrap();
    header.set_size(1 << 60);
    header.set_cksum();
    let mut huge = header.as_bytes().to_vec();
    huge.extend([0; 1024]);
    let (code, json) = Sides::pair(&huge, &tar_gz(&[file("huge", b"x")]));
    assert_eq!((code, json["outcome"].as_str()), (3, Some("unread")));
}

#[test]
fn what_is_cut_off_is_not_the_same() {
    let whole = tar_gz(&[file("app", &BUILT[0][0])]);
    for cut in [1, 5, 17, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let (code, json) = Sides::pair(&whole, &whole[..cut]);
        let why = json["not_compared"][0].as_str().unwrap_or_default().to_owned();
        assert_eq!((code, json["outcome"].as_str()), (3, Some("unread")), "{cut}: {json}");
        assert!(!why.is_empty(), "{cut}: {json}");
    }
}

#[test]
fn bytes_that_hold_nothing_are_told() {
    let one = zip(&[file("a", b"1")]);
    let other = [one.as_slice(), b"trailing"].concat();
    let (code, json) = Sides::pair(&one, &other);
    assert_ne!(code, 0, "{json}");
}

#[test]
fn a_device_and_a_missing_path_are_errors() {
    let sides = Sides::new();
    sides.write("file", b"x");
    let diff = |first: &Path| {
        let sides = [first, &sides.path("file")];
        std::process::Command::new(edge::GOAUDIT).arg("diff").args(sides).output().unwrap()
    };
    let output = diff(Path::new("/dev/zero"));
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).contains("a device or socket"), "{}", text(&output.stderr));
    assert_eq!(code(&diff(Path::new("/does/not/exist"))), 3);
}
