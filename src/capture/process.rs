//! Runs one build as a process group that ends as a whole.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use std::{io, thread};

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::capture::interrupt::Interrupt;
use crate::capture::{shim, strays};

/// One build to run: everything that decides its outcome, as data.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Directory the build runs in.
    pub dir: PathBuf,
    /// The whole environment of the build; nothing is inherited.
    pub env: BTreeMap<OsString, OsString>,
    /// `None` leaves the umask of this process.
    pub umask: Option<u32>,
    pub output: Output,
}

/// Where a build's stdout and stderr go.
#[derive(Debug, Clone)]
pub(super) enum Output {
    /// Both into one file.
    File(PathBuf),
    /// Where those of this process go, with stdin too where it is no terminal.
    Inherited,
    /// As inherited, but stdout goes where stderr goes.
    ToStderr,
}

/// How often a running build is looked at.
const TICK: Duration = Duration::from_millis(50);

/// What a process group may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Runs a job to its end, or to the end of its whole group when a signal comes.
/// `None` says that it was interrupted. `tick` is called while it runs.
///
/// # Errors
///
/// Fails when the program cannot be started.
pub(super) fn run(
    job: &Job,
    interrupt: &Interrupt,
    mut tick: impl FnMut(),
) -> io::Result<Option<ExitStatus>> {
    let (program, args) = job.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let expression = duct::cmd(resolve(program, &job.dir), args)
        .dir(&job.dir)
        .full_env(&job.env)
        .unchecked()
        // Its own group, so that compilers and linkers end with it. It is no
        // foreground group: it cannot read a terminal.
        .before_spawn(|command| {
            use std::os::unix::process::CommandExt as _;
            command.process_group(0);
            Ok(())
        });
    let expression = match &job.output {
        Output::File(path) => {
            let file = File::create(path)?;
            expression.stdin_null().stdout_file(file.try_clone()?).stderr_file(file)
        }
        Output::Inherited => expression,
        Output::ToStderr => expression.stdout_to_stderr(),
    };
    let reads_terminal = io::IsTerminal::is_terminal(&io::stdin());
    let expression = match job.output {
        Output::Inherited | Output::ToStderr if reads_terminal => expression.stdin_null(),
        _ => expression,
    };
    let before = job.umask.map(|mask| rustix::process::umask(Mode::from_raw_mode(mask)));
    let began = Instant::now();
    let started = expression.start();
    if let Some(before) = before {
        rustix::process::umask(before);
    }
    let handle = started?;
    let group = handle.pids().first().and_then(|&pid| Pid::from_raw(i32::try_from(pid).ok()?));
    loop {
        if let Some(output) = handle.try_wait()? {
            let status = output.status;
            // What an owner's own command leaves running is the owner's.
            if matches!(job.output, Output::File(_)) {
                end_group(group, Signal::TERM, &handle);
                end_strays(job);
            }
            return Ok(Some(status));
        }
        if let Some(signal) = interrupt.signal() {
            end_group(group, Signal::from_named_raw(signal).unwrap_or(Signal::TERM), &handle);
            end_strays(job);
            let _ = handle.wait();
            return Ok(None);
        }
        tick();
        // What takes a moment is timed to a few hundredths of it.
        thread::sleep((began.elapsed() / 32).clamp(Duration::from_millis(1), TICK));
    }
}

/// A path of a program is relative to the directory of the job, as a shell there would take it.
fn resolve(program: &OsStr, dir: &Path) -> OsString {
    if program.as_encoded_bytes().contains(&b'/') {
        dir.join(program).into_os_string()
    } else {
        program.to_owned()
    }
}

/// Ends what is left of a group: asked first, then not asked.
fn end_group(group: Option<Pid>, signal: Signal, leader: &duct::Handle) {
    let Some(group) = group else { return };
    if kill_process_group(group, signal).is_err() {
        return;
    }
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        // The leader stays in the group until it is waited for.
        let _ = leader.try_wait();
        if !strays::group_runs(group) {
            return;
        }
        thread::sleep(TICK / 5);
    }
    let _ = kill_process_group(group, Signal::KILL);
}

/// Ends what left the group and still works in a folder that is about to go away.
fn end_strays(job: &Job) {
    if let Some(records) = job.env.get(OsStr::new(shim::RECORD_DIR)) {
        strays::end_all_with(shim::RECORD_DIR, records);
    }
}
