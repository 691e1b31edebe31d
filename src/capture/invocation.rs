//! The record of one go command, written by the stand-in that runs it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Instant;
use std::{env, thread};

use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;

use crate::capture::cache_program;
use crate::capture::hash_filter::{self, Filtered};
use crate::capture::pack::HASH_LOG;
use crate::capture::settings;
use crate::capture::shim::{OWN_GODEBUG, StandIn, complain};
use crate::capture::test_files;
use crate::golang::flags::{GoCommand, insertion_point};
use crate::golang::hash_log::REDACTED;
use crate::recording::redact;
use crate::recording::{InvocationInfo, tar_entries};

/// Notes a command that prints no hash inputs. It is not worth failing for.
pub(super) fn note(records: &Path, args: &[String]) {
    let info = InvocationInfo {
        args: redacted(args),
        dir: effective_dir(args),
        ..InvocationInfo::default()
    };
    if let Ok(folder) = claim_folder(records) {
        let _ = write_info(&folder, &info);
    }
}

/// Go takes `-C DIR` before and after the verb; a record holds the second form only.
pub(crate) fn verb_first(mut args: Vec<String>) -> Vec<String> {
    let verb = match args.first().map(String::as_str) {
        Some("-C" | "--C") => 2,
        Some(word) if word.starts_with("-C=") || word.starts_with("--C=") => 1,
        _ => return args,
    };
    if verb < args.len() {
        args[..=verb].rotate_right(1);
    }
    args
}

/// Returns the directory in which the go command works: this one, or that of its `-C`.
fn effective_dir(args: &[String]) -> String {
    let args = verb_first(args.to_vec());
    let named = match args.get(1).map(String::as_str) {
        Some("-C" | "--C") => args.get(2).cloned(),
        Some(word) => {
            word.strip_prefix("--C=").or_else(|| word.strip_prefix("-C=")).map(str::to_owned)
        }
        None => None,
    };
    let here = env::current_dir().unwrap_or_default();
    let dir = named.map_or_else(|| here.clone(), |named| here.join(named));
    // As the go command resolves it, so that two spellings are one directory.
    fs::canonicalize(&dir).unwrap_or(dir).to_string_lossy().into_owned()
}

/// Leaves out credentials, and what is meant for the program of `go run` and `go test`.
fn redacted(args: &[String]) -> Vec<String> {
    let args = verb_first(args.to_vec());
    let own = own_words(&args);
    args.iter()
        .enumerate()
        .map(|(index, arg)| match index < own {
            true => redact::credentials(arg).into_owned(),
            false => REDACTED.to_owned(),
        })
        .collect()
}

/// Returns how many words of a command are the go command's own.
fn own_words(args: &[String]) -> usize {
    let verb = args.first().map_or("", String::as_str);
    let end = match verb {
        "run" => (1..=args.len())
            .find(|&end| !GoCommand::parse(&args[..end], "").packages.is_empty())
            .map(|end| {
                let files = args[end - 1].ends_with(".go");
                let more = args[end..].iter().take_while(|word| files && word.ends_with(".go"));
                end + more.count()
            }),
        "test" => args.iter().position(|word| word == "-args" || word == "--args").map(|at| at + 1),
        _ => None,
    };
    end.unwrap_or(args.len())
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
pub(super) struct Record<'a> {
    stand_in: &'a StandIn,
    folder: PathBuf,
    info: InvocationInfo,
    /// Why its settings are not known.
    no_settings: Option<String>,
}

