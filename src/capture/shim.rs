//! goaudit under the name `go`: notes one go command, then is that command.
//!
//! A recording puts a link of this name first on PATH. Every `go` that a
//! Makefile or a script starts comes here; a command that prints hash inputs
//! is run as a child with its stderr filtered, any other is replaced by the
//! real go without a trace.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;
use std::{env, thread};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;

use crate::capture::hash_filter;
use crate::capture::settings;
use crate::golang::flags::{GoCommand, insertion_point};
use crate::recording::redact;
use crate::recording::{InvocationInfo, tar_entries};

/// Folder that takes the records; its presence makes `go` mean this.
pub const RECORD_DIR: &str = "GOAUDIT_RECORD_DIR";
/// The go command that is stood in for.
pub const REAL_GO: &str = "GOAUDIT_REAL_GO";
/// The owner's GOCACHE, which an audited build must not write to, …
pub const OWNER_GOCACHE: &str = "GOAUDIT_OWNER_GOCACHE";
/// … and the one to use in its place.
pub const GOCACHE: &str = "GOAUDIT_GOCACHE";
/// Process that forwards signals to the whole group already.
pub const RECORDER_PID: &str = "GOAUDIT_RECORDER_PID";

/// Says whether this process was started as `go` by a build that is being recorded.
#[must_use]
pub fn is_shim() -> bool {
    let name = env::args_os().next();
    let name = name.as_deref().map(Path::new).and_then(Path::file_name);
    name == Some(OsStr::new("go")) && env::var_os(RECORD_DIR).is_some()
}

/// Runs the go command that this process was started as, and returns its exit code.
#[must_use]
pub fn run() -> i32 {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let (Some(go), Some(records)) = (env::var_os(REAL_GO), env::var_os(RECORD_DIR)) else {
        return complain("goaudit stands in for `go`, but was not told where the real one is");
    };
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut command = Command::new(&go);
    command.args(&args);
    spare_the_owners_cache(&mut command);
    // Whether a verb builds does not depend on GOFLAGS, so no settings are needed yet.
    if !GoCommand::parse(&words, "").is_build() {
        note(Path::new(&records), &words);
        return become_go(command);
    }
    match Record::start(Path::new(&records), Path::new(&go), &words) {
        Ok(record) => record.run(&go, &args),
        // The build matters more than its record: without one the recorder refuses a verdict.
        Err(err) => {
            let _ = fs::write(Path::new(&records).join("failed"), err.to_string());
            become_go(command)
        }
    }
}

fn complain(message: &str) -> i32 {
    let _ = writeln!(io::stderr(), "{message}");
    2
}

/// A script that sets GOCACHE back to the owner's gets the audit's all the same.
fn spare_the_owners_cache(command: &mut Command) {
    if let (Some(owner), Some(ours)) = (env::var_os(OWNER_GOCACHE), env::var_os(GOCACHE))
        && env::var_os("GOCACHE").is_none_or(|cache| cache == owner)
    {
        command.env("GOCACHE", ours);
    }
}

fn become_go(mut command: Command) -> i32 {
    use std::os::unix::process::CommandExt as _;
    let err = command.exec();
    complain(&format!("failed to start `{}`: {err}", command.get_program().display()))
}

/// Notes a command that prints no hash inputs. It is not worth failing for.
fn note(records: &Path, args: &[String]) {
    let info =
        InvocationInfo { args: redacted(args), dir: current_dir(), ..InvocationInfo::default() };
    if let Ok(folder) = claim_folder(records) {
        let _ = write_info(&folder, &info);
    }
}

fn redacted(args: &[String]) -> Vec<String> {
    args.iter().map(|arg| redact::credentials(arg).into_owned()).collect()
}

