//! Ends the process when a part it cannot do without panics.
//!
//! A thread or task that panics dies alone, and the process goes on without it: deliveries
//! would be refused for ever while `/healthz` still says `ok`. An aborted process is started
//! again by systemd. The generator is the exception: it restarts by itself, so that a page
//! that cannot be made never stops a delivery.

use std::process;
use std::thread;

/// Aborts the process if it is dropped by a panic. Keep it for as long as the part runs.
#[derive(Debug)]
pub struct AbortOnPanic {
    part: &'static str,
}

impl AbortOnPanic {
    /// Guards the current thread or task, which the log calls `part`.
    pub fn guard(part: &'static str) -> Self {
        Self { part }
    }
}

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            let part = self.part;
            tracing::error!("{part} panicked, which is a bug in Lookout; the process aborts");
            process::abort();
        }
    }
}
