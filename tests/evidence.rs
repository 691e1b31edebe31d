//! Two programs compared by what is kept of them: exactly the packages that truly differ are named.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go")]

mod edge;
mod noise;
mod pairs;

use std::collections::BTreeMap;
use std::fs;

use edge::{Room, code, text, write_all};
use goaudit::binary::image::Image;
use goaudit::evidence::{
    Artifact, ArtifactDiff, CompiledChange, Evidence, EvidenceError, Hash, Order, Origin, Outcome,
    PackageChange, compare, is_evidence,
};
use noise::Noise;
use pairs::TARGETS;

const FILES: [(&str, &str); 7] = [
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

const LONGER_AREA: &str = "{
	for width > 4096 {
		width -= height*height + 1
		height ^= width * 77 / (height | 1)
	}
	return width * height
}";

/// A text of a file that is replaced by another.
type Edit<'a> = (&'a str, &'a str, &'a str);
/// Edits, and the packages that differ then and how.
type Case<'a> = (&'a [Edit<'a>], &'a [(&'a str, &'a str)]);

fn built(edits: &[Edit<'_>], target: (&str, &str), flags: &[&str]) -> Vec<u8> {
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
fn evidence(file: &[u8]) -> Evidence {
    let image = Image::parse(file).unwrap();
    let sha256 = Hash::of(file).to_string();
    let made = Evidence::of_binary(&image, "bin/app", &sha256);
    Evidence::parse(made.to_json().as_bytes()).unwrap()
}

fn artifact(first: &Evidence, second: &Evidence) -> ArtifactDiff {
    let mut diff = compare(first, second);
    assert_eq!(diff.artifacts.len(), 1);
    diff.artifacts.remove(0)
}

/// Packages that differ and how, the functions of a change left out.
fn changes(diff: &ArtifactDiff) -> BTreeMap<&str, &'static str> {
    let name = |change: &PackageChange| match change {
        PackageChange::OnlyFirst => "only first",
        PackageChange::OnlySecond => "only second",
        PackageChange::Code { .. } => "code",
        PackageChange::Data => "data",
        PackageChange::Lines => "lines",
        PackageChange::Stamp => "stamp",
        PackageChange::Linked => "linked",
    };
    diff.packages.iter().map(|package| (package.path.as_str(), name(&package.change))).collect()
}

#[test]
fn exactly_what_was_edited_differs() {
    let label = "internal/label/label.go";
    let area = ("internal/shape/shape.go", "{ return width * height }", LONGER_AREA);
    let edits: [Case<'_>; 6] = [
        (&[area], &[("example.com/app/internal/shape", "code")]),
        (
            &[(label, "// Package", "// One line more.\n// Package")],
            &[("example.com/app/internal/label", "lines")],
        ),
        (
            &[(label, "a lucky number", "an odd number!")],
            &[("example.com/app/internal/label", "code")],
        ),
        (&[(label, "13, 14", "13, 41")], &[("example.com/app/internal/label", "data")]),
        (&[(label, "\"single\"", "\"simple\"")], &[("example.com/app/internal/label", "data")]),
        (
            &[("dep/deep/deep.go", "+ 1 }", "+ 1<<(len(word)%7) }"), area],
            &[("example.com/app/internal/shape", "code"), ("example.com/dep/deep", "code")],
        ),
    ];
    for target in TARGETS {
        let first = evidence(&built(&[], target, &[]));
        let same = artifact(&first, &first);
        assert_eq!((same.outcome, same.packages.len()), (Outcome::Identical, 0));
        for (edit, expected) in edits {
            let second = evidence(&built(edit, target, &[]));
            let diff = artifact(&first, &second);
            assert_eq!(diff.outcome, Outcome::Differs);
            // Without sizes of symbols, numbers in variables are not seen.
            let is_seen = target.0 == "linux" || edit[0].1 != "13, 14";
            let expected = expected.iter().copied().filter(|_| is_seen).collect();
            assert_eq!(changes(&diff), expected, "{target:?} {edit:?}");
            assert!(diff.same_packages > 30, "{}", diff.same_packages);
            assert!(
                diff.sections.iter().any(|section| section.name.contains("text"))
                    || edit.len() == 1
            );
        }
        // Other modules come before the one that uses them.
        let both = evidence(&built(edits[5].0, target, &[]));
        let diverged = compare(&first, &both).first_diverged.unwrap();
        assert_eq!(
            (diverged.package.as_str(), diverged.order),
            ("example.com/dep/deep", Order::Names)
        );
        let of_dep = &artifact(&first, &both).packages[0];
        assert_eq!(
            (of_dep.module.as_deref(), of_dep.origin),
            (Some("example.com/dep"), Origin::Dependency)
        );
    }
}

#[test]
fn a_file_with_names_says_which_function() {
    let file = built(&[], TARGETS[0], &[]);
    let edited = built(
        &[("internal/shape/shape.go", "{ return width * height }", LONGER_AREA)],
        TARGETS[0],
        &[],
    );
    let image = Image::parse(&edited).unwrap();
    let second = Evidence::of_binary(&image, "app", "00");
    let functions = vec!["example.com/app/internal/shape.Area".to_owned()];
    let diff = artifact(&evidence(&file), &second);
    assert_eq!(diff.packages[0].change, PackageChange::Code { functions });
}

#[test]
fn a_stamp_is_no_divergence() {
    for target in TARGETS {
        let stamped = |value: &str| {
            let flag = format!("-ldflags=-X example.com/app/internal/label.Version={value}");
            evidence(&built(&[], target, &[&flag]))
        };
        let diff = compare(&stamped("1.0"), &stamped("1.0-rc1-with-more"));
        assert_eq!(
            changes(&diff.artifacts[0]),
            [("example.com/app/internal/label", "stamp")].into()
        );
        assert_eq!(diff.first_diverged, None, "{target:?}");
    }
}

#[test]
fn a_stripped_file_is_compared_with_a_whole_one() {
    let edit = [("internal/shape/shape.go", "{ return width * height }", LONGER_AREA)];
    for target in TARGETS {
        let (whole, stripped) = (built(&[], target, &[]), built(&[], target, &["-ldflags=-s -w"]));
        let diff = artifact(&evidence(&whole), &evidence(&stripped));
        assert_eq!((changes(&diff), diff.one_is_stripped), (BTreeMap::new(), true), "{target:?}");
        let edited = evidence(&built(&edit, target, &["-ldflags=-s -w"]));
        for first in [whole, stripped] {
            let diff = artifact(&evidence(&first), &edited);
            assert_eq!(changes(&diff), [("example.com/app/internal/shape", "code")].into());
        }
    }
}

#[test]
fn what_is_linked_of_a_package_is_not_the_package() {
    let more = ("main.go", "label.Version)", "label.Version, strings.ToTitle(os.Args[0]))");
    let import = ("main.go", "\"os\"\n", "\"os\"\n\t\"strings\"\n");
    let (first, second) = (built(&[], TARGETS[0], &[]), built(&[more, import], TARGETS[0], &[]));
    let diff = artifact(&evidence(&first), &evidence(&second));
    let mut found = changes(&diff);
    found.retain(|_, change| *change != "linked" && *change != "only second");
    assert_eq!(found, [("example.com/app", "code")].into());
}

#[test]
fn two_formats_are_not_compared() {
    let (first, second) = (built(&[], TARGETS[0], &[]), built(&[], TARGETS[3], &[]));
    let diff = artifact(&evidence(&first), &evidence(&second));
    let Outcome::NotComparable(why) = diff.outcome else { panic!("{:?}", diff.outcome) };
    assert_eq!(
        why,
        "one is ELF 64-bit little-endian amd64, the other PE 64-bit little-endian amd64"
    );
    assert_eq!(diff.packages, []);
    let other = Evidence::new(vec![Artifact::of_file(3, "app", "00")], None);
    let diff = artifact(&evidence(&first), &other);
    assert_eq!(diff.outcome, Outcome::NotComparable("they are not two executables".into()));
}

#[test]
fn what_is_no_evidence_is_refused_with_the_reason() {
    let json = evidence(&built(&[], TARGETS[0], &[])).to_json();
    assert!(is_evidence(json.as_bytes()) && json.len() < 100_000, "{}", json.len());
    let error = |text: &str| Evidence::parse(text.as_bytes()).unwrap_err();
    for end in (1..40).map(|part| json.len() * part / 40) {
        let err = error(&json[..end]);
        assert!(matches!(err, EvidenceError::Cut { .. }), "{end}: {err}");
    }
    let newer = error(&json.replace("evidence.v1", "evidence.v2")).to_string();
    assert!(
        newer.starts_with("its schema is `goaudit.evidence.v2` and this goaudit reads"),
        "{newer}"
    );
    assert!(matches!(
        error(r#"{"schema":"goaudit.diff.v1"}"#),
        EvidenceError::OtherSchema { .. } | EvidenceError::NoSchema
    ));
    for text in ["", "null", "[]", "{}", "{\"schema\":1}", "\u{7f}ELF", "hello"] {
        assert!(matches!(error(text), EvidenceError::NoSchema), "{text}: {}", error(text));
        assert!(!is_evidence(text.as_bytes()));
    }
    let opened = "[".repeat(1 << 20);
    let deep = format!("{{\"schema\":\"goaudit.evidence.v1\",\"x\":{opened}");
    assert!(matches!(error(&deep), EvidenceError::Cut { .. }), "{}", error(&deep));
    let closed = "]".repeat(1 << 20);
    let deep = format!("{{\"schema\":\"goaudit.evidence.v1\",\"artifacts\":{opened}{closed}}}");
    assert!(matches!(error(&deep), EvidenceError::Json(_)), "{}", error(&deep));
    let marked = format!("\u{feff} {json}");
    assert!(is_evidence(marked.as_bytes()));
    assert_eq!(Evidence::parse(marked.as_bytes()).unwrap().to_json(), json);
    let wrong = json.replacen("\"code\":\"", "\"code\":\"x", 1);
    let EvidenceError::Json(err) = error(&wrong) else { panic!() };
    assert!(err.to_string().contains("is no hash of 12 lowercase hex digits at line"), "{err}");
    let endless = vec![b' '; (64 << 20) + 1];
    assert!(matches!(Evidence::parse(&endless), Err(EvidenceError::TooLarge { .. })));
}

#[test]
fn damage_is_no_panic() {
    let file = built(&[], TARGETS[0], &[]);
    let whole = evidence(&file);
    let mut damaged = file.clone();
    let mut noise = Noise::new();
    for _ in 0..6 {
        for _ in 0..2_000 {
            damaged[4096 + noise.below(file.len() - 4096)] = noise.byte();
        }
        if Image::parse(&damaged).is_ok() {
            let other = evidence(&damaged);
            assert!(compare(&whole, &other).first_diverged.is_some());
        }
    }
}

#[test]
fn a_recorded_build_tells_the_order_of_packages() {
    let room = Room::new(false, &FILES);
    let record = |name: &str| {
        let (to, kept) = (format!("../out/{name}.goaudit"), format!("../out/{name}.json"));
        let args = [
            "record",
            "-o",
            &to,
            "--evidence",
            &kept,
            "--",
            "go",
            "build",
            "-trimpath",
            "-o",
            "../out/app",
            ".",
        ];
        let output = room.goaudit(&args);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        Evidence::parse(&fs::read(room.path(&format!("out/{name}.json"))).unwrap()).unwrap()
    };
    let first = record("first");
    let paths: Vec<_> = first
        .build
        .as_ref()
        .unwrap()
        .packages
        .iter()
        .map(|package| package.path.as_str())
        .collect();
    let at = |path: &str| paths.iter().position(|one| *one == path).unwrap();
    assert!(at("runtime") < at("strconv") && at("strconv") < at("example.com/app/internal/label"));
    assert!(at("example.com/dep/deep") < at("example.com/dep"));
    assert_eq!(at("example.com/app"), paths.len() - 1);
    assert_eq!(first.artifacts.len(), 1);

    let again = compare(&first, &record("again"));
    assert_eq!((&again.artifacts[0].outcome, again.first_diverged), (&Outcome::Identical, None));
    assert_eq!(again.build.unwrap().same, paths.len());

    let label = room.m().join("internal/label/label.go");
    let source = fs::read_to_string(&label).unwrap().replace("lucky", "happy");
    fs::write(label, source).unwrap();
    let second = record("second");
    let diff = compare(&first, &second);
    let diverged = diff.first_diverged.unwrap();
    assert_eq!(diverged.package, "example.com/app/internal/label");
    assert_eq!(diverged.order, Order::Dependencies);
    assert_eq!(diverged.compiled, Some(CompiledChange::Inputs));
    assert!(matches!(diverged.linked, Some(PackageChange::Code { .. })), "{:?}", diverged.linked);

    // The same inputs and another archive, on a machine whose compiler is not deterministic.
    let mut odd = first.clone();
    let build = odd.build.as_mut().unwrap();
    let index = at("example.com/dep/deep");
    build.packages[index].content = build.packages[0].content;
    let diverged = compare(&first, &odd).first_diverged.unwrap();
    assert_eq!(diverged.package, "example.com/dep/deep");
    assert_eq!(diverged.compiled, Some(CompiledChange::NotDeterministic));

    // Without the recording of the second, the order is that of the first.
    let alone = Evidence { build: None, ..second };
    let diverged = compare(&first, &alone).first_diverged.unwrap();
    assert_eq!(diverged.order, Order::Dependencies);
    assert_eq!(diverged.package, "example.com/app/internal/label");
}

#[test]
fn evidence_that_cannot_be_kept_is_said_before_the_build() {
    let room = Room::new(false, &FILES);
    for (kept, exit, what) in [
        ("../out/r.goaudit", 2, "are both to be `../out/r.goaudit`"),
        ("../m/../out/r.goaudit", 2, "are both to be"),
        ("../nowhere/e.json", 3, "failed to write `../nowhere/e.json`"),
        ("../out", 3, "failed to write `../out`"),
    ] {
        let args =
            ["record", "-o", "../out/r.goaudit", "--evidence", kept, "--", "touch", "../out/ran"];
        let output = room.goaudit(&args);
        assert_eq!(code(&output), exit, "{kept}");
        assert!(text(&output.stderr).contains(what), "{}", text(&output.stderr));
        assert!(!room.path("out/ran").exists() && !room.path("out/r.goaudit").exists());
    }
    let args = [
        "record",
        "-o",
        "../out/r.goaudit",
        "--evidence",
        "../out/e.json",
        "--",
        "touch",
        "../out/ran",
    ];
    let output = room.goaudit(&args);
    assert_eq!(code(&output), 0);
    assert!(
        text(&output.stderr).contains("the evidence is of no file"),
        "{}",
        text(&output.stderr)
    );
    let kept = Evidence::parse(&fs::read(room.path("out/e.json")).unwrap()).unwrap();
    assert_eq!((kept.artifacts, kept.build), (vec![], None));
}

/// Runs `goaudit diff` in `out`, and gives its exit code, report and complaints.
fn diffed(room: &Room, args: &[&str]) -> (i32, String, String) {
    let mut command = room.command(edge::GOAUDIT, &room.path("out"));
    let output = command.arg("diff").args(args).output().unwrap();
    (code(&output), text(&output.stdout), text(&output.stderr))
}

#[test]
fn diff_compares_with_evidence_in_place_of_the_file() {
    let room = Room::new(false, &[]);
    let at = |name: &str| room.path("out").join(name);
    let edit = ("internal/shape/shape.go", "{ return width * height }", LONGER_AREA);
    let deep = ("dep/deep/deep.go", "+ 1 }", "+ 1<<(len(word)%7) }");
    let stamp = ["-ldflags=-X example.com/app/internal/label.Version=1.0"];
    fs::write(at("app"), built(&[], TARGETS[0], &[])).unwrap();
    fs::write(at("edited"), built(&[edit, deep], TARGETS[0], &[])).unwrap();
    fs::write(at("stamped"), built(&[], TARGETS[0], &stamp)).unwrap();
    fs::write(at("other"), built(&[], TARGETS[3], &[])).unwrap();

    // Written beside the report, and of the second.
    let (exit, _, err) = diffed(&room, &["edited", "app", "--evidence", "app.json"]);
    assert_eq!((exit, err.as_str()), (1, ""));
    let (exit, _, err) = diffed(&room, &["app", "edited", "--evidence", "edited.json"]);
    assert_eq!((exit, err.as_str()), (1, ""));
    let kept = Evidence::parse(&fs::read(at("app.json")).unwrap()).unwrap();
    assert_eq!(kept.artifacts[0].path, "app");

    for args in [["app.json", "app"], ["app", "app.json"], ["app.json", "app.json"]] {
        let (exit, report, err) = diffed(&room, &args);
        assert_eq!((exit, err.as_str()), (0, ""), "{args:?}");
        assert!(report.starts_with("IDENTICAL  go1."), "{report}");
        assert!(report.contains("app.json  evidence of app  "), "{report}");
    }

    let (exit, report, _) = diffed(&room, &["app.json", "edited"]);
    assert_eq!(exit, 1);
    assert!(report.starts_with("DIFFERS  go1."), "{report}");
    assert!(
        report.contains(
            "in the order of names (standard library, modules, main module)\n  example.com/dep/deep of module example.com/dep: the code of Length\n"
        ),
        "{report}"
    );
    assert!(report.contains("example.com/app/internal/shape  the code of Area\n"), "{report}");
    assert!(
        report.contains("source  example.com/dep/deep and one more package differ"),
        "{report}"
    );
    assert!(report.contains("Inputs of the main package differ"), "{report}");

    // Without either file there are no names.
    let (exit, report, _) = diffed(&room, &["app.json", "edited.json", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((exit, &report["schema"]), (1, &"goaudit.diff.v1".into()));
    assert_eq!((&report["outcome"], &report["identical"]), (&"evidence".into(), &false.into()));
    assert_eq!(report["first_diverged"]["package"], "example.com/dep/deep");
    assert_eq!(report["first_diverged"]["functions"], serde_json::json!([]));
    assert_eq!((&report["order"], &report["first"]["of"]), (&"names".into(), &"app".into()));
    let packages: Vec<_> = report["packages"].as_array().unwrap().iter().collect();
    assert_eq!(packages.len(), 2);
    assert_eq!((&packages[1]["change"], &packages[1]["origin"]), (&"code".into(), &"main".into()));
    let levels: Vec<_> = report["differences"].as_array().unwrap().iter().collect();
    assert!(levels.iter().any(|one| one["level"] == "section" && one["name"] == ".text"));
    let of_shape = levels.iter().find(|one| one["level"] == "symbol").unwrap();
    assert_ne!(of_shape["first"], of_shape["second"]);
    assert_eq!(report["causes"][0]["category"], "source");
    assert_eq!(
        report["not_compared"][0],
        "which functions changed: neither side is the file itself"
    );

    let (exit, report, _) = diffed(&room, &["app.json", "stamped"]);
    assert_eq!(exit, 1);
    assert!(!report.contains("first package"), "{report}");
    assert!(
        report.contains("link-flags  values that -X sets in example.com/app/internal/label\n"),
        "{report}"
    );
    assert!(
        report.contains("what evidence does not tell\n  the values that -X sets\n"),
        "{report}"
    );

    let (exit, report, _) = diffed(&room, &["app.json", "other"]);
    assert_eq!(exit, 1);
    assert!(
        report.contains("target  one is ELF 64-bit little-endian amd64, the other PE"),
        "{report}"
    );
}

#[test]
fn diff_compares_a_build_of_several_files() {
    let room = Room::new(false, &[]);
    let at = |name: &str| room.path("out").join(name);
    let deep = ("dep/deep/deep.go", "+ 1 }", "+ 1<<(len(word)%7) }");
    fs::write(at("app"), built(&[], TARGETS[0], &[])).unwrap();
    fs::write(at("edited"), built(&[deep], TARGETS[0], &[])).unwrap();
    for (file, kept) in [("app", "app.json"), ("edited", "edited.json")] {
        assert_eq!(diffed(&room, &[file, file, "--evidence", kept]).0, 0);
    }
    let several = |names: [&str; 2], files: [&str; 2]| {
        let artifacts = names.into_iter().zip(files).map(|(name, file)| {
            let made = fs::read(at(file)).unwrap();
            let made = Evidence::parse(&made).unwrap();
            Artifact { path: name.to_owned(), ..made.artifacts[0].clone() }
        });
        Evidence::new(artifacts.collect(), None).to_json()
    };
    fs::write(at("many.json"), several(["bin/app", "bin/old"], ["app.json", "app.json"])).unwrap();
    fs::write(at("more.json"), several(["bin/app", "bin/new"], ["edited.json", "app.json"]))
        .unwrap();
    assert_eq!(diffed(&room, &["many.json", "app"]).0, 0);
    let (exit, report, _) = diffed(&room, &["many.json", "more.json"]);
    assert_eq!(exit, 1);
    assert!(
        report.contains("\nbin/app\n") && report.contains("bin/old  in FIRST only"),
        "{report}"
    );
    let (_, report, _) = diffed(&room, &["many.json", "more.json", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let parts = |field: &str| -> Vec<_> {
        let parts = report["parts"].as_array().unwrap();
        parts.iter().map(|part| part[field].as_str().unwrap()).collect()
    };
    assert_eq!(parts("name"), ["bin/app", "bin/old", "bin/new"]);
    assert_eq!(parts("outcome"), ["evidence", "only-first", "only-second"]);
    assert_eq!(report["parts"][0]["packages"][0]["package"], "example.com/dep/deep");
}

#[test]
fn diff_refuses_evidence_that_it_cannot_use() {
    let room = Room::new(false, &[]);
    let at = |name: &str| room.path("out").join(name);
    let app = built(&[], TARGETS[0], &[]);
    let json = evidence(&app).to_json();
    fs::write(at("app"), &app).unwrap();
    fs::write(at("cut"), &app[..app.len() / 2]).unwrap();
    fs::write(at("e.json"), &json).unwrap();
    fs::write(at("newer.json"), json.replace("evidence.v1", "evidence.v2")).unwrap();
    fs::write(at("cut.json"), &json[..json.len() / 2]).unwrap();
    fs::write(at("notes"), "hello\n").unwrap();
    let empty = Evidence::new(Vec::new(), None).to_json();
    fs::write(at("empty.json"), empty).unwrap();
    let two = ["bin/one", "bin/two"].map(|path| Artifact::of_file(3, path, "00"));
    fs::write(at("two.json"), Evidence::new(two.to_vec(), None).to_json()).unwrap();
    let large = fs::File::create(at("large.json")).unwrap();
    fs::write(at("large.json"), &json[..200]).unwrap();
    large.set_len(65 << 20).unwrap();

    let cases: [(&[&str], i32, &str); 14] = [
        (&["newer.json", "app"], 2, "its schema is `goaudit.evidence.v2` and this goaudit reads"),
        (&["app", "cut.json"], 3, "because: it is cut off in line"),
        (&["large.json", "app"], 3, "and evidence has at most"),
        (&["e.json", "cut"], 3, "because: malformed ELF file"),
        (&["e.json", "missing"], 3, "failed to read `missing`"),
        (&["empty.json", "app"], 3, "`empty.json` holds no file and no build"),
        (&["two.json", "app"], 2, "none of them named `app`: name the file as one of one, two"),
        (&["e.json", "."], 2, "evidence is compared with an executable or other evidence"),
        (&["e.json", "app", "--prove"], 2, "--prove takes the two files"),
        (&["e.json", "app", "--ignore", "signature"], 2, "--ignore takes the two files"),
        (&["app", "app", "--evidence", "./app"], 2, "`./app` is one of the builds to compare"),
        (&["app", "e.json", "--evidence", "k.json"], 2, "which is evidence: copy the file"),
        (&["app", "notes", "--evidence", "k.json"], 2, "which is no executable"),
        (&["app", "app", "--evidence", "r", "-o", "r"], 2, "the report and the evidence are both"),
    ];
    for (args, expected, what) in cases {
        let (exit, report, err) = diffed(&room, args);
        assert_eq!((exit, report.as_str()), (expected, ""), "{args:?} {err}");
        assert!(err.contains(what), "{args:?} {err}");
    }
    assert!(!at("k.json").exists() && !at("r").exists());
    assert_eq!(fs::read(at("app")).unwrap(), app);
    let (exit, _, err) = diffed(&room, &["e.json", "notes"]);
    assert_eq!(exit, 2);
    assert!(err.contains("the other file is neither"), "{err}");
}
