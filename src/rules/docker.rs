//! What rules about Dockerfiles have in common.

use super::{Rule, commands};
use crate::config::DockerRun;
use crate::config::Repository;
use crate::config::dockerfile::{Copy, Dockerfile, Instruction, Mount, Run, Stage, What};
use crate::config::go_command::{Caller, GoCommand};
use crate::config::go_paths::GoDir;
use crate::finding::{Finding, Place};

/// A `RUN` with what stands around it.
#[derive(Clone, Copy)]
pub(super) struct InStage<'r> {
    pub file: &'r Dockerfile,
    pub stage: &'r Stage,
    pub run: &'r Run,
    pub at: &'r DockerRun,
    pub commands: &'r [GoCommand],
}

/// All `RUN`s that can be read.
pub(super) fn runs(repository: &Repository) -> impl Iterator<Item = InStage<'_>> {
    repository.docker_runs().iter().filter_map(|at| {
        let file = repository.dockerfiles().get(at.file)?;
        let stage = file.stages.get(at.stage)?;
        let What::Run(run) = &stage.instructions.get(at.instruction)?.what else { return None };
        let commands = repository.go_commands().get(at.go.clone())?;
        Some(InStage { file, stage, run, at, commands })
    })
}

impl<'r> InStage<'r> {
    /// The commands that compile packages of the module.
    pub(super) fn builds(&self) -> impl Iterator<Item = &'r GoCommand> {
        self.commands.iter().filter(|command| {
            let is_remote = command.command.packages.iter().any(|package| package.contains('@'));
            matches!(command.verb(), "build" | "install" | "test" | "run") && !is_remote
        })
    }

    /// What comes before in the stage.
    pub(super) fn before(&self) -> &'r [Instruction] {
        self.stage.instructions.get(..self.at.instruction).unwrap_or_default()
    }

    /// Starts a finding about a command, in the file of the image: what is called from there may
    /// be in a makefile or a script, which is run elsewhere, too.
    pub(super) fn finding(
        &self,
        rule: &Rule,
        command: &GoCommand,
        place: Option<&Place>,
        message: impl Into<String>,
    ) -> Finding {
        let mut finding = commands::finding(rule, command, place, message);
        let calls = |caller: &&Caller| caller.place.path == self.file.path;
        if command.at.place.path != self.file.path
            && let Some(caller) = command.at.callers.iter().find(calls)
        {
            finding.subject.clone_from(&caller.subject);
            finding = finding.at(place.unwrap_or(&caller.place).clone());
        }
        finding
    }

    pub(super) fn cache_mounts(&self) -> impl Iterator<Item = &'r Mount> {
        self.run.mounts.iter().filter(|mount| mount.kind == "cache")
    }

    /// The directory of Go in this stage; `None` where it cannot be told.
    pub(super) fn dir(&self, dir: GoDir) -> Option<String> {
        let set = |name: &str| self.at.env.get(name).filter(|value| !value.contains('$'));
        let home = || match (self.at.user.as_deref(), set("HOME")) {
            (_, Some(home)) => Some(home.clone()),
            (Some("root" | "0" | "root:root" | "0:0"), None) => Some("/root".to_owned()),
            // Another image may name a user of its own.
            (None, None) if is_golang_image(self.base()) => Some("/root".to_owned()),
            (_, None) => None,
        };
        match dir {
            GoDir::Build => match (set("GOCACHE"), set("XDG_CACHE_HOME")) {
                (Some(dir), _) => Some(dir.clone()),
                (None, Some(dir)) => Some(format!("{dir}/go-build")),
                (None, None) => Some(format!("{}/.cache/go-build", home()?)),
            },
            GoDir::Modules => match (set("GOMODCACHE"), set("GOPATH")) {
                (Some(dir), _) => Some(dir.clone()),
                (None, Some(path)) => Some(format!("{path}/pkg/mod")),
                (None, None) if is_golang_image(&self.stage.base) => Some("/go/pkg/mod".to_owned()),
                (None, None) => None,
            },
        }
    }

    /// The image that the stage starts from, past other stages of the file.
    fn base(&self) -> &'r str {
        let mut base = self.stage.base.as_str();
        for stage in self.file.stages.iter().rev() {
            let is_it = stage.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(base));
            if is_it {
                base = &stage.base;
            }
        }
        base
    }

    /// Whether a command of the `RUN` itself sets one of these variables.
    pub(super) fn sets(&self, names: &[&str]) -> bool {
        self.commands.iter().any(|command| {
            names.iter().any(|name| {
                let own = command.at.env.get(*name).map(|text| text.shown());
                own.as_ref() != self.at.env.get(*name)
            })
        })
    }
}

/// The official image of Go, under any registry.
pub(super) fn is_golang_image(base: &str) -> bool {
    let name = base.split(['@']).next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    last.split(':').next() == Some("golang")
}

/// A path as it is compared.
pub(super) fn plain(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// Whether all of the build context is copied.
pub(super) fn is_whole(copy: &Copy) -> bool {
    copy.sources.iter().any(|source| matches!(source.as_str(), "." | "./" | "*" | "./*"))
}
