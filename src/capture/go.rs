//! The go command that builds the audited module.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::capture::CaptureError;
use crate::capture::settings::{self, Settings};

/// Oldest go command that goaudit reads: the first whose hash log has today's form.
const OLDEST: (u32, u32) = (1, 21);

/// The go command that a person gets who types `go` in the audited directory.
#[derive(Debug, Clone)]
pub struct Go {
    /// The file on PATH.
    pub program: PathBuf,
    pub settings: Settings,
}

impl Go {
    /// Finds go on PATH and asks it for its settings in `dir`.
    ///
    /// # Errors
    ///
    /// Fails when there is no go, when it is too old, and when it cannot say
    /// its settings.
    pub fn find(dir: &Path) -> Result<Self, CaptureError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let program = on_path("go", &path).ok_or(CaptureError::NoGo)?;
        let settings = settings::of(Command::new(&program), dir)
            .map_err(|source| CaptureError::GoEnv { dir: dir.to_owned(), source })?;
        let go = Self { program, settings };
        match minor_version(go.setting("GOVERSION")) {
            Some(version) if version < OLDEST => {
                Err(CaptureError::GoTooOld { version: go.setting("GOVERSION").to_owned() })
            }
            _ => Ok(go),
        }
    }

    /// Returns one setting, empty where it is not set.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }
}

/// Returns the first executable file of that name on a PATH, as an absolute path.
#[must_use]
pub fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file)
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// `go1.21.13` is (1, 21). A development version without a number is `None`, and new.
pub(super) fn minor_version(version: &str) -> Option<(u32, u32)> {
    let number = version.split("go").nth(1)?;
    let mut parts = number.split(|char: char| !char.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(minor_version("go1.9.7"), Some((1, 9)));
        assert_eq!(minor_version("go1.21rc2"), Some((1, 21)));
        assert_eq!(minor_version("devel go1.28-0a1b2c"), Some((1, 28)));
        assert_eq!(minor_version("devel +abc"), None);
        assert!(minor_version("go1.9.7") < Some(OLDEST));
    }
}
