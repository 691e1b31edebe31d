#![doc = include_str!("no_buildvcs_control.md")]

use super::docker::InStage;
use super::{Check, Rule, commands, docker};
use crate::config::Repository;
use crate::config::dockerfile::What;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "no-buildvcs-control",
    summary: "whether an image's program names its commit is left to chance",
    explanation: include_str!("no_buildvcs_control.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in
        docker::runs(repository).filter(|run| copies_all(run) && may_have_git(repository, run))
    {
        let stamped = run.commands.iter().filter(|command| {
            let is_remote = command.command.packages.iter().any(|package| package.contains('@'));
            matches!(command.verb(), "build" | "install")
                && !is_remote
                && !command.is_open
                && command.flag("buildvcs").is_none()
        });
        for command in stamped {
            let message = "whether the commit is stamped into the program depends on whether the build \
                           context has .git and the image has git: two builds of one commit may differ";
            findings.push(commands::finding(&RULE, command, None, message).with_fix(
                "add -buildvcs=false, or -buildvcs=true to fail where it cannot be stamped",
            ));
        }
    }
    findings
}

/// Whether the build context is the root of the repository, and nothing says what is left out of it.
fn may_have_git(repository: &Repository, run: &InStage<'_>) -> bool {
    let own = format!("{}.dockerignore", run.file.path);
    let leaves_out = |path: &String| path == ".dockerignore" || *path == own;
    !run.file.path.contains('/') && !repository.paths().iter().any(leaves_out)
}

/// Whether all of the build context is there, `.git` included if it has one.
fn copies_all(run: &InStage<'_>) -> bool {
    run.before().iter().any(|instruction| match &instruction.what {
        What::Copy(copy) => copy.from.is_none() && docker::is_whole(copy),
        _ => false,
    })
}
