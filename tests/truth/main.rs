//! The known truth: builds that differ in one known thing, planned by the real
//! go command, and the causes that goaudit must name for them.
//!
//! What each difference does was established with the go command and a parser
//! of its own, before goaudit was written.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "these tests run go on trees that they make"
)]

mod large;
mod plan;
mod sources;

use std::fs;
use std::path::Path;

use plan::{Plan, World, causes, commit, compare, git, goroot_of, minor_version};

/// Plans a base and every variant of it, and compares each with the base.
fn table(world: &World, base: &Plan, variants: &[(&'static str, Plan, &[&'static str])]) {
    let first = world.plan(base);
    let shown = |name: &str, causes: &[String]| format!("{name}: {}", causes.join(", "));
    let mut expected = Vec::new();
    let mut named = Vec::new();
    for (name, plan, truth) in variants {
        expected
            .push(shown(name, &truth.iter().map(|&cause| cause.to_owned()).collect::<Vec<_>>()));
        named.push(shown(name, &causes(&first, &world.plan(plan))));
    }
    assert_eq!(named, expected);
}

fn trimpath() -> Plan {
    Plan::default().args(&["-trimpath"])
}

#[test]
fn where_a_build_is() {
    let world = World::new();
    let goroot = world.other_goroot();
    let base = Plan::default();
    let variants: &[(_, Plan, &[_])] = &[
        ("nothing", base.clone(), &[]),
        ("directory", base.clone().dir("elsewhere/deep/demo"), &["cgo directory", "workdir"]),
        ("module cache", base.clone().modcache("other-modcache"), &["module-location"]),
        ("GOROOT", base.clone().goroot(&goroot), &["goroot"]),
        ("HOME", base.clone().env("HOME", "/nowhere"), &[]),
        (
            "three at once",
            base.clone()
                .dir("elsewhere/deep/demo")
                .args(&["-ldflags=-X main.version=1"])
                .env("CGO_CFLAGS", "-O1"),
            &["cgo directory", "cgo flags", "link-flags", "workdir"],
        ),
        (
            "three places",
            base.dir("elsewhere/deep/demo").modcache("other-modcache").goroot(&goroot),
            &["cgo directory", "goroot", "module-location", "workdir"],
        ),
    ];
    table(&world, &Plan::default(), variants);
    let include = |dir: &'static str| {
        let flag = format!("-I{}/include", world.path(dir).display());
        Plan::default().dir(dir).env("CGO_CFLAGS", &flag)
    };
    let absolute: &[(_, Plan, &[_])] = &[(
        "directory, also in CGO_CFLAGS",
        include("elsewhere/deep/demo"),
        &["cgo directory", "workdir"],
    )];
    table(&world, &include("demo"), absolute);
}

#[test]
fn where_a_build_with_trimpath_is() {
    let world = World::new();
    let goroot = world.other_goroot();
    let variants: &[(_, Plan, &[_])] = &[
        ("nothing", trimpath(), &[]),
        ("directory", trimpath().dir("elsewhere/deep/demo"), &["cgo directory"]),
        ("module cache", trimpath().modcache("other-modcache"), &[]),
        ("GOROOT", trimpath().goroot(&goroot), &[]),
        ("-ldflags", trimpath().args(&["-ldflags=-X main.version=1"]), &["link-flags"]),
        ("CGO_CFLAGS", trimpath().env("CGO_CFLAGS", "-O1"), &["cgo flags"]),
        ("-trimpath", Plan::default(), &["trimpath"]),
    ];
    table(&world, &trimpath(), variants);
}

