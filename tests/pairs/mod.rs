//! Programs that are built twice with one known difference, for each system whose files are compared.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test runs go, may panic, and uses its own part of this"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) const TARGETS: [(&str, &str); 4] =
    [("linux", "amd64"), ("linux", "arm64"), ("darwin", "arm64"), ("windows", "amd64")];

/// The program of a module, the same wherever the module is.
pub(crate) fn built(dir: &Path, target: (&str, &str), flags: &[&str]) -> Vec<u8> {
    let out = dir.join("out");
    go_build(dir, &out, target, &[&["-trimpath", "-buildvcs=false"], flags].concat(), &[]);
    fs::read(out).unwrap()
}

/// Builds the module in a folder, without cgo.
pub(crate) fn go_build(
    dir: &Path,
    out: &Path,
    (os, arch): (&str, &str),
    flags: &[&str],
    env: &[(&str, &str)],
) {
    let output = Command::new("go")
        .args(["build", "-o"])
        .arg(out)
        .args(flags)
        .current_dir(dir)
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("pairs-gocache"))
        .envs([("GOOS", os), ("GOARCH", arch), ("CGO_ENABLED", "0")])
        .env_remove("GOFLAGS")
        .envs(env.iter().copied())
        .output()
        .expect("go is on PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
