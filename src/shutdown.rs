//! Stopping: signals, and a trigger for all parts of the process.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Waits until its [`Trigger`] is pulled or dropped. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Stops all clones of its [`Shutdown`].
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// A new trigger and its shutdown.
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
        // An error means that the trigger was dropped, which also means to stop.
        drop(self.0.wait_for(|stop| *stop).await);
    }
}

/// SIGTERM and SIGINT, caught from [`install`](Self::install) on.
///
/// A long-running command installs them first, because until then a signal kills the process.
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
