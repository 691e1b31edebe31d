//! What artifacts of real builds hold of the machine that built them.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;
mod programs;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use edge::{GOAUDIT, Recorded, Room, code, holds, text};
use goaudit::leaks::{self, Kind, Leak, Leaks, Needle, Needles, Origin};
use goaudit::packing::Budget;
use programs::Program;
use serde_json::Value;

const MOD: (&str, &str) = ("go.mod", "module example.com/m\n\ngo 1.21\n");

/// A program whose four variables a build may stamp.
const STAMPED: (&str, &str) = (
    "main.go",
    "package main\n\nvar dir, home, user, host string\n\nfunc main() { println(dir, home, user, host) }\n",
);

struct Checked {
    output: Output,
    report: Value,
    sides: [Recorded; 2],
}

/// Both builds of a command, by a user of a name that is searched for.
fn check(room: &Room, vary: &str, command: &[&str]) -> Checked {
    let saved = room.path("out/saved");
    let mut goaudit = room.command(GOAUDIT, &room.m());
    goaudit.args([
        "check",
        "-q",
        "--format",
        "json",
        "--vary",
        vary,
        "--artifact",
        "dist/*",
        "--save",
    ]);
    goaudit.arg(&saved).arg("--").args(command).env("USER", "marygold7");
    let output = goaudit.output().unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|err| panic!("{err}: {}", text(&output.stderr)));
    let sides = ["first", "second"].map(|side| Recorded(saved.join(format!("{side}.goaudit"))));
    Checked { output, report, sides }
}

impl Checked {
    fn leaks(&self) -> [Leaks; 2] {
        self.sides.each_ref().map(|side| side.read().manifest.leaks.unwrap())
    }

    fn of(&self, rule: &str) -> Vec<&Value> {
        let findings = self.report["findings"].as_array().unwrap();
        findings.iter().filter(|finding| finding["rule"] == rule).collect()
    }

    fn evidence(&self, rule: &str) -> Vec<&str> {
        let findings = self.of(rule);
        let lines = findings.iter().flat_map(|finding| finding["evidence"].as_array().unwrap());
        lines.map(|line| line.as_str().unwrap()).collect()
    }

    fn leaked(&self) -> BTreeSet<&str> {
        let findings = self.report["findings"].as_array().unwrap();
        let rules = findings.iter().map(|finding| finding["rule"].as_str().unwrap());
        rules.filter(|rule| rule.starts_with("leaked-")).collect()
    }
}

fn places(leaks: &Leaks) -> BTreeSet<(Kind, &str, &str)> {
    let place = |leak: &Leak| leak.symbol.clone().unwrap_or_default();
    let all = leaks.found.iter();
    all.map(|leak| (leak.kind, leak.section.as_str(), place(leak).leak() as &str)).collect()
}

#[test]
fn a_stamp_is_found_in_its_variable_under_trimpath() {
    let build = "go build -trimpath -o dist/app -ldflags \
                 \"-X main.dir=$PWD/x -X main.user=$USER -X main.host=$HOSTNAME\" .";
    let room = Room::new(true, &[MOD, STAMPED]);
    let checked = check(&room, "+workdir", &["sh", "-c", build]);
    let [first, second] = checked.leaks();
    let dir = (Kind::Workdir, ".rodata", "main.dir");
    assert_eq!(places(&first), BTreeSet::from([dir, (Kind::User, ".rodata", "main.user")]));
    let names = [(Kind::User, ".rodata", "main.user"), (Kind::Host, ".rodata", "main.host")];
    assert_eq!(places(&second), [dir].into_iter().chain(names).collect());
    assert!(second.found.iter().all(|leak| leak.is_certain));
    assert_eq!(checked.leaked(), BTreeSet::from(["leaked-host", "leaked-path", "leaked-user"]));
    assert_eq!(checked.evidence("leaked-path"), [".rodata main.dir: $WORKDIR/x (1 in each build)"]);
    assert_eq!(
        checked.evidence("leaked-host"),
        [".rodata main.host: $HOSTNAME (1 in the second build only)"]
    );
    assert_eq!(checked.of("leaked-path")[0]["subject"], "dist/app");
    assert_eq!(checked.of("leaked-path")[0]["level"], "warning");
}

