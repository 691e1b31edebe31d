//! `goaudit verify`: binaries that go installed from a module proxy in a folder, built again.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod edge;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use edge::{Room, code, text};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/tool\n\ngo 1.21\n"),
    (
        "cmd/hi/main.go",
        "package main\n\nimport \"example.com/tool/lib\"\n\nvar version = \"none\"\n\nfunc main() { println(lib.Text, version) }\n",
    ),
    ("lib/lib.go", "package lib\n\nvar Text = \"hello\"\n"),
];
const HI: &str = "example.com/tool/cmd/hi@v1.0.0";

/// A room with a proxy that has v1.0.0 of example.com/tool, and a module cache of its own.
struct Proxy(Room);

impl Proxy {
    fn new(files: &[(&str, &str)]) -> Self {
        let proxy = Self(Room::new(true, files));
        proxy.publish();
        // Toolchains come from the module cache of whoever runs the tests.
        let cache = proxy.0.path("modcache");
        let own = PathBuf::from(text(&go_env("GOMODCACHE")).trim());
        for below in ["golang.org", "cache/download/golang.org"] {
            let link = cache.join(below);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(own.join(below), link).unwrap();
        }
        proxy
    }

    /// Source of the layout: <https://go.dev/ref/mod#goproxy-protocol>.
    fn publish(&self) {
        let folder = self.0.path("proxy/example.com/tool/@v");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("list"), "v1.0.0\n").unwrap();
        fs::write(folder.join("v1.0.0.info"), "{\"Version\":\"v1.0.0\"}").unwrap();
        fs::copy(self.0.m().join("go.mod"), folder.join("v1.0.0.mod")).unwrap();
        let zip = folder.join("v1.0.0.zip");
        let prefix = "--prefix=example.com/tool@v1.0.0/";
        let to = ["archive", "--format=zip", prefix, "-o", zip.to_str().unwrap(), "HEAD"];
        self.0.git(&self.0.m(), &to);
    }

    fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = self.0.command(program, dir);
        command
            .env("GOPROXY", format!("file://{}", self.0.path("proxy").display()))
            .env("GOSUMDB", "off")
            .env("GOMODCACHE", self.0.path("modcache"))
            .env("GOPATH", self.0.path("gopath"))
            .env("GOFLAGS", "-modcacherw");
        command
    }

    /// Runs go, and returns the file that it left in `bin`.
    fn install(&self, variables: &[(&str, &str)], args: &[&str]) -> PathBuf {
        let mut go = self.command("go", &self.0.m());
        let output = go.envs(variables.iter().copied()).arg("install").args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        let bin = self.0.path("gopath/bin");
        let cross = bin.join("windows_amd64/hi.exe");
        if cross.exists() { cross } else { bin.join("hi") }
    }

    fn verify(&self, binary: &Path, args: &[&str]) -> Output {
        let mut goaudit = self.command(edge::GOAUDIT, &self.0.path("out"));
        goaudit.arg("verify").arg(binary).args(args).output().unwrap()
    }

    /// Verifies and returns the exit code and the JSON.
    fn report(&self, binary: &Path, args: &[&str]) -> (i32, Value) {
        let before = fs::read(binary).unwrap();
        let output = self.verify(binary, &[&["--format=json", "--reuse-cache"], args].concat());
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
        assert_eq!(report["schema"], "goaudit.verify.v1");
        assert_eq!(fs::read(binary).unwrap(), before);
        self.0.assert_nothing_left();
        (code(&output), report)
    }

    #[track_caller]
    fn assert_verified(&self, binary: &Path, args: &[&str]) -> Value {
        let (code, report) = self.report(binary, args);
        assert_eq!((code, &report["verdict"]), (0, &"verified".into()), "{report:#}");
        assert_eq!(report["rebuilt"]["sha256"], report["binary"]["sha256"]);
        report
    }

    #[track_caller]
    fn assert_differs(&self, binary: &Path, args: &[&str]) -> Value {
        let (code, report) = self.report(binary, args);
        assert_eq!((code, &report["verdict"]), (1, &"differs".into()), "{report:#}");
        report
    }
}

fn go_env(name: &str) -> Vec<u8> {
    Command::new("go").args(["env", name]).output().unwrap().stdout
}

fn causes(report: &Value) -> Vec<&str> {
    let causes = report["causes"].as_array().unwrap().iter();
    causes.map(|cause| cause["name"].as_str().unwrap()).collect()
}

fn lines(value: &Value) -> String {
    value.to_string()
}

