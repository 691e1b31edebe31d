//! Two programs compared by what is kept of them: exactly the packages that truly differ are named.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go")]

mod compared;
mod diffed;
#[path = "../edge/mod.rs"]
mod edge;
#[path = "../noise/mod.rs"]
mod noise;
#[path = "../pairs/mod.rs"]
mod pairs;
mod recorded;
mod refused;

use std::fs;

use edge::write_all;
use goaudit::binary::image::Image;
use goaudit::evidence::{ArtifactDiff, Evidence, Hash, compare};

pub(crate) const FILES: [(&str, &str); 7] = [
    (
        "go.mod",
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ./dep\n",
    ),
    (
        "main.go",
        r#"package main

import (
	"fmt"
	"os"

	"example.com/app/internal/label"
	"example.com/app/internal/shape"
	"example.com/dep"
)

func main() {
	fmt.Println(label.Of(shape.Area(len(os.Args), 3)), dep.Count(os.Args), label.Version)
}
"#,
    ),
    (
        "internal/shape/shape.go",
        "package shape\n\n//go:noinline\nfunc Area(width, height int) int { return width * height }\n",
    ),
    (
        "internal/label/label.go",
        r#"// Package label names numbers.
package label

import "strconv"

var Version = "none"

var names = []string{"nothing", "single", "double"}

var table = [...]uint32{11, 12, 13, 14, 15, 16}

//go:noinline
func Of(number int) string {
	if number < len(names) {
		return names[number]
	}
	if number == 77 {
		return "a lucky number"
	}
	return strconv.Itoa(number * int(table[number%len(table)]))
}
"#,
    ),
    ("dep/go.mod", "module example.com/dep\n\ngo 1.21\n"),
    (
        "dep/dep.go",
        r#"package dep

import "example.com/dep/deep"

//go:noinline
func Count(words []string) (count int) {
	for _, word := range words {
		count += deep.Length(word)
	}
	return count
}
"#,
    ),
    (
        "dep/deep/deep.go",
        "package deep\n\n//go:noinline\nfunc Length(word string) int { return len(word) + 1 }\n",
    ),
];

pub(crate) const LONGER_AREA: &str = "{
	for width > 4096 {
		width -= height*height + 1
		height ^= width * 77 / (height | 1)
	}
	return width * height
}";

/// A text of a file that is replaced by another.
pub(crate) type Edit<'a> = (&'a str, &'a str, &'a str);

pub(crate) fn built(edits: &[Edit<'_>], target: (&str, &str), flags: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    write_all(dir.path(), &FILES);
    for (file, from, to) in edits {
        let path = dir.path().join(file);
        let content = fs::read_to_string(&path).unwrap();
        assert!(content.contains(from), "{file}");
        fs::write(path, content.replace(from, to)).unwrap();
    }
    pairs::built(dir.path(), target, flags)
}

/// Of a file, through the text that another machine gets.
pub(crate) fn evidence(file: &[u8]) -> Evidence {
    let image = Image::parse(file).unwrap();
    let sha256 = Hash::of(file).to_string();
    let made = Evidence::of_binary(&image, "bin/app", &sha256);
    Evidence::parse(made.to_json().as_bytes()).unwrap()
}

pub(crate) fn artifact(first: &Evidence, second: &Evidence) -> ArtifactDiff {
    let mut diff = compare(first, second);
    assert_eq!(diff.artifacts.len(), 1);
    diff.artifacts.remove(0)
}