impl<'a> Record<'a> {
    /// Begins the record with what is known before the command runs.
    ///
    /// # Errors
    ///
    /// Fails when the records cannot be written to.
    pub(super) fn start(stand_in: &'a StandIn, args: &[String]) -> io::Result<Self> {
        let folder = claim_folder(&stand_in.records)?;
        let dir = effective_dir(args);
        let mut info = InvocationInfo { args: redacted(args), dir, ..InvocationInfo::default() };
        // Stays if this process is killed, and then says what was.
        info.incomplete = Some("it was killed, or still ran when the build had ended".to_owned());
        write_info(&folder, &info)?;
        info.incomplete = None;
        let settings = settings::kept(stand_in.command(), Path::new(&info.dir), &stand_in.records);
        let no_settings = settings.as_ref().err().map(|err| format!("`go env` failed: {err}"));
        info.settings = settings.unwrap_or_default();
        Ok(Self { stand_in, folder, info, no_settings })
    }

    /// Runs the command and completes its record. Returns its exit code.
    pub(super) fn run(mut self, args: &[OsString]) -> i32 {
        let started = Instant::now();
        let mut command = self.stand_in.command();
        let graph = self.arguments(&mut command, args);
        let mut child = match command.stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(err) => {
                let go = self.stand_in.go.display();
                return complain(&format!("failed to start `{go}`: {err}"));
            }
        };
        forward_signals(&child, self.stand_in.recorder);
        let filtered = self.filter(&mut child);
        let status = child.wait();
        self.info.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.info.exit_code = status.as_ref().ok().and_then(ExitStatus::code);
        if let Err(why) = self.complete(filtered, status.as_ref().ok(), &graph) {
            self.info.incomplete = Some(why);
        }
        if let Err(err) = write_info(&self.folder, &self.info) {
            let _ =
                complain(&format!("goaudit: failed to write `{}`: {err}", self.folder.display()));
        }
        exit_as(status)
    }

    fn complete(
        &mut self,
        filtered: io::Result<Filtered>,
        status: Option<&ExitStatus>,
        graph: &Path,
    ) -> Result<(), String> {
        use std::os::unix::process::ExitStatusExt as _;
        let Filtered { bytes, tests } =
            filtered.map_err(|err| format!("failed to record its hash log: {err}"))?;
        self.info.hash_log_bytes = bytes;
        test_files::keep(tests, &self.folder)
            .map_err(|err| format!("failed to record what its tests read: {err}"))?;
        // What go would have printed after that is not known.
        if let Some(signal) = status.and_then(|status| status.signal()) {
            return Err(format!("signal {signal} ended it"));
        }
        // What keeps go from its settings mostly keeps it from a build too, and then nothing is missing.
        if let (Some(why), Some(true)) = (self.no_settings.take(), status.map(ExitStatus::success))
        {
            return Err(why);
        }
        keep_graph(graph, &self.info.dir, &self.folder)
            .map_err(|err| format!("failed to record its action graph: {err}"))
    }

    /// Sets up the child. Returns where its action graph will be.
    fn arguments(&self, command: &mut std::process::Command, args: &[OsString]) -> PathBuf {
        let texts: Vec<String> =
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let moved = verb_first(texts.clone()) != texts;
        let words = GoCommand::parse(&self.info.args, self.info.setting("GOFLAGS"));
        let own = words.value("debug-actiongraph");
        // A `-C DIR` before the verb stays there: the flags go behind the verb.
        let at = if moved { verb_at(&texts) + 1 } else { insertion_point(&texts) };
        command.args(&args[..at]);
        let graph = match own {
            "" => {
                let graph = self.folder.join("graph.raw");
                let mut flag = OsString::from("-debug-actiongraph=");
                flag.push(&graph);
                command.arg(flag);
                graph
            }
            own => Path::new(&self.info.dir).join(own),
        };
        if self.may_wrap(&words)
            && let Some(flag) = self.stand_in.exec_flag()
        {
            command.arg(flag);
            if let Some(own) = env::var_os("GODEBUG") {
                command.env(OWN_GODEBUG, own);
            }
        }
        command.args(&args[at..]);
        if let Some(program) = cache_program::of(self.stand_in, &words, &self.info, &self.folder) {
            command.env("GOCACHEPROG", program);
        }
        let mut debug = env::var_os("GODEBUG").unwrap_or_default();
        if !debug.is_empty() {
            debug.push(",");
        }
        debug.push("gocachehash=1");
        command.env("GODEBUG", debug);
        graph
    }

    /// Of `go run` only: what a test is run through is an input of its cached result. A program for
    /// another platform has its own `-exec`, and `-n` and `-x` would show this one.
    fn may_wrap(&self, words: &GoCommand) -> bool {
        let same = |host: &str, target: &str| self.info.setting(host) == self.info.setting(target);
        words.verb == "run"
            && words.flag("exec").is_none()
            && !words.is_set("n")
            && !words.is_set("x")
            && same("GOHOSTOS", "GOOS")
            && same("GOHOSTARCH", "GOARCH")
    }

    /// Drains the child's stderr, whatever becomes of the record: a full pipe would stop the build.
    fn filter(&self, child: &mut Child) -> io::Result<Filtered> {
        let Some(stderr) = child.stderr.take() else { return Ok(Filtered::default()) };
        let mut noted = 0;
        let done = |actions: u64| {
            if actions != noted {
                noted = actions;
                // For a progress bar; it does not matter when it is lost.
                let _ = fs::write(self.folder.join("done"), actions.to_string());
            }
        };
        let observed = || cache_program::observed(&self.folder);
        match File::create(self.folder.join(HASH_LOG)) {
            Ok(log) => hash_filter::run(stderr, &mut io::stderr(), log, done, observed),
            Err(err) => hash_filter::run(stderr, &mut io::stderr(), io::sink(), done, observed)
                .and(Err(err)),
        }
    }
}