/// It is not among the causes of any difference: there is none.
#[test]
fn what_both_builds_hold_is_found_all_the_same() {
    let build = "go build -trimpath -o dist/app -ldflags=-X=main.home=$HOME/.config .";
    let room = Room::new(true, &[MOD, STAMPED]);
    let checked = check(&room, "-home", &["sh", "-c", build]);
    assert_eq!(checked.report["artifacts"][0]["identical"], true, "{:#}", checked.report);
    assert_eq!(checked.leaked(), BTreeSet::from(["leaked-path"]));
    assert_eq!(
        checked.evidence("leaked-path"),
        [".rodata main.home: $HOME/.config (1 in each build)"]
    );
}

/// Only the rebuild has the variable, so its value is there for no other reason.
#[test]
fn an_embedded_environment_is_found_and_does_not_enter_the_recording() {
    let main = "package main\n\nimport _ \"embed\"\n\n//go:embed env.txt\nvar env string\n\nfunc main() { println(env) }\n";
    let room = Room::new(true, &[MOD, ("main.go", main)]);
    let build = "TOKEN=hunter2-secret env >env.txt && go build -trimpath -o dist/app .";
    let checked = check(&room, "+environment", &["sh", "-c", build]);
    assert!(checked.leaked().is_superset(&BTreeSet::from([
        "leaked-environment",
        "leaked-path",
        "leaked-user",
        "leaked-host"
    ])));
    let [_, second] = checked.leaks();
    let found = second.found.iter().find(|leak| leak.kind == Kind::Environment).unwrap();
    assert_eq!((found.example.as_str(), found.count), ("$GOAUDIT_CANARY", 1));
    for side in &checked.sides {
        let bytes = side.bytes();
        for value in ["hunter2-secret", "canary-", "marygold7", "goaudit-user-"] {
            assert!(!holds(&bytes, value), "{value}");
        }
    }
}

#[test]
fn what_trimpath_keeps_out_is_told_once() {
    let room = Room::new(true, &[MOD, STAMPED]);
    let plain = check(&room, "+workdir", &["go", "build", "-o", "dist/app", "."]);
    let [first, second] = plain.leaks();
    for leaks in [&first, &second] {
        let found = places(leaks);
        for place in [
            (Kind::Workdir, ".gopclntab", "filetab"),
            (Kind::Goroot, ".gopclntab", "filetab"),
            (Kind::Workdir, ".debug_line", ""),
        ] {
            assert!(found.contains(&place), "{place:?} is not in {found:?}");
        }
    }
    assert_eq!(plain.leaked(), BTreeSet::new());
    let evidence = plain.evidence("missing-trimpath").join("\n");
    assert!(evidence.contains("dist/app: .gopclntab filetab: $WORKDIR/main.go"), "{evidence}");
    let trimmed = check(&room, "+workdir", &["go", "build", "-trimpath", "-o", "dist/app", "."]);
    assert_eq!(trimmed.leaks().map(|leaks| leaks.found), [vec![], vec![]]);
    assert_eq!(trimmed.leaked(), BTreeSet::new());
    assert_eq!(code(&trimmed.output), 0);
}

/// A header by its directory is the one whose `__FILE__` is absolute.
#[test]
fn file_macros_of_c_are_found_and_trimpath_maps_them() {
    let files = [
        MOD,
        (
            "main.go",
            "package main\n\n// #cgo CFLAGS: -I${SRCDIR}/include\n// #include <where.h>\nimport \"C\"\n\nfunc main() { println(C.GoString(C.where())) }\n",
        ),
        ("include/where.h", "static const char *where(void) { return __FILE__; }\n"),
    ];
    let room = Room::new(true, &files);
    let plain = check(&room, "+workdir", &["go", "build", "-o", "dist/app", "."]);
    let [first, _] = plain.leaks();
    let found =
        first.found.iter().find(|leak| leak.kind == Kind::Workdir && leak.section == ".rodata");
    assert_eq!(found.unwrap().example, "$WORKDIR/include/where.h", "{first:#?}");
    assert_eq!(plain.leaked(), BTreeSet::from(["leaked-path"]));
    let trimmed = check(&room, "+workdir", &["go", "build", "-trimpath", "-o", "dist/app", "."]);
    assert_eq!(trimmed.leaked(), BTreeSet::new(), "{:#}", trimmed.report);
}

