//! Processes that a build leaves behind, found by what the system tells of them.
//!
//! Only Linux tells; elsewhere the process group is all that is known.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use rustix::process::{Pid, Signal, kill_process, test_kill_process_group};

/// Says whether anything of a group still runs. A process that has ended and
/// that nobody has waited for does not.
pub(super) fn group_runs(group: Pid) -> bool {
    if test_kill_process_group(group).is_err() {
        return false;
    }
    let mut processes = processes().peekable();
    if processes.peek().is_none() {
        return true;
    }
    processes.any(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // `PID (any name) STATE PPID PGRP …`
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let ended = matches!(fields.next(), None | Some("" | "Z" | "X"));
        !ended
            && fields.nth(1).and_then(|pgrp| pgrp.parse().ok())
                == Some(group.as_raw_nonzero().get())
    })
}

/// Ends every process that was started with `name=value` in its environment:
/// a build's, also where it left the group of the build.
pub(super) fn end_all_with(name: &str, value: &OsStr) {
    let mut marker = OsString::from(name);
    marker.push("=");
    marker.push(value);
    // What is ended may just have started another.
    for _ in 0..5 {
        let strays: Vec<Pid> = processes()
            .filter(|&pid| has_variable(pid, marker.as_bytes()))
            .filter_map(Pid::from_raw)
            .collect();
        if strays.is_empty() {
            return;
        }
        for stray in strays {
            let _ = kill_process(stray, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn has_variable(pid: i32, marker: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environ| environ.split(|&byte| byte == 0).any(|variable| variable == marker))
}

/// Returns the processes of this system other than this one.
fn processes() -> impl Iterator<Item = i32> {
    let own = i32::try_from(std::process::id()).ok();
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(move |&pid| Some(pid) != own)
}
