//! Runs one command of a check, tells how far it is, and says why it failed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use crate::capture::CaptureError;
use crate::capture::check::{CheckPlan, Watch};
use crate::capture::interrupt::Interrupt;
use crate::capture::process::{self, Job, Output};
use crate::capture::side::{Side, invocation_folder, text};
use crate::golang::action_graph;
use crate::recording::shell_word;

/// Runs a command in the copy of a side.
///
/// # Errors
///
/// Fails when it cannot be started, when it fails, and when interrupted.
pub(super) fn run(
    plan: &CheckPlan,
    side: &Side,
    command: Vec<OsString>,
    interrupt: &Interrupt,
    watch: &mut dyn Watch,
) -> Result<(), CaptureError> {
    let output = side.records.join("output.txt");
    let words = command.iter().map(|word| shell_word(&text(word))).collect::<Vec<_>>();
    let line = words.join(" ").replace(&text(&side.output), "OUT");
    let job = Job {
        command: side.wrapper.iter().cloned().chain(command).collect(),
        dir: side.workdir(),
        env: side.env.clone(),
        umask: side.umask,
        output: Output::File(output.clone()),
    };
    let mut progress = Progress::default();
    let status = process::run(&job, interrupt, || progress.report(side, watch))
        .map_err(|source| CaptureError::Start { command: line.clone(), source })?
        .ok_or(CaptureError::Interrupted)?;
    if status.success() {
        return Ok(());
    }
    let output = fs::read(&output).unwrap_or_default();
    let output = String::from_utf8_lossy(&output);
    if plan.command.is_none() && output.contains("no main packages to build") {
        return Err(CaptureError::NoMainPackage { dir: plan.source.dir() });
    }
    let mut said = as_the_owner_knows_it(plan, side, &last_lines(&output));
    said.extend(little_room(plan, side));
    said.extend(plan.source.ignored().map(|files| {
        format!(
            "\n\nhint: the copies hold no files that git ignores, and this tree has some: {files}"
        )
    }));
    Err(CaptureError::Build {
        side: side.name,
        command: line,
        status,
        under: under(side),
        output: said,
    })
}

/// Names the variations that only the failed side was under.
fn under(side: &Side) -> String {
    if side.varied.is_empty() {
        return String::new();
    }
    let names = side.varied.join(", ");
    format!(
        " under {names}; the first build, without them, succeeded: find the one with --vary=-all,+NAME"
    )
}

/// The words of a build that filled the disk are lost with it, and what it frees when it fails says so.
fn little_room(plan: &CheckPlan, side: &Side) -> Option<String> {
    const LITTLE: u64 = 64 << 20;
    let disk = rustix::fs::statvfs(&side.records).ok()?;
    let left = disk.f_bavail.saturating_mul(disk.f_frsize);
    (left < LITTLE).then(|| {
        let place = plan.work_dir.display();
        format!(
            "\n\nhint: `{place}` has only {} MiB left; --work-dir names another place to build in",
            left >> 20
        )
    })
}

/// A compiler says the first error first, but a script may say much before it.
pub(super) fn last_lines(output: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// Absolute paths lead into the owner's tree: the copy is gone when they are read.
fn as_the_owner_knows_it(plan: &CheckPlan, side: &Side, output: &str) -> String {
    output.replace(&text(&side.root), &text(&plan.source.root))
}

/// Reads how far the go commands of a running build are, from what their stand-ins note.
#[derive(Default)]
struct Progress {
    ticks: u32,
    /// Actions of the invocations whose plan is known, by number.
    planned: BTreeMap<usize, u64>,
}

impl Progress {
    /// Twice a second is enough for a person.
    const EVERY: u32 = 10;

    fn report(&mut self, side: &Side, watch: &mut dyn Watch) {
        self.ticks += 1;
        if !self.ticks.is_multiple_of(Self::EVERY) {
            return;
        }
        let mut done = 0;
        for number in 1.. {
            let folder = invocation_folder(&side.records, number);
            if !folder.is_dir() {
                break;
            }
            if let Ok(text) = fs::read_to_string(folder.join("done")) {
                done += text.trim().parse::<u64>().unwrap_or_default();
            }
            // The go command writes its graph before it starts, and again at the end.
            if !self.planned.contains_key(&number)
                && let Ok(json) = fs::read(folder.join("graph.raw"))
                && let Ok(graph) = action_graph::parse(&json)
            {
                let builds = graph.iter().filter(|action| action.mode == "build").count();
                self.planned.insert(number, builds as u64);
            }
        }
        let total =
            (!self.planned.is_empty()).then(|| self.planned.values().sum::<u64>().max(done));
        watch.actions(done, total);
    }
}
