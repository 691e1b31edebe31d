//! `goaudit diff`: pairs of real programs with one known difference, and what is said of each.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod pairs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pairs::{TARGETS, go_build};
use serde_json::Value;

const FILES: [(&str, &str); 4] = [
    ("go.mod", "module example.com/pair\n\ngo 1.21\n"),
    (
        "main.go",
        r#"package main

import (
	"encoding/json"
	"fmt"
	"os"

	"example.com/pair/area"
)

var version = "none"

func main() {
	text, err := json.Marshal(map[string]any{"version": version, "area": area.Of(len(os.Args), 3)})
	fmt.Println(string(text), area.Help, err)
}
"#,
    ),
    (
        "area/area.go",
        r#"package area

import _ "embed"

//go:embed help.txt
var Help string

//go:noinline
func Of(width, height int) int { return width * height }

//go:noinline
func Half(size int) int { return size / 2 }
"#,
    ),
    ("area/help.txt", "first line\nsecond line\n"),
];

/// A folder with a module in it.
struct Module {
    dir: tempfile::TempDir,
    root: PathBuf,
}

impl Module {
    fn new() -> Self {
        Self::below("module")
    }

    fn below(path: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join(path);
        for (name, content) in FILES {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self { dir, root }
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn build(&self, name: &str, target: (&str, &str), flags: &[&str]) -> PathBuf {
        self.build_with(name, target, flags, &[])
    }

    fn build_with(
        &self,
        name: &str,
        target: (&str, &str),
        flags: &[&str],
        env: &[(&str, &str)],
    ) -> PathBuf {
        let out = self.dir.path().join(name);
        go_build(&self.root, &out, target, flags, env);
        out
    }

    fn git(&self, args: &[&str]) {
        let output = Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
            .args(args)
            .current_dir(&self.root)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("git is on PATH");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn goaudit(args: &[&str], first: &Path, second: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goaudit"))
        .arg("diff")
        .args(args)
        .args([first, second])
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

/// The report of two files that differ: all bytes are explained, and the proof holds.
fn diff(first: &Path, second: &Path) -> Value {
    let report = any_diff(first, second);
    let bytes = &report["bytes"];
    assert_eq!(bytes["differing"], bytes["explained"], "{report:#}");
    assert_eq!(bytes["proven"], true, "{report:#}");
    report
}

fn any_diff(first: &Path, second: &Path) -> Value {
    let output = goaudit(&["--format", "json", "--prove"], first, second);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "goaudit.diff.v1");
    assert_eq!(report["identical"], false);
    report
}

fn categories(report: &Value) -> Vec<&str> {
    let causes = report["causes"].as_array().unwrap().iter();
    causes.map(|cause| cause["category"].as_str().unwrap()).collect()
}

/// Functions that the report calls changed, or found on one side only.
fn changed(report: &Value) -> Vec<String> {
    let packages = report["functions"]["packages"].as_array().unwrap();
    let mut names: Vec<String> = packages
        .iter()
        .flat_map(|package| {
            let functions = package["functions"].as_array().unwrap().iter();
            functions.map(move |name| {
                format!("{}.{}", package["package"].as_str().unwrap(), name.as_str().unwrap())
            })
        })
        .collect();
    names.sort();
    names
}

const PLAIN: [&str; 2] = ["-trimpath", "-buildvcs=false"];

fn with<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&PLAIN, flags].concat()
}

#[test]
fn a_stamp_is_named_with_both_values() {
    for target in TARGETS {
        let module = Module::new();
        let first = module.build("a", target, &with(&["-ldflags=-X main.version=11111"]));
        for value in ["22222", "2222222222 and more"] {
            let flag = format!("-ldflags=-X 'main.version={value}'");
            let second = module.build("b", target, &with(&[&flag]));
            let report = diff(&first, &second);
            assert_eq!(categories(&report), ["link-flags"], "{target:?} {report:#}");
            let cause = &report["causes"][0];
            assert_eq!(cause["title"], "-X main.version");
            assert_eq!((&cause["first"], &cause["second"]), (&"11111".into(), &value.into()));
            assert_eq!(changed(&report), [""; 0], "{target:?}");
        }
    }
}

#[test]
fn a_stamp_of_a_stripped_program_is_told_by_its_place() {
    for target in TARGETS {
        let module = Module::new();
        let stamped = |name: &str, value: &str| {
            module.build(name, target, &with(&[&format!("-ldflags=-s -w -X main.version={value}")]))
        };
        let first = stamped("a", "2026-01-01");
        for value in ["2026-01-02", "2026-01-02-and-more"] {
            let report = diff(&first, &stamped("b", value));
            assert_eq!(categories(&report), ["link-flags"], "{target:?} {report:#}");
            let cause = &report["causes"][0];
            assert_eq!((&cause["first"], &cause["second"]), (&"2026-01-01".into(), &value.into()));
            assert!(cause["title"].as_str().unwrap().contains("stripped"), "{cause}");
            assert_eq!(changed(&report), [""; 0], "{target:?} {value}");
        }
    }
}

#[test]
fn an_edited_function_is_the_one_that_changed() {
    for target in TARGETS {
        let module = Module::new();
        let first = module.build("a", target, &PLAIN);
        module.edit("area/area.go", "return width * height", "return width*height + width");
        let second = module.build("b", target, &PLAIN);
        let report = diff(&first, &second);
        assert_eq!(categories(&report), ["source"], "{target:?} {report:#}");
        assert_eq!(changed(&report), ["example.com/pair/area.Of"], "{target:?}");
        assert_eq!(
            report["causes"][0]["title"],
            "the code of 1 function differs: example.com/pair/area.Of"
        );
    }
}

#[test]
fn the_directory_of_the_source_is_one_substitution() {
    for target in TARGETS {
        let (one, other) = (Module::below("one"), Module::below("other/deep/place"));
        let first = one.build("a", target, &["-buildvcs=false"]);
        let second = other.build("b", target, &["-buildvcs=false"]);
        let report = diff(&first, &second);
        assert_eq!(categories(&report), ["workdir"], "{target:?} {report:#}");
        let cause = &report["causes"][0];
        assert_eq!(cause["first"], one.root.to_str().unwrap());
        assert_eq!(cause["second"], other.root.to_str().unwrap());
    }
}

#[test]
fn trimpath_on_one_side_is_one_cause() {
    let module = Module::new();
    let target = ("linux", "amd64");
    let first = module.build("a", target, &["-buildvcs=false"]);
    let second = module.build("b", target, &PLAIN);
    let report = diff(&first, &second);
    assert_eq!(categories(&report), ["trimpath"], "{report:#}");
    assert!(report["causes"][0]["details"].as_array().unwrap().len() >= 2, "{report:#}");
}

#[test]
fn a_comment_moves_lines_and_no_code() {
    for target in TARGETS {
        let module = Module::new();
        let first = module.build("a", target, &PLAIN);
        module.edit("area/area.go", "package area\n", "package area\n\n// More is said.\n");
        let second = module.build("b", target, &PLAIN);
        let report = diff(&first, &second);
        assert_eq!(categories(&report), ["source"], "{target:?} {report:#}");
        assert_eq!(changed(&report), [""; 0]);
        let title = report["causes"][0]["title"].as_str().unwrap();
        assert!(title.starts_with("line numbers of "), "{title}");
        assert!(title.contains("example.com/pair/area"), "{title}");
    }
}

#[test]
fn line_ends_of_an_embedded_file_are_told() {
    let module = Module::new();
    let target = ("linux", "amd64");
    let first = module.build("a", target, &PLAIN);
    module.edit("area/help.txt", "\n", "\r\n");
    let second = module.build("b", target, &PLAIN);
    let report = diff(&first, &second);
    assert_eq!(categories(&report), ["source"], "{report:#}");
    let cause = &report["causes"][0];
    let title = cause["title"].as_str().unwrap();
    assert!(title.contains("line ends") && title.contains("area.Help"), "{title}");
    assert!(cause["fix"].as_str().unwrap().contains(".gitattributes"));
}

#[test]
fn an_embedded_file_is_named() {
    let module = Module::new();
    module.edit("area/area.go", "import _ \"embed\"", "import \"embed\"");
    module.edit(
        "area/area.go",
        "var Help string",
        "var Help string\n\n//go:embed all:files\nvar Files embed.FS",
    );
    module.edit("main.go", "area.Help, err", "area.Help, area.Files, err");
    fs::create_dir_all(module.root.join("area/files/deep")).unwrap();
    fs::write(module.root.join("area/files/same.txt"), "same").unwrap();
    fs::write(module.root.join("area/files/deep/page.html"), "<p>one</p>").unwrap();
    let first = module.build("a", ("linux", "amd64"), &PLAIN);
    fs::write(module.root.join("area/files/deep/page.html"), "<p>another</p>").unwrap();
    fs::write(module.root.join("area/files/new.txt"), "new").unwrap();
    let second = module.build("b", ("linux", "amd64"), &PLAIN);
    let report = diff(&first, &second);
    assert_eq!(categories(&report), ["source"], "{report:#}");
    let differences = report["differences"].as_array().unwrap().iter();
    let files: Vec<_> = differences
        .filter(|it| it["name"].as_str().unwrap().starts_with("embedded file "))
        .map(|it| (it["name"].as_str().unwrap(), it["first"].as_str().unwrap()))
        .collect();
    assert_eq!(
        files,
        [
            ("embedded file files/deep/page.html", "<p>one</p>"),
            ("embedded file files/new.txt", "(not there)"),
        ]
    );
}

#[test]
fn a_stripped_file_lacks_its_tables() {
    for target in TARGETS {
        let module = Module::new();
        let first = module.build("a", target, &PLAIN);
        let second = module.build("b", target, &with(&["-ldflags=-s -w"]));
        let report = diff(&first, &second);
        assert_eq!(categories(&report), ["link-flags"], "{target:?} {report:#}");
        let title = report["causes"][0]["title"].as_str().unwrap();
        assert!(title.contains("in FIRST only"), "{title}");
        assert_eq!(changed(&report), [""; 0], "{target:?}");
    }
}

#[test]
fn settings_take_what_follows_from_them() {
    let module = Module::new();
    let target = ("linux", "amd64");
    let first = module.build("a", target, &PLAIN);
    let level = module.build_with("b", target, &PLAIN, &[("GOAMD64", "v3")]);
    let report = diff(&first, &level);
    assert_eq!(categories(&report), ["target"], "{report:#}");
    assert_eq!(report["causes"][0]["title"], "GOAMD64: v1 → v3");
    let tags = module.build("c", target, &with(&["-tags=nothing"]));
    let report = diff(&first, &tags);
    assert_eq!(categories(&report), ["compile-flags"], "{report:#}");
    let older = module.build_with("d", target, &PLAIN, &[("GOTOOLCHAIN", "go1.25.5")]);
    let report = diff(&first, &older);
    assert_eq!(categories(&report)[0], "toolchain", "{report:#}");
}

#[test]
fn another_commit_is_one_stamp() {
    let module = Module::new();
    module.git(&["init", "-q"]);
    module.git(&["add", "."]);
    module.git(&["commit", "-qm", "one"]);
    let target = ("linux", "amd64");
    let first = module.build("a", target, &["-trimpath", "-buildvcs=true"]);
    module.git(&["commit", "-qm", "two", "--allow-empty"]);
    let second = module.build("b", target, &["-trimpath", "-buildvcs=true"]);
    let report = diff(&first, &second);
    assert_eq!(categories(&report), ["vcs-stamp"], "{report:#}");
    assert!(report["causes"][0]["title"].as_str().unwrap().starts_with("vcs.revision: "));
    fs::write(module.root.join("new.txt"), "x").unwrap();
    let dirty = module.build("c", target, &["-trimpath", "-buildvcs=true"]);
    let report = diff(&second, &dirty);
    assert_eq!(report["causes"][0]["title"], "vcs.modified: false → true", "{report:#}");
}

#[test]
fn files_for_other_machines_are_said_to_be_so() {
    let module = Module::new();
    let first = module.build("a", ("linux", "amd64"), &PLAIN);
    let second = module.build("b", ("darwin", "arm64"), &PLAIN);
    let report = any_diff_code(&first, &second, 1);
    assert_eq!(categories(&report)[0], "target", "{report:#}");
    assert_eq!(report["bytes"], Value::Null);
    assert!(!report["not_compared"].as_array().unwrap().is_empty());
}

fn any_diff_code(first: &Path, second: &Path, code: i32) -> Value {
    let output = goaudit(&["--format", "json"], first, second);
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_was_patched_after_its_build_is_not_explained_away() {
    let module = Module::new();
    let first = module.build("a", ("linux", "amd64"), &PLAIN);
    let mut bytes = fs::read(&first).unwrap();
    let at = bytes.windows(11).position(|window| window == b"second line").unwrap();
    bytes[at] ^= 0x20;
    let second = module.dir.path().join("b");
    fs::write(&second, &bytes).unwrap();
    let report = any_diff(&first, &second);
    assert!(
        report["causes"].as_array().unwrap().iter().any(|cause| {
            let title = cause["title"].as_str().unwrap();
            title.contains("after its build") || title.contains("area.Help")
        }),
        "{report:#}"
    );
    bytes.extend(b"something else");
    fs::write(&second, &bytes).unwrap();
    let report = any_diff(&first, &second);
    assert_eq!(report["bytes"]["proven"], true);
}

/// Puts two programs into one file. Source: `mach-o/fat.h`; numbers are big-endian.
fn universal(slices: [&[u8]; 2]) -> Vec<u8> {
    let mut file: Vec<u8> =
        [0xcafe_babe_u32, 2].iter().flat_map(|word| word.to_be_bytes()).collect();
    let mut offset = 0x4000_usize;
    let starts: Vec<usize> = slices
        .iter()
        .map(|slice| {
            let start = offset;
            offset = (offset + slice.len()).next_multiple_of(0x4000);
            start
        })
        .collect();
    for ((slice, start), cpu) in slices.iter().zip(&starts).zip([0x0100_0007_u32, 0x0100_000c]) {
        let numbers =
            [cpu, 0, u32::try_from(*start).unwrap(), u32::try_from(slice.len()).unwrap(), 14];
        file.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    }
    for (slice, start) in slices.iter().zip(starts) {
        file.resize(start, 0);
        file.extend(*slice);
    }
    file
}

#[test]
fn a_universal_file_is_compared_by_architecture_and_one_cause_is_told_once() {
    let module = Module::new();
    let make = |name: &str, value: &str| {
        let flag = format!("-ldflags=-X main.version={value}");
        let intel = module.build("x", ("darwin", "amd64"), &with(&[&flag]));
        let arm = module.build("y", ("darwin", "arm64"), &with(&[&flag]));
        let file = universal([&fs::read(intel).unwrap(), &fs::read(arm).unwrap()]);
        let path = module.dir.path().join(name);
        fs::write(&path, file).unwrap();
        path
    };
    let report = any_diff(&make("a", "1"), &make("b", "2"));
    assert_eq!(categories(&report), ["link-flags"], "{report:#}");
    let names: Vec<_> =
        report["parts"].as_array().unwrap().iter().map(|part| &part["name"]).collect();
    assert_eq!(names, ["amd64", "arm64"]);
}

#[test]
fn bad_input_is_named_and_has_its_exit_code() {
    let module = Module::new();
    let program = module.build("a", ("linux", "amd64"), &PLAIN);
    let dir = module.dir.path();
    let says = |first: &Path, second: &Path| {
        let output = goaudit(&[], first, second);
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    };
    let (code, text) = says(&program, &program);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("IDENTICAL"), "{text}");
    let (code, text) = says(&program, &dir.join("missing"));
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("missing"), "{text}");
    let empty = dir.join("empty");
    fs::create_dir(&empty).unwrap();
    let (code, text) = says(&program, &empty);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("empty"), "{text}");
    let (code, text) = says(&empty, &empty);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("nothing was compared"), "{text}");
    let whole = fs::read(&program).unwrap();
    let cut = dir.join("cut");
    for len in [4, 16, 64, 200, 4096, whole.len() / 2] {
        fs::write(&cut, &whole[..len]).unwrap();
        let (code, text) = says(&program, &cut);
        assert_eq!(code, 3, "{len}: {text}");
        assert!(text.contains("SECOND: malformed ELF file"), "{len}: {text}");
    }
    fs::write(&cut, "plain text").unwrap();
    let (code, text) = says(&program, &cut);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("a text file"), "{text}");
}

