//! Telling everything at once that it is time to stop.

use tokio::signal::unix::{SignalKind, signal};
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

/// Waits for SIGTERM or SIGINT.
pub async fn signalled() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}
