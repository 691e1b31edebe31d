//! Stands between the go command and another cache program.
//!
//! Three threads: this one reads go's requests, one reads the program's answers, one watches the
//! clock. When the program dies, hangs or says what is no answer, whatever it still owes is
//! answered here: a lookup with a miss, an output with the copy that was kept for that.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::capture::cacheprog::body::Body;
use crate::capture::cacheprog::exchange::{Exchange, Owed};
use crate::capture::cacheprog::journal::Journal;
use crate::capture::cacheprog::peer::{Answers, Peer};
use crate::capture::cacheprog::requests::Requests;
use crate::capture::cacheprog::serve::streams;
use crate::capture::cacheprog::{CacheProgError, Served, say};
use crate::capture::interrupt::Interrupt;
use crate::golang::cache_protocol::{self, Command};

const BUFFER: usize = 128 << 10;
/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(50);
/// What a program may take to end: it may still be uploading.
const LONGEST_CLOSE: Duration = Duration::from_secs(600);

/// Relays until the go command closes.
pub(super) fn run(
    served: &Served,
    command: &[String],
    patience: u64,
    journal: Journal,
) -> Result<(), CacheProgError> {
    let interrupt = Interrupt::catch().map_err(CacheProgError::Read)?;
    let (stdin, stdout) = streams()?;
    let patience = Duration::from_secs(patience);
    let started = Peer::start(command, patience);
    let (peer, answers) = started.map_or_else(
        |why| {
            say(&format!(
                "`{}` {why}: all lookups miss, and nothing is kept for next time",
                command.join(" ")
            ));
            (None, None)
        },
        |(peer, answers)| (Some(peer), Some(answers)),
    );
    let takes_puts = !served.read_only && peer.as_ref().is_none_or(|peer| peer.knows("put"));
    let exchange = Arc::new(Exchange::new(stdout, peer, journal, served.verify));
    exchange.greet(takes_puts)?;
    let reader = answers.map(|answers| read_answers(Arc::clone(&exchange), answers));
    let (done, is_done) = mpsc::channel::<()>();
    let watch = {
        let exchange = Arc::clone(&exchange);
        thread::spawn(move || watch(&exchange, patience, &interrupt, &is_done))
    };
    let mut requests = Requests::new(BufReader::with_capacity(BUFFER, stdin));
    let ended = relay(&exchange, &mut requests);
    if ended.is_err() || matches!(ended, Ok(Ended::WithoutClose)) {
        exchange.give_up(None);
    }
    // Whatever it was asked is answered before this process ends, and go waits for that.
    if let Some(reader) = reader {
        let _ = reader.join();
    }
    drop(done);
    let _ = watch.join();
    let counts = exchange.finish();
    if served.summary {
        say(&counts);
    }
    match ended {
        Err(CacheProgError::Write(err)) if err.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map(drop),
    }
}

enum Ended {
    Closed,
    /// The go command was ended.
    WithoutClose,
}

fn relay(
    exchange: &Exchange,
    requests: &mut Requests<BufReader<File>>,
) -> Result<Ended, CacheProgError> {
    loop {
        let Some((request, line)) = requests.next()? else { return Ok(Ended::WithoutClose) };
        let began = Instant::now();
        let id = request.id;
        match request.command {
            Command::Get { action } => {
                let line = [line, b"\n"].concat();
                exchange.ask(id, Owed::Get { action, began }, |to| to.write_all(&line))?;
            }
            Command::Put { action, output, size } => {
                let line = [line, b"\n"].concat();
                let at = requests.lines;
                let mut body = Body::begin(requests.stream(), size)
                    .map_err(|_| CacheProgError::Body { line: at, size })?;
                let kept = exchange.keep(&mut body);
                body.skip().map_err(|_| CacheProgError::Body { line: at, size })?;
                let copy = match kept {
                    Ok((path, sum)) if sum == output => path,
                    Ok(_) => {
                        let why =
                            "its bytes are not those of its OutputID: it changed while go read it";
                        exchange.refuse_put(id, &action, (&output, size), why)?;
                        continue;
                    }
                    Err(why) => {
                        exchange.refuse_put(id, &action, (&output, size), &why.to_string())?;
                        continue;
                    }
                };
                exchange.probe(&action, &output, &copy)?;
                let owed = Owed::Put { action, output, size, copy: copy.clone(), began };
                exchange.ask(id, owed, |to| {
                    to.write_all(&line)?;
                    if size > 0 { send_body(to, &copy) } else { Ok(()) }
                })?;
            }
            Command::Close => {
                let line = [line, b"\n"].concat();
                exchange.ask(id, Owed::Close, |to| to.write_all(&line))?;
                return Ok(Ended::Closed);
            }
        }
    }
}

/// Writes a file as a JSON string of base64.
fn send_body(to: &mut dyn std::io::Write, copy: &Path) -> std::io::Result<()> {
    use std::io::Read as _;
    // Whole groups of three bytes, so that only the last chunk is padded.
    const CHUNK: usize = 48 << 10;
    let mut file = File::open(copy)?;
    let mut chunk = Vec::with_capacity(CHUNK);
    to.write_all(b"\"")?;
    loop {
        chunk.clear();
        if (&mut file).take(CHUNK as u64).read_to_end(&mut chunk)? == 0 {
            break;
        }
        to.write_all(cache_protocol::encode(&chunk).as_bytes())?;
    }
    to.write_all(b"\"\n")
}

fn read_answers(exchange: Arc<Exchange>, mut answers: Answers) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        loop {
            let why = match answers.next() {
                Some(Ok(response)) if exchange.answer(&response) => continue,
                // It was given up.
                Some(Ok(_)) => None,
                None | Some(Err(_)) if exchange.is_closed() => None,
                None => Some("ended before the go command did".to_owned()),
                Some(Err(err)) => Some(format!("said something that is no answer ({err})")),
            };
            exchange.give_up(why.as_deref());
            return;
        }
    })
}

/// Ends what does not answer, and everything when this process is asked to end.
fn watch(
    exchange: &Exchange,
    patience: Duration,
    interrupt: &Interrupt,
    is_done: &mpsc::Receiver<()>,
) {
    while is_done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let waited = exchange.longest_wait();
        if waited.answer > patience || waited.close > patience.max(LONGEST_CLOSE) {
            let seconds = waited.answer.max(waited.close).as_secs();
            exchange.give_up(Some(&format!(
                "did not answer for {seconds} seconds (--patience) and was stopped"
            )));
        }
        // The go command decides when Ctrl-C ends it.
        if let Some(signal) =
            interrupt.signal().filter(|&signal| signal != signal_hook::consts::SIGINT)
        {
            exchange.give_up(None);
            exchange.finish();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}
