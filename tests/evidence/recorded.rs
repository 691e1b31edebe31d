//! `goaudit record --evidence`.

use std::fs;

use goaudit::evidence::{CompiledChange, Evidence, Order, Outcome, PackageChange, compare};

use crate::FILES;
use crate::edge::{Room, code, text};

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