fn current_dir() -> String {
    env::current_dir().map(|dir| dir.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Makes the folder of the next invocation. Go commands may start at the same time.
fn claim_folder(records: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let folder = records.join(tar_entries::folder(number));
        match fs::create_dir(&folder) {
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(err) => return Err(err),
            Ok(()) => return Ok(folder),
        }
    }
}

fn write_info(folder: &Path, info: &InvocationInfo) -> io::Result<()> {
    let part = folder.join("invocation.part");
    fs::write(&part, serde_json::to_vec_pretty(info)?)?;
    fs::rename(part, folder.join(tar_entries::INVOCATION))
}

/// The record of one go command that builds.
struct Record {
    folder: PathBuf,
    info: InvocationInfo,
}

impl Record {
    fn start(records: &Path, go: &Path, args: &[String]) -> io::Result<Self> {
        let folder = claim_folder(records)?;
        let settings = settings::of_this_directory(go, records)?;
        let info = InvocationInfo {
            args: redacted(args),
            dir: current_dir(),
            settings,
            ..InvocationInfo::default()
        };
        Ok(Self { folder, info })
    }

    fn run(mut self, go: &OsStr, args: &[OsString]) -> i32 {
        let started = Instant::now();
        let mut command = Command::new(go);
        let graph = self.arguments(&mut command, args);
        let mut child = match command.stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(err) => return complain(&format!("failed to start `{}`: {err}", go.display())),
        };
        forward_signals(&child);
        let filtered = self.filter(&mut child);
        let status = child.wait();
        self.info.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.info.exit_code = status.as_ref().ok().and_then(ExitStatus::code);
        match filtered {
            Ok(bytes) => self.info.hash_log_bytes = bytes,
            Err(err) => {
                self.info.incomplete = Some(format!("failed to record its hash log: {err}"))
            }
        }
        if let Err(err) = keep_graph(&graph, &self.folder) {
            self.info
                .incomplete
                .get_or_insert_with(|| format!("failed to record its action graph: {err}"));
        }
        if let Err(err) = write_info(&self.folder, &self.info) {
            let _ =
                complain(&format!("goaudit: failed to write `{}`: {err}", self.folder.display()));
        }
        exit_as(status)
    }

    /// Sets up the child. Returns where its action graph will be.
    fn arguments(&self, command: &mut Command, args: &[OsString]) -> PathBuf {
        let words = GoCommand::parse(&self.info.args, self.info.setting("GOFLAGS"));
        let own = words.value("debug-actiongraph");
        let graph = if own.is_empty() { self.folder.join("graph.raw") } else { PathBuf::from(own) };
        let at = insertion_point(&self.info.args);
        command.args(&args[..at]);
        if own.is_empty() {
            let mut flag = OsString::from("-debug-actiongraph=");
            flag.push(&graph);
            command.arg(flag);
        }
        command.args(&args[at..]);
        let mut debug = env::var_os("GODEBUG").unwrap_or_default();
        if !debug.is_empty() {
            debug.push(",");
        }
        debug.push("gocachehash=1");
        command.env("GODEBUG", debug);
        spare_the_owners_cache(command);
        graph
    }

    /// Drains the child's stderr, whatever becomes of the record: a full pipe would stop the build.
    fn filter(&self, child: &mut Child) -> io::Result<u64> {
        let Some(stderr) = child.stderr.take() else { return Ok(0) };
        let mut noted = 0;
        let done = |actions: u64| {
            if actions != noted {
                noted = actions;
                // For a progress bar; it does not matter when it is lost.
                let _ = fs::write(self.folder.join("done"), actions.to_string());
            }
        };
        match File::create(self.folder.join("hash.log.zst")) {
            Ok(log) => hash_filter::run(stderr, &mut io::stderr(), log, done),
            Err(err) => hash_filter::run(stderr, &mut io::stderr(), io::sink(), done).and(Err(err)),
        }
    }
}

/// Passes on what was sent to this process alone. The terminal and the recorder
/// send to the whole group, and the child has it already.
fn forward_signals(child: &Child) {
    let recorder: Option<i32> = env::var(RECORDER_PID).ok().and_then(|pid| pid.parse().ok());
    let child = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let (Some(child), Ok(mut signals)) =
        (child, SignalsInfo::<WithOrigin>::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP]))
    else {
        return;
    };
    thread::spawn(move || {
        for origin in &mut signals {
            let sender = origin.process.map(|process| process.pid);
            if sender.is_some()
                && sender != recorder
                && let Some(signal) = rustix::process::Signal::from_named_raw(origin.signal)
            {
                let _ = rustix::process::kill_process(child, signal);
            }
        }
    });
}

/// Keeps the graph without the command lines: they hold what was passed to
/// tools, and nothing reads them.
fn keep_graph(raw: &Path, folder: &Path) -> io::Result<()> {
    let text = match fs::read(raw) {
        // A command that stops before it has a plan leaves no graph.
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    let mut nodes: Vec<serde_json::Map<String, serde_json::Value>> =
        match serde_json::from_slice(&text) {
            Ok(nodes) => nodes,
            Err(_) if text.is_empty() => return Ok(()),
            Err(err) => return Err(err.into()),
        };
    for node in &mut nodes {
        if let Some(serde_json::Value::Array(words)) = node.get_mut("Cmd") {
            words.clear();
        }
        node.remove("Args");
    }
    fs::write(folder.join(tar_entries::GRAPH), serde_json::to_vec(&nodes)?)
}

/// Ends this process the way the child ended.
fn exit_as(status: io::Result<ExitStatus>) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    match status {
        Ok(status) => match status.signal() {
            Some(signal) => {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                128 + signal
            }
            None => status.code().unwrap_or(2),
        },
        Err(err) => complain(&format!("failed to wait for `go`: {err}")),
    }
}
