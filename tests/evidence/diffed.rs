//! `goaudit diff` with evidence on either side.

use std::fs;

use goaudit::evidence::{Artifact, Evidence};

use crate::edge::{GOAUDIT, Room, code, text};
use crate::pairs::TARGETS;
use crate::{LONGER_AREA, built, evidence};

/// Runs `goaudit diff` in `out`, and gives its exit code, report and complaints.
fn diffed(room: &Room, args: &[&str]) -> (i32, String, String) {
    let mut command = room.command(GOAUDIT, &room.path("out"));
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