#[test]
fn archives_are_looked_into_and_so_are_their_names_and_owners() {
    let build = "go build -trimpath -o app -ldflags=-X=main.dir=$PWD . && mkdir dist && \
                 tar --owner=\"$USER:1\" --group=all:1 -cf in.tar app && gzip -n in.tar && \
                 tar --owner=all:1 --group=all:1 -cPf dist/out.tar in.tar.gz \"$PWD/go.mod\"";
    let room = Room::new(true, &[MOD, STAMPED]);
    let checked = check(&room, "+workdir", &["sh", "-c", build]);
    let [_, second] = checked.leaks();
    let of = |kind: Kind, section: &str| {
        let mut all = second.found.iter();
        all.find(|leak| leak.kind == kind && leak.section == section)
            .unwrap_or_else(|| panic!("{kind:?} is not in {section}: {second:#?}"))
    };
    assert_eq!(of(Kind::Workdir, ".rodata").member, "in.tar.gz/app");
    assert_eq!(of(Kind::Workdir, ".rodata").symbol.as_deref(), Some("main.dir"));
    assert_eq!(of(Kind::User, "owner").member, "in.tar.gz/app");
    assert_eq!(of(Kind::Workdir, "name").example, "$WORKDIR/go.mod");
    let evidence = checked.evidence("leaked-path").join("\n");
    assert!(evidence.contains("in.tar.gz/app .rodata main.dir: $WORKDIR"), "{evidence}");
}

/// Sections have other names in Mach-O and PE, the line table of PE has none, and debug information is
/// compressed in another way.
#[test]
fn every_format_is_looked_into() {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/modules/lines");
    let workdir = module.canonicalize().unwrap().to_str().unwrap().to_owned();
    let needles = Needles::new([Needle { kind: Kind::Workdir, text: workdir, is_marked: false }]);
    for (os, table, debug) in [
        ("linux", ".gopclntab", ".debug_line"),
        ("darwin", "__TEXT,__gopclntab", "__DWARF,__zdebug_line"),
        ("windows", ".rdata", ".zdebug_line"),
    ] {
        let program = Program::new("local", (os, "amd64"), &["-trimpath=false"]);
        let file = fs::read(program.build("leaks")).unwrap();
        let mut found = Leaks::default();
        leaks::scan("app", &file, &needles, &mut Budget::default(), &mut found);
        let places = places(&found);
        assert!(places.contains(&(Kind::Workdir, table, "filetab")), "{os}: {places:?}");
        assert!(places.iter().any(|place| place.1.contains("debug_line")), "{os}: {places:?}");
        let is_debug = |leak: &&Leak| leak.section.starts_with(debug);
        assert!(found.found.iter().any(|leak| is_debug(&leak)), "{os}: {places:?}");
        assert!(found.found.iter().all(|leak| leak.origin == Origin::Paths), "{os}: {found:#?}");
        assert_eq!((found.notes, found.omitted), (vec![], 0), "{os}");
        for eighths in 0..8 {
            let cut = &file[..file.len() / 8 * eighths];
            leaks::scan("cut", cut, &needles, &mut Budget::default(), &mut Leaks::default());
        }
    }
}

#[test]
fn a_recording_of_the_owners_own_build_has_its_leaks() {
    let room = Room::new(true, &[MOD, STAMPED]);
    let (output, recorded) = room.record(&["go", "build", "-o", "app", "."]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let leaks = recorded.read().manifest.leaks.unwrap();
    let found = leaks.found.iter().find(|leak| leak.symbol.as_deref() == Some("filetab"));
    assert_eq!(found.unwrap().example, "$WORKDIR/main.go");
    assert!(leaks.found.iter().all(|leak| !leak.is_certain));
}
