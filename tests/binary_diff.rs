//! Pairs of real programs with one known difference: the account is whole, and blames nothing else.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go")]

mod noise;
mod pairs;

use std::collections::BTreeMap;
use std::fs;

use goaudit::binary::image::Image;
use goaudit::binary_diff::{BinaryDiff, FunctionChange, Owner, compare};
use noise::Noise;
use pairs::TARGETS;

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
fn built(source: &str, target: (&str, &str), flags: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("go.mod"), "module example.com/pair\n\ngo 1.21\n").unwrap();
    fs::write(dir.path().join("main.go"), source).unwrap();
    pairs::built(dir.path(), target, flags)
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

/// A program with literals, types and tables that other functions have too.
const SMALL: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var version = "none"

type shape interface{ size() int }
type square struct{ side int }

func (s square) size() int { return s.side * s.side }

//go:noinline
func area(width, height int) int { return width * height }

//go:noinline
func name(kind int) string {
	if kind == 1 {
		return "a rectangle"
	}
	return "unknown"
}

//go:noinline
func table() map[string]int { return map[string]int{"one": 1, "two": 2} }

func main() {
	var s shape = square{area(len(os.Args), 3)}
	text, err := json.Marshal(map[string]any{"version": version, "area": s.size(), "table": table()})
	fmt.Println(string(text), err, name(len(os.Args)))
}
"#;

/// What is replaced in the program, by what, and the functions that differ then.
const EDITS: [(&str, &str, &[&str]); 6] = [
    ("a rectangle", "a rectangle with four sides", &["main.name"]),
    // The instructions are the same: the literal differs.
    ("\"unknown\"", "\"unknwon\"", &[]),
    (
        "{ return width * height }",
        "{\n\tif width > 4096 {\n\t\tpanic(\"the width is too large\")\n\t}\n\treturn width * height\n}",
        &["main.area"],
    ),
    (
        "\"two\": 2",
        "\"two\": 2, \"three\": 3, \"four\": len(os.Args), \"five\": 5, \"six\": 6, \"seven\": 7",
        &["main.table"],
    ),
    (
        "{ return width * height }",
        "{\n\tvar text fmt.Stringer = wide(width)\n\tfmt.Fprintln(os.Stderr, text)\n\treturn height\n}\n\ntype wide int\n\nfunc (w wide) String() string { return \"wide\" }",
        &["main.(*wide).String", "main.area", "main.wide.String"],
    ),
    (
        "{ return width * height }",
        "{ f := func() int { return width }; return run(f) * height }\n\n//go:noinline\nfunc run(f func() int) int { return f() }",
        &["main.area", "main.area.func1", "main.run"],
    ),
];

#[test]
fn new_literals_and_types_blame_only_their_functions() {
    for target in TARGETS {
        let base = built(SMALL, target, &[]);
        for (from, to, expected) in EDITS {
            let edited = SMALL.replace(from, to);
            assert_ne!(edited, SMALL);
            let diff = compared(&base, &built(&edited, target, &[]));
            let mut names: Vec<_> = diff.changed.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{target:?} {to}");
        }
    }
}

#[test]
fn a_stamp_of_another_length_moves_and_changes_nothing() {
    for target in TARGETS {
        for more in ["", " -s -w"] {
            let stamped = |value: &str| {
                let flags = format!("-ldflags=-X main.version={value}{more}");
                built(MAIN, target, &[&flags])
            };
            let diff = compared(&stamped("1111111111"), &stamped("2222222222-and-some-more"));
            // Of data without names and content of its own nothing is claimed.
            let is_known = |change: FunctionChange| change != FunctionChange::Unknown;
            let changed: Vec<_> = diff.changed.iter().filter(|(_, it)| is_known(*it)).collect();
            assert!(changed.is_empty(), "{target:?} {more} {changed:?}");
            let unknown = diff.changed.len() - changed.len();
            assert!(unknown <= 3 && (unknown == 0 || !more.is_empty()), "{:?}", diff.changed);
        }
    }
}

#[test]
fn debug_sections_differ_in_little_but_what_moved() {
    let longer =
        MAIN.replace("{ return width * height }", "{\n\treturn width*height + 7*(width|height)\n}");
    for target in TARGETS {
        let diff = compared(&built(MAIN, target, &[]), &built(&longer, target, &[]));
        for (section, tally) in &diff.unpacked {
            let of = |owner| tally.get(&owner).copied().unwrap_or_default();
            assert!(tally.keys().all(|owner| [Owner::Address, Owner::Table].contains(owner)));
            if section.ends_with("info") {
                assert!(of(Owner::Table) < 2_000, "{target:?} {section}: {tally:?}");
            }
        }
    }
}

#[test]
fn damage_is_no_panic() {
    let file = built(MAIN, TARGETS[0], &[]);
    let whole = Image::parse(&file).unwrap();
    let mut damaged = file.clone();
    let mut noise = Noise::new();
    for _ in 0..12 {
        for _ in 0..2_000 {
            damaged[4096 + noise.below(file.len() - 4096)] = noise.byte();
        }
        if let Ok(image) = Image::parse(&damaged) {
            assert!(compare(&whole, &image).is_whole);
            assert!(compare(&image, &whole).is_whole);
        }
    }
}

#[test]
fn damage_in_any_section_is_no_panic() {
    let mut noise = Noise::new();
    for target in TARGETS {
        let file = built(MAIN, target, &[]);
        let whole = Image::parse(&file).unwrap();
        for round in 0..3 {
            let mut damaged = file.clone();
            for region in whole.regions.iter().filter(|region| !region.name.is_empty()) {
                for _ in 0..4 {
                    let at = region.content.start + noise.below(region.content.len().max(1));
                    // A count or an offset that is as large as can be, or any byte.
                    let len = if round == 0 { 8 } else { 1 };
                    let end = (at + len).min(region.content.end);
                    let value = if round == 0 { 0xff } else { noise.byte() };
                    damaged[at..end].fill(value);
                }
            }
            let Ok(image) = Image::parse(&damaged) else { continue };
            assert!(compare(&whole, &image).is_whole, "{target:?}");
            assert!(compare(&image, &whole).is_whole, "{target:?}");
        }
    }
}
