//! Which files are read for the commands in them, by name.

use super::follow::is_of_others;
use super::{dockerfile, goreleaser, justfile, platform, taskfile};

/// Folders in which a file without an ending may be a script.
const SCRIPT_FOLDERS: &[&str] = &["build", "ci", "hack", "scripts", "script", "tools"];

/// Tells whether goaudit reads the file of a path, whatever else names it.
#[must_use]
pub fn is_read(path: &str) -> bool {
    platform::is_ci_file(path) || is_build_file(path)
}

/// Whether a path is that of a build file: a Makefile, a Dockerfile, a script and their kin.
fn is_build_file(path: &str) -> bool {
    let name = base(path);
    !is_of_others(path)
        && (is_makefile(name)
            || name.ends_with(".mk")
            || name.ends_with(".sh")
            || name.ends_with(".bash")
            || taskfile::is_taskfile(name)
            || is_included_taskfile(name)
            || justfile::is_justfile(name)
            || dockerfile::is_dockerfile(name)
            || goreleaser::is_goreleaser(name))
}

/// Whether a file is a script if its first line says so.
#[must_use]
pub fn may_be_script(path: &str) -> bool {
    let mut folders = path.rsplit('/');
    let name = folders.next().unwrap_or_default();
    !name.contains('.')
        && !is_of_others(path)
        && folders.any(|folder| SCRIPT_FOLDERS.contains(&folder))
}

pub(super) fn is_makefile(name: &str) -> bool {
    matches!(name, "Makefile" | "makefile" | "GNUmakefile") || name.starts_with("Makefile.")
}

/// Taskfiles that others include are named after what they are for.
fn is_included_taskfile(name: &str) -> bool {
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    yaml && name.to_ascii_lowercase().contains("taskfile")
}

pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