#[test]
fn nothing_is_claimed_of_what_is_no_go_program() {
    let module = Module::new();
    let program = module.build("a", ("linux", "amd64"), &PLAIN);
    let other = ["/bin/sh", "/usr/bin/env"].map(Path::new);
    for pair in [[program.as_path(), other[0]], other] {
        let report = any_diff_code(pair[0], pair[1], 1);
        assert_eq!(categories(&report), ["unknown"], "{report:#}");
        assert!(report["causes"][0]["title"].as_str().unwrap().contains("Go programs"));
    }
}

#[test]
fn an_id_that_one_side_lacks_is_a_flag_of_the_linker() {
    let module = Module::new();
    let target = ("linux", "amd64");
    let first = module.build("a", target, &PLAIN);
    let second = module.build("b", target, &with(&["-ldflags=-buildid="]));
    let report = diff(&first, &second);
    assert!(categories(&report).iter().all(|category| *category == "link-flags"), "{report:#}");
    assert_eq!(report["causes"][0]["title"], "the Go build ID is in FIRST only");
}

#[test]
fn what_may_have_changed_is_named_where_instructions_are_not_read() {
    let module = Module::new();
    let target = ("linux", "mips");
    module.edit("area/area.go", "width * height", "width + height");
    let first = module.build("a", target, &PLAIN);
    module.edit("area/area.go", "width + height", "width - height");
    let report = any_diff(&first, &module.build("b", target, &PLAIN));
    assert_eq!(categories(&report), ["unknown"], "{report:#}");
    let details = report["causes"][0]["details"].to_string();
    assert!(details.contains("example.com/pair/area.Of"), "{details}");
}

#[test]
fn the_report_for_a_person_fits_a_screen() {
    let module = Module::new();
    let target = ("linux", "amd64");
    let first = module.build("a", target, &with(&["-ldflags=-X main.version=one"]));
    let second = module.build("b", target, &with(&["-ldflags=-X main.version=two"]));
    let output = goaudit(&[], &first, &second);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() <= 25, "{text}");
    for expected in [
        "DIFFERS  go1.",
        "1 cause why they differ",
        "-X main.version",
        "\"two\"",
        "3 value",
        "0 changed",
    ] {
        assert!(text.contains(expected), "no {expected} in {text}");
    }
}
