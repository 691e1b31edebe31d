//! Answers the go command from a GOCACHE directory.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::Instant;

use crate::capture::cacheprog::body::Body;
use crate::capture::cacheprog::directory::{Directory, Found, Put};
use crate::capture::cacheprog::journal::Journal;
use crate::capture::cacheprog::layers::Layers;
use crate::capture::cacheprog::requests::Requests;
use crate::capture::cacheprog::spool::Spool;
use crate::capture::cacheprog::verify::{Verifier, is_of_test};
use crate::capture::cacheprog::{CacheProgError, Served, not_served, other_bytes, say};
use crate::golang::cache_entry::Hash;
use crate::golang::cache_protocol::{self, Command, Response};
use crate::recording::cache_use::Outcome;

/// Bytes of requests that are read at once.
const BUFFER: usize = 128 << 10;

/// Serves until the go command closes.
pub(super) fn run(
    served: &Served,
    dir: &Path,
    ledger: Option<&Layers>,
    journal: Journal,
) -> Result<(), CacheProgError> {
    let (stdin, stdout) = streams()?;
    let mut requests = Requests::new(BufReader::with_capacity(BUFFER, stdin));
    let mut server = Server {
        directory: Directory::new(dir, served.read_only),
        ledger,
        verifies: served.verify,
        journal,
        verifier: Verifier::default(),
        spool: Spool::default(),
        said_store: false,
        answers: cache_protocol::greeting(!served.read_only).into(),
        out: stdout,
    };
    let ended = server.serve(&mut requests);
    server.journal.flush();
    if served.summary {
        say(&server.journal.counts.to_string());
    }
    match ended {
        // A go command that was ended reads no more.
        Err(CacheProgError::Write(err)) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Returns stdin and stdout without the buffers that are made for text.
pub(super) fn streams() -> Result<(File, File), CacheProgError> {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(CacheProgError::Read)?;
    let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(CacheProgError::Write)?;
    Ok((stdin.into(), stdout.into()))
}

struct Server<'a> {
    directory: Directory,
    ledger: Option<&'a Layers>,
    verifies: bool,
    journal: Journal,
    verifier: Verifier,
    spool: Spool,
    /// Whether it was said that the store takes nothing.
    said_store: bool,
    /// What is not written yet.
    answers: Vec<u8>,
    out: File,
}

impl Server<'_> {
    fn serve(&mut self, requests: &mut Requests<BufReader<File>>) -> Result<(), CacheProgError> {
        self.flush()?;
        while let Some((request, _)) = requests.next()? {
            let began = Instant::now();
            let response = match request.command {
                Command::Get { action } => self.get(request.id, &action, began),
                Command::Put { action, output, size } => {
                    let line = requests.lines;
                    let put = self
                        .put(requests, &action, (&output, size))
                        .map_err(|_| CacheProgError::Body { line, size })?;
                    self.answer_put(request.id, &action, (&output, size), put, began)
                }
                Command::Close => {
                    self.answers.extend(
                        Response { id: request.id, ..Response::default() }.line().as_bytes(),
                    );
                    self.flush()?;
                    self.directory.trim();
                    return Ok(());
                }
            };
            self.answers.extend(response.line().as_bytes());
            // What go already asks for is answered in one write.
            if requests.stream().buffer().trim_ascii().is_empty() {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), CacheProgError> {
        self.out.write_all(&self.answers).map_err(CacheProgError::Write)?;
        self.answers.clear();
        Ok(())
    }

    fn get(&mut self, id: i64, action: &Hash, began: Instant) -> Response {
        let (found, is_confirmed) = match self.directory.get(action) {
            Some(found) => (Some(found), false),
            None => (self.ledger.and_then(|ledger| ledger.get(action)), true),
        };
        let Some(found) = found else {
            self.journal.note(Outcome::Miss, action, None, began.elapsed());
            return Response::miss(id);
        };
        let told = Some((&found.output, found.size));
        // Whoever takes a proof from a file must see that it is that file.
        if (self.verifies || is_confirmed) && !self.verifier.is_intact(&found.path, &found.output) {
            say(&not_served(&found.path, &found.output, action));
            self.journal.note(Outcome::Refused, action, told, began.elapsed());
            return Response::miss(id);
        }
        let outcome = if is_confirmed { Outcome::Confirmed } else { Outcome::Hit };
        self.journal.note(outcome, action, told, began.elapsed());
        hit(id, &found)
    }

    fn put(
        &mut self,
        requests: &mut Requests<BufReader<File>>,
        action: &Hash,
        (output, size): (&Hash, u64),
    ) -> io::Result<io::Result<Put>> {
        let before = match self.verifies {
            true => self.directory.get(action).filter(|before| before.output != *output),
            false => None,
        };
        let mut body = Body::begin(requests.stream(), size)?;
        let put = self.directory.put(action, (output, size), &mut body, &mut self.spool);
        // The next request comes after the rest of it.
        body.skip()?;
        self.verifier.forget(output);
        if let (Some(before), Ok(Put::Stored(path))) = (before, &put)
            && !is_of_test(path)
        {
            say(&other_bytes(action, output, &before.output));
        }
        Ok(put)
    }

    fn answer_put(
        &mut self,
        id: i64,
        action: &Hash,
        told: (&Hash, u64),
        put: io::Result<Put>,
        began: Instant,
    ) -> Response {
        let (outcome, path) = match put {
            Ok(Put::Stored(path)) => (Outcome::Stored, path),
            Ok(Put::Kept(path, why)) => {
                if !std::mem::replace(&mut self.said_store, true) {
                    say(&format!(
                        "the cache takes no outputs: {why}; they are kept until go ends, and compiled again next time"
                    ));
                }
                (Outcome::Failed, path)
            }
            Err(err) => {
                self.journal.note(Outcome::Failed, action, Some(told), began.elapsed());
                return Response { id, err: err.to_string(), ..Response::default() };
            }
        };
        self.journal.note(outcome, action, Some(told), began.elapsed());
        Response { id, disk_path: path.to_string_lossy().into_owned(), ..Response::default() }
    }
}

fn hit(id: i64, found: &Found) -> Response {
    let time = jiff::Timestamp::from_nanosecond(found.stored.into()).ok();
    Response {
        id,
        output_id: Some(cache_protocol::base64(&found.output)),
        size: i64::try_from(found.size).unwrap_or(i64::MAX),
        time: time.map(|time| time.to_string()),
        disk_path: found.path.to_string_lossy().into_owned(),
        ..Response::default()
    }
}
