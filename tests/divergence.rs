//! Equal inputs with other outputs: what `goaudit check` says of the first package, and what it keeps.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the world and may panic"
)]

mod edge;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use edge::{GOAUDIT, Room, code, text};

const MOD: (&str, &str) = ("go.mod", "module example.com/m\n\ngo 1.21\n");
const MAIN: (&str, &str) = (
    "main.go",
    "package main\n\nimport \"example.com/m/user\"\n\nfunc main() { println(user.Use()) }\n",
);
const USER: (&str, &str) = (
    "user/user.go",
    "package user\n\nimport \"example.com/m/odd\"\n\nfunc Use() int { return odd.Answer() }\n",
);
const ODD: (&str, &str) = (
    "odd/odd.go",
    "package odd\n\n//go:noinline\nfunc Answer() int { return 4242 }\n\nfunc Other() int { return 1 }\n",
);

/// Compiles `odd` from a source that is another each time.
const TOOL: &str = r#"#!/bin/sh
tool=$1; shift
case "$tool $*" in
*/compile*"-p example.com/m/odd "*-pack*)
  last=; for arg; do last=$arg; done
  n=$(date +%N | sed 's/^0*//'); copy=$(mktemp -d)
  sed "s/4242/4242$n/" "$last" > "$copy/odd.go"
  count=$#
  for arg; do
    count=$((count-1)); shift
    if [ $count = 0 ]; then set -- "$@" "$copy/odd.go"; else set -- "$@" "$arg"; fi
  done
  "$tool" -trimpath "$copy=>example.com/m/odd" "$@"; code=$?; rm -r "$copy"; exit $code;;
esac
exec "$tool" "$@"
"#;

fn json(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|err| panic!("{err}: {}{}", text(&output.stdout), text(&output.stderr)))
}

fn room_with_tool() -> (Room, String) {
    let room = Room::new(true, &[MOD, MAIN, USER, ODD]);
    let tool = room.path("out/tool.sh");
    fs::write(&tool, TOOL).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let flag = format!("-toolexec={}", tool.display());
    (room, flag)
}

#[test]
fn a_package_that_is_compiled_otherwise_each_time_is_named_and_kept() {
    let (room, flag) = room_with_tool();
    let kept = room.path("kept");
    let check = |format: &str| {
        let mut command = room.command(GOAUDIT, &room.m());
        command
            .args(["check", "-q", "--vary=-all", "--format", format, "--keep-archives"])
            .arg(&kept)
            .args(["--", "go", "build", "-trimpath", &flag, "."]);
        command.output().unwrap()
    };
    let output = check("json");
    assert_eq!(code(&output), 1, "{}{}", text(&output.stderr), text(&output.stdout));
    let report = json(&output);
    let comparison = &report["comparison"];
    let roots = comparison["divergences"].as_array().unwrap();
    assert_eq!(roots.len(), 1, "{roots:?}");
    assert_eq!(roots[0]["package"], "example.com/m/odd");
    assert_eq!(roots[0]["equal_keys"], true);
    let difference = roots[0]["difference"].as_str().unwrap();
    assert!(
        difference.starts_with("function example.com/m/odd.Answer has other code (")
            && !difference.contains("Other"),
        "{difference}"
    );
    let findings = report["findings"].as_array().unwrap();
    let of_rule: Vec<_> =
        findings.iter().filter(|it| it["rule"] == "nondeterministic-output").collect();
    assert_eq!(of_rule[0]["subject"], "build example.com/m/odd");
    assert!(of_rule[0]["message"].as_str().unwrap().contains(difference));

    let folder = kept.join("01-example.com_m_odd");
    assert_eq!(roots[0]["kept"], folder.to_str().unwrap());
    let [first, second] = ["first.a", "second.a"].map(|name| fs::read(folder.join(name)).unwrap());
    assert_ne!(first, second);
    for archive in [&first, &second] {
        assert!(goaudit::binary::goobj::parse(archive).unwrap().build_id.is_some());
    }
    for name in ["first.sh", "second.sh"] {
        let command = fs::read_to_string(folder.join(name)).unwrap();
        assert!(
            command.contains("/compile") && command.contains("-p example.com/m/odd"),
            "{command}"
        );
    }
    assert!(fs::read_to_string(folder.join("README.txt")).unwrap().contains(difference));

    let shown = text(&check("text").stdout);
    assert!(
        shown.contains("first package that diverges: example.com/m/odd (root, equal keys), "),
        "{shown}"
    );
    room.assert_nothing_left();
}

#[test]
fn a_package_with_the_time_of_day_in_its_c_code_differs_in_the_c_object() {
    let odd = (
        "odd/odd.go",
        "package odd\n\n// #cgo CFLAGS: -Wno-date-time\n// int a(void);\nimport \"C\"\n\nfunc Answer() int { return int(C.a()) }\n",
    );
    let c = ("odd/a.c", "const char *t = __DATE__ __TIME__;\nint a(void) { return t[0]; }\n");
    let room = Room::new(true, &[MOD, MAIN, USER, odd, c]);
    let check = ["--vary=-all", "--format=json", "--", "go", "build", "-trimpath", "."];
    let output = room.check(&check);
    assert_eq!(code(&output), 1, "{}{}", text(&output.stderr), text(&output.stdout));
    let report = json(&output);
    let roots = report["comparison"]["divergences"].as_array().unwrap();
    assert_eq!(roots[0]["package"], "example.com/m/odd", "{roots:?}");
    assert_eq!(roots[0]["equal_keys"], true);
    let difference = roots[0]["difference"].as_str().unwrap();
    assert!(
        difference.starts_with("member _x00") && difference.contains(".o differs ("),
        "{difference}"
    );
    assert_eq!(roots[0]["kept"], serde_json::Value::Null);
}

#[test]
fn equal_builds_diverge_nowhere_and_other_directories_are_told_as_such() {
    let room = Room::new(true, &[MOD, MAIN, USER, ODD]);
    let equal =
        room.check(&["--vary=-all", "--format=json", "--", "go", "build", "-trimpath", "."]);
    let report = json(&equal);
    assert_eq!(report["comparison"]["divergences"], serde_json::json!([]));
    let moved = room.check(&["--vary=-all,+workdir", "--format=json", "--", "go", "build", "."]);
    let report = json(&moved);
    let roots = report["comparison"]["divergences"].as_array().unwrap();
    assert_eq!(roots[0]["package"], "example.com/m/odd", "{roots:?}");
    assert_eq!(roots[0]["equal_keys"], false);
    let difference = roots[0]["difference"].as_str().unwrap();
    assert!(difference.contains("source files are named below "), "{difference}");
}
