//! `go env`: the settings that a go command runs under.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

use crate::recording::redact;

/// Go's own build settings, by name.
pub(super) type Settings = BTreeMap<String, String>;

/// Asked for one of these, `go env` runs the C compiler a dozen times and writes what it learned to
/// GOCACHE. They are taken from where it takes them; what is not set there has Go's default.
const COSTLY: &[&str] =
    &["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS", "PKG_CONFIG"];

/// Asks `go env` for the settings in a directory under this process's environment.
///
/// # Errors
///
/// Fails when go cannot be started, or refuses: a go.mod that asks for a
/// toolchain that cannot be had does that.
pub(super) fn of(mut go: Command, dir: &Path) -> io::Result<Settings> {
    let output = go
        .args(["env", "-json"])
        .args(redact::SETTINGS.iter().filter(|name| !COSTLY.contains(name)))
        .current_dir(dir)
        .env("PWD", dir)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(words.trim().to_owned()));
    }
    let mut all: Settings = serde_json::from_slice(&output.stdout)?;
    let file = all.get("GOENV").and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let written = |name: &str| {
        file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    for name in COSTLY {
        let value = env::var(name).ok().filter(|value| !value.is_empty()).or_else(|| written(name));
        all.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    Ok(all
        .into_iter()
        .filter(|(name, _)| redact::SETTINGS.contains(&name.as_str()))
        .map(|(name, value)| (name, redact::credentials(&value).into_owned()))
        .collect())
}

/// Returns the settings that `go` has in a directory.
///
/// A script may start hundreds of go commands; the answer is kept in `records`
/// under everything that it depends on.
///
/// # Errors
///
/// As [`of`].
pub(super) fn kept(go: Command, dir: &Path, records: &Path) -> io::Result<Settings> {
    let kept = records.join(format!("settings-{}.json", fingerprint(dir)));
    if let Ok(json) = fs::read(&kept)
        && let Ok(settings) = serde_json::from_slice(&json)
    {
        return Ok(settings);
    }
    let settings = of(go, dir)?;
    // Two commands may write at once; each writes a whole file of its own and the same text.
    let part = kept.with_extension(std::process::id().to_string());
    fs::write(&part, serde_json::to_vec(&settings)?)?;
    fs::rename(part, kept)?;
    Ok(settings)
}

fn fingerprint(dir: &Path) -> String {
    let mut hash = Sha256::new();
    hash.update(dir.as_os_str().as_encoded_bytes());
    for name in redact::SETTINGS.iter().chain(&["HOME", "XDG_CONFIG_HOME", "PATH"]) {
        hash.update([0]);
        hash.update(name);
        if let Some(value) = env::var_os(name) {
            hash.update([1]);
            hash.update(value.as_encoded_bytes());
        }
    }
    hash.finalize().iter().take(12).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