#[test]
fn flags() {
    let world = World::new();
    let base = Plan::default();
    let with = |flag: &str| base.clone().args(&[flag]);
    let variants: &[(_, Plan, &[_])] = &[
        ("-ldflags=-X", with("-ldflags=-X main.version=1"), &["link-flags"]),
        ("-ldflags=-s", with("-ldflags=-s -w"), &["link-flags"]),
        ("-ldflags=-linkmode", with("-ldflags=-linkmode=external"), &["link-flags"]),
        (
            "-gcflags",
            with("-gcflags=example.com/demo/internal/alpha=-N"),
            &["compile-flags -gcflags"],
        ),
        ("-gcflags=all", with("-gcflags=all=-N"), &["compile-flags -gcflags"]),
        ("-asmflags=all", with("-asmflags=all=-D=x=1"), &["compile-flags -asmflags"]),
        ("-race", with("-race"), &["instrumentation"]),
        ("-cover", with("-cover"), &["instrumentation"]),
        ("-covermode", with("-covermode=atomic"), &["instrumentation"]),
        ("-buildmode", with("-buildmode=pie"), &["instrumentation"]),
        ("-tags", with("-tags=nothing"), &["compile-flags -tags"]),
        ("-tags that select files", with("-tags=fast"), &["compile-flags -tags"]),
        ("-tags of the standard library", with("-tags=purego,osusergo"), &["compile-flags -tags"]),
        ("-buildvcs", with("-buildvcs=false"), &["vcs-stamp"]),
        (
            "-pgo, and a dirty tree",
            base.clone().edit(|tree| fs::write(tree.join("cmd/app/default.pgo"), "").unwrap()),
            &["pgo", "vcs-stamp"],
        ),
        ("-p", with("-p=1"), &[]),
        ("GOFLAGS", base.clone().env("GOFLAGS", "-tags=fast"), &["compile-flags -tags"]),
        (
            "three at once",
            with("-tags=fast").args(&["-ldflags=-s"]).edit(|tree| {
                git(tree, &["commit", "-q", "--allow-empty", "-m", "another"]);
            }),
            &["compile-flags -tags", "link-flags", "vcs-stamp"],
        ),
    ];
    table(&world, &base, variants);
    let tags = &with("-tags=fast");
    let same: &[(_, Plan, &[_])] =
        &[("in GOFLAGS or on the command line", base.clone().env("GOFLAGS", "-tags=fast"), &[])];
    table(&world, tags, same);
}

#[test]
fn environment() {
    let world = World::new();
    let base = Plan::default();
    let with = |name: &str, value: &str| base.clone().env(name, value);
    let gcc = Path::new("/usr/bin/gcc");
    let variants: &[(_, Plan, &[_])] = &[
        ("CGO_CFLAGS", with("CGO_CFLAGS", "-O1"), &["cgo flags"]),
        ("CGO_LDFLAGS", with("CGO_LDFLAGS", "-L/nowhere"), &["cgo flags"]),
        ("CC", with("CC", gcc.to_str().unwrap()), &["cgo CC"]),
        ("CGO_ENABLED", with("CGO_ENABLED", "0"), &["cgo CGO_ENABLED"]),
        ("GOAMD64", with("GOAMD64", "v3"), &["target"]),
        ("GOOS", with("GOOS", "darwin"), &["target"]),
        ("GOOS and GOARCH", with("GOOS", "windows").env("GOARCH", "arm64"), &["target"]),
        ("GOARCH", with("GOARCH", "arm64"), &["target"]),
        ("GOEXPERIMENT", with("GOEXPERIMENT", "fieldtrack"), &["target"]),
        ("TZ", with("TZ", "Asia/Tokyo"), &[]),
        ("TMPDIR", with("TMPDIR", world.path("home").to_str().unwrap()), &[]),
        (
            "three at once",
            with("CGO_ENABLED", "0").args(&["-ldflags=-s", "-gcflags=all=-N"]),
            &["cgo CGO_ENABLED", "compile-flags -gcflags", "link-flags"],
        ),
    ];
    table(&world, &base, variants);
    if minor_version() >= 24 {
        let fips: &[(_, Plan, &[_])] = &[("GOFIPS140", with("GOFIPS140", "latest"), &["target"])];
        table(&world, &base, fips);
    }
    let other: &[(_, Plan, &[_])] =
        &[("CGO_CFLAGS of both", with("CGO_CFLAGS", "-O1"), &["cgo flags"])];
    table(&world, &with("CGO_CFLAGS", "-O2"), other);
}

#[test]
fn version_control() {
    let world = World::new();
    let base = Plan::default();
    let tag: &[_] = if minor_version() >= 24 { &["vcs-stamp"] } else { &[] };
    let variants: &[(_, Plan, &[_])] = &[
        (
            "dirty tree",
            base.clone().edit(|tree| fs::write(tree.join("new"), "").unwrap()),
            &["vcs-stamp"],
        ),
        (
            "new commit",
            base.clone().edit(|tree| commit(tree, "second", &["status"])),
            &["vcs-stamp"],
        ),
        ("tag", base.clone().edit(|tree| git(tree, &["tag", "v1.2.3"])), tag),
        ("no repository", base.clone().without_git(), &["vcs-stamp"]),
    ];
    table(&world, &base, variants);
}

