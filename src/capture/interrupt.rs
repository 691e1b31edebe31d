//! Ctrl-C and SIGTERM: noticed here, acted upon where a build or a copy is under way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::capture::CaptureError;

/// Remembers the signal that asks this process to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Starts to catch SIGINT, SIGTERM and SIGHUP.
    ///
    /// # Errors
    ///
    /// Fails when the system refuses the handler.
    pub fn catch() -> io::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&interrupt.0), number)?;
        }
        Ok(interrupt)
    }

    /// Returns the signal that came, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        let number = self.0.load(Ordering::Relaxed);
        i32::try_from(number).ok().filter(|&number| number != 0)
    }

    /// Fails when a signal came.
    ///
    /// # Errors
    ///
    /// Fails with [`CaptureError::Interrupted`].
    pub fn check(&self) -> Result<(), CaptureError> {
        match self.signal() {
            Some(_) => Err(CaptureError::Interrupted),
            None => Ok(()),
        }
    }
}