#[test]
fn a_tool_that_go_installed_is_verified_also_offline_and_by_the_command_that_is_shown() {
    let proxy = Proxy::new(FILES);
    let binary = proxy.install(&[], &[HI]);
    let report = proxy.assert_verified(&binary, &["--offline"]);
    // With an empty cache, as it is by default.
    let output = proxy.verify(&binary, &[]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("VERIFIED  example.com/tool/cmd/hi  v1.0.0  go1."));
    let kept = proxy.0.path("out/kept");
    proxy.assert_verified(&binary, &["--keep", kept.to_str().unwrap()]);
    assert_eq!(fs::read(&kept).unwrap(), fs::read(&binary).unwrap());

    let line = report["command"].as_str().unwrap();
    let mut shell = proxy.command("sh", &proxy.0.path("out"));
    // What a person has set by accident.
    shell.args(["-ec", line]).env("GOFLAGS", "-trimpath -modcacherw");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    let again = proxy.0.path("out/rebuilt/bin/hi");
    assert_eq!(fs::read(again).unwrap(), fs::read(&binary).unwrap());
    let chmod = proxy.command("chmod", &proxy.0.path("out")).args(["-R", "u+w", "."]).status();
    assert!(chmod.unwrap().success());
}

#[test]
fn the_owners_environment_does_not_reach_the_rebuild() {
    let proxy = Proxy::new(FILES);
    let binary = proxy.install(&[("GOAMD64", "v2")], &["-tags=a,b", HI]);
    let mut goaudit = proxy.command(edge::GOAUDIT, &proxy.0.path("out"));
    goaudit.env("GOFLAGS", "-trimpath -modcacherw").env("GOOS", "windows").env("GOAMD64", "v3");
    goaudit.env("GOBIN", proxy.0.path("out"));
    let output = goaudit.args(["verify", "--reuse-cache"]).arg(&binary).output().unwrap();
    assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains(" GOAMD64=v2 go install -tags=a,b "));
}

#[test]
fn flags_of_the_linker_that_trimpath_hides_are_asked_for() {
    let proxy = Proxy::new(FILES);
    let flags = "-X main.version=1.0";
    let binary = proxy.install(&[], &["-trimpath", &format!("-ldflags={flags}"), HI]);
    let report = proxy.assert_differs(&binary, &[]);
    assert!(causes(&report).contains(&"link-flags"), "{report:#}");
    assert!(lines(&report["not_recorded"]).contains("--ldflags supplies them"), "{report:#}");
    let report = proxy.assert_verified(&binary, &["--ldflags", flags]);
    assert_eq!(report["not_recorded"], Value::Array(vec![]));

    // Without -trimpath they are recorded.
    let binary = proxy.install(&[], &[&format!("-ldflags={flags}"), HI]);
    proxy.assert_verified(&binary, &[]);
}

#[test]
fn a_missing_symbol_table_tells_flags_of_the_linker() {
    let proxy = Proxy::new(FILES);
    for flags in ["-s -w", "-w -s", "-w"] {
        let binary = proxy.install(&[], &["-trimpath", &format!("-ldflags={flags}"), HI]);
        let report = proxy.assert_verified(&binary, &[]);
        assert!(lines(&report["inferred"]).contains(&format!("-ldflags='{flags}',")), "{report:#}");
    }
}

#[test]
fn another_system_and_another_toolchain() {
    let proxy = Proxy::new(FILES);
    let variables = [("GOOS", "windows"), ("GOARCH", "amd64"), ("GOTOOLCHAIN", "go1.25.5")];
    let binary = proxy.install(&variables, &["-trimpath", HI]);
    let report = proxy.assert_verified(&binary, &[]);
    assert_eq!(report["binary"]["go_version"], "go1.25.5");
    assert_eq!(report["binary"]["target"], "windows/amd64");
}

#[test]
fn other_source_under_the_same_version_is_told() {
    let proxy = Proxy::new(FILES);
    let binary = proxy.install(&[], &[HI]);
    fs::write(proxy.0.m().join("lib/lib.go"), "package lib\n\nvar Text = \"bye\"\n").unwrap();
    proxy.0.git(&proxy.0.m(), &["commit", "-qam", "two"]);
    proxy.publish();
    fs::remove_dir_all(proxy.0.path("modcache/example.com")).unwrap();
    fs::remove_dir_all(proxy.0.path("modcache/cache/download/example.com")).unwrap();
    let report = proxy.assert_differs(&binary, &[]);
    assert_eq!(causes(&report), ["source"], "{report:#}");
    assert!(lines(&report["causes"]).contains("another under the same version"), "{report:#}");
    assert_eq!(report["differences"][0]["level"], "buildinfo");
}

#[test]
fn what_was_done_to_a_binary_after_the_build_is_told() {
    let proxy = Proxy::new(FILES);
    let binary = proxy.install(&[], &[HI]);
    let built = fs::read(&binary).unwrap();
    fs::write(&binary, [built.as_slice(), b"a signature"].concat()).unwrap();
    let report = proxy.assert_differs(&binary, &[]);
    assert_eq!(causes(&report), ["changed-after-build"]);
    assert!(lines(&report["causes"]).contains("outside of its sections only"), "{report:#}");

    fs::write(&binary, &built).unwrap();
    if Command::new("strip").arg(&binary).status().is_ok_and(|status| status.success()) {
        let report = proxy.assert_differs(&binary, &[]);
        assert_eq!(causes(&report), ["changed-after-build"]);
        assert!(lines(&report["causes"]).contains("stripped after the build"), "{report:#}");
    }
}