/// One command finds what another left; what only one of them does has no counterpart.
#[test]
fn other_commands() {
    let world = World::new();
    // Of a repository only `go build` and its like stamp the commit.
    let plan = Plan::default().without_git();
    let record = |verb: &[&str], packages: &str| world.record(&plan, verb, packages, "cache");
    let build = record(&["build"], "./...");
    let none: [String; 0] = [];
    for verb in [&["vet"][..], &["test"], &["list", "-export"], &["test", "-run=^$"]] {
        let other = record(verb, "./...");
        assert_eq!(causes(&build, &other), none, "build, then {verb:?}");
        assert_eq!(causes(&other, &record(&["build"], "./...")), none, "{verb:?}, then build");
    }
    assert_eq!(causes(&record(&["vet"], "./..."), &record(&["test"], "./...")), none);
    // What `go run` compiles for is not debugged.
    assert_eq!(causes(&build, &record(&["run"], "./cmd/app")), ["command-kind"]);
}

/// What every Go version that goaudit reads must agree on.
fn same_causes_under(toolchain: &str) {
    let world = World::new();
    let goroot = goroot_of(toolchain);
    let link = world.path("other-goroot");
    std::os::unix::fs::symlink(&goroot, &link).unwrap();
    let base = Plan::default().goroot(&goroot);
    let variants: &[(_, Plan, &[_])] = &[
        ("nothing", base.clone(), &[]),
        ("directory", base.clone().dir("elsewhere/deep/demo"), &["cgo directory", "workdir"]),
        ("-ldflags", base.clone().args(&["-ldflags=-X main.version=1"]), &["link-flags"]),
        ("CGO_CFLAGS", base.clone().env("CGO_CFLAGS", "-O1"), &["cgo flags"]),
        ("CGO_ENABLED", base.clone().env("CGO_ENABLED", "0"), &["cgo CGO_ENABLED"]),
        ("GOROOT", base.clone().goroot(&link), &["goroot"]),
        ("-trimpath", base.clone().args(&["-trimpath"]), &["trimpath"]),
    ];
    table(&world, &base, variants);
}

#[test]
fn go_1_21() {
    same_causes_under("go1.21.13");
}

#[test]
fn go_1_23() {
    same_causes_under("go1.23.9");
}

#[test]
fn go_1_25() {
    same_causes_under("go1.25.5");
}

#[test]
fn go_1_27() {
    same_causes_under("go1.27.3");
}

#[test]
fn another_toolchain_is_one_cause() {
    let world = World::new();
    let plan = |toolchain: &str| world.plan(&Plan::default().goroot(&goroot_of(toolchain)));
    assert_eq!(causes(&plan("go1.25.5"), &plan("go1.27.3")), ["toolchain"]);
    let tagged = Plan::default().goroot(&goroot_of("go1.27.3")).args(&["-tags=fast"]);
    assert_eq!(
        causes(&plan("go1.25.5"), &world.plan(&tagged)),
        ["compile-flags -tags", "toolchain"]
    );
    assert_eq!(causes(&plan("go1.21.13"), &plan("go1.25.5")), ["toolchain"]);
}

/// What is in no other key than those of cgo packages must be blamed on no other.
#[test]
fn the_directory_in_c_flags_is_of_the_cgo_package_alone() {
    let world = World::new();
    let first = world.plan(&Plan::default());
    let second = world.plan(&Plan::default().dir("elsewhere/deep/demo"));
    let comparison = compare(&first, &second);
    let roots = |about: &str| {
        let cause = comparison.causes.iter().find(|cause| cause.about == about).unwrap();
        cause.roots.iter().map(|root| root.package.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(roots("directory"), ["example.com/demo/internal/cg"]);
    // Every package of the module, and of no other.
    let mut packages = roots("");
    packages.sort_unstable();
    let module = ["cmd/app", "cmd/cgoapp", "internal/alpha", "internal/beta", "internal/cg"];
    assert_eq!(packages, module.map(|package| format!("example.com/demo/{package}")));
}

#[test]
fn forty_packages_in_another_directory_are_one_cause() {
    let world = World::new();
    let base = Plan::default().without_git().edit(|tree| {
        for number in 0..40 {
            let dir = tree.join(format!("internal/many/p{number}"));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("p.go"), "package p\n").unwrap();
        }
    });
    let first = world.plan(&base);
    let comparison = compare(&first, &world.plan(&base.clone().dir("elsewhere/deep/demo")));
    let workdir: Vec<_> = comparison.causes.iter().filter(|cause| cause.about.is_empty()).collect();
    assert_eq!(workdir.len(), 1);
    assert_eq!(workdir[0].roots.len(), 45);
}
