#![doc = include_str!("docker_no_cache_mount.md")]

use super::{Check, Rule, docker, edits};
use crate::config::Repository;
use crate::config::go_paths::GoDir;
use crate::finding::{Finding, Level};

pub(super) const RULE: Rule = Rule {
    id: "docker-no-cache-mount",
    summary: "an image is built without a cache mount for GOCACHE",
    explanation: include_str!("docker_no_cache_mount.md"),
    level: Level::Off,
    check: Check::Files(check),
};

fn check(repository: &Repository) -> Vec<Finding> {
    docker::runs(repository)
        .filter(|run| run.cache_mounts().next().is_none())
        .filter_map(|run| {
            let command = run.builds().find(|command| command.verb() != "run")?;
            let dir = run.dir(GoDir::Build);
            let edit = dir.as_ref().and_then(|dir| {
                let instruction = run.stage.instructions.get(run.at.instruction)?;
                edits::mount(repository, instruction, run.run, dir)
            });
            let message =
                "each build of this layer compiles all packages: no cache is mounted on GOCACHE";
            let fix = match dir {
                Some(dir) => format!("RUN --mount=type=cache,target={dir} …"),
                None => "RUN --mount=type=cache,target=DIR,uid=UID … with what `go env GOCACHE` says for the user of the stage"
                    .to_owned(),
            };
            let finding = run.finding(&RULE, command, None, message).with_fix(fix);
            Some(finding.with_edits(edit.map(|edit| vec![edit])))
        })
        .collect()
}
