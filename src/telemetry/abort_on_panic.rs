//! Aborts the process when an essential part panics.
//!
//! A panic ends only its thread or task. Without that part, deliveries could be refused for ever
//! while `/healthz` still says `ok`; systemd restarts an aborted process. The generator is the
//! exception: it restarts itself, so that rendering never stops the intake.

use std::process;
use std::thread;

/// Aborts the process if a panic drops it. Keep it as long as the part runs.
#[derive(Debug)]
pub struct AbortOnPanic {
    part: &'static str,
}

impl AbortOnPanic {
    /// Guards the current thread or task; the log calls it `part`.
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
