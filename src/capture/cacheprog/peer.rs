//! Another cache program, as a process.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::de::IoRead;
use serde_json::{Deserializer, StreamDeserializer};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::golang::cache_protocol::{LINE_LIMIT, Response};

/// What it may take to end after its stdin was closed.
const GRACE: Duration = Duration::from_secs(2);

/// A cache program that said what it knows.
pub(super) struct Peer {
    child: Child,
    /// `None` once it was told that nothing more comes.
    pub(super) stdin: Option<ChildStdin>,
    commands: BTreeSet<String>,
}

impl Peer {
    /// Starts a program and waits for its first line.
    ///
    /// # Errors
    ///
    /// Fails with what is to be said of it, and leaves no process then.
    pub(super) fn start(command: &[String], patience: Duration) -> Result<(Self, Answers), String> {
        use std::os::unix::process::CommandExt as _;
        let (program, args) = command.split_first().ok_or("is no command")?;
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Its own, so that what it started ends with it.
            .process_group(0)
            .spawn();
        let mut child = child.map_err(|err| format!("cannot be started ({err})"))?;
        let stdin = child.stdin.take();
        let mut peer = Self { child, stdin, commands: BTreeSet::new() };
        let Some(stdout) = peer.child.stdout.take() else { return Err("has no stdout".to_owned()) };
        let mut answers = Answers::new(stdout);
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let first = answers.next();
            let _ = tell.send((first, answers));
        });
        let why = match told.recv_timeout(patience) {
            Ok((Some(Ok(first)), answers)) if !first.known_commands.is_empty() => {
                peer.commands = first.known_commands.into_iter().collect();
                return Ok((peer, answers));
            }
            Ok((Some(Ok(_)), _)) => "does not say which commands it knows".to_owned(),
            Ok((Some(Err(err)), _)) => {
                format!("is no cache program: its first words are no answer ({err})")
            }
            Ok((None, _)) => "ended at once".to_owned(),
            Err(_) => format!("said nothing for {} seconds (--patience)", patience.as_secs()),
        };
        peer.end(Duration::ZERO);
        Err(why)
    }

    pub(super) fn knows(&self, command: &str) -> bool {
        self.commands.contains(command)
    }

    /// Ends it and all that it started: asked first, then not asked.
    pub(super) fn end(&mut self, grace: Duration) {
        self.stdin = None;
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }

    /// Ends it, and gives it the time to do so by itself.
    pub(super) fn end_gently(&mut self) {
        self.end(GRACE);
    }
}

/// The answers that a program writes. Go reads JSON objects, whatever is between them.
pub(super) struct Answers {
    from: StreamDeserializer<'static, IoRead<Limited>, Response>,
    left: Arc<AtomicUsize>,
}

impl Answers {
    fn new(stdout: ChildStdout) -> Self {
        let left = Arc::new(AtomicUsize::new(LINE_LIMIT));
        let from = BufReader::with_capacity(64 << 10, stdout);
        let limited = Limited { from, left: Arc::clone(&left) };
        Self { from: Deserializer::from_reader(limited).into_iter(), left }
    }

    /// Returns the next answer; `None` at the end.
    ///
    /// # Errors
    ///
    /// Fails when the pipe breaks, and on what is no answer, is cut off or is too long.
    pub(super) fn next(&mut self) -> Option<serde_json::Result<Response>> {
        self.left.store(LINE_LIMIT, Ordering::Relaxed);
        self.from.next()
    }
}

/// A stream that ends with an error where one value is too long.
struct Limited {
    from: BufReader<ChildStdout>,
    left: Arc<AtomicUsize>,
}

impl Read for Limited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("an answer is too long"));
        }
        let wanted = into.len().min(left);
        let read = self.from.read(&mut into[..wanted])?;
        self.left.store(left - read, Ordering::Relaxed);
        Ok(read)
    }
}
