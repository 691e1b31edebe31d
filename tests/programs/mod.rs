//! Programs built by the toolchains and for the targets that executables are read from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who builds, for what, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) toolchain: &'static str,
    pub(crate) target: (&'static str, &'static str),
    pub(crate) flags: &'static [&'static str],
}

impl Program {
    pub(crate) const fn new(
        toolchain: &'static str,
        target: (&'static str, &'static str),
        flags: &'static [&'static str],
    ) -> Self {
        Self { toolchain, target, flags }
    }

    /// Builds it in a room of the calling test, so that two tests do not write one file.
    pub(crate) fn build(&self, room: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(room);
        fs::create_dir_all(&root).unwrap();
        let flags: String = self.flags.concat().replace(['=', ' '], "");
        let (os, arch) = self.target;
        let out = root.join(format!("{}-{os}-{arch}{flags}", self.toolchain));
        let output = Command::new("go")
            .args(["build", "-trimpath", "-buildvcs=false", "-o"])
            .arg(&out)
            .args(self.flags)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/modules/lines"))
            .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs-gocache"))
            .env("GOTOOLCHAIN", self.toolchain)
            .env("GOOS", os)
            .env("GOARCH", arch)
            .env("CGO_ENABLED", "0")
            .env_remove("GOFLAGS")
            .output()
            .expect("go is on PATH");
        assert!(output.status.success(), "{self:?}: {}", String::from_utf8_lossy(&output.stderr));
        out
    }
}

/// Runs a tool of the go on PATH over an executable, with lines on its standard input.
#[allow(dead_code, clippy::allow_attributes, reason = "each test uses its own part of this")]
pub(crate) fn tool(args: &[&str], path: &Path, input: &str) -> String {
    let input_path = path.with_extension("input");
    fs::write(&input_path, input).unwrap();
    let output = Command::new("go")
        .arg("tool")
        .args(args)
        .arg(path)
        .stdin(Stdio::from(fs::File::open(input_path).unwrap()))
        .output()
        .expect("go is on PATH");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