#[test]
fn directories_without_trimpath_are_told() {
    let proxy = Proxy::new(FILES);
    let elsewhere = proxy.0.path("elsewhere");
    let binary = proxy.install(&[("GOMODCACHE", elsewhere.to_str().unwrap())], &[HI]);
    let report = proxy.assert_differs(&binary, &[]);
    assert!(causes(&report).contains(&"directory"), "{report:#}");
    assert!(
        lines(&report["causes"]).contains(&format!("the module cache was {}", elsewhere.display())),
        "{report:#}"
    );
}

#[test]
fn a_checkout_is_needed_where_one_was_built() {
    let proxy = Proxy::new(FILES);
    let m = proxy.0.m();
    let out = proxy.0.path("out/hi");
    let build = |flag: &str| {
        let mut go = proxy.command("go", &m);
        go.args(["build", flag, "-o"]).arg(&out).arg("./cmd/hi");
        assert!(go.status().unwrap().success());
    };
    build("-trimpath");
    let (code, report) = proxy.report(&out, &[]);
    assert_eq!((code, &report["verdict"]), (3, &"unknown".into()));
    let head = proxy.0.git(&m, &["rev-parse", "HEAD"]);
    assert!(report["why"].as_str().unwrap().contains(head.trim()), "{report:#}");
    assert!(report["fix"].as_str().unwrap().contains("--source"));

    let source = ["--source", m.to_str().unwrap()];
    proxy.assert_verified(&out, &source);
    build("-trimpath=false");
    proxy.assert_verified(&out, &source);

    fs::write(m.join("lib/lib.go"), "package lib\n\nvar Text = \"bye\"\n").unwrap();
    let report = proxy.assert_differs(&out, &source);
    assert!(lines(&report["causes"]).contains("vcs.modified"), "{report:#}");
    proxy.0.git(&m, &["commit", "-qam", "two"]);
    let output = proxy.verify(&out, &source);
    assert_eq!(edge::code(&output), 2);
    assert!(text(&output.stderr).contains(&format!("checkout {}", head.trim())));
}

#[test]
fn what_says_nothing_of_its_build_is_wrong_input() {
    let proxy = Proxy::new(FILES);
    let file = proxy.0.path("out/file");
    for (content, says) in [
        (b"hello\n".to_vec(), "is no Go binary"),
        (Vec::new(), "the file is empty"),
        (fs::read("/bin/sh").unwrap(), "does not say how it was built"),
    ] {
        fs::write(&file, content).unwrap();
        let output = proxy.verify(&file, &[]);
        assert_eq!(code(&output), 2, "{says}");
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
    let output = proxy.verify(&proxy.0.path("out/none"), &[]);
    assert_eq!(code(&output), 3);
}

#[test]
fn a_module_that_cannot_be_fetched_is_no_verdict() {
    let proxy = Proxy::new(FILES);
    let binary = proxy.install(&[], &[HI]);
    fs::remove_dir_all(proxy.0.path("modcache")).unwrap();
    let (code, report) = proxy.report(&binary, &["--offline"]);
    assert_eq!((code, &report["verdict"]), (3, &"unknown".into()));
    assert!(report["fix"].as_str().unwrap().contains("without it"), "{report:#}");
    assert!(report["output"].as_str().unwrap().contains("example.com/tool"), "{report:#}");

    let mut goaudit = proxy.command(edge::GOAUDIT, &proxy.0.path("out"));
    goaudit.env("GOPROXY", "http://bob:s3cret@127.0.0.1:1").env("GONOPROXY", "none");
    let output = goaudit.args(["verify", "--reuse-cache"]).arg(&binary).output().unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(edge::code(&output), 3, "{said}");
    assert!(said.contains("127.0.0.1") && !said.contains("s3cret"), "{said}");
}

/// What a hostile binary records must not start a program or write a file.
#[test]
fn recorded_flags_that_start_a_program_are_refused() {
    let proxy = Proxy::new(FILES);
    let mark = proxy.0.path("out/mark");
    let flags = format!("-gcflags=-cpuprofile={}", mark.display());
    let binary = proxy.install(&[], &[&flags, HI]);
    let _ = fs::remove_file(&mark);
    let (code, report) = proxy.report(&binary, &[]);
    assert_eq!((code, &report["verdict"]), (3, &"unknown".into()));
    assert!(report["why"].as_str().unwrap().contains("--trust-flags"), "{report:#}");
    assert!(!mark.exists());
    proxy.assert_verified(&binary, &["--trust-flags"]);
}
