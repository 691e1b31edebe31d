//! Package archives of several toolchains, held against what Go's own tools say of them.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the world and may panic"
)]

mod edge;

use std::collections::BTreeSet;
use std::fs;

use edge::{Room, text};
use goaudit::binary::goobj::{self, SymbolKind};
use goaudit::diff::archives::{self, ArchiveDiff, Class, FileChange};

const TOOLCHAINS: &[&str] = &["local", "go1.21.13", "go1.23.9", "go1.25.5", "go1.27.3"];
const MOD: (&str, &str) = ("go.mod", "module example.com/m\n\ngo 1.21\n");
const SOURCE: &str = "package p

import \"strings\"

type T struct{ a, b int }

var Zero [64]byte
var Table = map[string]int{\"one\": 1, \"two\": 2}

func (t *T) Sum() int { return t.a + t.b }

func Upper(s string) string { return strings.ToUpper(s) + \"!\" }

func Far(f func(int) int) (r int) {
\tdefer func() { r++ }()
\treturn f(41)
}

func Asm() int
";
const ASSEMBLY: &str =
    "#include \"textflag.h\"\n\nTEXT ·Asm(SB), NOSPLIT, $0-8\n\tMOVQ $7, ret+0(FP)\n\tRET\n";

/// Compiles the module's package, with assembly, and returns its archive.
fn build(room: &Room, toolchain: &str, name: &str) -> Vec<u8> {
    let to = room.path("out").join(name);
    let mut command = room.command("go", &room.m());
    command.env("GOTOOLCHAIN", toolchain).args(["build", "-trimpath", "-o"]).arg(&to).arg(".");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{toolchain}: {}", text(&output.stderr));
    fs::read(to).unwrap()
}

fn room(source: &str) -> Room {
    Room::new(false, &[MOD, ("p.go", source), ("p_amd64.s", ASSEMBLY)])
}

/// Names, kinds and sizes of functions and of data that `go tool nm` prints.
fn nm(room: &Room, toolchain: &str, name: &str) -> BTreeSet<(String, char, u64)> {
    let mut command = room.command("go", &room.m());
    command.env("GOTOOLCHAIN", toolchain).args(["tool", "nm", "-size"]);
    let output = command.arg(room.path("out").join(name)).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout);
    let line = |line: &str| {
        // The member comes first where there are several.
        let line = line.rsplit_once(":\t").map_or(line, |(_, rest)| rest);
        let (_, line) = line.trim_start().split_once(' ')?;
        let (size, line) = line.trim_start().split_once(' ')?;
        let (kind, name) = line.trim_start().split_once(' ')?;
        let (size, kind) = (size.parse().ok()?, kind.chars().next()?.to_ascii_uppercase());
        // The number is that of the calling convention.
        let name = name.strip_suffix("<1>").unwrap_or(name);
        Some((name.to_owned(), kind, size))
    };
    lines.lines().filter_map(line).filter(|(_, kind, _)| "TRDB".contains(*kind)).collect()
}

#[test]
fn symbols_are_those_that_go_tool_nm_prints() {
    let room = room(SOURCE);
    for toolchain in TOOLCHAINS {
        let bytes = build(&room, toolchain, "p.a");
        let archive = goobj::parse(&bytes).unwrap();
        assert!(archive.toolchain.starts_with("linux amd64 go1."), "{}", archive.toolchain);
        let printed = nm(&room, toolchain, "p.a");
        assert!(printed.len() > 10, "{toolchain}: {printed:?}");
        let mut read = BTreeSet::new();
        for symbol in archive.members.iter().filter_map(|it| it.object()).flat_map(|it| &it.symbols)
        {
            let kind = match symbol.kind {
                SymbolKind::Code => 'T',
                SymbolKind::ReadOnly => 'R',
                SymbolKind::Data => 'D',
                SymbolKind::Zeroed => 'B',
                SymbolKind::Debug | SymbolKind::Other => continue,
            };
            let name = String::from_utf8_lossy(symbol.name.name).into_owned();
            read.insert((name, kind, u64::from(symbol.size)));
        }
        let missing: Vec<_> = printed.difference(&read).collect();
        assert!(missing.is_empty(), "{toolchain}: {missing:?}");
        for name in ["example.com/m.Upper", "example.com/m.Asm", "example.com/m.(*T).Sum"] {
            let is_code = |(of, kind, _): &&(String, char, u64)| of == name && *kind == 'T';
            assert!(printed.iter().any(|it| is_code(&it)), "{toolchain}: {name}");
        }
    }
}

/// `go tool objdump` prints the relocations of calls as `R_CALL:NAME`.
#[test]
fn the_targets_of_calls_are_those_that_go_tool_objdump_prints() {
    let room = room(SOURCE);
    for toolchain in TOOLCHAINS {
        let bytes = build(&room, toolchain, "p.a");
        let mut command = room.command("go", &room.m());
        command.env("GOTOOLCHAIN", toolchain).args(["tool", "objdump", "-s", "Upper$"]);
        let output = command.arg(room.path("out/p.a")).output().unwrap();
        let printed = text(&output.stdout);
        let mut calls: Vec<&str> = printed
            .split_whitespace()
            .filter_map(|word| word.split("R_CALL:").nth(1))
            .map(|word| word.split(['<', '[']).next().unwrap())
            .collect();
        calls.sort_unstable();
        assert!(calls.contains(&"strings.ToUpper"), "{toolchain}: {printed}");
        let archive = goobj::parse(&bytes).unwrap();
        let symbols =
            archive.members.iter().filter_map(|it| it.object()).flat_map(|it| &it.symbols);
        let upper = symbols
            .filter(|it| it.kind == SymbolKind::Code)
            .find(|it| it.name.name == b"example.com/m.Upper")
            .unwrap();
        let targets: Vec<String> = upper
            .relocations
            .iter()
            .map(|it| match it.target {
                goobj::Target::Imported { name, .. } | goobj::Target::Builtin { name, .. } => name,
                goobj::Target::Named { name, .. } => name,
                goobj::Target::Own(own) => own.name,
                goobj::Target::None => b"",
            })
            .map(text)
            .collect();
        // The runtime's own are numbers in a list that is the compiler's.
        for call in calls.into_iter().filter(|call| !call.starts_with("runtime.")) {
            assert!(targets.iter().any(|target| target == call), "{toolchain}: {call} {targets:?}");
        }
    }
}

fn differ(first: &[u8], second: &[u8]) -> ArchiveDiff {
    archives::compare(&goobj::parse(first).unwrap(), &goobj::parse(second).unwrap())
}

fn names(diff: &ArchiveDiff, class: Class) -> Vec<&str> {
    let symbols = diff.symbols.iter().filter(|symbol| symbol.class == class);
    symbols.map(|symbol| symbol.name.as_str()).collect()
}

#[test]
fn what_was_changed_is_what_is_said() {
    for toolchain in TOOLCHAINS {
        let first = build(&room(SOURCE), toolchain, "p.a");
        let same = differ(&first, &build(&room(SOURCE), toolchain, "p.a"));
        assert!(same.only_build_id && same.symbols_equal > 20, "{toolchain}: {same:?}");
        assert_eq!(same.summary(), "nothing differs but the build ID");

        let other = build(&room(&SOURCE.replace("f(41)", "f(40) + 100000")), toolchain, "p.a");
        let code = differ(&first, &other);
        assert_eq!(names(&code, Class::Data)[0], "example.com/m.Far", "{toolchain}: {code:?}");
        assert!(
            code.summary().starts_with("function example.com/m.Far has other code ("),
            "{code:?}"
        );
        assert!(!code.export_data && code.moved == 0, "{toolchain}: {code:?}");

        let other = build(&room(&SOURCE.replace("ToUpper", "ToLower")), toolchain, "p.a");
        let target = differ(&first, &other);
        assert_eq!(
            names(&target, Class::Targets)[0],
            "example.com/m.Upper",
            "{toolchain}: {target:?}"
        );

        let added = SOURCE.replace("func Asm", "func New() {}\n\nfunc Asm");
        let one_sided = differ(&first, &build(&room(&added), toolchain, "p.a"));
        assert!(
            names(&one_sided, Class::OnlySecond).contains(&"example.com/m.New"),
            "{one_sided:?}"
        );
        assert!(one_sided.export_data, "{toolchain}");

        let halves: Vec<&str> = SOURCE.split("func Upper").collect();
        let (upper, far) = halves[1].split_once("func Far").unwrap();
        let (far, asm) = far.split_once("func Asm").unwrap();
        let swapped = format!("{}func Far{far}func Upper{upper}func Asm{asm}", halves[0]);
        let order = differ(&first, &build(&room(&swapped), toolchain, "p.a"));
        assert!(
            order.moved > 0 && order.summary().contains("in another order"),
            "{toolchain}: {order:?}"
        );
    }
}

#[test]
fn other_directories_are_told_by_their_beginning() {
    let of = |room: &Room| {
        let to = room.path("out/p.a");
        let mut command = room.command("go", &room.m());
        let output = command.args(["build", "-o"]).arg(&to).arg(".").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        fs::read(to).unwrap()
    };
    let (one, two) = (room(SOURCE), room(SOURCE));
    let diff = differ(&of(&one), &of(&two));
    let Some(FileChange::Moved { first, second }) = &diff.files else { panic!("{diff:?}") };
    assert!(one.m().to_str().unwrap().starts_with(first.as_str()), "{first}");
    assert!(two.m().to_str().unwrap().starts_with(second.as_str()), "{second}");
}

/// An archive that is cut or damaged anywhere is read or refused, and never more than that.
#[test]
fn a_damaged_archive_is_an_error_or_another_archive() {
    let room = room(SOURCE);
    let good = build(&room, "local", "p.a");
    for end in (0..good.len()).step_by(97) {
        assert!(goobj::parse(&good[..end]).map_or(true, |it| it.members.len() < 3), "{end}");
    }
    let whole = goobj::parse(&good).unwrap();
    let mut refused = 0;
    for at in (0..good.len()).step_by(13) {
        for value in [0, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            match goobj::parse(&bad) {
                Ok(read) => drop(archives::compare(&whole, &read).summary()),
                Err(err) => {
                    refused += 1;
                    assert!(!err.to_string().is_empty());
                }
            }
        }
    }
    assert!(refused > 50, "{refused}");
    assert!(goobj::parse(b"").is_err() && goobj::parse(b"!<arch>\nshort").is_err());
}

#[test]
fn an_archive_without_members_is_empty() {
    let empty = goobj::parse(b"!<arch>\n").unwrap();
    assert!(empty.members.is_empty() && empty.build_id.is_none());
}
