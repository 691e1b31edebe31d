//! Pairs of real programs with one known difference: the account is whole, and blames nothing else.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use goaudit::binary::image::Image;
use goaudit::binary_diff::{BinaryDiff, FunctionChange, Owner, compare};

const TARGETS: [(&str, &str); 4] =
    [("linux", "amd64"), ("linux", "arm64"), ("darwin", "arm64"), ("windows", "amd64")];

const MAIN: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var version = "none"

//go:noinline
func area(width, height int) int { return width * height }

func main() {
	text, err := json.Marshal(map[string]any{"version": version, "area": area(len(os.Args), 3)})
	fmt.Println(string(text), err)
}
"#;

/// Builds a program for a target.
fn built(source: &str, (os, arch): (&str, &str), flags: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("go.mod"), "module example.com/pair\n\ngo 1.21\n").unwrap();
    fs::write(dir.path().join("main.go"), source).unwrap();
    let out = dir.path().join("out");
    let output = Command::new("go")
        .args(["build", "-trimpath", "-buildvcs=false", "-o"])
        .arg(&out)
        .args(flags)
        .current_dir(dir.path())
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("pairs-gocache"))
        .envs([("GOOS", os), ("GOARCH", arch), ("CGO_ENABLED", "0")])
        .env_remove("GOFLAGS")
        .output()
        .expect("go is on PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(out).unwrap()
}

fn compared(first: &[u8], second: &[u8]) -> BinaryDiff {
    let diff = compare(&Image::parse(first).unwrap(), &Image::parse(second).unwrap());
    assert!(diff.is_whole);
    assert!(diff.identical + diff.moved > 1_000, "{} {}", diff.identical, diff.moved);
    diff
}

#[test]
fn a_program_does_not_differ_from_itself() {
    let file = built(MAIN, TARGETS[0], &[]);
    let diff = compared(&file, &file);
    assert_eq!((diff.bytes, diff.moved, diff.changed), (BTreeMap::new(), 0, Vec::new()));
}

#[test]
fn a_stamp_of_equal_length_is_all_there_is() {
    for target in TARGETS {
        let stamped = |value: &str| {
            let flags = format!("-ldflags=-X main.version={value}");
            built(MAIN, target, &[&flags])
        };
        let (first, second) = (stamped("1111111111"), stamped("2222222222"));
        let diff = compared(&first, &second);
        let differing = first.iter().zip(&second).filter(|(one, other)| one != other).count();
        assert_eq!(diff.bytes.values().sum::<u64>(), differing as u64, "{target:?}");
        assert_eq!(diff.bytes.get(&Owner::Value), Some(&10), "{target:?}: {:?}", diff.bytes);
        let ids =
            [Owner::Value, Owner::GoBuildId, Owner::GnuBuildId, Owner::Uuid, Owner::Signature];
        assert!(diff.bytes.keys().all(|owner| ids.contains(owner)), "{target:?}: {:?}", diff.bytes);
        assert_eq!((diff.moved, diff.changed), (0, Vec::new()), "{target:?}");
    }
}

#[test]
fn one_function_changed_and_all_others_moved() {
    let longer = MAIN.replace(
        "{ return width * height }",
        "{\n\tfor width > 4096 {\n\t\twidth -= height*height + 1\n\t\theight ^= width * 77 / (height | 1)\n\t\twidth += height << (width & 7) % 5\n\t\theight -= width / 13 * (height % 11)\n\t}\n\treturn width * height\n}",
    );
    for target in TARGETS {
        for flags in [&[][..], &["-ldflags=-s -w"]] {
            let diff = compared(&built(MAIN, target, flags), &built(&longer, target, flags));
            let names: Vec<_> = diff.changed.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["main.area"], "{target:?} {flags:?}");
            let FunctionChange::Changed { first_bytes, second_bytes } = diff.changed[0].1 else {
                panic!("{:?}", diff.changed);
            };
            assert!(first_bytes < second_bytes);
            assert!(diff.moved > 0, "{target:?} {flags:?}");
        }
    }
}

#[test]
fn damage_is_no_panic() {
    let file = built(MAIN, TARGETS[0], &[]);
    let whole = Image::parse(&file).unwrap();
    let mut damaged = file.clone();
    let mut state = 1_u32;
    for _ in 0..12 {
        for _ in 0..2_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = 4096 + usize::try_from(state).unwrap() % (file.len() - 4096);
            damaged[at] = state.to_le_bytes()[3];
        }
        if let Ok(image) = Image::parse(&damaged) {
            assert!(compare(&whole, &image).is_whole);
            assert!(compare(&image, &whole).is_whole);
        }
    }
}
