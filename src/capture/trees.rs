//! Where the two sides of a check find the tree: in copies of it or, for a plan, by other paths to it.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::capture::CaptureError;
use crate::capture::check::CheckPlan;
use crate::capture::interrupt::Interrupt;
use crate::capture::scratch::Scratch;
use crate::capture::tree;
use crate::golang::flags::GoCommand;
use crate::recording::Depth;

/// The two trees, at paths of different length and content, so that a path that leaks shows.
#[derive(Debug)]
pub(super) struct Trees {
    pub(super) first: PathBuf,
    pub(super) second: PathBuf,
    /// Whether both are the owner's tree itself, which nobody may write to.
    pub(super) linked: bool,
    /// What was left out of the copies.
    pub(super) notes: Vec<String>,
}

/// Names of the folders that the trees lie in.
const FOLDERS: [&str; 2] = ["1", "another-directory-for-the-rebuild"];

impl Trees {
    pub(super) fn new(
        plan: &CheckPlan,
        scratch: &Scratch,
        interrupt: &Interrupt,
    ) -> Result<Self, CaptureError> {
        let root = &plan.source.root;
        // The last part is the owner's: builds name things after the folder they are in.
        let name = root.file_name().unwrap_or(OsStr::new("tree"));
        let [first, second] = FOLDERS.map(|folder| scratch.path().join(folder).join(name));
        if let Some(parent) = root.parent().filter(|_| reads_only(plan)) {
            // The go command takes a directory as PWD spells it. A link above the
            // root is enough, and the root itself stays a folder.
            for folder in FOLDERS {
                let link = scratch.path().join(folder);
                symlink(parent, &link)
                    .map_err(|source| CaptureError::Scratch { path: link, source })?;
            }
            return Ok(Self { first, second, linked: true, notes: Vec::new() });
        }
        for folder in FOLDERS {
            scratch.folder(folder)?;
        }
        let copied = plan.source.copy(&first, interrupt)?;
        tree::duplicate(&first, &second, interrupt)?;
        Ok(Self { first, second, linked: false, notes: copied.notes })
    }
}

/// Says whether the builds write nothing to the tree: `go build -n` does not, unless it may mend
/// go.mod or go.work.sum, or the tree itself is to be varied.
fn reads_only(plan: &CheckPlan) -> bool {
    let args: Vec<String> = plan.command.iter().flatten().skip(1).cloned().collect();
    let command = GoCommand::parse(&args, plan.go.setting("GOFLAGS"));
    plan.depth == Depth::Plan
        && command.value("mod") != "mod"
        && !plan.go.setting("GOWORK").starts_with('/')
        && !["vcs", "shallow"].iter().any(|name| plan.selection.has(name))
}
