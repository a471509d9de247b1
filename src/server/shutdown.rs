//! Telling everything at once that it is time to stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Waits for the moment to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Tells every [`Shutdown`] made from it.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// A trigger that nobody has pulled yet.
    pub fn new() -> (Self, Shutdown) {
        let (trigger, shutdown) = watch::channel(false);
        (Self(trigger), Shutdown(shutdown))
    }

    /// Stops everything.
    pub fn pull(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Waits until it is time to stop.
    pub async fn wait(mut self) {
        // An error means that the trigger is gone, and with it whoever wanted us to run.
        drop(self.0.wait_for(|stop| *stop).await);
    }
}

/// SIGTERM and SIGINT, caught from the moment of [`install`](Self::install).
///
/// A command that runs for long installs them before anything else: until then, a signal kills
/// the process.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches both signals from now on. Call it within a runtime.
    ///
    /// # Errors
    ///
    /// The system refuses the handlers.
    pub fn install() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for either, and returns its name; at once if one came since they were installed.
    pub async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
