//! Tells a person on stderr how far two builds are; in a CI log, one line a phase.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::capture::check::Watch;

/// Reports phases and actions on stderr.
pub(super) enum Progress {
    Quiet,
    /// Nobody watches: one line a phase, and one every half minute.
    Lines {
        phase: String,
        started: Instant,
        said: Instant,
    },
    Bar(ProgressBar),
}

/// How often a log without a watcher hears that a build goes on.
const PULSE: Duration = Duration::from_secs(30);

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        // A CI system may give its jobs a terminal, but nobody sits at it.
        if !io::stderr().is_terminal() || std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) {
            let now = Instant::now();
            return Self::Lines { phase: String::new(), started: now, said: now };
        }
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Bar(bar)
    }

    /// Takes the bar off the screen, so that a report or an error stands alone.
    pub(super) fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Progress {
    fn phase(&mut self, what: &str) {
        match self {
            Self::Quiet => {}
            Self::Lines { phase, started, said } => {
                what.clone_into(phase);
                (*started, *said) = (Instant::now(), Instant::now());
                say(&format!("goaudit: {what}"));
            }
            Self::Bar(bar) => {
                bar.set_style(spinner());
                bar.set_message(what.to_owned());
                bar.reset();
            }
        }
    }

    fn actions(&mut self, done: u64, total: Option<u64>) {
        match self {
            Self::Quiet => {}
            Self::Lines { phase, started, said } if said.elapsed() >= PULSE => {
                *said = Instant::now();
                let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
                say(&format!(
                    "goaudit: {phase}: {done}{of} packages after {} s",
                    started.elapsed().as_secs()
                ));
            }
            Self::Lines { .. } => {}
            Self::Bar(bar) => {
                if let Some(total) = total {
                    bar.set_style(counted());
                    bar.set_length(total);
                }
                bar.set_position(done);
            }
        }
    }
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn spinner() -> ProgressStyle {
    style("{spinner} {msg} {elapsed}")
}

fn counted() -> ProgressStyle {
    style("{spinner} {msg} {bar:24} {pos} of {len} packages {elapsed}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
