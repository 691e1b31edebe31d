//! What the go command asked for and the program has not answered yet.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::capture::cacheprog::journal::Journal;
use crate::capture::cacheprog::peer::Peer;
use crate::capture::cacheprog::spool::Spool;
use crate::capture::cacheprog::verify::{Verifier, is_of_test};
use crate::capture::cacheprog::{CacheProgError, say};
use crate::golang::cache_entry::Hash;
use crate::golang::cache_protocol::{self, Response};
use crate::recording::cache_use::Outcome;

/// An answer that is due.
pub(super) enum Owed {
    Get {
        action: Hash,
        began: Instant,
    },
    /// `copy` answers it where the program does not.
    Put {
        action: Hash,
        output: Hash,
        size: u64,
        copy: PathBuf,
        began: Instant,
    },
    Close,
    /// Asked by goaudit itself: what the action had before this output.
    Probe {
        action: Hash,
        output: Hash,
    },
}

/// How long the oldest answers are due.
pub(super) struct Waits {
    pub(super) answer: Duration,
    pub(super) close: Duration,
}

/// The state that the threads share.
pub(super) struct Exchange {
    state: Mutex<State>,
    /// Apart from the state: a program that hangs may keep a writer waiting.
    stdin: Mutex<Option<ChildStdin>>,
    verifies: bool,
}

struct State {
    out: File,
    peer: Option<Peer>,
    owed: BTreeMap<i64, Owed>,
    /// When the program was told to close.
    closing: Option<Instant>,
    journal: Journal,
    spool: Spool,
    verifier: Verifier,
    /// What was said once and need not be said again.
    said: Vec<&'static str>,
}

impl Exchange {
    pub(super) fn new(out: File, mut peer: Option<Peer>, journal: Journal, verifies: bool) -> Self {
        let stdin = peer.as_mut().and_then(|peer| peer.stdin.take());
        let state = State {
            out,
            peer,
            owed: BTreeMap::new(),
            closing: None,
            journal,
            spool: Spool::default(),
            verifier: Verifier::default(),
            said: Vec::new(),
        };
        Self { state: Mutex::new(state), stdin: Mutex::new(stdin), verifies }
    }

