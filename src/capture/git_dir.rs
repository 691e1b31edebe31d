//! A `.git` of its own for a copied tree: history is shared by reference, never copied or written.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::capture::CaptureError;
use crate::capture::tree::{Copy, git};

/// Left out: what belongs to the owner's checkout and not to its history or state.
const LEFT_OUT: &[&str] =
    &["hooks", "worktrees", "lfs", "fsmonitor--daemon", "fsmonitor--daemon.ipc"];

/// Gives the copy at `to` the repository of the tree at `root`.
pub(super) fn copy(root: &Path, to: &Path, copy: &mut Copy<'_>) -> Result<(), CaptureError> {
    let path_of = |question: &str| {
        let answer = git(root, ["rev-parse", "--path-format=absolute", question])?;
        Some(PathBuf::from(answer.trim_end_matches('\n')))
    };
    let (Some(own), Some(common)) = (path_of("--absolute-git-dir"), path_of("--git-common-dir"))
    else {
        copy.copied
            .notes
            .push("git did not say where its directory is; the copies have no .git".to_owned());
        return Ok(());
    };
    let target = to.join(".git");
    directory(&common, &target, copy)?;
    let write = |source| CaptureError::Copy { path: target.clone(), source };
    if own != common {
        // A linked worktree has its own HEAD and index.
        for name in ["HEAD", "index"] {
            let _ = fs::remove_file(target.join(name));
            copy.entry(&own.join(name), &target.join(name))?;
        }
    }
    // The last setting wins: no daemon is started in the copy, and a submodule's
    // repository does not point back at the owner's tree.
    let config = target.join("config");
    let mut text = fs::read_to_string(&config).map_err(write)?;
    text = text.lines().filter(|line| !line.trim_start().starts_with("worktree =")).fold(
        String::new(),
        |mut kept, line| {
            kept.push_str(line);
            kept.push('\n');
            kept
        },
    );
    text.push_str("[core]\n\tfsmonitor = false\n");
    fs::write(&config, text).map_err(write)
}

/// Copies a git directory with its objects by reference, and those of its submodules likewise.
fn directory(from: &Path, to: &Path, copy: &mut Copy<'_>) -> Result<(), CaptureError> {
    let read = |source| CaptureError::Read { path: from.to_owned(), source };
    fs::create_dir_all(to).map_err(|source| CaptureError::Copy { path: to.to_owned(), source })?;
    let is_repository = from.join("HEAD").is_file() && from.join("objects").is_dir();
    let entries =
        fs::read_dir(from).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(read)?;
    for entry in entries {
        let name = entry.file_name();
        let (source, target) = (entry.path(), to.join(&name));
        let name = name.to_string_lossy();
        if LEFT_OUT.contains(&&*name) || name.ends_with(".lock") {
            continue;
        }
        if is_repository && name == "objects" {
            borrow_objects(&source, &target)
                .map_err(|source| CaptureError::Copy { path: target.clone(), source })?;
        } else if name == "modules" || (!is_repository && source.is_dir()) {
            directory(&source, &target, copy)?;
        } else {
            copy.entry(&source, &target)?;
        }
    }
    Ok(())
}

/// Source of the format: `git help gitrepository-layout`, objects/info/alternates.
fn borrow_objects(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.join("info"))?;
    let mut line = from.as_os_str().as_encoded_bytes().to_vec();
    line.push(b'\n');
    fs::write(to.join("info/alternates"), line)
}
