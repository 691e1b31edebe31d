//! Times the reader of hash logs against nothing but the SHA-256 of the same bytes.
//!
//! ```text
//! benches/make_log.py /tmp/logs
//! cargo bench --bench read -- /tmp/logs/first.log [ROUNDS]
//! ```
//!
//! The two are measured in turns; printed are medians in MB/s and the ratio of the times.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reads its file, takes times and prints them"
)]

use std::time::{Duration, Instant};
use std::{env, fs};

use goaudit::golang::hash_log;
use goaudit::golang::inputs::Inputs;
use sha2::{Digest as _, Sha256};

fn main() {
    // cargo adds --bench; `cargo test --benches` gives no file, and then there is nothing to do.
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let Some(path) = words.first() else { return };
    let rounds = words.get(1).map_or(9, |rounds| rounds.parse().unwrap());
    let log = fs::read(path).unwrap();
    let (mut bare, mut read) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(timed(|| Sha256::digest(&log)));
        read.push(timed(|| hash_log::parse(&log, &mut Inputs::default())));
    }
    let keys = hash_log::parse(&log, &mut Inputs::default()).verified();
    let (bare, read) = (median(bare), median(read));
    let rate = |time: Duration| log.len() as f64 / 1e6 / time.as_secs_f64();
    println!("{path}: {} of {} keys verified", keys.0, keys.1);
    println!("bare SHA-256  {:7.0} MB/s", rate(bare));
    println!("hash log      {:7.0} MB/s", rate(read));
    println!("ratio         {:7.2}", read.as_secs_f64() / bare.as_secs_f64());
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = work();
    let time = start.elapsed();
    drop(result);
    time
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