    /// A thread that panicked leaves a state that is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn greet(&self, takes_puts: bool) -> Result<(), CacheProgError> {
        let greeting = cache_protocol::greeting(takes_puts);
        self.state().out.write_all(greeting.as_bytes()).map_err(CacheProgError::Write)
    }

    /// Keeps the body of a put until the program has it.
    ///
    /// # Errors
    ///
    /// Fails when the temporary directory takes nothing, and when the body breaks.
    pub(super) fn keep(&self, body: &mut dyn Read) -> io::Result<(PathBuf, Hash)> {
        let made = self.state().spool.file();
        let (path, mut file) = made?;
        let sum = super::spool::copy(body, &mut file, &mut sha2::Digest::new())
            .map_err(|(_, err)| err)?;
        Ok((path, sum))
    }

    /// Passes a request on with `write`, or answers it where there is nobody to pass it on to.
    ///
    /// # Errors
    ///
    /// Fails when the go command does not take the answer.
    pub(super) fn ask(
        &self,
        id: i64,
        owed: Owed,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CacheProgError> {
        {
            let mut state = self.state();
            if matches!(owed, Owed::Close) {
                state.closing = Some(Instant::now());
            }
            if state.peer.is_none() {
                return state.answer_here(id, owed);
            }
            let is_close_unknown = matches!(owed, Owed::Close)
                && !state.peer.as_ref().is_some_and(|peer| peer.knows("close"));
            let is_get_unknown = matches!(owed, Owed::Get { .. } | Owed::Probe { .. })
                && !state.peer.as_ref().is_some_and(|peer| peer.knows("get"));
            if is_close_unknown || is_get_unknown {
                let answered = state.answer_here(id, owed);
                drop(state);
                if is_close_unknown {
                    self.shut_stdin();
                }
                return answered;
            }
            state.owed.insert(id, owed);
        }
        let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match stdin.as_mut() {
            Some(stdin) => {
                let mut to = io::BufWriter::with_capacity(64 << 10, stdin);
                write(&mut to).and_then(|()| to.flush())
            }
            None => Ok(()),
        };
        drop(stdin);
        if written.is_err() {
            self.give_up(Some("no longer reads what it is asked"));
        }
        Ok(())
    }

    fn shut_stdin(&self) {
        drop(self.stdin.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Where outputs are verified, asks what the action has by now.
    ///
    /// # Errors
    ///
    /// Never: nobody waits for this.
    pub(super) fn probe(
        &self,
        action: &Hash,
        output: &Hash,
        copy: &Path,
    ) -> Result<(), CacheProgError> {
        if !self.verifies || is_of_test(copy) {
            return Ok(());
        }
        // The go command counts up from 1.
        let id = self.state().owed.keys().next().map_or(-1, |least| least.min(&0) - 1);
        let line = cache_protocol::get(id, action);
        let owed = Owed::Probe { action: *action, output: *output };
        self.ask(id, owed, |to| to.write_all(line.as_bytes()))
    }

    /// Answers a put that was not even read well.
    ///
    /// # Errors
    ///
    /// Fails when the go command does not take the answer.
    pub(super) fn refuse_put(
        &self,
        id: i64,
        action: &Hash,
        told: (&Hash, u64),
        why: &str,
    ) -> Result<(), CacheProgError> {
        let mut state = self.state();
        state.journal.note(Outcome::Failed, action, Some(told), Duration::ZERO);
        state.write(&Response { id, err: why.to_owned(), ..Response::default() })
    }

    /// Takes an answer of the program. Returns whether to go on listening.
    pub(super) fn answer(&self, response: &Response) -> bool {
        let mut state = self.state();
        if state.peer.is_none() {
            return false;
        }
        match state.owed.remove(&response.id) {
            None => {
                state.say_once("answered what was not asked, which go would not survive; such answers are left out");
            }
            Some(Owed::Get { action, began }) => {
                let _ = state.pass_on_get(response, &action, began, self.verifies);
            }
            Some(Owed::Put { action, output, size, copy, began }) => {
                let _ = state.pass_on_put(response, &action, (&output, size), &copy, began);
            }
            Some(Owed::Close) => {
                let _ = state.write(&Response { id: response.id, ..Response::default() });
                drop(state);
                self.shut_stdin();
            }
            Some(Owed::Probe { action, output }) => {
                if let Some(before) = response.output().filter(|before| *before != output) {
                    say(&super::other_bytes(&action, &output, &before));
                }
            }
        }
        true
    }

    /// Goes on without the program, and says why, unless it was to end anyway.
    pub(super) fn give_up(&self, why: Option<&str>) {
        let mut state = self.state();
        let Some(mut peer) = state.peer.take() else { return };
        if let Some(why) = why {
            say(&format!(
                "the cache program {why}: from here on all lookups miss, and nothing more is kept for next time"
            ));
        }
        let due = std::mem::take(&mut state.owed);
        for (id, owed) in due {
            let _ = state.answer_here(id, owed);
        }
        drop(state);
        if why.is_some() {
            // Somebody may wait for it to read: only its end lets go of that.
            peer.end(Duration::ZERO);
            self.shut_stdin();
        } else {
            self.shut_stdin();
            peer.end_gently();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closing.is_some()
    }

    pub(super) fn longest_wait(&self) -> Waits {
        let state = self.state();
        let since = |owed: &Owed| match owed {
            Owed::Get { began, .. } | Owed::Put { began, .. } => Some(began.elapsed()),
            Owed::Close | Owed::Probe { .. } => None,
        };
        Waits {
            answer: state.owed.values().filter_map(since).max().unwrap_or_default(),
            close: state.closing.map(|began| began.elapsed()).unwrap_or_default(),
        }
    }

    /// Ends what is left, and returns what became of all requests.
    pub(super) fn finish(&self) -> String {
        self.give_up(None);
        let mut state = self.state();
        state.journal.flush();
        state.spool = Spool::default();
        state.journal.counts.to_string()
    }
}

impl State {
    fn write(&mut self, response: &Response) -> Result<(), CacheProgError> {
        self.out.write_all(response.line().as_bytes()).map_err(CacheProgError::Write)
    }

    fn say_once(&mut self, what: &'static str) {
        if !self.said.contains(&what) {
            self.said.push(what);
            say(&format!("the cache program {what}"));
        }
    }

    /// Answers without the program.
    fn answer_here(&mut self, id: i64, owed: Owed) -> Result<(), CacheProgError> {
        match owed {
            Owed::Get { action, began } => {
                self.journal.note(Outcome::Miss, &action, None, began.elapsed());
                self.write(&Response::miss(id))
            }
            Owed::Put { action, output, size, copy, began } => {
                self.journal.note(Outcome::Failed, &action, Some((&output, size)), began.elapsed());
                self.write(&at(id, &copy))
            }
            Owed::Close => self.write(&Response { id, ..Response::default() }),
            Owed::Probe { .. } => Ok(()),
        }
    }

    fn pass_on_get(
        &mut self,
        response: &Response,
        action: &Hash,
        began: Instant,
        verifies: bool,
    ) -> Result<(), CacheProgError> {
        let found = response.output().filter(|_| !response.miss && response.err.is_empty());
        let size = u64::try_from(response.size).unwrap_or_default();
        let Some(output) = found else {
            self.journal.note(Outcome::Miss, action, None, began.elapsed());
            return self.write(&Response::miss(response.id));
        };
        let path = Path::new(&response.disk_path);
        if !is_file_of(path, size) {
            self.say_once("names files that are not there, or have another size; go would stumble over them, so they are misses");
            self.journal.note(Outcome::Refused, action, Some((&output, size)), began.elapsed());
            return self.write(&Response::miss(response.id));
        }
        if verifies && !self.verifier.is_intact(path, &output) {
            say(&super::not_served(path, &output, action));
            self.journal.note(Outcome::Refused, action, Some((&output, size)), began.elapsed());
            return self.write(&Response::miss(response.id));
        }
        self.journal.note(Outcome::Hit, action, Some((&output, size)), began.elapsed());
        self.write(response)
    }

    fn pass_on_put(
        &mut self,
        response: &Response,
        action: &Hash,
        told: (&Hash, u64),
        copy: &Path,
        began: Instant,
    ) -> Result<(), CacheProgError> {
        let is_kept = is_file_of(Path::new(&response.disk_path), told.1);
        if response.err.is_empty() && is_kept {
            self.journal.note(Outcome::Stored, action, Some(told), began.elapsed());
            let answered = self.write(response);
            Spool::forget(copy);
            return answered;
        }
        self.say_once("did not store everything; it is compiled again next time");
        self.journal.note(Outcome::Failed, action, Some(told), began.elapsed());
        self.write(&at(response.id, copy))
    }
}

fn at(id: i64, path: &Path) -> Response {
    Response { id, disk_path: path.to_string_lossy().into_owned(), ..Response::default() }
}

fn is_file_of(path: &Path, size: u64) -> bool {
    path.is_absolute() && fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() == size)
}
