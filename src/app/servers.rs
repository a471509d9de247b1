//! The HTTP servers of the application.

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::server;
use crate::shutdown::{Shutdown, Trigger};
use crate::telemetry::abort_on_panic::AbortOnPanic;

/// Running servers, which stop together.
#[derive(Debug)]
pub(super) struct Servers {
    tasks: Vec<JoinHandle<()>>,
    trigger: Trigger,
    shutdown: Shutdown,
}

impl Servers {
    /// No servers yet.
    pub(super) fn new() -> Self {
        let (trigger, shutdown) = Trigger::new();
        Self { tasks: Vec::new(), trigger, shutdown }
    }

    /// When the servers stop.
    pub(super) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Serves `router` in a task of its own. If the task panics, the process aborts.
    pub(super) fn spawn(&mut self, listener: TcpListener, router: Router) {
        let serving = server::serve(listener, router, self.shutdown.clone());
        self.tasks.push(tokio::spawn(async move {
            let _guard = AbortOnPanic::guard("a server");
            serving.await;
        }));
    }

    /// Answers the requests in flight, and stops.
    pub(super) async fn stop(self) -> Result<()> {
        self.trigger.pull();
        for task in self.tasks {
            task.await.context("a server panicked")?;
        }
        Ok(())
    }
}