fn verb_at(args: &[String]) -> usize {
    if args.first().is_some_and(|word| word.contains('=')) { 1 } else { 2 }
}

/// Passes on what was sent to this process alone. The terminal and the recorder
/// send to the whole group, and the child has it already.
fn forward_signals(child: &Child, recorder: Option<i32>) {
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

/// Keeps the graph without the command lines, which hold what was passed to
/// tools and which nothing reads, and with targets that are paths from the root.
fn keep_graph(raw: &Path, dir: &str, folder: &Path) -> io::Result<()> {
    let text = match fs::read(raw) {
        // A command that stops before it has a plan leaves no graph.
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    if text.is_empty() {
        return Ok(());
    }
    let mut nodes: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&text)?;
    for node in &mut nodes {
        if let Some(Value::Array(words)) = node.get_mut("Cmd") {
            words.clear();
        }
        node.remove("Args");
        if let Some(Value::String(target)) = node.get_mut("Target") {
            *target = lexical(&Path::new(dir).join(&*target)).to_string_lossy().into_owned();
        }
    }
    fs::write(folder.join(tar_entries::GRAPH), serde_json::to_vec(&nodes)?)
}

/// Takes `.` and `..` out of a path, as the go command's filepath.Clean does.
fn lexical(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut clean, part| {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            part => clean.push(part),
        }
        clean
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_directory_before_the_verb_moves_behind_it() {
        assert_eq!(verb_first(words("-C a/b build -v .")), words("build -C a/b -v ."));
        assert_eq!(verb_first(words("-C=a/b build .")), words("build -C=a/b ."));
        assert_eq!(verb_first(words("build -C a .")), words("build -C a ."));
        assert_eq!(verb_first(words("-C a")), words("-C a"));
    }

    #[test]
    fn what_a_program_is_given_is_not_recorded() {
        let cases = [
            ("run -tags x . --token s", "run -tags x . R R"),
            ("run a.go b.go s", "run a.go b.go R"),
            ("run -C d ./cmd s.go", "run -C d ./cmd R"),
            ("test ./... -run X -args -t s", "test ./... -run X -args R R"),
            ("build -o x ./...", "build -o x ./..."),
        ];
        for (args, kept) in cases {
            assert_eq!(redacted(&words(args)), words(&kept.replace('R', REDACTED)), "{args}");
        }
    }
}
